"""A message in its other forms: frames on the bus, record of the rules, sample for the accounting.

A message (`comms.payload.Message`) is what parts exchange. On the uplink it is a payload
(`comms.payload`), on the bus it is frames, the rules compute with records, and the coordinator
gets a sample: enough to count and compare, no more.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self, TypedDict

import jax.numpy as jnp
import numpy as np

from voltward.comms.payload import SCALARS, SIGNALS, Envelope, Kind, Message, encode, silence
from voltward.core.record import HONEST, Record
from voltward.physical.can.bus_fields import COMMAND, TELEMETRY
from voltward.physical.can.codec import Codec
from voltward.physical.can.frame import Frame
from voltward.physical.can.pack_telemetry import GatewayCommand, PackTelemetry
from voltward.ranges.configuration.bus import bus_of
from voltward.ranges.configuration.system import load_system

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


@dataclass(frozen=True, eq=False)
class BusMessages:
    """Messages as frames of a bus and back.

    Args:
        codec: Of the system's bus.
        cells: Of the pack.
    """

    codec: Codec
    cells: int

    @classmethod
    def of(cls, system: str) -> Self:
        """Return those of a system's own bus, by the name or file of the system."""
        loaded = load_system(system)
        return cls(Codec(bus_of(loaded)), loaded.pack.cells)

    def frames(self, kind: Kind, message: Message) -> list[Frame]:
        """Return the frames of a message; none for silence."""
        if not message.present:
            return []
        scalars: dict[str, Any] = {}
        for field, value in zip(SCALARS[kind], message.scalars.tolist(), strict=True):
            flag = None if math.isnan(value) else bool(value)
            scalars[field] = flag if SIGNALS[kind][field].truth else value
        if kind == Kind.COMMAND:
            return self.codec.encode_command(GatewayCommand(sequence=message.sequence, **scalars))
        voltage_V, temperature_degC = (tuple(values.tolist()) for values in message.wide)
        return self.codec.encode_telemetry(
            PackTelemetry(voltage_V, temperature_degC, sequence=message.sequence, **scalars)
        )

    def message(self, kind: Kind, frames: Sequence[Frame], tick: int) -> Message:
        """Return the message in a tick's frames; of several the last counts.

        Args:
            kind: Telemetry or command; frames of the other kind are ignored.
            frames: In order of arrival.
            tick: Of their arrival: it completes a number of few bits, or stands for a missing one.
        """
        wire = self.codec.wire
        fields = wire.command if kind == Kind.COMMAND else wire.telemetry
        copies = self.codec.copies(frames, fields)
        if not copies:
            return silence(kind, self.cells if kind == Kind.TELEMETRY else 0)
        found: GatewayCommand | PackTelemetry
        wide: tuple[np.ndarray, ...] = ()
        if kind == Kind.COMMAND:
            found = self.codec.decode_command(frames)
        else:
            found = self.codec.decode_telemetry(frames, self.cells)
            wide = (np.array(found.voltage_V), np.array(found.temperature_degC))
        known = TELEMETRY if kind == Kind.TELEMETRY else COMMAND
        values = [
            getattr(found, field) if field in fields else known[field].instead
            for field in SCALARS[kind]
        ]
        number = fields.get("sequence")
        bits = 0 if number is None else number.signal.length
        sequence = _whole_number(found.sequence or 0, bits, tick)
        return Message(
            wide,
            np.array([math.nan if value is None else float(value) for value in values]),
            present=True,
            sequence=sequence,
            sent_tick=sequence,
            copies=float(copies),
        )


def _whole_number(sent: int, bits: int, tick: int) -> int:
    """Return the number nearest to the tick that ends in the bits that were sent."""
    period = 1 << bits
    return tick + (sent - tick + period // 2) % period - period // 2


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
