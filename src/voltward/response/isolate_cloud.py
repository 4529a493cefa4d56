"""Stop listening to the cloud and use the on-board plan while link or command is accused."""

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
        Whoever can provoke an alarm takes the cloud's gain away.
    """
    nothing = no_requests(active.shape[0])
    return Requests(**(vars(nothing) | {"isolate_cloud": jnp.where(active, parameters[:, 0], 0.0)}))


CONTROL = Control(
    id="isolate-cloud",
    title="Isolate the cloud on alarm",
    layer=Layer.COMMUNICATION,
    strength=Parameter("obeyed", "1", 1.0, 0.0, 1.0, "above one half it acts, 0 is absent"),
    cost=Cost(note="the careful plan of a BMS without a cloud: longer charging; measured as harm"),
    source="quarantine as in NIST SP 800-61r2, containment; the hold is an assumption",
    act=Act((Accusation.COMMAND, Accusation.LINK), 300.0, _rule),
)
