"""The twin's parameters move slowly and stay near what was commissioned."""

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from voltward.cloud.twin import COMMISSIONED
from voltward.core.control import Accusation, Control, Cost, Place, Watch
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer
from voltward.core.view import CloudView

State = Float[Array, "run parameter"]


def _start(runs: int, cells: int) -> State:
    del cells
    return jnp.broadcast_to(jnp.asarray(COMMISSIONED), (runs, len(COMMISSIONED)))


def _step(
    last: State, view: CloudView, parameters: Float[Array, "run column"]
) -> tuple[State, Float[Array, " run"]]:
    """Score the change since the last look and the distance to the commissioned values.

    Limits:
        Poison in steps and in sum below the tolerances passes.
    """
    scale_jump, scale_range, ocv_jump_V, ocv_range_V = (
        parameters[:, index] for index in range(1, 5)
    )
    jump = jnp.stack([scale_jump, scale_jump, ocv_jump_V], axis=1)
    reach = jnp.stack([scale_range, scale_range, ocv_range_V], axis=1)
    home = jnp.asarray(COMMISSIONED)
    changed = jnp.max(jnp.abs(view.model - last) / jump, axis=1)
    distant = jnp.max(jnp.abs(view.model - home) / reach, axis=1)
    return view.model, parameters[:, 0] * jnp.maximum(changed, distant)


CONTROL = Control(
    id="model-parameter-monitor",
    title="Monitor of the twin's parameters",
    layer=Layer.CLOUD,
    strength=Parameter("sensitivity", "1", 1.0, 0.0, 10.0, "multiplies the score; 0 is absent"),
    parameters=(
        Parameter("scale_jump", "1", 0.035, 0.001, 1.0, "change of a scale at once that alarms"),
        Parameter("scale_range", "1", 0.1, 0.001, 1.0, "distance of a scale that alarms"),
        Parameter("ocv_jump_V", "V", 0.002, 1e-5, 0.2, "change of the OCV shift that alarms"),
        Parameter("ocv_range_V", "V", 0.005, 1e-5, 0.2, "distance of the OCV shift that alarms"),
    ),
    cost=Cost(note="three comparisons a record in the cloud; false alarms are measured"),
    source="parameter tracking as in Naseri et al., IECON 2024, with fixed tolerances. "
    "Calibrated on clean duty: seeds 1000 to 1031, eight duties, four links, 256 h, no "
    "alarm",
    watch=Watch(Place.CLOUD, Accusation.MODEL, _start, _step),
)
