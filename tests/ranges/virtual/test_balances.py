"""Charge and energy are conserved by the plant; parallel cells share one voltage."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voltward.physical.pack import COOLANT_J_PER_K, CellSpread
from voltward.physical.parallel_group import split_current
from voltward.physical.plant import PlantInput, plant_step, start_plant
from voltward.ranges.configuration.system import load_system
from voltward.ranges.virtual.assembly import assemble

jax.config.update("jax_enable_x64", True)
PLANT = assemble(load_system(), (), 1.0).plant


@given(
    st.integers(2, 5),
    st.floats(-200.0, 200.0),
    st.lists(st.floats(0.5e-3, 5e-3), min_size=10, max_size=10),
    st.lists(st.floats(3.0, 4.2), min_size=10, max_size=10),
)
@settings(max_examples=50, deadline=None)
def test_a_parallel_group_obeys_kirchhoff(parallel, current, resistances, voltages):
    cells = 2 * parallel
    resistance = jnp.asarray(resistances[:cells])[None, :]
    emf = jnp.asarray(voltages[:cells])[None, :]
    split = split_current(emf, resistance, jnp.asarray([current]), parallel)
    groups = np.asarray(split).reshape(2, parallel)
    terminal = np.asarray(emf + resistance * split).reshape(2, parallel)
    assert groups.sum(axis=1) == pytest.approx(current, abs=1e-6)
    assert np.ptp(terminal, axis=1) == pytest.approx(0.0, abs=1e-9)


def _driven(bleed: float, ticks: int = 600):
    cells = PLANT.pack.cells
    spread = CellSpread(jnp.full((1, cells), 1.01), jnp.full((1, cells), 0.98))
    state = start_plant(PLANT, jnp.full((1, cells), 0.5), jnp.full((1, cells), 25.0))
    currents = 60.0 * jnp.sin(jnp.arange(ticks) / 30.0)

    def body(carry, current):
        given = PlantInput(
            current_A=current[None],
            bleed=jnp.full((1, cells), bleed),
            cooling=jnp.zeros(1),
            heating=jnp.zeros(1),
            ambient_degC=jnp.full(1, 25.0),
        )
        moved, output = plant_step(PLANT, spread, carry, given)
        row = (
            output.current_A[0, 0],
            output.voltage_V[0, 0],
            output.joule_J[0, 0],
            output.stored_J[0, 0],
            output.bleed_J[0, 0],
        )
        return moved, row

    return state, jax.lax.scan(body, state, currents)


def test_charge_through_the_terminals_is_charge_in_the_cell():
    _, (last, (current, *_)) = _driven(bleed=0.0)
    moved_Ah = float((last.cells.soc[0, 0] - 0.5) * PLANT.cell.capacity_Ah * 1.01)
    assert moved_Ah == pytest.approx(float(jnp.sum(current)) / 3600.0, abs=1e-9)


def test_a_bleed_resistor_takes_its_charge():
    _, (last, (_, voltage, *_)) = _driven(bleed=1.0)
    _, (free, _) = _driven(bleed=0.0)
    drained_Ah = float(jnp.sum(voltage)) / PLANT.pack.bleed_resistance_ohm / 3600.0
    difference = float(free.cells.soc[0, 0] - last.cells.soc[0, 0]) * PLANT.cell.capacity_Ah * 1.01
    assert difference == pytest.approx(drained_Ah, rel=1e-3)


@pytest.mark.parametrize("bleed", [0.0, 1.0])
def test_energy_in_is_energy_stored_and_heat(bleed):
    _, (_, (current, voltage, joule, stored, bled)) = _driven(bleed=bleed)
    supplied_J = float(jnp.sum(current * voltage))
    accounted_J = float(jnp.sum(joule + stored + bled))
    turned_over_J = float(jnp.sum(jnp.abs(current * voltage)))
    assert supplied_J == pytest.approx(accounted_J, abs=1e-9 * turned_over_J)


def test_heat_stays_in_cells_and_coolant_when_nothing_leaves():
    """With ambient and coolant alike, the warming of a uniform pack is its Joule heat."""
    _, (last, (_, _, joule, _, _)) = _driven(bleed=0.0)
    cell_J = float(last.cells.temperature_degC[0, 0] - 25.0) * PLANT.cell.heat_capacity_J_per_K
    coolant_J = float(last.cells.coolant_degC[0] - 25.0) * COOLANT_J_PER_K
    assert cell_J + coolant_J == pytest.approx(float(jnp.sum(joule)), rel=0.02)
