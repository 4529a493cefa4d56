"""Readings that physics lets move only slowly: temperature and insulation.

Heat capacity bounds how fast a cell warms, and insulation ages over hours. A reading that moves
faster, or not at all, is a fault or a forgery.

- `thermal-residual`: temperatures against the heat made in the pack, their neighbours, and rest.
- `isolation-plausibility`: an isolation reading against its own slow mean.
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
from voltward.detection.building_blocks import CLEAN_DUTY, unknown_per_run, weight
from voltward.physical.remedian import remedian

_OBSERVER_S = 120.0
_PLACE_S = 300.0
# Between a pump at rest and one that runs, per cell (assumption).
_COOLANT_W_PER_K = 1.0


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class ThermalState:
    """What the watch of temperatures remembers.

    Attributes:
        mean_degC: Temperature of the mean cell by the observer, NaN before the first reading.
        place_K: Slow distance of each cell to the pack's middle.
        last_degC: Readings of the last tick.
        frozen: Ticks since each reading changed.
    """

    mean_degC: Float[Array, " run"]
    place_K: Float[Array, "run cell"]
    last_degC: Float[Array, "run cell"]
    frozen: Float[Array, "run cell"]


def _thermal_start(runs: int, cells: int) -> ThermalState:
    none = jnp.full((runs, cells), jnp.nan)
    return ThermalState(none[:, 0], none, none, jnp.zeros((runs, cells)))


def _thermal_step(
    state: ThermalState, view: BmsView, parameters: Float[Array, "run column"]
) -> tuple[ThermalState, Float[Array, " run"]]:
    """Score the largest of three residuals.

    1. The pack's middle against an observer of the heat balance.
    2. Each cell's distance to the middle against its own slow mean.
    3. Readings that stay exactly the same.

    Limits:
        Whether the pump runs is not known here, so the observer follows the readings within two
        minutes: a slow ramp of all readings passes. It starts from a pack at rest.
    """
    mean_K, cell_K, frozen_ticks, capacity_J_per_K = (parameters[:, index] for index in range(1, 5))
    reading = view.temperature_degC
    middle = remedian(reading)
    # 1. A rested pack has its coolant's temperature, so that a bias from the start is seen.
    estimate = jnp.where(jnp.isnan(state.mean_degC), view.coolant_degC, state.mean_degC)
    to_coolant_W = _COOLANT_W_PER_K * (estimate - view.coolant_degC)
    # Long ticks would overshoot: a step never goes further than to the coolant.
    step_s = jnp.minimum(view.tick_s, capacity_J_per_K / _COOLANT_W_PER_K)
    expected = estimate + step_s * (view.loss_W - to_coolant_W) / capacity_J_per_K
    residual_K = middle - expected
    observed = expected + weight(view.tick_s, _OBSERVER_S) * residual_K
    # 2.
    distance_K = reading - middle[:, None]
    place = jnp.where(jnp.isnan(state.place_K), distance_K, state.place_K)
    step_K = distance_K - place
    moved_place = place + weight(view.tick_s, _PLACE_S) * step_K
    # 3.
    frozen = jnp.where(reading == state.last_degC, state.frozen + 1.0, 0.0)
    score = jnp.maximum(
        jnp.abs(residual_K) / mean_K,
        jnp.maximum(
            jnp.max(jnp.abs(step_K), axis=1) / cell_K, jnp.max(frozen, axis=1) / frozen_ticks
        ),
    )
    return ThermalState(observed, moved_place, reading, frozen), parameters[:, 0] * score


THERMAL_RESIDUAL = Control(
    id="thermal-residual",
    title="Temperature against losses, neighbours and time",
    layer=Layer.PHYSICAL,
    strength=SENSITIVITY,
    parameters=(
        Parameter("mean_K", "K", 3.0, 0.1, 100.0, "residual of the middle that alarms"),
        Parameter("cell_K", "K", 2.0, 0.1, 100.0, "step of one cell that alarms"),
        Parameter("frozen_ticks", "1", 30.0, 2.0, 1e5, "ticks without change that alarm"),
        Parameter("capacity_J_per_K", "J/K", 1100.0, 1.0, 1e5, "heat capacity of a cell"),
    ),
    cost=Cost(note="a few operations per cell and tick in the BMS; false alarms are measured"),
    source="heat balance dT/dt against I^2 R as analytic redundancy; heat capacity is the "
    f"reference cell's. {CLEAN_DUTY}",
    watch=Watch(Place.BMS, Accusation.MEASUREMENT, _thermal_start, _thermal_step),
)


def _isolation_step(
    mean_kohm: Float[Array, " run"], view: BmsView, parameters: Float[Array, "run column"]
) -> tuple[Float[Array, " run"], Float[Array, " run"]]:
    """Compare a reading with its slow mean, relative to the mean.

    Limits:
        A true earth fault is a step too: the alarm says that something is wrong, not that the
        reading is forged.
    """
    tolerance, memory_s = parameters[:, 1], parameters[:, 2]
    mean = jnp.where(jnp.isnan(mean_kohm), view.isolation_kohm, mean_kohm)
    step = view.isolation_kohm - mean
    gain = weight(view.tick_s, memory_s)
    score = jnp.abs(step) / (tolerance * jnp.maximum(mean, 1.0))
    return mean + gain * step, parameters[:, 0] * score


ISOLATION_PLAUSIBILITY = Control(
    id="isolation-plausibility",
    title="Plausibility of the isolation reading",
    layer=Layer.PHYSICAL,
    strength=SENSITIVITY,
    parameters=(
        Parameter("tolerance", "1", 0.1, 0.001, 1.0, "step relative to the mean that alarms"),
        Parameter("memory_s", "s", 120.0, 1.0, 1e6, "time that the mean remembers"),
    ),
    cost=Cost(note="one comparison a tick in the BMS; false alarms are measured"),
    source="assumption: insulation ages over hours, a jump within a minute is a "
    f"fault or a manipulation. {CLEAN_DUTY}",
    watch=Watch(Place.BMS, Accusation.MEASUREMENT, unknown_per_run, _isolation_step),
)
