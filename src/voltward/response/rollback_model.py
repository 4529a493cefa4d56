"""Return the twin to its commissioned parameters while they are accused."""

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
        Learns nothing new while active.
    """
    nothing = no_requests(active.shape[0])
    return Requests(
        **(vars(nothing) | {"rollback_model": jnp.where(active, parameters[:, 0], 0.0)})
    )


CONTROL = Control(
    id="rollback-model",
    title="Roll the model back on alarm",
    layer=Layer.CLOUD,
    strength=Parameter("obeyed", "1", 1.0, 0.0, 1.0, "above one half it acts, 0 is absent"),
    cost=Cost(note="what the twin had learned of ageing is lost; measured as SoC error"),
    source="rollback to a known good version, The Update Framework 1.0 and UN R156; the hold is "
    "an assumption",
    act=Act((Accusation.MODEL,), 600.0, _rule),
)
