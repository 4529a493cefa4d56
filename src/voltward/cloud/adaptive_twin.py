"""The twin follows the slow ageing of its cells."""

from collections.abc import Iterable

from jax import Array
from jaxtyping import Float

from voltward.cloud.adaptation import AdaptationParameters
from voltward.core.control import Control, Cost, Shape
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer
from voltward.core.view import CloudView


def _rule(
    learning: Float[Array, " run"], view: CloudView, parameters: Float[Array, "run column"]
) -> Float[Array, " run"]:
    """Let the twin adapt at so many times its usual rates.

    Limits:
        What `voltward.cloud.adaptation` says: a lie that creeps like ageing is learnt like it.
    """
    del learning, view
    return parameters[:, 0]


CONTROL = Control(
    id="adaptive-twin",
    title="Guarded adaptation of the twin to ageing",
    layer=Layer.CLOUD,
    strength=Parameter(
        "pace", "1", 1.0, 0.0, 100.0, "multiple of the usual rates; above 1 for compressed time"
    ),
    cost=Cost(note="two factors and their evidence per cell; what an attack can teach is measured"),
    source="rates and guards: see AdaptationParameters; without it cells that fade by 20 % alarm "
    "the innovation watches for good",
    shape=(Shape("cloud.adaptation", _rule),),
)


def adaptation_for(controls: Iterable[Control]) -> AdaptationParameters | None:
    """Return the usual parameters when one of the controls lets the twin adapt."""
    points = (rule.point for control in controls for rule in control.shape)
    return AdaptationParameters() if "cloud.adaptation" in points else None
