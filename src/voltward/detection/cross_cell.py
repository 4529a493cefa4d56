"""Cells in series against one another.

They carry the same current and age alike, so that one cell that leaves its place beside the others
was misread, or is failing. Both watches learn each cell's usual place and score what remains.

- `cross-cell-comparison`: in the BMS, the distance to the pack's middle against its slow average.
- `cross-cell-residual`: in the cloud, a small filter per cell explains the distance by offset,
  resistance, SoC and capacity. Almost all of a model's error is common to cells in series, so that
  the residual is millivolts; a bias on one cell is none of the four.
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
from voltward.core.view import BmsView, CloudView
from voltward.detection.building_blocks import CLEAN_DUTY, unknown_per_cell, weight
from voltward.physical.remedian import remedian

# What a difference is made of: offset of the reading in V; resistance as a share, on the
# overpotential; SoC, on the slope of the open-circuit voltage; capacity as a share, on the slope
# times the charge counted from the middle. Standard deviations before the first record, and what
# each may wander in an hour (assumptions; four times the spread of cells sorted at the factory).
_PRIOR = (0.002, 0.12, 0.012, 0.04)
_WANDER_PER_HOUR = (0.0001, 0.004, 0.0004, 0.001)
# A reading's noise beside the model, and its share of the overpotential's swing.
_NOISE_V = 0.0008
_SWING_SHARE = 0.02
_SWING_S = 20.0
# Where the open-circuit curve bends, cells of another SoC see another slope.
_BEND_SOC = 0.008
_BEND_S = 200.0
# Below this SoC resistance and slope rise so fast that a point of SoC between cells is tens of mV:
# noise and tolerance grow with the square of the distance, per tenth of SoC.
_LOW_SOC = 0.35
_LOW_FACTOR = 5.0
# A surprise beyond this many standard deviations counts as this many: a bias is learned slowly.
_MOST = 2.5


def _comparison_step(
    place_V: Float[Array, "run cell"], view: BmsView, parameters: Float[Array, "run column"]
) -> tuple[Float[Array, "run cell"], Float[Array, " run"]]:
    """Compare, allowing for resistances that differ, and let the place follow slowly.

    Limits:
        A bias on most cells at once moves the middle too; a ramp slower than the memory passes;
        what the sensor vote has replaced is not seen.
    """
    tolerance_V, spread_ohm, memory_s = (parameters[:, index, None] for index in range(1, 4))
    distance_V = view.voltage_V - remedian(view.voltage_V)[:, None]
    known = jnp.where(jnp.isnan(place_V), distance_V, place_V)
    step_V = distance_V - known
    allowed_V = tolerance_V + spread_ohm * jnp.abs(view.current_A)[:, None]
    gain = weight(view.tick_s, memory_s)
    score = jnp.max(jnp.abs(step_V) / allowed_V, axis=1)
    return known + gain * step_V, parameters[:, 0] * score


CROSS_CELL_COMPARISON = Control(
    id="cross-cell-comparison",
    title="Comparison across cells",
    layer=Layer.PHYSICAL,
    strength=SENSITIVITY,
    parameters=(
        Parameter("tolerance_V", "V", 0.02, 0.001, 1.0, "step tolerated at rest"),
        Parameter("spread_ohm", "ohm", 4e-4, 0.0, 0.1, "added tolerance for each ampere"),
        Parameter("memory_s", "s", 120.0, 1.0, 1e5, "time in which a cell's place follows"),
    ),
    cost=Cost(note="a few comparisons per cell and tick in the BMS; false alarms are measured"),
    source=f"consistency of cells in series, as fault diagnosis of packs uses it. {CLEAN_DUTY}",
    watch=Watch(Place.BMS, Accusation.MEASUREMENT, unknown_per_cell, _comparison_step),
)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class CrossState:
    """What is known of each cell's standing difference, and the residual.

    Attributes:
        difference: Offset, resistance, SoC and capacity of each cell against the mean.
        covariance: Of these, alike for all cells of a run.
        left_V: Recent mean of the residual.
        middle_V: Mean of the overpotential.
        swing_V2: Its variance.
        slope_V: Mean of the slope of the open-circuit voltage, over some minutes.
        bend_V2: Its variance.
    """

    difference: Float[Array, "run cell four"]
    covariance: Float[Array, "run four four"]
    left_V: Float[Array, "run cell"]
    middle_V: Float[Array, " run"]
    swing_V2: Float[Array, " run"]
    slope_V: Float[Array, " run"]
    bend_V2: Float[Array, " run"]


def _residual_start(runs: int, cells: int) -> CrossState:
    prior = jnp.diag(jnp.asarray(_PRIOR) ** 2)
    return CrossState(
        difference=jnp.zeros((runs, cells, len(_PRIOR))),
        covariance=jnp.broadcast_to(prior, (runs, *prior.shape)),
        left_V=jnp.zeros((runs, cells)),
        middle_V=jnp.zeros(runs),
        swing_V2=jnp.zeros(runs),
        slope_V=jnp.full(runs, jnp.nan),
        bend_V2=jnp.zeros(runs),
    )


def _residual_step(
    state: CrossState, view: CloudView, parameters: Float[Array, "run column"]
) -> tuple[CrossState, Float[Array, " run"]]:
    """Learn each cell's standing differences slowly and score the residual.

    1. Distances to the mean, and what may explain them.
    2. How hard the readings are to explain now: swing of the load, bend of the curve, low SoC.
    3. One step of the filter, with the surprise bounded.
    4. The recent mean of the residual against what is allowed.

    Limits:
        A bias on a third of the cells or more moves the middle too; one that grows no faster than
        a cell's difference may wander is learned; what is present from the first minute on is
        taken for the cell's own.
    """
    tolerance_V, swing_share, bend_soc, window_s = (parameters[:, index] for index in range(1, 5))
    # 1.
    voltage_V = view.record.wide[0]
    apart_V = voltage_V - jnp.mean(voltage_V, axis=1, keepdims=True)
    overpotential_V = jnp.mean(view.overpotential_V, axis=1)
    slope_V = jnp.mean(view.ocv_slope_V, axis=1)
    known = jnp.stack(
        [
            jnp.ones_like(slope_V),
            overpotential_V,
            slope_V,
            slope_V * (view.coulomb_soc - 0.5),
        ],
        axis=1,
    )
    # 2.
    memory = weight(view.tick_s, _SWING_S)
    middle_V = state.middle_V + memory * (overpotential_V - state.middle_V)
    swing_V2 = state.swing_V2 + memory * ((overpotential_V - middle_V) ** 2 - state.swing_V2)

    slow = weight(view.tick_s, _BEND_S)
    usual_V = jnp.where(jnp.isnan(state.slope_V), slope_V, state.slope_V)
    usual_V = usual_V + slow * (slope_V - usual_V)
    bend_V2 = state.bend_V2 + slow * ((slope_V - usual_V) ** 2 - state.bend_V2)

    low = jnp.maximum(_LOW_SOC - view.coulomb_soc, 0.0) / 0.1
    harder = 1.0 + _LOW_FACTOR * low**2

    # 3.
    wander = jnp.diag(jnp.asarray(_WANDER_PER_HOUR) ** 2) * (view.tick_s / 3600.0)
    covariance = state.covariance + wander
    row = jnp.einsum("rij,rj->ri", covariance, known)
    uncertainty_V2 = jnp.einsum("ri,ri->r", row, known)
    noise_V2 = _NOISE_V**2 + _SWING_SHARE**2 * swing_V2 + _BEND_SOC**2 * bend_V2
    left_V = apart_V - jnp.einsum("rcj,rj->rc", state.difference, known)
    # The mean carries a share of any one cell's bias; a robust middle takes it out again.
    left_V = left_V - remedian(left_V)[:, None]
    total_V2 = uncertainty_V2 + noise_V2 * harder**2
    most_V = (_MOST * jnp.sqrt(total_V2))[:, None]
    gain = row / total_V2[:, None]
    learned = state.difference + jnp.clip(left_V, -most_V, most_V)[:, :, None] * gain[:, None, :]
    surer = covariance - row[:, :, None] * row[:, None, :] / total_V2[:, None, None]
    # 4.
    share = weight(view.tick_s, window_s)[:, None]
    recent_V = state.left_V + share * (left_V - state.left_V)
    allowed_V = jnp.sqrt(
        tolerance_V**2 + swing_share**2 * swing_V2 + bend_soc**2 * bend_V2 + 9.0 * uncertainty_V2
    )
    score = parameters[:, 0] * jnp.max(jnp.abs(recent_V), axis=1) / (allowed_V * harder)

    present = view.record.present
    moved = CrossState(learned, surer, recent_V, middle_V, swing_V2, usual_V, bend_V2)
    kept: CrossState = jax.tree.map(
        lambda new, old: jnp.where(present.reshape(-1, *[1] * (new.ndim - 1)), new, old),
        moved,
        state,
    )
    return kept, jnp.where(present, score, 0.0)


CROSS_CELL_RESIDUAL = Control(
    id="cross-cell-residual",
    title="Residual between cells in series",
    layer=Layer.CLOUD,
    strength=SENSITIVITY,
    parameters=(
        Parameter("tolerance_V", "V", 0.0018, 0.0001, 1.0, "residual tolerated"),
        Parameter("swing_share", "1", 0.01, 0.0, 1.0, "added tolerance, as a share of the swing"),
        Parameter("bend_soc", "1", 0.02, 0.0, 1.0, "added tolerance, by change of OCV slope"),
        Parameter("window_s", "s", 12.0, 1.0, 1e4, "time over which the residual is averaged"),
    ),
    cost=Cost(note="some twenty operations per cell and record in the cloud"),
    source="Kalman filter on the differences of cells in series (mean-difference models: Plett, "
    "Battery Management Systems vol. 2, Artech House 2015, ch. 4); tolerance and windows are set "
    "on composed strings",
    watch=Watch(Place.CLOUD, Accusation.MEASUREMENT, _residual_start, _residual_step),
)
