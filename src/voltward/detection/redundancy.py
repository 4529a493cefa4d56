"""The pack-voltage sensor against the sum of the cells: two ways to measure the same."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from voltward.core.control import Accusation, Control, Cost, Place, Watch
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer
from voltward.core.view import BmsView


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class SumState:
    """What the test remembers of each run.

    Attributes:
        parallel: Cells in a group, read off the first tick.
        offset_V: Of the pack sensor against the sum.
        seen: Ticks so far, capped.
        high: Sum of the upper arm.
        low: Sum of the lower arm.
    """

    parallel: Float[Array, " run"]
    offset_V: Float[Array, " run"]
    seen: Float[Array, " run"]
    high: Float[Array, " run"]
    low: Float[Array, " run"]


_LEARN_TICKS = 60.0


def _start(runs: int, cells: int) -> SumState:
    del cells
    zero = jnp.zeros(runs)
    return SumState(zero + 1.0, zero, zero, zero, zero)


def _step(
    state: SumState, view: BmsView, parameters: Float[Array, "run column"]
) -> tuple[SumState, Float[Array, " run"]]:
    """Learn the sensor's offset in the first minute, then sum what exceeds the slack.

    Limits:
        A lie in force from the first minute on is learned as an offset, up to three offsets.
    """
    std_V, slack, threshold, offset_V = (parameters[:, index] for index in range(1, 5))
    total_V = jnp.sum(view.voltage_V, axis=1)
    ratio = jnp.maximum(jnp.round(total_V / jnp.maximum(view.pack_voltage_V, 1.0)), 1.0)
    parallel = jnp.where(state.seen < 1.0, ratio, state.parallel)
    difference_V = view.pack_voltage_V - total_V / parallel
    learning = state.seen < _LEARN_TICKS
    gain = 1.0 / (state.seen + 1.0)
    bound = 3.0 * offset_V
    learned = jnp.clip(state.offset_V + gain * (difference_V - state.offset_V), -bound, bound)
    offset = jnp.where(learning, learned, state.offset_V)
    score = (difference_V - offset) / std_V
    cap = 2.0 * threshold
    high = jnp.clip(state.high + score - slack, 0.0, cap)
    low = jnp.clip(state.low - score - slack, 0.0, cap)
    seen = jnp.minimum(state.seen + 1.0, _LEARN_TICKS)
    worst = jnp.maximum(high, low) / threshold
    return SumState(parallel, offset, seen, high, low), parameters[:, 0] * worst


CONTROL = Control(
    id="pack-sum-plausibility",
    title="Pack voltage against the cells' sum",
    layer=Layer.PHYSICAL,
    strength=Parameter("sensitivity", "1", 1.0, 0.0, 10.0, "multiplies the score; 0 is absent"),
    parameters=(
        Parameter("std_V", "V", 0.1, 0.001, 10.0, "noise of the pack-voltage sensor"),
        Parameter("slack", "1", 1.0, 0.0, 5.0, "standard deviations let be"),
        Parameter("threshold", "1", 25.0, 1.0, 1000.0, "sum at which it alarms"),
        Parameter("offset_V", "V", 0.2, 0.0, 10.0, "standard deviation of the sensor's offset"),
    ),
    cost=Cost(note="one addition per cell and tick in the BMS; false alarms are measured"),
    source="analytic redundancy with a stack sensor: O'Brien et al., PECI 2022, "
    "10.1109/PECI54197.2022.9744036; noise and offset are the reference system's. "
    "Calibrated on clean duty: seeds 1000 to 1031, eight duties, four links, 256 h, no "
    "alarm",
    watch=Watch(Place.BMS, Accusation.MEASUREMENT, _start, _step),
)
