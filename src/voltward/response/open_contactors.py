"""Bring the pack to its safe state on strong evidence only."""

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
        The dearest response: a vehicle under way loses propulsion.
    """
    nothing = no_requests(active.shape[0])
    return Requests(
        **(vars(nothing) | {"open_contactors": jnp.where(active, parameters[:, 0], 0.0)})
    )


CONTROL = Control(
    id="open-contactors",
    title="Open the contactors on strong evidence",
    layer=Layer.PHYSICAL,
    strength=Parameter("obeyed", "1", 1.0, 0.0, 1.0, "above one half it acts, 0 is absent"),
    cost=Cost(
        note="propulsion and charging are lost, and opening under load wears the contactors; "
        "measured",
    ),
    source="UN R100 protection by disconnection; the hold is an assumption",
    act=Act((Accusation.SAFETY,), 600.0, _rule),
)
