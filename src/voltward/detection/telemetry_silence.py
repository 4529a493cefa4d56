"""The cloud misses a vehicle that ought to speak."""

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from voltward.core.control import Accusation, Control, Cost, Place, Watch
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer
from voltward.core.view import CloudView

State = Float[Array, " run"]
_FEWEST_TICKS = 3.0


def _start(runs: int, cells: int) -> State:
    del cells
    return jnp.zeros(runs)


def _step(
    state: State, view: CloudView, parameters: Float[Array, "run column"]
) -> tuple[State, Float[Array, " run"]]:
    """Score the silence against a limit that outlasts common outages of the link.

    Limits:
        Cannot tell an outage from an attack; records thinned out without a gap pass.
    """
    limit_s = jnp.maximum(parameters[:, 1], _FEWEST_TICKS * view.tick_s)
    return state, parameters[:, 0] * view.silence_s / limit_s


CONTROL = Control(
    id="telemetry-silence",
    title="Silence of telemetry",
    layer=Layer.COMMUNICATION,
    strength=Parameter("sensitivity", "1", 1.0, 0.0, 10.0, "multiplies the score; 0 is absent"),
    parameters=(Parameter("limit_s", "s", 90.0, 1.0, 1e6, "silence at which it alarms"),),
    cost=Cost(note="nothing; false alarms follow from the link's outages and are measured"),
    source="keep-alive of MQTT 5.0 section 3.1.2.10 with a limit above the link's outages. "
    "Calibrated on clean duty: seeds 1000 to 1031, eight duties, four links, 256 h, no "
    "alarm",
    watch=Watch(Place.CLOUD, Accusation.LINK, _start, _step),
)
