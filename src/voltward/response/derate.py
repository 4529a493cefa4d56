"""Take away part of the current limits while a measurement is accused."""

import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float

from voltward.core.control import Accusation, Act, Control, Cost
from voltward.core.parameter import Parameter
from voltward.core.request import Requests, no_requests
from voltward.core.taps import Layer


def _rule(active: Bool[Array, " run"], parameters: Float[Array, "run column"]) -> Requests:
    nothing = no_requests(active.shape[0])
    return Requests(**(vars(nothing) | {"derate": jnp.where(active, parameters[:, 0], 0.0)}))


CONTROL = Control(
    id="derate",
    title="Derate on alarm",
    layer=Layer.PHYSICAL,
    strength=Parameter("share", "1", 0.5, 0.0, 1.0, "share of the limits taken away"),
    cost=Cost(note="power while an alarm stands; measured as harm"),
    source="limp-home as a fail-operational reaction; the share is an assumption",
    act=Act((Accusation.MEASUREMENT,), 60.0, _rule),
)
