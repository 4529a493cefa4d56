"""Replace keys, close sessions and accounts when somebody seems to use them."""

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
        Takes secrets and sessions away, never a position on a wire.
    """
    nothing = no_requests(active.shape[0])
    return Requests(**(vars(nothing) | {"rekey": jnp.where(active, parameters[:, 0], 0.0)}))


CONTROL = Control(
    id="rekey",
    title="Renew keys and sessions on alarm",
    layer=Layer.COMMUNICATION,
    strength=Parameter("obeyed", "1", 1.0, 0.0, 1.0, "above one half it acts, 0 is absent"),
    cost=Cost(note="operators log in again; the outage of a real key renewal is not modelled"),
    source="incident response of NIST SP 800-61r2, eradication; the hold is an assumption",
    act=Act((Accusation.BUS, Accusation.LINK, Accusation.COMMAND, Accusation.MODEL), 60.0, _rule),
)
