"""The gateway's queue: what it keeps while the cloud cannot be reached, and how it drains."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float, Int

from voltward.core.capabilities import SECRETS
from voltward.core.frame_log import FrameLog, read
from voltward.core.record import HONEST, Record

RECORDS_PER_TICK = 2


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class QueueState:
    """Position of the next record to send, and how many were given up."""

    sent: Int[Array, " run"]
    lost: Int[Array, " run"]


def start_queue(runs: int) -> QueueState:
    """Return an empty queue."""
    return QueueState(jnp.zeros(runs, jnp.int64), jnp.zeros(runs, jnp.int64))


def keep(state: QueueState, log: FrameLog, capacity: Float[Array, " run"]) -> QueueState:
    """Give up the oldest records beyond the capacity."""
    slots = log.sequence.shape[0]
    limit = jnp.clip(capacity, 1, slots - RECORDS_PER_TICK).astype(jnp.int64)
    sent = jnp.maximum(state.sent, log.written - limit)
    return QueueState(sent, state.lost + sent - state.sent)


def uplink(
    state: QueueState, log: FrameLog, can_send: Bool[Array, " run"], swaps: Bool[Array, " run"]
) -> tuple[QueueState, tuple[Record, Record]]:
    """Send up to two records, oldest first.

    Args:
        state: Before.
        log: The records.
        can_send: Whether a session is up and the link passes.
        swaps: Whether the link turns the two around.
    """
    waiting = log.written - state.sent
    runs = waiting.shape[0]
    count = jnp.where(can_send, jnp.minimum(waiting, RECORDS_PER_TICK), 0)
    swap = swaps & (count == RECORDS_PER_TICK)
    records = []
    for slot in range(RECORDS_PER_TICK):
        place = jnp.where(swap, RECORDS_PER_TICK - 1 - slot, slot)
        entry = read(log, state.sent + place)
        present = count > slot
        records.append(
            Record(
                wide=entry.wide,
                scalars=entry.scalars,
                present=present,
                sequence=entry.sequence,
                sent_tick=entry.sent_tick,
                sender=jnp.full(runs, HONEST, jnp.int64),
                proofs=jnp.full(runs, int(SECRETS), jnp.uint32),
                copies=present.astype(jnp.float64),
                tainted=entry.tainted,
            )
        )
    return QueueState(state.sent + count, state.lost), (records[0], records[1])
