"""An isolation reading that leaps faster than insulation ages."""

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
    return jnp.full(runs, jnp.nan)


def _step(
    mean_kohm: State, view: BmsView, parameters: Float[Array, "run column"]
) -> tuple[State, Float[Array, " run"]]:
    """Compare a reading with its slow mean, relative to the mean.

    Limits:
        A true earth fault leaps too: the alarm says that something is wrong, not that it is a lie.
    """
    tolerance, memory_s = parameters[:, 1], parameters[:, 2]
    mean = jnp.where(jnp.isnan(mean_kohm), view.isolation_kohm, mean_kohm)
    leap = view.isolation_kohm - mean
    gain = 1.0 - jnp.exp(-view.tick_s / memory_s)
    score = jnp.abs(leap) / (tolerance * jnp.maximum(mean, 1.0))
    return mean + gain * leap, parameters[:, 0] * score


CONTROL = Control(
    id="isolation-plausibility",
    title="Plausibility of the isolation reading",
    layer=Layer.PHYSICAL,
    strength=Parameter("sensitivity", "1", 1.0, 0.0, 10.0, "multiplies the score; 0 is absent"),
    parameters=(
        Parameter("tolerance", "1", 0.1, 0.001, 1.0, "leap relative to the mean that alarms"),
        Parameter("memory_s", "s", 120.0, 1.0, 1e6, "time that the mean remembers"),
    ),
    cost=Cost(note="one comparison a tick in the BMS; false alarms are measured"),
    source="assumption: insulation ages over hours, a leap within a minute is a fault or a lie. "
    "Calibrated on clean duty: seeds 1000 to 1031, eight duties, four links, 256 h, no "
    "alarm",
    watch=Watch(Place.BMS, Accusation.MEASUREMENT, _start, _step),
)
