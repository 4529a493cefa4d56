"""Temperatures against the heat that the pack makes, against their neighbours, and against rest."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from voltward.core.control import Accusation, Control, Cost, Place, Watch
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer
from voltward.core.view import BmsView
from voltward.physical.remedian import remedian

_OBSERVER_S = 120.0
_PLACE_S = 300.0
# Between a pump at rest and one that runs, per cell (assumption).
_COOLANT_W_PER_K = 1.0


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class ThermalState:
    """What the test remembers.

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


def _start(runs: int, cells: int) -> ThermalState:
    none = jnp.full((runs, cells), jnp.nan)
    return ThermalState(none[:, 0], none, none, jnp.zeros((runs, cells)))


def _step(
    state: ThermalState, view: BmsView, parameters: Float[Array, "run column"]
) -> tuple[ThermalState, Float[Array, " run"]]:
    """Score the largest of three residuals.

    Limits:
        Whether the pump runs is not known here, so the observer leans on the readings within two
        minutes: a slow ramp of all readings passes. It starts from a pack at rest.
    """
    mean_K, cell_K, frozen_ticks, capacity_J_per_K = (parameters[:, index] for index in range(1, 5))
    reading = view.temperature_degC
    middle = remedian(reading)
    # A rested pack has its coolant's temperature, so that a lie from the start is seen.
    estimate = jnp.where(jnp.isnan(state.mean_degC), view.coolant_degC, state.mean_degC)
    to_coolant_W = _COOLANT_W_PER_K * (estimate - view.coolant_degC)
    # Long ticks would overshoot: a step never goes further than to the coolant.
    step_s = jnp.minimum(view.tick_s, capacity_J_per_K / _COOLANT_W_PER_K)
    expected = estimate + step_s * (view.loss_W - to_coolant_W) / capacity_J_per_K
    residual_K = middle - expected
    lean = 1.0 - jnp.exp(-view.tick_s / _OBSERVER_S)

    distance_K = reading - middle[:, None]
    place = jnp.where(jnp.isnan(state.place_K), distance_K, state.place_K)
    leap_K = distance_K - place
    follow = 1.0 - jnp.exp(-view.tick_s / _PLACE_S)
    frozen = jnp.where(reading == state.last_degC, state.frozen + 1.0, 0.0)
    score = jnp.maximum(
        jnp.abs(residual_K) / mean_K,
        jnp.maximum(
            jnp.max(jnp.abs(leap_K), axis=1) / cell_K, jnp.max(frozen, axis=1) / frozen_ticks
        ),
    )
    moved = ThermalState(expected + lean * residual_K, place + follow * leap_K, reading, frozen)
    return moved, parameters[:, 0] * score


CONTROL = Control(
    id="thermal-residual",
    title="Temperature against losses, neighbours and time",
    layer=Layer.PHYSICAL,
    strength=Parameter("sensitivity", "1", 1.0, 0.0, 10.0, "multiplies the score; 0 is absent"),
    parameters=(
        Parameter("mean_K", "K", 3.0, 0.1, 100.0, "residual of the middle that alarms"),
        Parameter("cell_K", "K", 2.0, 0.1, 100.0, "leap of one cell that alarms"),
        Parameter("frozen_ticks", "1", 30.0, 2.0, 1e5, "ticks without change that alarm"),
        Parameter("capacity_J_per_K", "J/K", 1100.0, 1.0, 1e5, "heat capacity of a cell"),
    ),
    cost=Cost(note="a few operations per cell and tick in the BMS; false alarms are measured"),
    source="heat balance dT/dt against I^2 R as analytic redundancy; heat capacity is the "
    "reference cell's. Calibrated on clean duty: seeds 1000 to 1031, eight duties, four "
    "links, 256 h, no alarm",
    watch=Watch(Place.BMS, Accusation.MEASUREMENT, _start, _step),
)
