"""The BMS's corrected estimate against plainly counted charge: a voltage lie pulls them apart."""

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
    reference: State, view: BmsView, parameters: Float[Array, "run column"]
) -> tuple[State, Float[Array, " run"]]:
    """Compare the two, and let the reference follow slowly.

    Limits:
        A current lie moves both and shows only as far as voltage corrects one of them.
        Calibrated for NMC cells. With LFP cells the estimate leaves the counted charge by several
        points on clean driving, and the tolerance must be raised or the watch left out.
    """
    tolerance, memory_s = parameters[:, 1], parameters[:, 2]
    drift = view.soc - view.coulomb_soc - reference
    gain = 1.0 - jnp.exp(-view.tick_s / memory_s)
    return reference + gain * drift, parameters[:, 0] * jnp.abs(drift) / tolerance


CONTROL = Control(
    id="soc-drift",
    title="SoC estimate against counted charge",
    layer=Layer.PHYSICAL,
    strength=Parameter("sensitivity", "1", 1.0, 0.0, 10.0, "multiplies the score; 0 is absent"),
    parameters=(
        Parameter("tolerance", "1", 0.015, 0.001, 1.0, "difference of SoC at which it alarms"),
        Parameter("memory_s", "s", 1800.0, 1.0, 1e6, "time in which the reference follows"),
    ),
    cost=Cost(note="one subtraction a tick in the BMS; false alarms are measured"),
    source="coulomb counting as the second estimator of plausibility checks. Calibrated on clean "
    "duty: seeds 1000 to 1031, eight duties, four links, 256 h, no alarm",
    watch=Watch(Place.BMS, Accusation.MEASUREMENT, _start, _step),
)
