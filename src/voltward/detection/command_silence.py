"""The vehicle misses a cloud that used to command."""

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from voltward.core.control import Accusation, Control, Cost, Place, Watch
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer
from voltward.core.view import BmsView

State = Float[Array, " run"]
_FEWEST_TICKS = 5.0
_NEVER_S = 1e8


def _start(runs: int, cells: int) -> State:
    del cells
    return jnp.zeros(runs)


def _step(
    state: State, view: BmsView, parameters: Float[Array, "run column"]
) -> tuple[State, Float[Array, " run"]]:
    """Score the time since the last command, once there was one.

    Limits:
        A cloud that never spoke is not missed: a pack may have none.
    """
    limit_s = jnp.maximum(parameters[:, 1], _FEWEST_TICKS * view.tick_s)
    heard = view.command_age_s < _NEVER_S
    return state, parameters[:, 0] * jnp.where(heard, view.command_age_s / limit_s, 0.0)


CONTROL = Control(
    id="command-silence",
    title="Silence of commands",
    layer=Layer.COMMUNICATION,
    strength=Parameter("sensitivity", "1", 1.0, 0.0, 10.0, "multiplies the score; 0 is absent"),
    parameters=(Parameter("limit_s", "s", 250.0, 1.0, 1e6, "silence at which it alarms"),),
    cost=Cost(note="nothing; false alarms follow from the link's outages and are measured"),
    source="supervision of a periodic command; four plans of one a minute may be lost. "
    "Calibrated on clean duty: seeds 1000 to 1031, eight duties, four links, 256 h, no "
    "alarm",
    watch=Watch(Place.BMS, Accusation.LINK, _start, _step),
)
