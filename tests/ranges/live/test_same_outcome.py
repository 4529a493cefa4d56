"""The live range and the virtual range give the same physics, tick by tick.

Compared is every case of the example up to the step in which the man in the middle holds bytes: a
half-open session has no counterpart in the virtual range.
"""

import csv
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from voltward.attacks.row import COLUMN, empty_rows
from voltward.comms.interceptor import Mode
from voltward.core.taps import TAP_INDEX
from voltward.ranges.live.case.load import part_settings
from voltward.ranges.live.case.wire_attack import wire_rows
from voltward.ranges.live.processes.parts import load_scene
from voltward.ranges.virtual.batch import case_arrays
from voltward.ranges.virtual.program import compiled
from voltward.ranges.virtual.trace import TRACE_NAMES

pytestmark = pytest.mark.live

SHARED = (
    "true_soc",
    "true_voltage_max_V",
    "true_temperature_max_degC",
    "true_current_A",
    "bms_soc",
    "twin_soc",
    "twin_current_A",
    "contactor_closed",
    "queued_records",
)
# The same rules in one program and in three: XLA fuses them differently, which moves last bits.
TOLERANCE = 1e-9


def rows_in_the_virtual_range(settings, case, cells):
    """Return what the live attackers of a case do, as rows of one virtual run."""
    rows, held = empty_rows(), 0
    plans = {
        "man_in_the_middle": case.man_in_the_middle and settings.man_in_the_middle,
        "rogue": case.rogue is not None and settings.rogue,
        "bus_attacker": case.bus_attacker and settings.bus_attacker,
    }
    for attacker, plan in plans.items():
        if plan:
            span = plan.rewriting if attacker == "man_in_the_middle" else plan
            own, holds = wire_rows(attacker, plan, span, cells, settings.tick_s)
            rows, held = rows + own, held | holds
    if case.man_in_the_middle:
        (drop,) = (s for s in settings.man_in_the_middle.steps if s.mode == Mode.DROP)
        lost = {"used": 1, "start": drop.from_tick, "stop": drop.to_tick, "period": 1, "duty": 1}
        for name, value in {**lost, "field": -1, "drop": 1}.items():
            rows[TAP_INDEX["mqtt.session"], 1, COLUMN[name]] = value
    return rows, held


@pytest.fixture(scope="module")
def virtual(example):
    """The trace of each case in the virtual range, whose link is perfect as loopback is."""
    scene = load_scene(example.system, example.duty, example.tick_s)
    cells, runs = scene.assembly.cells, []
    for case in example.case:
        part = part_settings(example, case)
        runs.append((scene.virtual_case(part), *rows_in_the_virtual_range(example, case, cells)))
    cases = [case for case, _, _ in runs]
    arrays, goals = case_arrays(scene.assembly, scene.system, scene.asked, cases)
    arrays = replace(
        arrays,
        rows=jnp.asarray(np.stack([rows for _, rows, _ in runs])),
        held=jnp.asarray(np.array([held for _, _, held in runs], dtype=np.uint32)),
        link=jnp.zeros_like(arrays.link),
    )
    ticks = jax.tree.map(
        lambda column: jnp.repeat(column[: example.ticks], len(cases), axis=1), scene.duty.ticks
    )
    duty = replace(scene.duty, ticks=ticks)
    _, trace = compiled(scene.assembly)(arrays, goals, duty)
    trace = np.asarray(trace)
    return {case.name: trace[:, index] for index, case in enumerate(example.case)}


@pytest.fixture(scope="module")
def live(real_run):
    """The columns of each case in the live range."""
    found = {}
    with (real_run.folder / "physics.csv").open() as file:
        for row in csv.DictReader(file):
            found.setdefault(row["case"], []).append(row)
    return {
        case: {name: np.array([float(row[name]) for row in rows]) for name in SHARED}
        for case, rows in found.items()
    }


NAMES = (
    "no-attack",
    "no-tls",
    "tls-unverified",
    "tls-verified",
    "rogue-without-client-certificates",
    "bus-fabrication",
)


@pytest.mark.parametrize("name", NAMES)
def test_both_ranges_give_the_same_physics(name, example, virtual, live):
    (held_from,) = (s.from_tick for s in example.man_in_the_middle.steps if s.mode == Mode.DELAY)
    for column in SHARED:
        expected = virtual[name][:held_from, TRACE_NAMES.index(column)]
        got = live[name][column][:held_from]
        np.testing.assert_allclose(got, expected, rtol=0.0, atol=TOLERANCE, err_msg=column)


def test_the_comparison_is_of_an_attack_that_shows(live):
    clean = live["no-attack"]
    for name in ("no-tls", "rogue-without-client-certificates", "bus-fabrication"):
        difference = np.abs(live[name]["twin_soc"] - clean["twin_soc"])
        assert difference.max() > 1e-3
        assert np.abs(live[name]["true_soc"] - clean["true_soc"]).max() > 1e-3


def test_a_refused_rogue_leaves_no_mark(live):
    for name in ("rogue-with-client-certificates", "rogue-with-other-certificate"):
        for column in SHARED:
            np.testing.assert_array_equal(live[name][column], live["no-attack"][column])
