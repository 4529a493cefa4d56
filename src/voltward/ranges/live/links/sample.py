"""What the coordinator is told about a message: enough to count and compare, no more."""

import hashlib
import math
from dataclasses import replace
from typing import Any

import numpy as np

from voltward.comms.payload import Envelope, Kind, Message, encode

DIGEST_CHARACTERS = 16


def sample(kind: Kind, message: Message) -> dict[str, Any]:
    """Return sequence, digest of the content, mean cell voltage and copies of a message."""
    # When it was made and sent is no content: a gateway may restamp it.
    content = encode(Envelope(kind, tick=0, slot=0, message=replace(message, sent_tick=0)))
    mean_V = float(np.mean(message.wide[0])) if message.wide and message.wide[0].size else None
    return {
        "sequence": message.sequence,
        "digest": hashlib.sha256(content).hexdigest()[:DIGEST_CHARACTERS],
        "mean_voltage_V": None if mean_V is None or math.isnan(mean_V) else mean_V,
        "copies": message.copies,
    }


def samples(kind: Kind, messages: list[Message]) -> list[dict[str, Any]]:
    """Return a sample of each message that is present."""
    return [sample(kind, message) for message in messages if message.present]
