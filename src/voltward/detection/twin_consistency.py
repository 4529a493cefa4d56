"""A two-sided CUSUM on the twin's innovations, cell by cell."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from voltward.core.control import Accusation, Control, Cost, Place, Watch
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer
from voltward.core.view import CloudView


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class CusumState:
    """Sums of both arms, (run, cell)."""

    high: Float[Array, "run cell"]
    low: Float[Array, "run cell"]


def _start(runs: int, cells: int) -> CusumState:
    zero = jnp.zeros((runs, cells))
    return CusumState(zero, zero)


def _step(
    state: CusumState, view: CloudView, parameters: Float[Array, "run column"]
) -> tuple[CusumState, Float[Array, " run"]]:
    """Sum what exceeds the slack, in both directions.

    Limits:
        Calibrated for NMC cells; the hysteresis of LFP cells, which the twin does not carry, alarms
        on clean duty.
    """
    slack, threshold = parameters[:, 1, None], parameters[:, 2]
    score = view.innovation_V / view.innovation_std_V * view.record.present[:, None]
    # The sums are capped so that an alarm ends soon after its cause.
    cap = 2.0 * threshold[:, None]
    high = jnp.clip(state.high + score - slack, 0.0, cap)
    low = jnp.clip(state.low - score - slack, 0.0, cap)
    worst = jnp.maximum(jnp.max(high, axis=1), jnp.max(low, axis=1))
    return CusumState(high, low), parameters[:, 0] * worst / threshold


CONTROL = Control(
    id="innovation-cusum",
    title="CUSUM on the twin's innovations",
    layer=Layer.CLOUD,
    strength=Parameter("sensitivity", "1", 1.0, 0.0, 10.0, "multiplies the score; 0 is absent"),
    parameters=(
        Parameter("slack", "1", 1.0, 0.0, 5.0, "standard deviations let be"),
        Parameter("threshold", "1", 25.0, 1.0, 1000.0, "sum at which it alarms"),
    ),
    cost=Cost(note="one addition per cell and record in the cloud; false alarms are measured"),
    source="O'Brien et al., NAPS 2021 and IEEE TIA 59(6) 2023; slack and threshold are raised "
    "above their 0.5 and 4 to 6 because 96 cells are watched at once. "
    "Calibrated on clean duty: seeds 1000 to 1031, eight duties, four links, 256 h, no alarm",
    watch=Watch(Place.CLOUD, Accusation.MEASUREMENT, _start, _step),
)
