"""What responses ask for; the most restrictive wins."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Requests:
    """One number per run for each thing that can be asked, 0 for nothing and 1 for all of it.

    Attributes:
        derate: Share of the current limits taken away.
        stop_charging: End the charging session.
        open_contactors: Bring the pack to its safe state.
        isolate_cloud: Do not listen to the cloud; use the local plan.
        hold_estimate: Do not let measurements correct the estimate.
        rekey: Replace keys and close sessions and accounts.
        rollback_model: Return the twin's parameters to the commissioned ones.
    """

    derate: Float[Array, " run"]
    stop_charging: Float[Array, " run"]
    open_contactors: Float[Array, " run"]
    isolate_cloud: Float[Array, " run"]
    hold_estimate: Float[Array, " run"]
    rekey: Float[Array, " run"]
    rollback_model: Float[Array, " run"]


REQUEST_NAMES = tuple(Requests.__dataclass_fields__)


def no_requests(runs: int) -> Requests:
    """Return a set that asks for nothing."""
    nothing = jnp.zeros(runs)
    return Requests(*(nothing for _ in REQUEST_NAMES))


def most_restrictive(first: Requests, second: Requests) -> Requests:
    """Return, for each thing, the larger of two requests."""
    return jax.tree.map(jnp.maximum, first, second)
