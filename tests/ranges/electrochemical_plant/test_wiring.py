"""The bridge between the compiled loop and a model outside of it, without PyBaMM."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.ranges.electrochemical_plant.steppers import CircuitStepper, CountingStepper
from tests.ranges.virtual.conftest import CHUNK

from voltward.controls.catalogue import CONTROLS
from voltward.physical.foreign_cell import CellTruth
from voltward.physical.pack import CellSpread
from voltward.physical.plant import PlantInput, plant_step, start_plant
from voltward.ranges.configuration.attack_and_stack_choices import AttackChoice
from voltward.ranges.configuration.case_grid import grid
from voltward.ranges.configuration.duty import load_duty
from voltward.ranges.configuration.stacks import Stack
from voltward.ranges.configuration.system import load_system
from voltward.ranges.electrochemical_plant.host_cell import HostCell
from voltward.ranges.electrochemical_plant.shared_histories import SharedHistories
from voltward.ranges.virtual.assembly import assemble, cell_of
from voltward.ranges.virtual.engine import Engine
from voltward.ranges.virtual.trace import TRACE_NAMES

jax.config.update("jax_enable_x64", True)
STACKS = (Stack("none", (), True, {}), Stack("all", tuple(sorted(CONTROLS.names())), True, {}))
ATTACKS = (AttackChoice("voltage-bias", {"start_s": 60.0}),)
COLUMNS = (
    "mode",
    "speed_mps",
    "grade",
    "current_A",
    "power_W",
    "ambient_degC",
    "auxiliary_power_W",
)


@pytest.fixture(scope="module")
def duty():
    """Two minutes of driving, then a minute of charging."""
    whole = load_duty("commute-and-charge")
    chosen = np.r_[0:120, 1200:1260]
    return replace(whole, name="short", **{name: getattr(whole, name)[chosen] for name in COLUMNS})


@pytest.fixture(scope="module")
def cases(duty):
    return grid(ATTACKS, STACKS, 1, 7, duty.duration_s)


@pytest.fixture(scope="module")
def matched(duty, cases):
    return Engine(load_system(), duty, CHUNK).run(cases)


@pytest.fixture(scope="module")
def led(duty, cases):
    """The same cases, led from outside by the twin's own circuit."""
    system = load_system()
    stepper = CircuitStepper(cell_of(system), duty.tick_s)
    host = HostCell(SharedHistories(stepper, duty.tick_s, duty.ticks))
    return Engine(system, duty, len(cases), host).run(cases), host.histories.counts


def test_the_twins_own_circuit_from_outside_gives_the_matched_track(matched, led):
    result, _ = led
    for index, name in enumerate(TRACE_NAMES):
        assert result.traces[:, :, index] == pytest.approx(
            matched.traces[:, :, index], rel=1e-7, abs=1e-7
        ), name
    assert [event for event in result.events if event["kind"] != "request"] == [
        event for event in matched.events if event["kind"] != "request"
    ]


def test_rows_name_their_track(matched, led):
    assert {row["track"] for row in matched.rows} == {"matched"}
    assert {row["track"] for row in led[0].rows} == {"mismatched"}
    for one, other in zip(matched.rows, led[0].rows, strict=True):
        assert one["detected"] == other["detected"]
        assert one["detect_s"] == other["detect_s"]


def test_runs_with_one_current_were_computed_once(led, duty, cases):
    counts = led[1]
    assert counts.computed + counts.reused == duty.ticks * len(cases)
    # Clean and attacked runs are the same until the attack starts, and no controls act before.
    assert counts.reused >= 60


def pack_of(parallel, foreign=None):
    system = load_system()
    system = replace(system, pack=replace(system.pack, series=4, parallel=parallel))
    return assemble(system, (), 1.0, foreign).plant


@pytest.mark.parametrize("parallel", [1, 2])
def test_a_gap_moves_every_cell_and_energy_stays_balanced(parallel):
    plain = pack_of(parallel)
    host = HostCell(SharedHistories(CircuitStepper(plain.cell, 1.0, extra_V=0.02), 1.0, 9))
    given = PlantInput(
        current_A=jnp.array([30.0 * parallel]),
        bleed=jnp.zeros((1, 4 * parallel)).at[0, 1].set(1.0),
        cooling=jnp.zeros(1),
        heating=jnp.zeros(1),
        ambient_degC=jnp.full(1, 20.0),
    )
    shape = (1, 4 * parallel)
    spread = CellSpread(jnp.ones(shape), jnp.linspace(0.95, 1.05, 4 * parallel)[None, :])
    outputs = []
    for parameters in (plain, replace(plain, foreign=host)):
        host.histories.expect(["c"])
        state = start_plant(parameters, jnp.full(shape, 0.5), jnp.full(shape, 25.0))
        for _ in range(3):
            state, output = plant_step(parameters, spread, state, given)
        outputs.append(jax.tree.map(np.asarray, output))
    circuit, truth = outputs
    # The heat of the gap warms the cell, which lowers its resistance a little.
    assert truth.voltage_V - circuit.voltage_V == pytest.approx(0.02, abs=2e-6)
    for output in outputs:
        terminal_J = output.voltage_V * output.current_A * 1.0
        kept_J = output.joule_J + output.stored_J + output.bleed_J
        assert terminal_J == pytest.approx(kept_J, rel=1e-9)
    # What the gap takes up of the power turns into heat; cell 0 does not bleed.
    gap_J = 0.02 * truth.current_A[0, 0]
    assert (truth.joule_J - circuit.joule_J)[0, 0] == pytest.approx(gap_J, rel=1e-4)


def test_a_model_that_gives_up_leaves_its_last_gap():
    plain = pack_of(1)

    class Failing(CircuitStepper):
        def step(self, state, current_A):
            if state[0] > 0.5:
                return CountingStepper().step(99.0, current_A)
            return super().step(state, current_A)

    host = HostCell(SharedHistories(Failing(plain.cell, 1.0, extra_V=0.05), 1.0, 9))
    host.histories.expect(["c"])
    parameters = replace(plain, foreign=host)
    shape = (1, 4)
    state = start_plant(parameters, jnp.full(shape, 0.5), jnp.full(shape, 25.0))
    given = PlantInput(
        jnp.array([30.0]), jnp.zeros(shape), jnp.zeros(1), jnp.zeros(1), jnp.full(1, 20.0)
    )
    spread = CellSpread(jnp.ones(shape), jnp.ones(shape))
    gaps = []
    for _ in range(3):
        state, _ = plant_step(parameters, spread, state, given)
        gaps.append(float(state.foreign.voltage_gap_V[0, 0]))
    assert gaps == pytest.approx([0.05, 0.05, 0.05], abs=1e-9)
    assert not bool(state.foreign.sound[0])
    assert host.histories.counts.gave_up == {"c": 1.0}
    assert float(state.cells.soc[0, 0]) > 0.5


def test_cells_side_by_side_share_the_current():
    stepper = CountingStepper()
    host = HostCell(SharedHistories(stepper, 1.0, 9), side_by_side=4)
    state, _ = host.start(jnp.zeros(2))
    _, truth = host.step(state, jnp.array([4.0, 8.0]))
    assert isinstance(truth, CellTruth)
    assert np.asarray(truth.soc) == pytest.approx([1.0, 2.0])
