"""What the assembly makes of a system file, held to sources and to laws from outside."""

import itertools
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats
from scipy.integrate import solve_ivp

from voltward.comms.link import LINK_COLUMNS
from voltward.controls.catalogue import CONTROLS
from voltward.physical.grid import grid_step, initial_grid_state
from voltward.physical.pack import COOLANT_J_PER_K
from voltward.physical.protection import FAULTS
from voltward.ranges.configuration.system import load_system
from voltward.ranges.virtual.assembly import assemble, link_columns
from voltward.ranges.virtual.fixed_draws import FixedDraws, fixed_draws
from voltward.ranges.virtual.world_arrays import neutral_world

jax.config.update("jax_enable_x64", True)
SYSTEM = load_system()
ASSEMBLY = assemble(SYSTEM, (), 1.0)


def drawn(runs: int) -> FixedDraws:
    world = neutral_world(SYSTEM, runs, start_soc=0.5, start_degC=25.0)
    return fixed_draws(ASSEMBLY, jnp.arange(runs, dtype=jnp.uint64), world)


# The radio link


def link_of(tick_s=1.0, **changes):
    """Return the columns of a link whose only flaw is what is changed."""
    sound = {"loss_share": 0.0, "outages_per_hour": 0.0, "reorder_share": 0.0}
    columns = link_columns(replace(SYSTEM.link, **(sound | changes)), tick_s)
    return dict(zip(LINK_COLUMNS, columns, strict=True))


@pytest.mark.parametrize(("median_ms", "p95_ms"), [(50.0, 900.0), (200.0, 1000.0), (400.0, 2500.0)])
def test_latency_is_log_normal_with_the_stated_median_and_95th_percentile(median_ms, p95_ms):
    link = {"latency_median_ms": median_ms, "latency_p95_ms": p95_ms}
    shape = np.log(p95_ms / median_ms) / stats.norm.ppf(0.95)
    expected = stats.lognorm.sf(1000.0, shape, scale=median_ms)
    assert link_of(**link)["late_share"] == pytest.approx(expected, rel=1e-3)
    # One record in twenty takes longer than the 95th percentile, by its definition.
    assert link_of(tick_s=p95_ms / 1000.0, **link)["late_share"] == pytest.approx(0.05, rel=1e-3)


def test_a_record_is_late_or_lost():
    late = {"latency_median_ms": 200.0, "latency_p95_ms": 1000.0}
    lost = link_of(**late, loss_share=0.1)["late_share"] - link_of(**late)["late_share"]
    assert lost == pytest.approx(0.1)


@pytest.mark.parametrize("tick_s", [1.0, 60.0])
def test_outages_begin_as_often_and_last_as_long_as_stated(tick_s):
    """In an hour of ticks the expected number of starts and the mean length come back."""
    columns = link_of(tick_s, outages_per_hour=2.0, outage_mean_s=300.0)
    ticks = 3600.0 / tick_s
    none_in_an_hour = (1.0 - columns["outage_start"]) ** ticks
    assert none_in_an_hour == pytest.approx(stats.poisson.pmf(0, 2.0))
    # The chance to outlast ten minutes of an exponential time.
    outlasts = (1.0 - columns["outage_end"]) ** (600.0 / tick_s)
    assert outlasts == pytest.approx(stats.expon.sf(600.0, scale=300.0))


# Limits and electronics, against the sources that the system file names


def test_trips_wait_as_long_as_the_named_firmware():
    """foxBMS 2: 500 counted events of a 10 ms task, then a delay by kind."""
    counted_s = 500 * 0.010
    expected = {"voltage": 0.2, "temperature": 1.0, "current": 0.1}
    for fault, delay_s in ASSEMBLY.limits.delay_s.items():
        for kind, further_s in expected.items():
            if kind in fault:
                assert delay_s == pytest.approx(counted_s + further_s), fault
    assert set(ASSEMBLY.limits.delay_s) == set(FAULTS) - {"fuse"}


def test_isolation_faults_at_the_resistance_of_the_regulation():
    """UN R100: 100 ohm for each volt of a 400 V d.c. bus."""
    assert ASSEMBLY.limits.isolation_kohm == pytest.approx(100.0 * 400.0 / 1000.0)


def test_the_tiers_enclose_one_another():
    tiers = (ASSEMBLY.limits.operating, ASSEMBLY.limits.recommended, ASSEMBLY.limits.maximum)
    for inner, outer in itertools.pairwise(tiers):
        assert inner.voltage_high_V < outer.voltage_high_V
        assert inner.voltage_low_V > outer.voltage_low_V
        assert inner.temperature_high_degC < outer.temperature_high_degC
        assert inner.temperature_low_degC > outer.temperature_low_degC
        assert inner.charge_current_A < outer.charge_current_A
        assert inner.discharge_current_A < outer.discharge_current_A


def test_pre_charge_leaves_less_than_one_percent_to_be_closed_upon():
    tau_s = SYSTEM.pack.precharge_ohm * SYSTEM.pack.link_capacitance_F
    left = np.exp(-ASSEMBLY.plant.pack.precharge_s / tau_s)
    assert 1e-3 < left < 0.01


def test_the_unattended_plan_asks_for_the_pack_current_of_the_file():
    wide = replace(SYSTEM, pack=replace(SYSTEM.pack, parallel=4))
    for system in (SYSTEM, wide):
        assembly = assemble(system, (), 1.0)
        full_A = assembly.plant.cell.capacity_Ah * system.pack.parallel
        asked_A = assembly.unattended_C * full_A
        assert asked_A == pytest.approx(system.charging.unattended_current_A)


def test_coolant_has_the_heat_of_the_stated_mass():
    """Sixty grams of water with glycol for each large cell, 3.4 kJ/(kg K)."""
    assert pytest.approx(0.06 * 3400.0, rel=0.03) == COOLANT_J_PER_K


def test_a_chiller_moves_more_heat_than_it_draws():
    """Coefficients of performance of vehicle chillers lie between 1.5 and 3."""
    moved_W = ASSEMBLY.plant.pack.chiller_W_per_cell * SYSTEM.pack.series * SYSTEM.pack.parallel
    assert 1.5 <= moved_W / SYSTEM.pack.cooling_power_W <= 3.0


def test_one_missed_command_is_not_yet_a_silence():
    for period_s in (10.0, 60.0, 300.0):
        cloud = replace(SYSTEM.cloud, plan_period_s=period_s)
        silence_s = assemble(replace(SYSTEM, cloud=cloud), (), 1.0).silence_s
        assert 2.0 * period_s <= silence_s <= max(SYSTEM.cloud.silence_s, 3.0 * period_s)


def test_new_keys_are_in_place_while_the_response_still_holds():
    """An operator's login alone takes 20 to 30 s; a renewal past the hold would be given up."""
    (rekey,) = (control for control in CONTROLS.all() if control.id == "rekey")
    assert 20.0 <= ASSEMBLY.rekey_s <= rekey.act.hold_s


# What the twin is told of the pack


def test_commissioning_tells_the_twin_most_of_what_makes_cells_differ():
    draws = drawn(50)
    for spread, belief in (
        (draws.spread.capacity, draws.known_capacity),
        (draws.spread.resistance, draws.known_resistance),
    ):
        unknown = np.var(np.asarray(belief - spread)) / np.var(np.asarray(spread))
        assert 1e-3 < unknown < 0.05


def test_cells_differ_as_the_file_says():
    draws = drawn(100)
    spread = SYSTEM.pack.spread
    # Cutting a normal at three standard deviations narrows it by 1.3 %.
    cut = stats.truncnorm.std(-3.0, 3.0)
    for values, pct in (
        (draws.spread.capacity, spread.capacity_pct),
        (draws.spread.resistance, spread.resistance_pct),
        (draws.initial_soc, spread.initial_soc_pct),
    ):
        assert 100.0 * np.std(values) == pytest.approx(pct * cut, rel=0.03)


# The fleet on the grid


def test_the_compromised_fleet_is_a_twentieth_of_the_area():
    """1.5 GW of 50 kW chargers in an area of 30 GW."""
    step_pu = SYSTEM.charging.power_W * ASSEMBLY.fleet.packs_moved / ASSEMBLY.fleet.base_W
    assert step_pu == pytest.approx(1.5 / 30.0)


def test_the_nadir_within_a_tick_is_seen_to_a_few_millihertz():
    """Against an integrator of the same area: its lowest point lies between two ticks."""
    grid, load_pu = SYSTEM.grid, 0.1

    def slope(_, x):
        return [
            (x[1] - load_pu - grid.damping_pu * x[0]) / (2.0 * grid.inertia_s),
            (x[2] - x[1]) / grid.turbine_s,
            (-grid.integral_gain * x[3] - x[0] / grid.droop_pu - x[2]) / grid.governor_s,
            x[0],
        ]

    solved = solve_ivp(slope, [0.0, 5.0], [0.0] * 4, rtol=1e-10, atol=1e-13, max_step=0.005)
    state, lowest_Hz = initial_grid_state(1), 0.0
    for _ in range(5):
        state, _, low, _, _ = grid_step(ASSEMBLY.fleet.matrices, state, jnp.asarray([load_pu]))
        lowest_Hz = min(lowest_Hz, float(low[0]))
    assert lowest_Hz == pytest.approx(grid.frequency_Hz * solved.y[0].min(), abs=3e-3)
