"""While charging, the charger's meter tells the same current as the pack's sensor."""

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from voltward.core.control import Accusation, Control, Cost, Place, Watch
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer
from voltward.core.view import BmsView

State = Float[Array, " run"]


def _start(runs: int, cells: int) -> State:
    del cells
    return jnp.zeros(runs)


def _step(
    mean_A: State, view: BmsView, parameters: Float[Array, "run column"]
) -> tuple[State, Float[Array, " run"]]:
    """Average the difference over a few seconds and compare it with the offsets of both.

    Limits:
        Silent without a charging session; a lie below the sensors' offsets passes.
    """
    tolerance_A, memory_s = parameters[:, 1], parameters[:, 2]
    gain = 1.0 - jnp.exp(-view.tick_s / memory_s)
    difference_A = view.current_A - view.charger_current_A
    moved = jnp.where(view.charging, mean_A + gain * (difference_A - mean_A), 0.0)
    return moved, parameters[:, 0] * jnp.abs(moved) / tolerance_A


CONTROL = Control(
    id="current-redundancy",
    title="Pack current against the charger's meter",
    layer=Layer.PHYSICAL,
    strength=Parameter("sensitivity", "1", 1.0, 0.0, 10.0, "multiplies the score; 0 is absent"),
    parameters=(
        Parameter("tolerance_A", "A", 1.3, 0.01, 100.0, "mean difference at which it alarms"),
        Parameter("memory_s", "s", 5.0, 0.1, 600.0, "time that the mean remembers"),
    ),
    cost=Cost(note="nothing but the link to the charger; false alarms are measured"),
    source="analytic redundancy of current measurements; offsets are the reference system's. "
    "Calibrated on clean duty: seeds 1000 to 1031, eight duties, four links, 256 h, no "
    "alarm",
    watch=Watch(Place.BMS, Accusation.MEASUREMENT, _start, _step),
)
