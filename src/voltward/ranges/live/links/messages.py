"""A message in its other forms: frames on the bus, record of the rules, sample for the accounting.

A message (`comms.payload.Message`) is what parts exchange. On the uplink it is a payload
(`comms.payload`), on the bus it is frames, the rules compute with records, and the coordinator
gets a sample: enough to count and compare, no more.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypedDict

import jax.numpy as jnp
import numpy as np

from voltward.comms.payload import SCALARS, SIGNALS, Envelope, Kind, Message, encode, silence
from voltward.core.record import HONEST, Record
from voltward.physical.can.codec import (
    decode_command,
    decode_telemetry,
    encode_command,
    encode_telemetry,
)
from voltward.physical.can.database import shipped_database
from voltward.physical.can.frame import Frame
from voltward.physical.can.pack_telemetry import GatewayCommand, PackTelemetry

# The frame that completes a message, and by which its copies are counted.
COUNTED_FRAME = {Kind.TELEMETRY: "Pack_State", Kind.COMMAND: "Gateway_Command"}
DIGEST_CHARACTERS = 16


class Sample(TypedDict):
    """What the coordinator gets of a message.

    Attributes:
        sequence: The sender's running number.
        digest: Of the content.
        mean_voltage_V: Over the cells; None without a value.
        copies: How many messages of the kind the receiver saw in the tick.
    """

    sequence: int
    digest: str
    mean_voltage_V: float | None
    copies: float


def frames_of(kind: Kind, message: Message) -> list[Frame]:
    """Return the frames of a message; none for silence."""
    if not message.present:
        return []
    scalars: dict[str, Any] = {}
    for field, value in zip(SCALARS[kind], message.scalars.tolist(), strict=True):
        flag = None if math.isnan(value) else bool(value)
        scalars[field] = flag if SIGNALS[kind][field].truth else value
    if kind == Kind.COMMAND:
        return [encode_command(GatewayCommand(sequence=message.sequence, **scalars))]
    voltage_V, temperature_degC = (tuple(values.tolist()) for values in message.wide)
    return encode_telemetry(
        PackTelemetry(voltage_V, temperature_degC, sequence=message.sequence, **scalars)
    )


def message_in(kind: Kind, frames: Sequence[Frame], cells: int = 0) -> Message:
    """Return the message in a tick's frames; of several the last counts.

    Args:
        kind: Telemetry or command; frames of the other kind are ignored.
        frames: In order of arrival.
        cells: Of the pack, for telemetry.
    """
    identifier = shipped_database().get_message_by_name(COUNTED_FRAME[kind]).frame_id
    counted = [f for f in frames if f.identifier == identifier and not f.extended]
    if not counted:
        return silence(kind, cells)
    found: GatewayCommand | PackTelemetry
    wide: tuple[np.ndarray, ...] = ()
    if kind == Kind.COMMAND:
        found = decode_command(counted[-1])
    else:
        found = decode_telemetry(frames, cells)
        wide = (np.array(found.voltage_V), np.array(found.temperature_degC))
    values = [getattr(found, field) for field in SCALARS[kind]]
    sequence = found.sequence or 0
    return Message(
        wide,
        np.array([math.nan if value is None else float(value) for value in values]),
        present=True,
        sequence=sequence,
        sent_tick=sequence,
        copies=float(len(counted)),
    )


def record_of(message: Message, proofs: int = 0) -> Record:
    """Return a message as a record of one run.

    Args:
        message: As received.
        proofs: What the receiver checked and found valid.

    Ground truth for the metrics (`sender`, `tainted`) does not travel; a receiver has none.
    """
    return Record(
        wide=tuple(jnp.asarray(values[None, :]) for values in message.wide),
        scalars=jnp.asarray(message.scalars[None, :]),
        present=jnp.asarray([message.present]),
        sequence=jnp.asarray([message.sequence], dtype=jnp.int64),
        sent_tick=jnp.asarray([message.sent_tick], dtype=jnp.int64),
        sender=jnp.asarray([HONEST], dtype=jnp.int64),
        proofs=jnp.asarray([proofs | message.proofs], dtype=jnp.uint32),
        copies=jnp.asarray([message.copies]),
        tainted=jnp.zeros(1, bool),
    )


def message_of(record: Record) -> Message:
    """Return a record of one run as a message, without proofs: a receiver finds its own."""
    return Message(
        tuple(np.asarray(values[0]) for values in record.wide),
        np.asarray(record.scalars[0]),
        present=bool(record.present[0]),
        sequence=int(record.sequence[0]),
        sent_tick=int(record.sent_tick[0]),
        copies=float(record.copies[0]),
    )


def samples(kind: Kind, messages: Sequence[Message]) -> list[Sample]:
    """Return a sample of each message that is present."""
    return [_sample(kind, message) for message in messages if message.present]


def _sample(kind: Kind, message: Message) -> Sample:
    # When it was made and sent is not content: a gateway may set a new time.
    content = encode(Envelope(kind, tick=0, slot=0, message=replace(message, sent_tick=0)))
    mean_V = float(np.mean(message.wide[0])) if message.wide and message.wide[0].size else math.nan
    return {
        "sequence": message.sequence,
        "digest": hashlib.sha256(content).hexdigest()[:DIGEST_CHARACTERS],
        "mean_voltage_V": None if math.isnan(mean_V) else mean_V,
        "copies": message.copies,
    }
