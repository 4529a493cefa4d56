"""The SoC that the vehicle reports against the twin's own."""

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from voltward.core.control import Accusation, Control, Cost, Place, Watch
from voltward.core.parameter import Parameter
from voltward.core.taps import TELEMETRY_SCALARS, Layer
from voltward.core.view import CloudView

_SOC = TELEMETRY_SCALARS.index("soc")
State = Float[Array, " run"]


def _start(runs: int, cells: int) -> State:
    del cells
    return jnp.zeros(runs)


def _step(
    last: State, view: CloudView, parameters: Float[Array, "run column"]
) -> tuple[State, Float[Array, " run"]]:
    """Score the difference of the last record that arrived.

    Limits:
        Both sides read the same sensors: a lie at a sensor moves both.
    """
    difference = jnp.abs(view.record.scalars[:, _SOC] - jnp.mean(view.twin_soc, axis=1))
    kept = jnp.where(view.record.present, difference, last)
    return kept, parameters[:, 0] * kept / parameters[:, 1]


CONTROL = Control(
    id="soc-agreement",
    title="Reported SoC against the twin",
    layer=Layer.CLOUD,
    strength=Parameter("sensitivity", "1", 1.0, 0.0, 10.0, "multiplies the score; 0 is absent"),
    parameters=(
        Parameter("tolerance", "1", 0.015, 0.001, 1.0, "difference of SoC at which it alarms"),
    ),
    cost=Cost(note="one subtraction a record in the cloud; false alarms are measured"),
    source="cross-check of twin and plant, as the review of cloud BMS names it (Batteries 2023, "
    "9(7), 382). Calibrated on clean duty: seeds 1000 to 1031, eight duties, four links, "
    "256 h, no alarm",
    watch=Watch(Place.CLOUD, Accusation.MEASUREMENT, _start, _step),
)
