"""Cell voltages against a second model of another kind: the single particle model of an LG M50.

The twin learns, and what it has learned from a biased sensor it no longer finds strange. This model
follows the reported current open loop and learns little, so that it disagrees for longer.

1. Start at the first record: SoC by the twin, each cell's own by its reading.
2. Advance three models of neighbouring SoC; the pack's cells lie on the parabola through them.
3. Correct each cell's SoC slowly, within bounds.
4. Sum what exceeds the tolerance, for the mean cell and for each cell.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float, Int

from voltward.core.control import Accusation, Control, Cost, Place, Watch
from voltward.core.parameter import Parameter
from voltward.core.strength import SENSITIVITY
from voltward.core.taps import TELEMETRY_FIELD, Layer
from voltward.core.view import CloudView
from voltward.detection.building_blocks import weight
from voltward.physical.single_particle import (
    SingleParticleState,
    advance,
    load_single_particle,
    soc,
    start,
    voltage_V,
)

# Three cells are followed, this far apart; the pack's lie on the parabola through their voltages.
_APART_SOC = 0.015
# Corrections of the twin's SoC of a cell by its first reading.
_FIRST_CORRECTIONS = 2
# A reading's error over that of the SoC: on a flat curve the reading says little (assumption, 3 mV
# over 0.01).
_FLAT_V = 0.3
# A slowly growing bias moves the correction no further than this (assumption).
_FARTHEST_SOC = 0.03
# A step over a gap is cut here, as the twin cuts it.
_LONGEST_GAP_S = 120.0
# A cell's SoC follows its residual within this: slower than a bias is found, faster than a current
# sensor's offset adds up (assumption).
_MEMORY_S = 1800.0
# Below it the reduced model errs most and a small error of SoC is many millivolts.
_LOWEST_SOC = 0.1
# The reduced model against the full one, two drives and a discharge: 5 to 10 mV at 5 to 10 A.
_MODEL_OHM = 0.001
# Stages of the graphite are steep: a small error of SoC shows there.
_MODEL_SOC = 0.007
# One reading counts for no more than this.
_LONGEST_WEIGHT_S = 10.0


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class OpinionState:
    """What the opinion remembers.

    Attributes:
        model: A cell of mean SoC between an emptier and a fuller one.
        begun: Whether a record was seen.
        last_tick: Stamp of the last record.
        shift_soc: SoC of each cell less the model's.
        first_soc: The same at the first record.
        counter_Ah: Charge counter in the last record.
        high: Sum of what is too high: of the mean cell, then of each.
        low: Sum of what is too low.
    """

    model: SingleParticleState
    begun: Bool[Array, " run"]
    last_tick: Int[Array, " run"]
    shift_soc: Float[Array, "run cell"]
    first_soc: Float[Array, "run cell"]
    counter_Ah: Float[Array, " run"]
    high: Float[Array, "run sum"]
    low: Float[Array, "run sum"]


def _three(begin: Float[Array, " run"]) -> SingleParticleState:
    return start(load_single_particle(), begin[:, None] + jnp.array([-_APART_SOC, 0.0, _APART_SOC]))


def _correction(
    three_V: Float[Array, "run three"],
    shift_soc: Float[Array, "run cell"],
    reading_V: Float[Array, "run cell"],
) -> tuple[Float[Array, "run cell"], Float[Array, "run cell"], Float[Array, "run cell"]]:
    """Return the correction of SoC that a reading asks for, its residual, and the slope there."""
    low_V, middle_V, high_V = three_V[:, :1], three_V[:, 1:2], three_V[:, 2:]
    tilt = (high_V - low_V) / (2.0 * _APART_SOC)
    bend = (high_V + low_V - 2.0 * middle_V) / (2.0 * _APART_SOC**2)
    residual_V = reading_V - middle_V - shift_soc * (tilt + bend * shift_soc)
    slope_V = jnp.maximum(tilt + 2.0 * bend * shift_soc, 0.0)
    return residual_V * slope_V / (slope_V**2 + _FLAT_V**2), residual_V, slope_V


def _start(runs: int, cells: int) -> OpinionState:
    wide, flat = jnp.zeros((runs, cells)), jnp.zeros(runs)
    return OpinionState(
        model=_three(flat + 0.5),
        begun=jnp.zeros(runs, bool),
        last_tick=jnp.full(runs, -1, jnp.int64),
        shift_soc=wide,
        first_soc=wide,
        counter_Ah=flat,
        high=jnp.zeros((runs, cells + 1)),
        low=jnp.zeros((runs, cells + 1)),
    )


def _where(mask: Bool[Array, " run"], new: Array, old: Array) -> Array:
    return jnp.where(mask.reshape(mask.shape + (1,) * (new.ndim - 1)), new, old)


def _step(
    state: OpinionState, view: CloudView, parameters: Float[Array, "run column"]
) -> tuple[OpinionState, Float[Array, " run"]]:
    """Follow the model open loop on the reported current, compare, and correct SoC slowly.

    The numbers are the steps at the top of the file. At the first record the pack has rested.

    Limits:
        Knows the LG M50 alone, and is compiled in only where the pack has that cell. Expects a
        plant that behaves like the electrochemistry: where it is a circuit (track matched), the
        opinion is the one that errs, and it is left out. A bias present from the first record on,
        or slower than half an hour and smaller than 3 % of SoC, is learned. Below 10 % SoC it says
        nothing. Ageing is not followed.
    """
    tolerance_V, spread_soc, spread_ohm, threshold_s = (
        parameters[:, index, None] for index in range(1, 5)
    )
    cell, record = load_single_particle(), view.record
    present, first = record.present, record.present & ~state.begun
    ticks = jnp.where(state.begun & present, record.sent_tick - state.last_tick, 0)
    gap_s = jnp.minimum(jnp.maximum(ticks, 0) * view.tick_s, _LONGEST_GAP_S)
    elapsed_s = gap_s[:, None]
    current_A = record.scalars[:, TELEMETRY_FIELD["current_A"], None] / view.parallel
    temperature_degC = jnp.mean(record.wide[1], axis=1, keepdims=True)
    # 1. and 2.
    fresh = _three(jnp.mean(view.twin_soc, axis=1))
    begun = jax.tree.map(lambda new, old: _where(first, new, old), fresh, state.model)
    # Over a gap the counter in the records knows the charge that the last current does not.
    counter_Ah = record.scalars[:, TELEMETRY_FIELD["charge_counter_Ah"], None]
    passed_Ah = (counter_Ah - state.counter_Ah[:, None]) / view.parallel
    is_gap = elapsed_s > 1.5 * view.tick_s
    over_gap_A = passed_Ah * 3600.0 / jnp.where(is_gap, elapsed_s, 1.0)
    model = advance(cell, begun, jnp.where(is_gap, over_gap_A, current_A), elapsed_s)
    three_V = voltage_V(cell, model, current_A, temperature_degC)

    found_soc = view.twin_soc - jnp.mean(view.twin_soc, axis=1, keepdims=True)
    for _ in range(_FIRST_CORRECTIONS):
        found_soc = found_soc + _correction(three_V, found_soc, record.wide[0])[0]
    shift_soc = _where(first, found_soc, state.shift_soc)
    first_soc = _where(first, shift_soc, state.first_soc)
    # 3.
    correction_soc, residual_V, slope_V = _correction(three_V, shift_soc, record.wide[0])
    gain = weight(elapsed_s, _MEMORY_S)
    corrected = jnp.clip(
        shift_soc + gain * correction_soc, first_soc - _FARTHEST_SOC, first_soc + _FARTHEST_SOC
    )

    # 4. The mean cell is free of what differs between cells; silence lets the sums fade.
    judged = present[:, None] & (soc(cell, model)[:, 1:2] > _LOWEST_SOC)
    allowed_V = tolerance_V + _MODEL_SOC * slope_V + _MODEL_OHM * jnp.abs(current_A)
    spread_V = spread_soc * slope_V + spread_ohm * jnp.abs(current_A)
    middle = jnp.mean(residual_V / allowed_V, axis=1, keepdims=True)
    each = residual_V / (allowed_V + spread_V)
    excess = jnp.concatenate([middle, each], axis=1) * judged
    weight_s = jnp.minimum(jnp.where(present, gap_s, view.tick_s), _LONGEST_WEIGHT_S)[:, None]
    high = jnp.clip(state.high + weight_s * (excess - 1.0), 0.0, 2.0 * threshold_s)
    low = jnp.clip(state.low - weight_s * (excess + 1.0), 0.0, 2.0 * threshold_s)
    worst = jnp.maximum(jnp.max(high, axis=1), jnp.max(low, axis=1)) / threshold_s[:, 0]
    moved = OpinionState(
        model=jax.tree.map(lambda new, old: _where(present, new, old), model, state.model),
        begun=state.begun | present,
        last_tick=jnp.where(
            present, jnp.maximum(record.sent_tick, state.last_tick), state.last_tick
        ),
        shift_soc=_where(present, corrected, state.shift_soc),
        first_soc=first_soc,
        counter_Ah=jnp.where(present, counter_Ah[:, 0], state.counter_Ah),
        high=high,
        low=low,
    )
    return moved, parameters[:, 0] * worst


ELECTROCHEMICAL_OPINION = Control(
    id="electrochemical-opinion",
    title="Second opinion of an electrochemical model",
    layer=Layer.CLOUD,
    strength=SENSITIVITY,
    parameters=(
        Parameter("tolerance_V", "V", 0.002, 0.0, 1.0, "residual of the mean cell tolerated"),
        Parameter("spread_soc", "1", 0.008, 0.0, 0.1, "added for a cell, by this error of SoC"),
        Parameter("spread_ohm", "ohm", 0.001, 0.0, 0.1, "added for a cell, by this resistance"),
        Parameter("threshold_s", "s", 60.0, 1.0, 1e4, "sum of excess at which it alarms"),
    ),
    cost=Cost(note="one model a pack and two additions a cell in the cloud, no byte on the wire"),
    source="model: Marquis et al., J. Electrochem. Soc. 166 (2019) A3693, on the set of Chen 2020. "
    "Calibrated offline on ten drives of PyBaMM's full model, 0 to 35 degC, 12 packs of 12 cells "
    "composed on each (capacity 1 %, resistance 3 %, SoC 0.5 %, offset 0.7 mV, noise 0.5 mV, "
    "current offset 20 mA; assumptions), 177 pack-hours, no alarm, largest score 0.6",
    watch=Watch(Place.CLOUD, Accusation.MEASUREMENT, _start, _step),
    cells=("lg-m50",),
)
