"""Two main contactors and a pre-charge path: closing takes time, opening under load costs life."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float

from voltward.physical.pack_settings import PackSettings

# Life spent by closing without pre-charge (assumption).
WELD_SHARE = 0.2


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class ContactorState:
    """State of the pair.

    Attributes:
        closed: Both main contactors are closed.
        precharged_s: Time spent in pre-charge.
        wear: Share of life used up.
        openings: Times opened.
    """

    closed: Bool[Array, " run"]
    precharged_s: Float[Array, " run"]
    wear: Float[Array, " run"]
    openings: Float[Array, " run"]


def start_contactors(runs: int) -> ContactorState:
    """Return a pair that has been closed before the run begins."""
    zero = jnp.zeros(runs)
    return ContactorState(jnp.ones(runs, bool), zero, zero, zero)


def contactor_step(
    pack: PackSettings,
    state: ContactorState,
    close: Bool[Array, " run"],
    skip_precharge: Bool[Array, " run"],
    current_A: Float[Array, " run"],
    tick_s: float,
) -> ContactorState:
    """Move the contactors as commanded.

    Args:
        pack: For its pre-charge path and the rating of its contactors.
        state: Before.
        close: Whether the driver is commanded to close them.
        skip_precharge: Whether the command bypasses pre-charge (a forged one can).
        current_A: Current that flowed in the last tick.
        tick_s: Length of the tick.

    Limits:
        Wear grows with the square of the current opened (assumption); data sheets of 400 V
        automotive contactors state of the order of 1000 load openings at rated current.
    """
    charging = close & ~state.closed
    precharged = jnp.where(charging, state.precharged_s + tick_s, 0.0)
    closes = charging & ((precharged > pack.precharge_s) | skip_precharge)
    opens = state.closed & ~close
    load = jnp.minimum((current_A / pack.contactor_break_current_A) ** 2, 4.0)
    inrush = closes & (precharged <= pack.precharge_s)
    return ContactorState(
        closed=(state.closed & close) | closes,
        precharged_s=precharged,
        wear=state.wear
        + jnp.where(opens, load / pack.contactor_breaks, 0.0)
        + jnp.where(inrush, WELD_SHARE, 0.0),
        openings=state.openings + opens,
    )
