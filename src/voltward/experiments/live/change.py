"""What attackers make of a telemetry message."""

from dataclasses import replace

from voltward.comms.payload import WIDE, Kind, Message
from voltward.experiments.live.settings import Change


def changed(message: Message, change: Change) -> Message:
    """Return the message with (1 + gain) x + bias in every cell of one field."""
    wide = tuple(
        (1.0 + change.gain) * values + change.bias if field == change.field else values
        for field, values in zip(WIDE[Kind.TELEMETRY], message.wide, strict=True)
    )
    return replace(message, wide=wide)
