import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voltward.comms.payload import (
    SCALARS,
    SIGNALS,
    WIDE,
    Envelope,
    Kind,
    Message,
    PayloadError,
    decode,
    encode,
    silence,
)
from voltward.core.capabilities import Capability

NUMBERS = st.floats(allow_nan=True, allow_infinity=False)
FLAGS = st.sampled_from([0.0, 1.0, math.nan])


@st.composite
def envelopes(draw):
    kind = draw(st.sampled_from(list(Kind)))
    cells = draw(st.integers(0, 5))
    wide = tuple(
        np.array(draw(st.lists(NUMBERS, min_size=cells, max_size=cells)), dtype=float)
        for _ in WIDE[kind]
    )
    scalars = [draw(FLAGS if SIGNALS[kind][name].truth else NUMBERS) for name in SCALARS[kind]]
    message = Message(
        wide,
        np.array(scalars),
        present=draw(st.booleans()),
        sequence=draw(st.integers(0, 2**40)),
        sent_tick=draw(st.integers(-5, 2**40)),
    )
    return Envelope(kind, draw(st.integers(0, 10**6)), draw(st.integers(0, 1)), message)


def assert_same(first: Envelope, second: Envelope) -> None:
    assert (first.kind, first.tick, first.slot) == (second.kind, second.tick, second.slot)
    a, b = first.message, second.message
    assert (a.present, a.sequence, a.sent_tick) == (b.present, b.sequence, b.sent_tick)
    assert len(a.wide) == len(b.wide)
    for left, right in zip((*a.wide, a.scalars), (*b.wide, b.scalars), strict=True):
        np.testing.assert_array_equal(left, right)


@given(envelopes())
def test_every_number_arrives_as_the_same_float(envelope):
    assert_same(decode(encode(envelope)), envelope)


@given(envelopes(), st.binary(min_size=16, max_size=32))
def test_a_tag_is_good_under_its_key_only(envelope, key):
    payload = encode(envelope, key)
    assert decode(payload, key).message.proofs in (
        Capability.TELEMETRY_KEY,
        Capability.COMMAND_KEY,
    )
    assert decode(payload, b"another key").message.proofs == 0
    assert decode(payload).message.proofs == 0


def test_a_changed_value_breaks_the_tag():
    message = replace(silence(Kind.TELEMETRY, 1), present=True, wide=(np.ones(1), np.ones(1)))
    payload = encode(Envelope(Kind.TELEMETRY, 1, 0, message), b"key")
    assert decode(payload, b"key").message.proofs == Capability.TELEMETRY_KEY
    assert payload.count(b"[1.0]") == 2
    assert decode(payload.replace(b"[1.0]", b"[1.5]"), b"key").message.proofs == 0


def test_state_of_charge_is_in_percent_on_the_wire():
    scalars = np.zeros(len(SCALARS[Kind.TELEMETRY]))
    scalars[SCALARS[Kind.TELEMETRY].index("soc")] = 0.07
    message = replace(silence(Kind.TELEMETRY), scalars=scalars, present=True)
    signals = json.loads(encode(Envelope(Kind.TELEMETRY, 0, 0, message)))["content"]["signals"]
    assert signals["Vehicle.Powertrain.TractionBattery.StateOfCharge.Current"] == 7


@given(st.binary(max_size=200))
def test_foreign_bytes_are_told_apart(payload):
    with pytest.raises(PayloadError):
        decode(payload)


@pytest.mark.parametrize(
    ("found", "put"),
    [
        (b'"tick":3', b'"tick":9223372036854775808'),
        (b'"sequence":0', b'"sequence":' + b"9" * 5000),
        (b"[0.0]", b"[" * 100_000),
        (b'"version":1', b'"version":2'),
        (b'"present":false', b'"present":0'),
        (b'"kind":"telemetry"', b'"kind":"gossip"'),
        (b'"tick":3', b'"tick":"x"'),
        (b"CellVoltages", b"CellWattages"),
        (b"0.0", b'"nan"'),
        (b"0.0", b'"3.7"'),
        (b"0.0", b"NaN"),
        (b"0.0", b"1e999"),
        (b"[0.0]", b"0.0"),
    ],
)
def test_a_payload_that_does_not_fit_is_refused(found, put):
    payload = encode(Envelope(Kind.TELEMETRY, 3, 0, silence(Kind.TELEMETRY, 1)))
    assert found in payload
    with pytest.raises(PayloadError):
        decode(payload.replace(found, put))


def test_an_infinite_value_is_not_sent():
    message = replace(silence(Kind.TELEMETRY, 1), wide=(np.array([np.inf]), np.zeros(1)))
    with pytest.raises(ValueError, match="infinite"):
        encode(Envelope(Kind.TELEMETRY, 0, 0, message))
