"""The open-loop circuit is the pack's electrical step for one cell, and obeys its own limits."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest

from voltward.documents.toml_document import find_document
from voltward.physical.cell import TemperatureLaw
from voltward.physical.cell_file import load_cell
from voltward.physical.circuit import advance, rested, terminal_V
from voltward.physical.pack import CellSpread, CellState, electrical_step
from voltward.ranges.configuration.system import load_system

WARM = jnp.array([[5.0, 25.0, 40.0]] * 2)


def plain_cell():
    return load_cell(find_document("cells", "reference-lfp", "cell"))


def full_cell():
    return replace(
        plain_cell(),
        charge_transfer=True,
        diffusion_ohm=np.full(3, 0.002),
        diffusion_s=500.0,
        diffusion_law=TemperatureLaw(np.array([900.0, 1200.0])),
        time_slopes_K=(100.0, 200.0, -50.0),
        entropy_V_per_K=np.array([1e-4, 2e-4]),
    )


@pytest.mark.parametrize("cell", [plain_cell(), full_cell()], ids=["two branches", "all of it"])
def test_it_is_the_pack_step_of_one_cell(cell):
    zero = jnp.zeros((2, 3))
    soc = jnp.full((2, 3), 0.5)
    alone = rested(soc)
    packed = CellState(soc, zero, zero, zero, WARM, jnp.zeros(2) + 25.0, zero)
    pack = replace(load_system().pack, series=3)
    spread = CellSpread(zero + 1.0, zero + 1.0)
    for level_A in (30.0, -60.0, 10.0, 0.0):
        current_A = jnp.full((2,), level_A)
        for _ in range(5):
            alone = advance(cell, alone, current_A[:, None], WARM, 1.0)
            packed, output = electrical_step(cell, pack, spread, packed, current_A, zero, 1.0)
            voltage_V = terminal_V(cell, alone, current_A[:, None], WARM)
            # The pack takes its resistances at the start of the step: under a microvolt here.
            assert np.asarray(voltage_V) == pytest.approx(np.asarray(output.voltage_V), abs=1e-6)
    assert np.asarray(alone.soc) == pytest.approx(np.asarray(packed.soc), abs=1e-12)


def test_a_rested_cell_shows_its_open_circuit_voltage():
    cell = full_cell()
    state = rested(jnp.full((2, 3), 0.4))
    open_V = cell.ocv(state.soc)[0] + cell.entropic_V(state.soc, WARM)
    shown_V = terminal_V(cell, state, jnp.zeros((2, 1)), WARM)
    assert np.asarray(shown_V) == pytest.approx(np.asarray(open_V), abs=1e-12)


@pytest.mark.parametrize("parts", [2, 10])
def test_one_long_step_is_many_short_ones_where_the_tables_are_flat(parts):
    cell = replace(full_cell(), charge_transfer=False)
    flat = {f"{name}_ohm": np.full(2, 0.001) for name in ("series", "fast", "slow", "diffusion")}
    cell = replace(cell, **flat, diffusion_law=TemperatureLaw(1000.0))
    current_A = jnp.full((2, 1), -20.0)
    start = rested(jnp.full((2, 3), 0.8))
    once, often = advance(cell, start, current_A, WARM, 60.0), start
    for _ in range(parts):
        often = advance(cell, often, current_A, WARM, 60.0 / parts)
    for name in ("soc", "fast_V", "slow_V", "diffusion_V", "hysteresis"):
        assert np.asarray(getattr(often, name)) == pytest.approx(
            np.asarray(getattr(once, name)), rel=1e-9
        )


def test_charge_transfer_takes_less_than_its_small_current_resistance():
    cell = replace(full_cell(), fast_ohm=np.full(3, 0.05))
    soc, warm = jnp.array(0.5), jnp.array(25.0)
    small, large = (float(cell.resistances(soc, warm, amp)[1]) for amp in (1e-6, 60.0))
    assert small == pytest.approx(0.05, rel=1e-6)
    # Butler-Volmer at 25 degC: 2 RT/F asinh(R I / (2 RT/F)), with RT/F = 25.693 mV.
    assert large == pytest.approx(2 * 0.025693 * np.arcsinh(3.0 / (2 * 0.025693)) / 60.0, rel=1e-4)
