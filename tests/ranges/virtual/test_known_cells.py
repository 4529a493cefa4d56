"""Watches that know certain cells are compiled in for these only, where the cell is real."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest
from tests.ranges.electrochemical_plant.steppers import CircuitStepper

from voltward.controls.catalogue import CONTROLS
from voltward.core.errors import ConfigurationError
from voltward.core.taps import FIRMWARE_SCALARS
from voltward.detection.electrochemical_opinion import ELECTROCHEMICAL_OPINION as CONTROL
from voltward.physical.protection import protect, start_protection
from voltward.ranges.configuration.system import load_system
from voltward.ranges.electrochemical_plant.host_cell import HostCell
from voltward.ranges.electrochemical_plant.shared_histories import SharedHistories
from voltward.ranges.virtual.assembly import assemble, cell_of
from voltward.ranges.virtual.readout import watch_ids
from voltward.real_cells.replay.detectors import load_detectors

M50 = load_system(cell="lg-m50")


def leading(system):
    return HostCell(SharedHistories(CircuitStepper(cell_of(system), 1.0), 1.0, 10))


def test_a_pack_of_the_cell_led_by_the_real_cell_is_watched():
    assert CONTROL.id in watch_ids(assemble(M50, (CONTROL,), 1.0, leading(M50)).rules)


def test_a_circuit_is_not_accused_of_being_one():
    assert watch_ids(assemble(M50, (CONTROL,), 1.0).rules) == []


def test_another_cell_is_not_watched():
    other = load_system()
    assert watch_ids(assemble(other, (CONTROL,), 1.0, leading(other)).rules) == []


def test_controls_keep_their_columns():
    controls = CONTROLS.all()
    kept = assemble(load_system(), controls, 1.0).rules.controls
    assert [control.id for control in kept] == [control.id for control in controls]
    dropped = [c.id for c, k in zip(controls, kept, strict=True) if c.watch and not k.watch]
    assert dropped == [c.id for c in controls if c.cells]


def test_a_replay_takes_it_for_the_cell_alone():
    assert CONTROL.id in [control.id for control in load_detectors(cell="lg-m50")]
    assert CONTROL.id not in [control.id for control in load_detectors(cell="lg-18650hg2")]
    with pytest.raises(ConfigurationError, match="does not know the cell"):
        load_detectors((CONTROL.id,), "lg-18650hg2")


def test_the_current_of_a_group_is_judged_by_cell():
    system = replace(M50, pack=replace(M50.pack, parallel=12))
    most_A = system.limits.maximum.discharge_current_A

    def trips(current_A):
        state, off = start_protection(1), jnp.zeros((1, len(FIRMWARE_SCALARS)))
        for _ in range(30):
            state, verdict = protect(
                system.limits,
                system.pack,
                state,
                jnp.full((1, 12), 3.7),
                jnp.full((1, 12), 25.0),
                jnp.full(1, current_A),
                jnp.full(1, 5000.0),
                calibration=off,
                enabled=jnp.ones(1, bool),
                tick_s=1.0,
            )
        return bool(np.asarray(verdict.tripped)[0])

    assert not trips(-0.9 * most_A)
    assert trips(-1.1 * most_A)
