"""Two ways to know one quantity, compared in the BMS.

A biased sensor is seen where a second, independent one measures the same. Each watch compares such
a pair and alarms when they differ by more than their known offsets.

- `pack-sum-plausibility`: the pack-voltage sensor against the sum of the cells.
- `current-redundancy`: the pack's current sensor against the charger's meter.
- `soc-drift`: the estimated SoC against counted charge.
- `unsafe-readings`: two independent checks of the cell voltages must agree; the only watch whose
  alarm may open the contactors.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from voltward.core.control import Accusation, Control, Cost, Place, Watch
from voltward.core.parameter import Parameter
from voltward.core.strength import SENSITIVITY
from voltward.core.taps import Layer
from voltward.core.view import BmsView
from voltward.detection.building_blocks import CLEAN_DUTY, cusum, weight, zero_per_run

_LEARN_TICKS = 60.0
_SURPRISE_S = 60.0


def _cells_in_parallel(
    total_V: Float[Array, " run"], pack_V: Float[Array, " run"]
) -> Float[Array, " run"]:
    """Return how many cells share a voltage: their readings add up to that many pack voltages."""
    return jnp.maximum(jnp.round(total_V / pack_V), 1.0)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class SumState:
    """What the comparison of pack voltage and sum remembers of each run.

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


def _sum_start(runs: int, _cells: int) -> SumState:
    zero = jnp.zeros(runs)
    return SumState(zero + 1.0, zero, zero, zero, zero)


def _sum_step(
    state: SumState, view: BmsView, parameters: Float[Array, "run column"]
) -> tuple[SumState, Float[Array, " run"]]:
    """Learn the sensor's offset in the first minute, then sum what exceeds the slack.

    Limits:
        A bias present from the first minute on is learned as an offset, up to three standard
        deviations of it.
    """
    std_V, slack, threshold, offset_V = (parameters[:, index] for index in range(1, 5))
    total_V = jnp.sum(view.voltage_V, axis=1)
    ratio = _cells_in_parallel(total_V, jnp.maximum(view.pack_voltage_V, 1.0))
    parallel = jnp.where(state.seen < 1.0, ratio, state.parallel)
    difference_V = view.pack_voltage_V - total_V / parallel
    learning = state.seen < _LEARN_TICKS
    gain = 1.0 / (state.seen + 1.0)
    bound = 3.0 * offset_V
    learned = jnp.clip(state.offset_V + gain * (difference_V - state.offset_V), -bound, bound)
    offset = jnp.where(learning, learned, state.offset_V)
    score = (difference_V - offset) / std_V
    high, low = cusum(state.high, state.low, score, slack, threshold)
    seen = jnp.minimum(state.seen + 1.0, _LEARN_TICKS)
    worst = jnp.maximum(high, low) / threshold
    return SumState(parallel, offset, seen, high, low), parameters[:, 0] * worst


PACK_SUM_PLAUSIBILITY = Control(
    id="pack-sum-plausibility",
    title="Pack voltage against the cells' sum",
    layer=Layer.PHYSICAL,
    strength=SENSITIVITY,
    parameters=(
        Parameter("std_V", "V", 0.1, 0.001, 10.0, "noise of the pack-voltage sensor"),
        Parameter("slack", "1", 1.0, 0.0, 5.0, "standard deviations tolerated"),
        Parameter("threshold", "1", 25.0, 1.0, 1000.0, "sum at which it alarms"),
        Parameter("offset_V", "V", 0.2, 0.0, 10.0, "standard deviation of the sensor's offset"),
    ),
    cost=Cost(note="one addition per cell and tick in the BMS; false alarms are measured"),
    source="analytic redundancy with a stack sensor: O'Brien et al., PECI 2022, "
    "10.1109/PECI54197.2022.9744036; noise and offset are the reference system's. "
    f"{CLEAN_DUTY}",
    watch=Watch(Place.BMS, Accusation.MEASUREMENT, _sum_start, _sum_step),
)


def _current_step(
    mean_A: Float[Array, " run"], view: BmsView, parameters: Float[Array, "run column"]
) -> tuple[Float[Array, " run"], Float[Array, " run"]]:
    """Average the difference over a few seconds and compare it with the offsets of both.

    Limits:
        Silent without a charging session; a bias below the sensors' offsets passes.
    """
    tolerance_A, memory_s = parameters[:, 1], parameters[:, 2]
    gain = weight(view.tick_s, memory_s)
    difference_A = view.current_A - view.charger_current_A
    moved = jnp.where(view.charging, mean_A + gain * (difference_A - mean_A), 0.0)
    return moved, parameters[:, 0] * jnp.abs(moved) / tolerance_A


CURRENT_REDUNDANCY = Control(
    id="current-redundancy",
    title="Pack current against the charger's meter",
    layer=Layer.PHYSICAL,
    strength=SENSITIVITY,
    parameters=(
        Parameter("tolerance_A", "A", 1.3, 0.01, 100.0, "mean difference at which it alarms"),
        Parameter("memory_s", "s", 5.0, 0.1, 600.0, "time that the mean remembers"),
    ),
    cost=Cost(note="nothing but the link to the charger; false alarms are measured"),
    source="analytic redundancy of current measurements; offsets are the reference system's. "
    f"{CLEAN_DUTY}",
    watch=Watch(Place.BMS, Accusation.MEASUREMENT, zero_per_run, _current_step),
)


def _drift_step(
    reference: Float[Array, " run"], view: BmsView, parameters: Float[Array, "run column"]
) -> tuple[Float[Array, " run"], Float[Array, " run"]]:
    """Compare the two, and let the reference follow slowly.

    Limits:
        A biased current moves both and shows only as far as voltage corrects one of them.
        Calibrated for NMC cells. With LFP cells the estimate leaves the counted charge by several
        points on clean driving, and the tolerance must be raised or the watch left out.
    """
    tolerance, memory_s = parameters[:, 1], parameters[:, 2]
    drift = view.soc - view.coulomb_soc - reference
    gain = weight(view.tick_s, memory_s)
    return reference + gain * drift, parameters[:, 0] * jnp.abs(drift) / tolerance


SOC_DRIFT = Control(
    id="soc-drift",
    title="SoC estimate against counted charge",
    layer=Layer.PHYSICAL,
    strength=SENSITIVITY,
    parameters=(
        Parameter("tolerance", "1", 0.015, 0.001, 1.0, "difference of SoC at which it alarms"),
        Parameter("memory_s", "s", 1800.0, 1.0, 1e6, "time in which the reference follows"),
    ),
    cost=Cost(note="one subtraction a tick in the BMS; false alarms are measured"),
    source=f"coulomb counting as the second estimator of plausibility checks. {CLEAN_DUTY}",
    watch=Watch(Place.BMS, Accusation.MEASUREMENT, zero_per_run, _drift_step),
)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class UnsafeState:
    """Time of the mismatch, fading surprise of the model, cells in a group (0 before known)."""

    mismatch_s: Float[Array, " run"]
    surprise: Float[Array, " run"]
    parallel: Float[Array, " run"]


def _unsafe_start(runs: int, _cells: int) -> UnsafeState:
    zero = jnp.zeros(runs)
    return UnsafeState(zero, zero, zero)


def _unsafe_step(
    state: UnsafeState, view: BmsView, parameters: Float[Array, "run column"]
) -> tuple[UnsafeState, Float[Array, " run"]]:
    """Alarm when the stack sensor disagrees for long, and the model was surprised lately.

    One check alone could be forged to provoke an opening: a biased stack sensor does not surprise
    the model, and what surprises the model does not move the stack sensor.

    Limits:
        Sees sudden changes of the whole pack's mean only; a ramp that the model follows passes.
    """
    share, delay_s, bound = (parameters[:, index] for index in range(1, 4))
    total_V = jnp.sum(view.voltage_V, axis=1)
    pack_V = jnp.maximum(view.pack_voltage_V, 1.0)
    ratio = _cells_in_parallel(total_V, pack_V)
    parallel = jnp.where(state.parallel < 1.0, ratio, state.parallel)
    apart = jnp.abs(total_V / parallel - pack_V) > share * pack_V
    mismatch_s = jnp.where(apart, jnp.minimum(state.mismatch_s + view.tick_s, 1e6), 0.0)
    surprised = jnp.abs(view.innovation_V) / (bound * view.innovation_std_V)
    surprise = jnp.maximum(state.surprise * jnp.exp(-view.tick_s / _SURPRISE_S), surprised)
    score = jnp.minimum(mismatch_s / delay_s, surprise)
    return UnsafeState(mismatch_s, surprise, parallel), parameters[:, 0] * score


UNSAFE_READINGS = Control(
    id="unsafe-readings",
    title="Two independent checks of the cell voltages",
    layer=Layer.PHYSICAL,
    strength=SENSITIVITY,
    parameters=(
        Parameter("share", "1", 0.015, 0.001, 1.0, "mismatch, as a share of the pack voltage"),
        Parameter("delay_s", "s", 10.0, 0.0, 1e4, "time for which the mismatch must last"),
        Parameter("surprise", "1", 8.0, 1.0, 100.0, "standard deviations that surprise the model"),
    ),
    cost=Cost(note="one addition per cell and tick in the BMS; false alarms are measured"),
    source="two independent channels before the safe state, in the spirit of ISO 26262-6 "
    f"(assumption for the numbers). {CLEAN_DUTY}",
    watch=Watch(Place.BMS, Accusation.SAFETY, _unsafe_start, _unsafe_step),
)
