"""The state of power keeps every cell inside the operating tier, and no wider than it must."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import pytest

from voltward.physical.power_limits import current_limits, hysteresis_switch, local_charge_plan
from voltward.ranges.configuration.system import load_system
from voltward.ranges.virtual.assembly import assemble

jax.config.update("jax_enable_x64", True)
ASSEMBLY = assemble(load_system(), (), 1.0)
CELL, TIER = ASSEMBLY.plant.cell, ASSEMBLY.limits.operating


def limits_at(soc=0.5, temperature_degC=25.0, current_A=0.0, voltage_V=None, parallel=1, tier=TIER):
    rested_V = CELL.ocv(jnp.asarray([[soc]]))[0]
    if voltage_V is not None:
        rested_V = jnp.asarray([[voltage_V]])
    charge_A, discharge_A = current_limits(
        CELL,
        tier,
        parallel,
        rested_V,
        jnp.asarray([[temperature_degC]]),
        jnp.asarray([current_A]),
        jnp.asarray([soc]),
        jnp.zeros(1),
    )
    return float(charge_A[0]), float(discharge_A[0])


def test_a_moderate_cell_may_use_the_whole_tier():
    assert limits_at() == (TIER.charge_current_A, TIER.discharge_current_A)


def test_the_current_of_the_pack_is_shared_by_the_cells_of_a_group():
    assert limits_at(parallel=4) == (TIER.charge_current_A / 4.0, TIER.discharge_current_A / 4.0)


@pytest.mark.parametrize(("below_K", "share"), [(15.0, 1.0), (10.0, 1.0), (5.0, 0.5), (1.0, 0.1)])
def test_currents_fall_over_the_last_ten_kelvin(below_K, share):
    charge_A, discharge_A = limits_at(temperature_degC=TIER.temperature_high_degC - below_K)
    assert charge_A == pytest.approx(share * TIER.charge_current_A)
    assert discharge_A == pytest.approx(share * TIER.discharge_current_A)


@pytest.mark.parametrize(("above_K", "share"), [(15.0, 1.0), (5.0, 0.5), (1.0, 0.1), (-1.0, 0.0)])
def test_currents_fall_over_the_last_ten_kelvin_of_cold_too(above_K, share):
    cold_degC = TIER.temperature_low_degC + above_K
    without = replace(TIER, temperature_low_degC=-60.0)
    for got, free in zip(
        limits_at(temperature_degC=cold_degC),
        limits_at(temperature_degC=cold_degC, tier=without),
        strict=True,
    ):
        assert got == pytest.approx(share * free)


@pytest.mark.parametrize("soc", [0.97, 0.995])
def test_the_allowed_current_fills_the_voltage_window_after_a_while(soc):
    """Half a minute to a minute on, the cell's own circuit stands near the tier, not beyond it."""
    charge_A, _ = limits_at(soc=soc)
    assert 0.0 < charge_A < TIER.charge_current_A
    temperature = jnp.asarray([[25.0]])
    series, fast, slow = (
        float(r[0, 0]) for r in CELL.resistances(jnp.asarray([[soc]]), temperature)
    )
    rested_V = float(CELL.ocv(jnp.asarray([[soc]]))[0][0, 0])
    at_once_V = rested_V + charge_A * (series + fast)
    steady_V = rested_V + charge_A * (series + fast + slow)
    assert at_once_V < TIER.voltage_high_V < steady_V


def test_the_limit_does_not_depend_on_the_current_that_flows():
    """A cell's reading under load leads to the same limit as at rest."""
    soc, current_A = 0.98, 20.0
    series, fast, slow = (
        float(r[0]) for r in CELL.resistances(jnp.asarray([soc]), jnp.asarray([25.0]))
    )
    rested_V = float(CELL.ocv(jnp.asarray([[soc]]))[0][0, 0])
    loaded_V = rested_V + (series + fast + 0.5 * slow) * current_A
    under_load = limits_at(soc=soc, current_A=current_A, voltage_V=loaded_V)
    assert under_load == pytest.approx(limits_at(soc=soc))


def test_without_a_cloud_nobody_charges_a_frozen_cell():
    """Data sheets end charging at 0 degC; from room temperature on the whole plan holds."""

    def plan_C(degC):
        return float(local_charge_plan(CELL, jnp.asarray([degC]), 0.5)[0]) / CELL.capacity_Ah

    assert plan_C(0.0) == plan_C(-10.0) == 0.0
    assert plan_C(10.0) == pytest.approx(0.25)
    assert plan_C(20.0) == plan_C(35.0) == pytest.approx(0.5)


def test_a_switch_has_hysteresis():
    on, off = jnp.ones(1, bool), jnp.zeros(1, bool)
    between = jnp.asarray([28.0])
    assert bool(hysteresis_switch(between, on, 30.0, 27.0)[0])
    assert not bool(hysteresis_switch(between, off, 30.0, 27.0)[0])
    assert bool(hysteresis_switch(jnp.asarray([31.0]), off, 30.0, 27.0)[0])
    assert not bool(hysteresis_switch(jnp.asarray([26.0]), on, 30.0, 27.0)[0])
