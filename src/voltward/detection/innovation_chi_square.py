"""A chi-square test on the twin's innovations in a short window, cell by cell."""

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from voltward.core.control import Accusation, Control, Cost, Place, Watch
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer
from voltward.core.view import CloudView

State = Float[Array, "run cell"]


def _start(runs: int, cells: int) -> State:
    return jnp.ones((runs, cells))


def _step(
    mean: State, view: CloudView, parameters: Float[Array, "run column"]
) -> tuple[State, Float[Array, " run"]]:
    """Average the squared normalised innovation, forgetting exponentially.

    Limits:
        Blind to a bias that stays well below the filter's own standard deviation.
    """
    window, threshold = parameters[:, 1, None], parameters[:, 2]
    squared = (view.innovation_V / view.innovation_std_V) ** 2
    moved = mean + (jnp.minimum(squared, 100.0 * threshold[:, None]) - mean) / window
    kept = jnp.where(view.record.present[:, None], moved, mean)
    return kept, parameters[:, 0] * jnp.max(kept, axis=1) / threshold


CONTROL = Control(
    id="innovation-chi-square",
    title="Chi-square test on the twin's innovations",
    layer=Layer.CLOUD,
    strength=Parameter("sensitivity", "1", 1.0, 0.0, 10.0, "multiplies the score; 0 is absent"),
    parameters=(
        Parameter("window", "record", 5.0, 1.0, 1000.0, "records that the average remembers"),
        Parameter("threshold", "1", 8.0, 1.0, 1000.0, "mean square at which it alarms"),
    ),
    cost=Cost(note="two multiplications per cell and record in the cloud; false alarms measured"),
    source="Naseri et al., IECON 2024 (chi-square half of the hybrid test). Calibrated on clean "
    "duty: seeds 1000 to 1031, eight duties, four links, 256 h, no alarm",
    watch=Watch(Place.CLOUD, Accusation.MEASUREMENT, _start, _step),
)
