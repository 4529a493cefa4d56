"""Parameters of the twin may move only so far at once, and only so far at all."""

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from voltward.cloud.twin import COMMISSIONED
from voltward.core.control import Control, Cost, Shape
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer


def _rule(
    proposed: Float[Array, "run parameter"],
    in_force: Float[Array, "run parameter"],
    parameters: Float[Array, "run column"],
) -> Float[Array, "run parameter"]:
    """Bound the change of an update and the distance to the commissioned values.

    Limits:
        Memory that is changed in place passes by it. Many small updates reach the outer bound.
    """
    scale_step, scale_range, ocv_step_V, ocv_range_V = (
        parameters[:, index] for index in range(1, 5)
    )
    step = jnp.stack([scale_step, scale_step, ocv_step_V], axis=1)
    reach = jnp.stack([scale_range, scale_range, ocv_range_V], axis=1)
    home = jnp.asarray(COMMISSIONED)
    bounded = jnp.clip(proposed, in_force - step, in_force + step)
    bounded = jnp.clip(bounded, home - reach, home + reach)
    return proposed + parameters[:, 0, None] * (bounded - proposed)


CONTROL = Control(
    id="model-envelope",
    title="Envelope around model updates",
    layer=Layer.CLOUD,
    strength=Parameter("share", "1", 1.0, 0.0, 1.0, "how far towards the envelope; 0 is absent"),
    parameters=(
        Parameter("scale_step", "1", 0.03, 0.0, 1.0, "change of a scale in one update"),
        Parameter("scale_range", "1", 0.3, 0.0, 1.0, "distance of a scale to the commissioned"),
        Parameter("ocv_step_V", "V", 0.002, 0.0, 0.2, "change of the OCV shift in one update"),
        Parameter("ocv_range_V", "V", 0.01, 0.0, 0.2, "distance of the OCV shift to none"),
    ),
    cost=Cost(note="a true change, such as a repaired module, needs several updates"),
    source="assumption: ageing moves capacity and resistance by less than 3 % in a day of updates "
    "and by 30 % to the end of life",
    shape=(Shape("cloud.model", _rule),),
)
