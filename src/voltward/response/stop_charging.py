"""End the charging session while a measurement is accused."""

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
        Whoever can provoke an alarm can deny charging.
    """
    nothing = no_requests(active.shape[0])
    return Requests(**(vars(nothing) | {"stop_charging": jnp.where(active, parameters[:, 0], 0.0)}))


CONTROL = Control(
    id="stop-charging",
    title="Stop charging on alarm",
    layer=Layer.PHYSICAL,
    strength=Parameter("obeyed", "1", 1.0, 0.0, 1.0, "above one half it acts, 0 is absent"),
    cost=Cost(note="charging denied while an alarm stands, and two minutes more; measured as harm"),
    source="IEC 61851-23 lets either side end a session on a fault; the hold is an assumption",
    act=Act((Accusation.MEASUREMENT, Accusation.SAFETY), 120.0, _rule),
)
