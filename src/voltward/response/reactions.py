"""Keep measurements from correcting the estimate while they are accused."""

import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float

from voltward.core.control import Accusation, Act, Control, Cost
from voltward.core.parameter import Parameter
from voltward.core.request import Requests, no_requests
from voltward.core.taps import Layer


def _rule(active: Bool[Array, " run"], parameters: Float[Array, "run column"]) -> Requests:
    """Ask for it while active.

    Limits:
        A lie of the current sensor goes into the held estimate.
    """
    nothing = no_requests(active.shape[0])
    return Requests(**(vars(nothing) | {"hold_estimate": jnp.where(active, parameters[:, 0], 0.0)}))


CONTROL = Control(
    id="hold-estimate",
    title="Hold the estimate on alarm",
    layer=Layer.CLOUD,
    strength=Parameter("obeyed", "1", 1.0, 0.0, 1.0, "above one half it acts, 0 is absent"),
    cost=Cost(
        note="counted charge drifts with the current sensor's offset while held; measured as SoC "
        "error",
    ),
    source="reject and hold as secure estimation (Batteries 2023, 9(7), 382, resilience); the "
    "hold is an assumption",
    act=Act((Accusation.MEASUREMENT,), 30.0, _rule),
)
