"""What the twin accepts: readings, new parameters, and ageing that it may learn.

A twin that believes everything can be taught a wrong state. These guards bound how far one reading,
one update, or a slow trend can move it.

- `secure-estimation`: a reading that the twin finds incredible does not correct it.
- `model-envelope`: parameters move only so far at once, and only so far at all.
- `adaptive-twin`: the twin follows the slow ageing of its cells.
"""

from collections.abc import Iterable

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from voltward.cloud.adaptation import AdaptationParameters
from voltward.cloud.twin import COMMISSIONED
from voltward.core.control import Control, Cost, Shape
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer
from voltward.core.view import CloudView


def _close_gate(
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


SECURE_ESTIMATION = Control(
    id="secure-estimation",
    title="Secure estimation in the twin",
    layer=Layer.CLOUD,
    strength=Parameter("sensitivity", "1", 1.0, 0.0, 10.0, "divides the bound; 0 is absent"),
    parameters=(Parameter("bound", "1", 8.0, 1.0, 100.0, "standard deviations accepted"),),
    cost=Cost(note="a twin that starts wrong by much corrects itself late"),
    source="reject and hold by the normalised innovation: Bar-Shalom, Li, Kirubarajan 2001, "
    "validation gate. On clean duty (seeds 1000 to 1031, eight duties, four links) it "
    "moves the twin's SoC error by less than 0.01 points",
    shape=(Shape("cloud.gate", _close_gate),),
)


def _bound_update(
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


MODEL_ENVELOPE = Control(
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
    shape=(Shape("cloud.model", _bound_update),),
)


def _set_pace(
    _learning: Float[Array, " run"], _view: CloudView, parameters: Float[Array, "run column"]
) -> Float[Array, " run"]:
    """Let the twin adapt at so many times its usual rates.

    Limits:
        Those of `voltward.cloud.adaptation`: a bias that grows as slowly as ageing is learned.
    """
    return parameters[:, 0]


ADAPTIVE_TWIN = Control(
    id="adaptive-twin",
    title="Guarded adaptation of the twin to ageing",
    layer=Layer.CLOUD,
    strength=Parameter(
        "pace", "1", 1.0, 0.0, 100.0, "multiple of the usual rates; above 1 for compressed time"
    ),
    cost=Cost(note="two factors and their evidence per cell; what an attack can teach is measured"),
    source="rates and guards: see AdaptationParameters; without it cells that fade by 20 % alarm "
    "the innovation watches for good",
    shape=(Shape("cloud.adaptation", _set_pace),),
)


def adaptation_for(controls: Iterable[Control]) -> AdaptationParameters | None:
    """Return the usual parameters when one of the controls lets the twin adapt."""
    points = (rule.point for control in controls for rule in control.shape)
    return AdaptationParameters() if "cloud.adaptation" in points else None
