"""Where the digital twin and the vehicle disagree, seen in the cloud.

The twin predicts every cell's voltage before it reads the record. What arrives and what was
predicted differ by the innovation; an attack on the way, or on the twin, shows there.

- `innovation-cusum`: sums small innovations of one sign, cell by cell.
- `innovation-chi-square`: averages squared innovations over a short window.
- `soc-agreement`: the SoC that the vehicle reports against the twin's.
- `model-parameter-monitor`: the twin's parameters against those commissioned.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from voltward.cloud.twin import COMMISSIONED
from voltward.core.control import Accusation, Control, Cost, Place, Watch
from voltward.core.parameter import Parameter
from voltward.core.strength import SENSITIVITY
from voltward.core.taps import TELEMETRY_FIELD, Layer
from voltward.core.view import CloudView
from voltward.detection.building_blocks import CLEAN_DUTY, cusum, zero_per_run


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class CusumState:
    """Sums of both arms, (run, cell)."""

    high: Float[Array, "run cell"]
    low: Float[Array, "run cell"]


def _cusum_start(runs: int, cells: int) -> CusumState:
    zero = jnp.zeros((runs, cells))
    return CusumState(zero, zero)


def _cusum_step(
    state: CusumState, view: CloudView, parameters: Float[Array, "run column"]
) -> tuple[CusumState, Float[Array, " run"]]:
    """Sum what exceeds the slack, in both directions.

    Limits:
        Calibrated for NMC cells; the hysteresis of LFP cells, which the twin does not model, alarms
        on clean duty.
    """
    slack, threshold = parameters[:, 1, None], parameters[:, 2]
    score = view.innovation_V / view.innovation_std_V * view.record.present[:, None]
    high, low = cusum(state.high, state.low, score, slack, threshold[:, None])
    worst = jnp.maximum(jnp.max(high, axis=1), jnp.max(low, axis=1))
    return CusumState(high, low), parameters[:, 0] * worst / threshold


INNOVATION_CUSUM = Control(
    id="innovation-cusum",
    title="CUSUM on the twin's innovations",
    layer=Layer.CLOUD,
    strength=SENSITIVITY,
    parameters=(
        Parameter("slack", "1", 1.0, 0.0, 5.0, "standard deviations tolerated"),
        Parameter("threshold", "1", 25.0, 1.0, 1000.0, "sum at which it alarms"),
    ),
    cost=Cost(note="one addition per cell and record in the cloud; false alarms are measured"),
    source="O'Brien et al., NAPS 2021 and IEEE TIA 59(6) 2023; slack and threshold are raised "
    "above their 0.5 and 4 to 6 because 96 cells are watched at once. "
    f"{CLEAN_DUTY}",
    watch=Watch(Place.CLOUD, Accusation.MEASUREMENT, _cusum_start, _cusum_step),
)


def _mean_square_start(runs: int, cells: int) -> Float[Array, "run cell"]:
    return jnp.ones((runs, cells))


def _mean_square_step(
    mean: Float[Array, "run cell"], view: CloudView, parameters: Float[Array, "run column"]
) -> tuple[Float[Array, "run cell"], Float[Array, " run"]]:
    """Average the squared normalised innovation, forgetting exponentially.

    Limits:
        Blind to a bias that stays well below the filter's own standard deviation.
    """
    window, threshold = parameters[:, 1, None], parameters[:, 2]
    squared = (view.innovation_V / view.innovation_std_V) ** 2
    moved = mean + (jnp.minimum(squared, 100.0 * threshold[:, None]) - mean) / window
    kept = jnp.where(view.record.present[:, None], moved, mean)
    return kept, parameters[:, 0] * jnp.max(kept, axis=1) / threshold


INNOVATION_CHI_SQUARE = Control(
    id="innovation-chi-square",
    title="Chi-square test on the twin's innovations",
    layer=Layer.CLOUD,
    strength=SENSITIVITY,
    parameters=(
        Parameter("window", "record", 5.0, 1.0, 1000.0, "records that the average remembers"),
        Parameter("threshold", "1", 8.0, 1.0, 1000.0, "mean square at which it alarms"),
    ),
    cost=Cost(note="two multiplications per cell and record in the cloud; false alarms measured"),
    source=f"Naseri et al., IECON 2024 (chi-square half of the hybrid test). {CLEAN_DUTY}",
    watch=Watch(Place.CLOUD, Accusation.MEASUREMENT, _mean_square_start, _mean_square_step),
)


def _agreement_step(
    last: Float[Array, " run"], view: CloudView, parameters: Float[Array, "run column"]
) -> tuple[Float[Array, " run"], Float[Array, " run"]]:
    """Score the difference of the last record that arrived.

    Limits:
        Both sides read the same sensors: a biased sensor moves both.
    """
    reported = view.record.scalars[:, TELEMETRY_FIELD["soc"]]
    difference = jnp.abs(reported - jnp.mean(view.twin_soc, axis=1))
    kept = jnp.where(view.record.present, difference, last)
    return kept, parameters[:, 0] * kept / parameters[:, 1]


SOC_AGREEMENT = Control(
    id="soc-agreement",
    title="Reported SoC against the twin",
    layer=Layer.CLOUD,
    strength=SENSITIVITY,
    parameters=(
        Parameter("tolerance", "1", 0.015, 0.001, 1.0, "difference of SoC at which it alarms"),
    ),
    cost=Cost(note="one subtraction a record in the cloud; false alarms are measured"),
    source="cross-check of twin and plant, as the review of cloud BMS names it (Batteries 2023, "
    f"9(7), 382). {CLEAN_DUTY}",
    watch=Watch(Place.CLOUD, Accusation.MEASUREMENT, zero_per_run, _agreement_step),
)


def _monitor_start(runs: int, _cells: int) -> Float[Array, "run parameter"]:
    return jnp.broadcast_to(jnp.asarray(COMMISSIONED), (runs, len(COMMISSIONED)))


def _monitor_step(
    last: Float[Array, "run parameter"], view: CloudView, parameters: Float[Array, "run column"]
) -> tuple[Float[Array, "run parameter"], Float[Array, " run"]]:
    """Score the change since the last tick and the distance to the commissioned values.

    Limits:
        Changes that stay below the tolerances, in each step and in sum, pass.
    """
    scale_jump, scale_range, ocv_jump_V, ocv_range_V = (
        parameters[:, index] for index in range(1, 5)
    )
    jump = jnp.stack([scale_jump, scale_jump, ocv_jump_V], axis=1)
    reach = jnp.stack([scale_range, scale_range, ocv_range_V], axis=1)
    home = jnp.asarray(COMMISSIONED)
    changed = jnp.max(jnp.abs(view.model - last) / jump, axis=1)
    distant = jnp.max(jnp.abs(view.model - home) / reach, axis=1)
    return view.model, parameters[:, 0] * jnp.maximum(changed, distant)


MODEL_PARAMETER_MONITOR = Control(
    id="model-parameter-monitor",
    title="Monitor of the twin's parameters",
    layer=Layer.CLOUD,
    strength=SENSITIVITY,
    parameters=(
        Parameter("scale_jump", "1", 0.035, 0.001, 1.0, "change of a scale at once that alarms"),
        Parameter("scale_range", "1", 0.1, 0.001, 1.0, "distance of a scale that alarms"),
        Parameter("ocv_jump_V", "V", 0.002, 1e-5, 0.2, "change of the OCV shift that alarms"),
        Parameter("ocv_range_V", "V", 0.005, 1e-5, 0.2, "distance of the OCV shift that alarms"),
    ),
    cost=Cost(note="three comparisons a record in the cloud; false alarms are measured"),
    source="parameter tracking as in Naseri et al., IECON 2024, with fixed tolerances. "
    f"{CLEAN_DUTY}",
    watch=Watch(Place.CLOUD, Accusation.MODEL, _monitor_start, _monitor_step),
)
