"""Messages of the wire and records of the rules: the same values with another header."""

import jax.numpy as jnp
import numpy as np

from voltward.comms.payload import Message
from voltward.core.record import HONEST, Record


def record_of(message: Message, proofs: int = 0) -> Record:
    """Return a message as a record of one run.

    Args:
        message: As received.
        proofs: What was found good about it.

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
    """Return a record of one run as a message; its proofs stay behind."""
    return Message(
        tuple(np.asarray(values[0]) for values in record.wide),
        np.asarray(record.scalars[0]),
        present=bool(record.present[0]),
        sequence=int(record.sequence[0]),
        sent_tick=int(record.sent_tick[0]),
        copies=float(record.copies[0]),
    )
