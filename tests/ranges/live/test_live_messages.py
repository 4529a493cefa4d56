"""A message in its other forms says the same."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from voltward.comms.payload import Kind, Message, silence
from voltward.physical.can.codec import shipped_codec
from voltward.physical.can.frame import Frame
from voltward.ranges.live.links.messages import BusMessages, message_of, record_of

BUS = BusMessages(shipped_codec(), 4)


def telemetry(sequence: int, voltage_V: float) -> Message:
    return Message(
        (np.full(4, voltage_V), np.full(4, 25.0)),
        np.array([-12.5, 355.25, 0.5, 10.0, 4000.0, 1.0]),
        present=True,
        sequence=sequence,
        sent_tick=sequence,
    )


def test_silence_is_no_frame_and_no_frame_is_silence():
    assert BUS.frames(Kind.TELEMETRY, silence(Kind.TELEMETRY, 4)) == []
    assert BUS.frames(Kind.COMMAND, silence(Kind.COMMAND)) == []
    assert not BUS.message(Kind.TELEMETRY, [], 0).present
    assert not BUS.message(Kind.COMMAND, [], 0).present
    for foreign in (Frame(0x123, b"x"), Frame(0x220, b"x", extended=True)):
        assert not BUS.message(Kind.TELEMETRY, [foreign], 0).present
        assert not BUS.message(Kind.COMMAND, [foreign], 0).present


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 50_000))
def test_what_the_wire_can_hold_comes_back(sequence, tenths_of_mV):
    sent = telemetry(sequence, tenths_of_mV / 10_000)
    got = BUS.message(Kind.TELEMETRY, BUS.frames(Kind.TELEMETRY, sent), sequence)
    for left, right in zip((*sent.wide, sent.scalars), (*got.wide, got.scalars), strict=True):
        np.testing.assert_allclose(left, right, atol=1e-9)
    assert (got.present, got.sequence, got.copies) == (True, sequence, 1.0)


def test_of_two_records_in_a_tick_the_later_counts_and_both_are_counted():
    frames = BUS.frames(Kind.TELEMETRY, telemetry(7, 3.7)) + BUS.frames(
        Kind.TELEMETRY, telemetry(6, 3.5)
    )
    got = BUS.message(Kind.TELEMETRY, frames, 7)
    assert (got.sequence, got.copies) == (6, 2.0)
    np.testing.assert_allclose(got.wide[0], 3.5)


def test_a_command_comes_back_with_what_it_does_not_ask_for():
    scalars = np.array([32.5, np.nan, 1.0, 21.5, 0.25, np.nan, -1500.0])
    sent = Message((), scalars, present=True, sequence=3, sent_tick=3)
    got = BUS.message(Kind.COMMAND, BUS.frames(Kind.COMMAND, sent), 3)
    np.testing.assert_allclose(got.scalars, scalars)
    assert (got.present, got.sequence) == (True, 3)


def test_a_message_is_the_same_as_a_record():
    for message in (telemetry(3, 3.7), silence(Kind.TELEMETRY, 4), silence(Kind.COMMAND)):
        back = message_of(record_of(message))
        for left, right in zip(
            (*message.wide, message.scalars), (*back.wide, back.scalars), strict=True
        ):
            np.testing.assert_array_equal(left, right)
        assert (back.present, back.sequence, back.sent_tick, back.copies) == (
            message.present,
            message.sequence,
            message.sent_tick,
            message.copies,
        )
