"""What a tap carries: values, and the header that receivers judge."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float, Int, UInt32

from voltward.core.capabilities import SECRETS
from voltward.core.taps import tap_named

HONEST = 0
ATTACKER = 1


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Record:
    """One message or signal per run.

    Attributes:
        wide: Values per cell, one array (run, cell) for each wide field of the tap.
        scalars: Values per run in the order of the tap's scalar fields.
        present: Whether anything arrived; silence is a message too.
        sequence: The sender's running number.
        sent_tick: The tick at which the sender says it was made.
        sender: HONEST or ATTACKER; ground truth for the metrics, no receiver reads it.
        proofs: Secrets that the record's proofs were made with.
        copies: How many records of this kind the receiver saw in the tick.
        tainted: Whether an attack changed it; ground truth for the metrics, no receiver reads it.
    """

    wide: tuple[Float[Array, "run cell"], ...]
    scalars: Float[Array, "run field"]
    present: Bool[Array, " run"]
    sequence: Int[Array, " run"]
    sent_tick: Int[Array, " run"]
    sender: Int[Array, " run"]
    proofs: UInt32[Array, " run"]
    copies: Float[Array, " run"]
    tainted: Bool[Array, " run"]

    @property
    def forged(self) -> Bool[Array, " run"]:
        """Whether a record arrived that an attack changed or made; ground truth."""
        return self.present & self.tainted

    def newest(self, last: Int[Array, " run"]) -> Int[Array, " run"]:
        """Return the highest number so far: this record's where it is present, or the last."""
        return jnp.where(self.present, jnp.maximum(self.sequence, last), last)


def honest_record(
    scalars: Float[Array, "run field"],
    tick: Int[Array, ""],
    wide: tuple[Float[Array, "run cell"], ...] = (),
    present: Bool[Array, " run"] | None = None,
) -> Record:
    """Return the record that an honest sender makes: fresh, counted and with every proof."""
    runs = scalars.shape[0]
    ticks = jnp.full(runs, tick, dtype=jnp.int64)
    is_present = jnp.ones(runs, bool) if present is None else present
    return Record(
        wide=wide,
        scalars=scalars,
        present=is_present,
        sequence=ticks,
        sent_tick=ticks,
        sender=jnp.full(runs, HONEST, dtype=jnp.int64),
        proofs=jnp.full(runs, int(SECRETS), dtype=jnp.uint32),
        copies=is_present.astype(jnp.float64),
        tainted=jnp.zeros(runs, bool),
    )


def absent_record(tap_name: str, runs: int, tick: Int[Array, ""], cells: int = 0) -> Record:
    """Return the record of a tap at which nothing arrived.

    Args:
        tap_name: Its fields decide the shape.
        runs: How many.
        tick: The tick.
        cells: Of the pack, for taps with values per cell.
    """
    tap = tap_named(tap_name)
    wide = tuple(jnp.zeros((runs, cells)) for _ in tap.wide)
    scalars = jnp.zeros((runs, len(tap.scalars)))
    return honest_record(scalars, tick, wide, jnp.zeros(runs, bool))
