"""A reading that the twin finds incredible does not correct it; the twin counts charge instead."""

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from voltward.core.control import Control, Cost, Shape
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer
from voltward.core.view import CloudView


def _rule(
    gate: Float[Array, "run cell"], view: CloudView, parameters: Float[Array, "run column"]
) -> Float[Array, "run cell"]:
    """Close the gate of cells whose normalised innovation exceeds the bound.

    Limits:
        A bias below the bound is believed. While the gate is closed an error of the current
        sensor goes into the estimate; the filter's growing variance opens it again in time.
    """
    bound = parameters[:, 1, None] / jnp.maximum(parameters[:, 0, None], 1e-9)
    credible = jnp.abs(view.innovation_V) <= bound * view.innovation_std_V
    return jnp.where(credible, gate, 0.0)


CONTROL = Control(
    id="secure-estimation",
    title="Secure estimation in the twin",
    layer=Layer.CLOUD,
    strength=Parameter("sensitivity", "1", 1.0, 0.0, 10.0, "divides the bound; 0 is absent"),
    parameters=(Parameter("bound", "1", 8.0, 1.0, 100.0, "standard deviations that are believed"),),
    cost=Cost(note="a twin that starts wrong by much corrects itself late"),
    source="reject and hold by the normalised innovation: Bar-Shalom, Li, Kirubarajan 2001, "
    "validation gate. On clean duty (seeds 1000 to 1031, eight duties, four links) it "
    "moves the twin's SoC error by less than 0.01 points",
    shape=(Shape("cloud.gate", _rule),),
)
