"""The composition contract: one program, paired noise, nothing depends on the chunk."""

from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.ranges.virtual.conftest import CHUNK, cases_of, stack_of

from voltward.attacks.catalogue import ATTACKS
from voltward.core.capabilities import Capability
from voltward.ranges.configuration.attack_and_stack_choices import AttackChoice
from voltward.ranges.configuration.duty import Duty
from voltward.ranges.configuration.stacks import Stack
from voltward.ranges.configuration.system import load_system
from voltward.ranges.virtual.bare_plant import PLANT_COLUMNS, run_plant
from voltward.ranges.virtual.batch import case_arrays, duty_arrays
from voltward.ranges.virtual.engine import Engine
from voltward.ranges.virtual.meter import REFUSING_TAPS
from voltward.ranges.virtual.trace import TRACE_NAMES
from voltward.results.columns import CASE_COLUMNS, NO_ATTACK
from voltward.results.run_tables import canonical_row

NONE = stack_of("none")
START = {"start_s": 60.0}


def test_every_attack_and_control_set_shares_one_program(
    engine: Engine, short_duty: Duty, everything: Stack
) -> None:
    stacks = [NONE, everything, stack_of("bare", factory=False)]
    for name in ATTACKS.names():
        cases = cases_of([AttackChoice(name, START)], stacks, short_duty)
        engine.run(cases)
    assert engine.programs_compiled == 1


def test_cases_do_not_depend_on_the_chunk(engine: Engine, short_duty: Duty) -> None:
    attacks = [AttackChoice(NO_ATTACK), AttackChoice("voltage-bias", START)]
    cases = cases_of(attacks, [NONE], short_duty, seeds=2)
    other = Engine(load_system(), short_duty, chunk=3)
    wide = engine.run(cases).rows
    narrow = [*other.run(cases[:3]).rows, *other.run(cases[3:]).rows]
    for one, two in zip(wide, narrow, strict=True):
        assert canonical_row(one, CASE_COLUMNS) == canonical_row(two, CASE_COLUMNS)


def test_the_same_batch_twice_gives_the_same_bits(engine: Engine, short_duty: Duty) -> None:
    cases = cases_of([AttackChoice("voltage-bias", START)], [NONE], short_duty, seeds=2)
    first, second = engine.run(cases), engine.run(cases)
    assert np.array_equal(first.traces, second.traces)
    assert first.rows == second.rows


def test_seeds_differ_and_stacks_are_paired(
    engine: Engine, short_duty: Duty, everything: Stack
) -> None:
    watching = stack_of("watching", "innovation-cusum")
    cases = cases_of([AttackChoice(NO_ATTACK)], [NONE, watching], short_duty, seeds=2)
    traces = engine.run(cases).traces
    assert np.array_equal(traces[:, 0, :17], traces[:, 2, :17])
    assert not np.array_equal(traces[:, 0, :17], traces[:, 1, :17])


def test_a_clean_run_without_cloud_equals_the_bare_plant(short_duty: Duty) -> None:
    system = load_system()
    system = replace(system, cloud=replace(system.cloud, enabled=False))
    engine = Engine(system, short_duty, chunk=CHUNK)
    cases = cases_of([AttackChoice(NO_ATTACK)], [NONE], short_duty)
    traced = engine.run(cases).traces[:, 0]
    bare = replace(engine.assembly, rules=replace(engine.assembly.rules, controls=()))
    case, _ = case_arrays(bare, engine.system, short_duty, cases)
    duty = duty_arrays([short_duty], engine.system)
    _, plant = jax.jit(partial(run_plant, bare))(case, duty)
    for index, name in enumerate(PLANT_COLUMNS):
        looped = traced[:, TRACE_NAMES.index(name)]
        assert looped == pytest.approx(
            np.asarray(plant)[: short_duty.ticks, 0, index], rel=1e-11, abs=1e-11
        ), name


@pytest.mark.parametrize(
    ("control", "attack", "tap", "key"),
    [
        ("can-frame-authentication", "can-spoof-telemetry", "can.up", Capability.FRAME_KEY),
        ("mqtt-client-authentication", "rogue-publisher", "mqtt.up", Capability.DEVICE_KEY),
        ("mqtt-server-authentication", "mqtt-man-in-the-middle", "mqtt.session",
         Capability.SERVER_KEY),
        ("firmware-signature", "firmware-thresholds", "firmware", Capability.UPDATE_KEY),
    ],
)  # fmt: skip
def test_who_holds_the_key_gets_through_and_who_does_not_is_rejected(
    engine: Engine, short_duty: Duty, control: str, attack: str, tap: str, key: Capability
) -> None:
    cases = cases_of([AttackChoice(attack, START)], [stack_of("one", control)], short_duty)
    arrays, goals, duty = engine.arrays(cases * CHUNK)
    keys = jnp.array([0, int(key)] * (CHUNK // 2), dtype=jnp.uint32)
    meter, _ = engine.execute(replace(arrays, held=arrays.held | keys), goals, duty)
    refused = np.asarray(meter.refused)[:, REFUSING_TAPS.index(tap)]
    taken = np.asarray(meter.taken_in)
    assert refused[0] > 0
    assert refused[1] == 0
    assert taken[1] > taken[0]


def test_a_proof_of_zero_bits_rejects_nobody(engine: Engine, short_duty: Duty) -> None:
    stack = Stack("weak", ("can-frame-authentication",), True,
                  {"can-frame-authentication": {"mac_bits": 0.0}})  # fmt: skip
    cases = cases_of([AttackChoice("can-spoof-telemetry", START)], [NONE, stack], short_duty)
    result = engine.run(cases)
    assert np.array_equal(result.traces[:, 0], result.traces[:, 1])


def test_a_short_proof_is_guessed_about_as_often_as_it_should(
    engine: Engine, short_duty: Duty
) -> None:
    stack = Stack("short", ("can-frame-authentication",), True,
                  {"can-frame-authentication": {"mac_bits": 2.0}})  # fmt: skip
    choice = AttackChoice("can-spoof-telemetry", {"start_s": 0.0})
    cases = cases_of([choice], [stack], short_duty, seeds=CHUNK)
    meter, _ = engine.execute(*engine.arrays(cases))
    refused = np.asarray(meter.refused)[:, REFUSING_TAPS.index("can.up")].sum()
    tries = CHUNK * short_duty.ticks
    assert refused / tries == pytest.approx(0.75, abs=0.06)
