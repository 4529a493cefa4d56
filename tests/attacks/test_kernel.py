from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voltward.attacks import kernel
from voltward.attacks.kernel import Context, Past, active_slots, earned, lag_ticks, listened
from voltward.attacks.row import COLUMN, empty_rows, rows_of
from voltward.core.attack import Attack, AttackType, Goal, Step, Stride
from voltward.core.capabilities import SECRETS, Capability
from voltward.core.errors import ConfigurationError
from voltward.core.record import ATTACKER, HONEST, honest_record
from voltward.core.taps import TAPS, Layer

CELLS = 12
manipulate = jax.jit(kernel.manipulate, static_argnums=0)
SENSOR = Capability.SENSOR_WIRING
NUMBERS = st.integers(-300, 300).map(lambda hundredths: hundredths / 100.0)


@pytest.fixture(autouse=True, scope="module")
def _double_precision():
    with jax.enable_x64(True):
        yield


def attack_of(*steps, holds=SENSOR):
    return Attack(
        id="made-up",
        title="made up",
        layer=Layer.PHYSICAL,
        type=AttackType.DATA_MANIPULATION,
        stride=(Stride.TAMPERING,),
        r155=(),
        technique="",
        holds=holds,
        parameters=(),
        steps=lambda values: steps,
        goal=Goal("soc_error_pct", 1.0, "none"),
        duty="",
        start_s=10.0,
        component_impact="",
        system_impact="",
        claimed_by=(),
        stopped_by=(),
        source="",
    )


def rows(*steps, runs=1, tick_s=1.0):
    one = rows_of(attack_of(*steps), {}, 10.0, CELLS, tick_s)
    return jnp.asarray(np.stack([one] * runs))


def context(tick=20, held=SENSOR, runs=1):
    return Context(
        tick=jnp.asarray(tick),
        held=jnp.full(runs, int(held), jnp.uint32),
        seed=jnp.arange(7, 7 + runs, dtype=jnp.uint64),
    )


def voltages(runs=1, tick=20):
    values = 3.5 + 0.01 * jnp.arange(CELLS, dtype=jnp.float64)
    wide = (jnp.broadcast_to(values, (runs, CELLS)),)
    return honest_record(jnp.zeros((runs, 0)), jnp.asarray(tick), wide)


def telemetry(runs=1, tick=20):
    values = 3.5 + 0.01 * jnp.arange(CELLS, dtype=jnp.float64)
    wide = (jnp.broadcast_to(values, (runs, CELLS)), jnp.full((runs, CELLS), 25.0))
    return honest_record(jnp.ones((runs, 6)), jnp.asarray(tick), wide)


def old_telemetry():
    runs = 1
    return Past(
        wide=(jnp.full((runs, CELLS), 1.0), jnp.full((runs, CELLS), 2.0)),
        scalars=jnp.full((runs, 6), 3.0),
        sequence=jnp.full(runs, 4, jnp.int64),
        sent_tick=jnp.full(runs, 5, jnp.int64),
    )


def same(first, second):
    return all(
        np.array_equal(a, b)
        for a, b in zip(jax.tree.leaves(first), jax.tree.leaves(second), strict=True)
    )


def sense(**changes):
    return Step(
        **({"name": "bias", "tap": "cell.voltage", "field": "voltage_V", "needs": SENSOR} | changes)
    )


@pytest.mark.parametrize("tap", TAPS, ids=lambda tap: tap.name)
def test_without_a_step_a_record_passes_untouched(tap):
    wide = tuple(jnp.full((1, CELLS), 1.5) for _ in tap.wide)
    record = honest_record(jnp.full((1, len(tap.scalars)), 2.5), jnp.asarray(20), wide)
    nothing = jnp.asarray(empty_rows()[None])
    assert same(manipulate(tap.name, record, nothing, context()), record)


@settings(max_examples=40, deadline=None)
@given(NUMBERS, NUMBERS, NUMBERS, st.integers(10, 500))
def test_gain_bias_and_ramp_add_up(gain, bias, ramp, tick):
    step = sense(gain=gain, bias=bias, ramp_per_s=ramp)
    record = voltages(tick=tick)
    changed = manipulate("cell.voltage", record, rows(step), context(tick))
    expected = (1.0 + gain) * np.asarray(record.wide[0]) + bias + ramp * (tick - 10)
    np.testing.assert_allclose(changed.wide[0], expected, rtol=1e-12, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, CELLS - 1), st.floats(0.0, 1.0), NUMBERS)
def test_only_the_chosen_cells_change(first, share, bias):
    step = sense(bias=bias or 1.0, first_cell=first, cell_share=share)
    record = voltages()
    changed = manipulate("cell.voltage", record, rows(step), context())
    count = max(round(share * CELLS), 1)
    touched = np.arange(CELLS)
    touched = (touched >= first) & (touched < first + count)
    moved = np.asarray(changed.wide[0][0] != record.wide[0][0])
    assert (moved == touched).all()


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 40), st.integers(0, 6), st.integers(2, 6))
def test_swapped_channels_are_a_permutation(shift, first, count):
    step = sense(shift_cells=shift, first_cell=first, cell_share=count / CELLS)
    record = voltages()
    changed = manipulate("cell.voltage", record, rows(step), context())
    before, after = np.asarray(record.wide[0][0]), np.asarray(changed.wide[0][0])
    assert np.array_equal(np.sort(before), np.sort(after))
    assert (shift % count == 0) == np.array_equal(before, after)


@pytest.mark.parametrize(("tick", "acts"), [(9, False), (10, True), (39, True), (40, False)])
def test_a_step_acts_in_its_time(tick, acts):
    step = sense(bias=1.0, duration_s=30.0)
    changed = manipulate("cell.voltage", voltages(tick=tick), rows(step), context(tick))
    assert same(changed, voltages(tick=tick)) is not acts


def test_a_step_shorter_than_a_tick_acts_once():
    made = rows(sense(bias=1.0, duration_s=1.0), tick_s=60.0)
    ticks = [
        tick for tick in range(5) if active_slots(made, "cell.voltage", context(tick)).any().item()
    ]
    assert len(ticks) == 1


def test_a_periodic_step_is_on_for_its_share():
    made = rows(sense(bias=1.0, period_s=10.0, duty_share=0.3))
    on = [bool(active_slots(made, "cell.voltage", context(tick)).any()) for tick in range(10, 110)]
    assert sum(on) == 30
    assert on[:10] == [True] * 3 + [False] * 7


def test_a_missing_position_stops_a_step():
    record = voltages()
    changed = manipulate("cell.voltage", record, rows(sense(bias=1.0)), context(held=0))
    assert same(changed, record)


def test_a_missing_secret_only_costs_the_proof():
    needs = Capability.CAN_WRITE | Capability.FRAME_KEY
    step = Step(name="forge", tap="can.up", field="voltage_V", needs=needs, bias=1.0)
    poor = manipulate("can.up", telemetry(), rows(step), context(held=Capability.CAN_WRITE))
    rich = manipulate("can.up", telemetry(), rows(step), context(held=needs))
    assert np.array_equal(poor.wide[0], rich.wide[0])
    assert int(poor.proofs[0]) == 0
    assert int(rich.proofs[0]) == int(Capability.FRAME_KEY)
    assert int(poor.sender[0]) == ATTACKER
    assert bool(poor.tainted[0])


def test_an_injected_record_is_new_and_beside_the_honest_one():
    step = Step(name="send", tap="can.down", field="open_request", bias=1.0, inject=True)
    silent = honest_record(jnp.zeros((1, 7)), jnp.asarray(20), present=jnp.zeros(1, bool))
    sent = manipulate("can.down", silent, rows(step), context())
    assert bool(sent.present[0])
    assert float(sent.scalars[0, 5]) == 1.0
    assert int(sent.sequence[0]) == int(silent.sequence[0]) + 1
    assert float(sent.copies[0]) == float(silent.copies[0]) + 1.0


def test_a_replayed_record_keeps_its_content_proofs_number_and_stamp():
    step = Step(name="repeat", tap="mqtt.up", window_s=5.0)
    sent = manipulate("mqtt.up", telemetry(), rows(step), context(), old_telemetry())
    assert np.array_equal(sent.wide[0], old_telemetry().wide[0])
    assert np.array_equal(sent.scalars, old_telemetry().scalars)
    assert (int(sent.sequence[0]), int(sent.sent_tick[0])) == (4, 5)
    proofs = Capability(int(sent.proofs[0]))
    assert Capability.TELEMETRY_KEY in proofs
    assert Capability.DEVICE_KEY not in proofs


def test_replaying_one_field_of_some_cells_breaks_the_proofs():
    step = Step(
        name="repeat", tap="mqtt.up", field="voltage_V", window_s=5.0, cell_share=0.5, first_cell=2
    )
    sent = manipulate("mqtt.up", telemetry(), rows(step), context(), old_telemetry())
    old = np.asarray(sent.wide[0][0]) == 1.0
    assert old.nonzero()[0].tolist() == list(range(2, 8))
    assert np.array_equal(sent.wide[1], telemetry().wide[1])
    assert np.array_equal(sent.scalars, telemetry().scalars)
    assert int(sent.sequence[0]) == 20
    assert int(sent.proofs[0]) == 0


def test_a_delayed_stream_is_first_silent_then_late_and_genuine():
    step = Step(name="hold back", tap="mqtt.up", delay_s=6.0)
    made = rows(step)
    early = manipulate("mqtt.up", telemetry(tick=12), made, context(12), old_telemetry())
    late = manipulate("mqtt.up", telemetry(tick=16), made, context(16), old_telemetry())
    assert not bool(early.present[0])
    assert bool(late.present[0])
    assert int(late.proofs[0]) == int(SECRETS)
    assert (int(late.sequence[0]), int(late.sender[0])) == (4, HONEST)
    assert bool(late.tainted[0])


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 20), st.integers(0, 100))
def test_a_window_repeats_the_ticks_before_the_start(window, since):
    made = rows(Step(name="repeat", tap="mqtt.up", window_s=float(window)))
    tick = 10 + since
    lag = int(lag_ticks(made, "mqtt.up", context(tick), 512)[0])
    assert tick - lag == 10 - window + since % window


def test_dropping_loses_the_share_it_says():
    made = rows(Step(name="drop", tap="mqtt.up", drop_share=0.3), runs=4000)
    sent = manipulate("mqtt.up", telemetry(4000), made, context(runs=4000))
    # 0.3 of 4000 has a standard deviation of 0.0072.
    assert abs(float(jnp.mean(~sent.present)) - 0.3) < 0.03
    assert not bool(jnp.any(sent.tainted))


def test_flooding_adds_copies_and_leaves_the_content():
    made = rows(Step(name="flood", tap="can.up", copies=500.0))
    sent = manipulate("can.up", telemetry(), made, context())
    assert float(sent.copies[0]) == 501.0
    assert same(replace(sent, copies=telemetry().copies), telemetry())


def test_listening_changes_nothing_and_reads_what_is_readable():
    made = rows(Step(name="read", tap="mqtt.up", listen=True), runs=2)
    sent = manipulate("mqtt.up", telemetry(2), made, context(runs=2))
    assert same(sent, telemetry(2))
    readable = jnp.asarray([True, False])
    heard = listened(made, "mqtt.up", context(runs=2), telemetry(2), readable)
    assert heard.tolist() == [1.0, 0.0]


def test_a_terminated_session_shows_the_attacker_as_peer():
    made = rows(Step(name="answer", tap="mqtt.session", terminate=True))
    peer = honest_record(jnp.zeros((1, 1)), jnp.asarray(20))
    answered = manipulate("mqtt.session", peer, made, context())
    assert float(answered.scalars[0, 0]) == 1.0
    assert int(answered.proofs[0]) == 0


def test_two_steps_at_a_tap_act_one_after_the_other():
    first = sense(name="one", bias=1.0, cell_share=0.5)
    second = sense(name="two", gain=1.0)
    changed = manipulate("cell.voltage", voltages(), rows(first, second), context())
    half = jnp.arange(CELLS) < CELLS // 2
    expected = 2.0 * (voltages().wide[0] + half)
    np.testing.assert_allclose(changed.wide[0], expected, rtol=1e-12)


def test_noise_has_its_deviation_and_depends_on_the_run_alone():
    made = rows(sense(noise=0.05), runs=500)
    changed = manipulate("cell.voltage", voltages(500), made, context(runs=500))
    added = np.asarray(changed.wide[0] - voltages(500).wide[0])
    assert abs(added.std() / 0.05 - 1.0) < 0.05
    alone = Context(jnp.asarray(20), jnp.full(1, 1, jnp.uint32), jnp.asarray([507], jnp.uint64))
    one = manipulate("cell.voltage", voltages(), rows(sense(noise=0.05)), alone)
    many = jnp.asarray([300, 507], jnp.uint64)
    both = Context(jnp.asarray(20), jnp.full(2, 1, jnp.uint32), many)
    two = manipulate("cell.voltage", voltages(2), rows(sense(noise=0.05), runs=2), both)
    assert np.array_equal(one.wide[0][0], two.wide[0][1])


def test_grants_need_an_active_step_and_an_accepted_record():
    step = Step(
        name="log in",
        tap="service.login",
        inject=True,
        needs=Capability.BROKER_REACH,
        grants=Capability.OPERATOR_ACCOUNT,
    )
    made = rows(step, runs=2)
    accepted = jnp.asarray([True, False])
    reach = context(held=Capability.BROKER_REACH, runs=2)
    gained = earned(made, "service.login", reach, accepted)
    assert gained.tolist() == [int(Capability.OPERATOR_ACCOUNT), 0]
    assert earned(made, "service.login", context(held=0, runs=2), accepted).tolist() == [0, 0]


def test_a_misspelt_tap_gets_a_hint():
    with pytest.raises(ConfigurationError, match=r"no tap 'cell\.volt'") as caught:
        rows(Step(name="bias", tap="cell.volt", field="voltage_V"))
    assert "cell.voltage" in caught.value.hint


def test_a_misspelt_field_gets_a_hint():
    with pytest.raises(ConfigurationError, match="no field 'voltage'") as caught:
        rows(Step(name="bias", tap="cell.voltage", field="voltage"))
    assert "voltage_V" in caught.value.hint


def test_a_tap_takes_no_more_steps_than_it_has_slots():
    with pytest.raises(ConfigurationError, match="2 slots"):
        rows(*(sense(name=str(number)) for number in range(3)))


def test_times_become_ticks_of_the_duty():
    row = rows(sense(start_s=50.0, duration_s=600.0, ramp_per_s=0.01), tick_s=60.0)
    values = np.asarray(row[0]).reshape(-1, len(COLUMN))
    used = values[values[:, COLUMN["used"]] > 0][0]
    assert used[COLUMN["start"]] == 1
    assert used[COLUMN["stop"]] == 11
    assert used[COLUMN["ramp"]] == pytest.approx(0.6)
