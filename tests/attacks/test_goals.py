"""Every attack reaches its goal without security controls, and the clean duty never does."""

from dataclasses import replace
from functools import cache

import jax
import numpy as np
import pytest

from voltward.attacks.catalogue import ATTACKS
from voltward.experiments.consequences import CONSEQUENCE_INDEX
from voltward.experiments.controls import CONTROLS
from voltward.experiments.duty import load_duty
from voltward.experiments.schemas import NO_ATTACK
from voltward.experiments.stacks import Stack
from voltward.experiments.system import load_system
from voltward.experiments.virtual.assembly import assemble
from voltward.experiments.virtual.batch import case_arrays, duty_arrays
from voltward.experiments.virtual.case import Case
from voltward.experiments.virtual.program import compiled

SEED = 7
NONE = Stack("none", (), factory_protection=True, settings={})
# Three controls keep the compilation short; none of them is in force.
COMPILED = ("can-frame-authentication", "innovation-cusum", "derate")
BATTERY = {name: ATTACKS.load(name) for name in ATTACKS.names()}


@cache
def outcome(duty_name):
    """Run the clean duty and every attack that names it, in one batch of one program."""
    duty, system = load_duty(duty_name), load_system()
    system = replace(system, charging=replace(system.charging, target_soc=duty.target_soc))
    clean = [Case("clean", NO_ATTACK, {}, float("inf"), NONE, SEED + k) for k in range(2)]
    attacked = [
        Case(attack.id, attack.id, attack.defaults(), attack.start_s, NONE, SEED)
        for attack in BATTERY.values()
        if attack.duty == duty_name
    ]
    controls = [CONTROLS.load(name) for name in COMPILED]
    assembly = assemble(system, controls, duty.tick_s)
    cases, goals = case_arrays(assembly, system, [*clean, *attacked])
    meter, _ = compiled(assembly)(cases, goals, duty_arrays(duty, system))
    reached = np.asarray(meter.goal_tick) < np.iinfo(np.int64).max
    ids = [case.attack for case in attacked]
    values = np.asarray(meter.values)
    return values[:2], dict(zip(ids, zip(values[2:], reached[2:], strict=True), strict=True))


@pytest.fixture(autouse=True, scope="module")
def _double_precision():
    with jax.enable_x64(True):
        yield


def test_no_member_of_the_catalogue_is_missing_from_the_battery():
    duties = {attack.duty for attack in BATTERY.values()}
    tried = {name for duty in duties for name in outcome(duty)[1]}
    assert tried == set(ATTACKS.names())


@pytest.mark.parametrize("name", BATTERY)
def test_the_attack_reaches_its_goal_and_the_clean_duty_does_not(name):
    attack = BATTERY[name]
    clean, attacked = outcome(attack.duty)
    values, reached = attacked[name]
    column = CONSEQUENCE_INDEX[attack.goal.consequence]
    assert reached, f"{attack.goal.consequence} = {values[column]:g} < {attack.goal.at_least:g}"
    assert clean[:, column].max() < 0.9 * attack.goal.at_least
