"""The radio link: late records, bursts of loss and outages, drawn per tick."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float

LINK_COLUMNS = (
    "late_share",
    "to_bad",
    "to_good",
    "bad_loss_share",
    "outage_start",
    "outage_end",
    "reorder_share",
)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class LinkState:
    """Whether the link is in a burst of loss or in an outage."""

    bad: Bool[Array, " run"]
    out: Bool[Array, " run"]


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class LinkOutcome:
    """What the link does in a tick.

    Attributes:
        passes: A record sent now arrives by the next tick.
        swaps: Two records sent together arrive in the other order.
    """

    passes: Bool[Array, " run"]
    swaps: Bool[Array, " run"]


def start_link(runs: int) -> LinkState:
    """Return a link without loss and outage."""
    return LinkState(jnp.zeros(runs, bool), jnp.zeros(runs, bool))


def link_step(
    columns: Float[Array, "run column"], state: LinkState, draws: Float[Array, "draw run"]
) -> tuple[LinkState, LinkOutcome]:
    """Advance the link by one tick.

    Args:
        columns: Probabilities per tick, in the order of LINK_COLUMNS.
        state: Before.
        draws: Four uniform draws.

    Source:
        Two-state burst loss: Gilbert 1960, Elliott 1963.
    Limits:
        A transport that repeats lost segments turns loss into lateness: what does not pass stays
        with the sender, who keeps or drops it.
    """
    late, to_bad, to_good, bad_loss, outage, restored, reorder = (
        columns[:, index] for index in range(len(LINK_COLUMNS))
    )
    bad = jnp.where(state.bad, draws[0] >= to_good, draws[0] < to_bad)
    out = jnp.where(state.out, draws[1] >= restored, draws[1] < outage)
    lost = draws[2] < jnp.where(bad, bad_loss, late)
    return LinkState(bad, out), LinkOutcome(passes=~(out | lost), swaps=draws[3] < reorder)
