"""Every attack reaches its goal without security controls, and every claim about it holds."""

from dataclasses import dataclass
from functools import cache

import jax
import numpy as np
import pytest

from voltward.attacks.catalogue import ATTACKS
from voltward.controls.catalogue import CONTROLS
from voltward.core.control import Place
from voltward.ranges.configuration.case_grid import Case
from voltward.ranges.configuration.duty import load_duty
from voltward.ranges.configuration.stacks import Stack
from voltward.ranges.configuration.system import load_system
from voltward.ranges.virtual.assembly import assemble
from voltward.ranges.virtual.batch import case_arrays, duty_arrays
from voltward.ranges.virtual.program import compiled
from voltward.results.columns import NO_ATTACK
from voltward.results.consequences import CONSEQUENCE_INDEX

SEED = 7
NEVER = np.iinfo(np.int64).max
BATCH = 24
BATTERY = {name: ATTACKS.load(name) for name in ATTACKS.names()}


def stack(name, *controls):
    return Stack(name, tuple(sorted(controls)), factory_protection=True, settings={})


NONE = stack("none")
# Watches alone: nothing answers their alarms, so that every one is heard.
WATCHES = stack(
    "watches", "charge-watermark", *(c.id for c in CONTROLS.all() if c.watch is not None)
)


@dataclass(frozen=True)
class Outcome:
    """What became of one case."""

    values: np.ndarray
    reached: bool
    alarms: frozenset[str]


def cases_of(duty_name):
    """Return the clean duty, and every attack that names it against what it is to be tried on."""
    cases = [
        Case("clean", NO_ATTACK, {}, float("inf"), NONE, SEED),
        Case("clean", NO_ATTACK, {}, float("inf"), NONE, SEED + 1),
    ]
    for attack in BATTERY.values():
        if attack.duty == duty_name:
            stacks = (NONE, WATCHES, *(stack(name, name) for name in attack.stopped_by))
            cases += [
                Case(each.name, attack.id, attack.defaults(), attack.start_s, each, SEED)
                for each in stacks
            ]
    return cases


@cache
def engine_of(tick_s):
    """Return the assembly of a tick, and its program: one for all duties of that tick."""
    assembly = assemble(load_system(), CONTROLS.all(), tick_s)
    return assembly, compiled(assembly)


@cache
def outcomes(duty_name):
    """Run all cases of a duty, in batches of one size so that duties share a program."""
    duty, system = load_duty(duty_name), load_system()
    system = duty.charging(system)
    assembly, program = engine_of(duty.tick_s)
    ticks = duty_arrays([duty] * BATCH, system)
    order = [control.id for place in Place for _, control in assembly.rules.watches(place)]
    cases, found = cases_of(duty_name), {}
    for first in range(0, len(cases), BATCH):
        batch = cases[first : first + BATCH]
        padded = [*batch, *([batch[-1]] * (BATCH - len(batch)))]
        meter, _ = program(*case_arrays(assembly, system, duty, padded), ticks)
        heard = np.asarray(meter.first_alarm) < NEVER
        reached = np.asarray(meter.goal_tick) < NEVER
        values = np.asarray(meter.values)
        for number, case in enumerate(batch):
            alarms = frozenset(name for name, on in zip(order, heard[number], strict=True) if on)
            outcome = Outcome(values[number], bool(reached[number]), alarms)
            found.setdefault((case.attack, case.stack.name), []).append(outcome)
    return found


def outcome(name, stack_name):
    (only,) = outcomes(BATTERY[name].duty)[name, stack_name]
    return only


@pytest.fixture(autouse=True, scope="module")
def _double_precision():
    with jax.enable_x64(True):
        yield


def test_no_member_of_the_catalogue_is_missing_from_the_battery():
    duties = {attack.duty for attack in BATTERY.values()}
    tried = {case.attack for duty in duties for case in cases_of(duty)}
    assert tried == {NO_ATTACK, *ATTACKS.names()}


@pytest.mark.parametrize("name", BATTERY)
def test_it_reaches_its_goal_and_the_clean_duty_does_not(name):
    goal = BATTERY[name].goal
    column = CONSEQUENCE_INDEX[goal.consequence]
    attacked = outcome(name, "none")
    assert attacked.reached, f"{goal.consequence} = {attacked.values[column]:g}"
    for clean in outcomes(BATTERY[name].duty)[NO_ATTACK, "none"]:
        assert clean.values[column] < 0.9 * goal.at_least


@pytest.mark.parametrize(
    ("name", "watch"),
    [(name, watch) for name, attack in BATTERY.items() for watch in attack.claimed_by],
)
def test_the_detector_that_claims_to_see_it_alarms(name, watch):
    seen = outcome(name, "watches")
    assert seen.reached
    assert watch in seen.alarms, f"only {sorted(seen.alarms)}"


@pytest.mark.parametrize(
    ("name", "control"),
    [(name, control) for name, attack in BATTERY.items() for control in attack.stopped_by],
)
def test_the_control_that_claims_to_stop_it_does_so_alone(name, control):
    goal = BATTERY[name].goal
    value = outcome(name, control).values[CONSEQUENCE_INDEX[goal.consequence]]
    assert not outcome(name, control).reached, f"{goal.consequence} = {value:g}"
