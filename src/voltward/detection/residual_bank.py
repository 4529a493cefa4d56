"""A bank of residual tests on the mean of the cells, for a bias that all cells share.

1. An arm compares a recent mean of the twin's innovation with an earlier one (`Arm`); its time
   constants decide whether it sees a jump, a shift or a level.
2. The shift is divided by its usual size here and now, from the schedule over temperature, SoC and
   excitation (`residual_schedule`).
3. The ratio against the schedule's threshold is the score.

- `residual-jump`: within seconds.
- `residual-shift`: within minutes.
- `residual-level`: a residual that stays away from zero.

A calibrated cell brings its own schedules (`calibrated`); without one the filter's own expectation
stands in for the size.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float

from voltward.core.control import Accusation, Control, Cost, Place, Watch
from voltward.core.parameter import Parameter
from voltward.core.strength import SENSITIVITY
from voltward.core.taps import Layer
from voltward.core.view import CloudView
from voltward.detection.building_blocks import weight
from voltward.detection.residual_schedule import (
    LOWEST_SOC,
    Excitation,
    Schedule,
    features_mV2,
    size_V,
    threshold,
)

_SWING_S = 20.0
# A reference needs some readings before it is one.
_WARM_UP_S = 60.0
_LONGEST_GAP_S = 10.0


@dataclass(frozen=True)
class Arm:
    """Time constants of a test.

    Attributes:
        recent_s: Of the recent mean; 0 for the reading itself.
        reference_s: Of the reference that is taken off; 0 for none.
    """

    recent_s: float
    reference_s: float


ARMS: Mapping[str, Arm] = {
    "residual-jump": Arm(recent_s=0.0, reference_s=20.0),
    "residual-shift": Arm(recent_s=12.0, reference_s=180.0),
    "residual-level": Arm(recent_s=60.0, reference_s=0.0),
}


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class ArmState:
    """Running means, and times since the first reading and since the last one, each (run,)."""

    recent_V: Float[Array, " run"]
    reference_V: Float[Array, " run"]
    overpotential_V: Float[Array, " run"]
    mean_V: Float[Array, " run"]
    swing_V2: Float[Array, " run"]
    heard_s: Float[Array, " run"]
    silent_s: Float[Array, " run"]


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Reading:
    """What an arm takes in, mean of the cells.

    Attributes:
        innovation_V: Of the twin.
        expected_V: Its standard deviation as the filter sees it.
        overpotential_V: Of the twin.
        slope_V: Of the open-circuit voltage.
        present: Whether there is a reading.
    """

    innovation_V: Float[Array, " run"]
    expected_V: Float[Array, " run"]
    overpotential_V: Float[Array, " run"]
    slope_V: Float[Array, " run"]
    present: Bool[Array, " run"]


def start_arm(runs: int) -> ArmState:
    """Return the state before the first reading."""
    zero = jnp.zeros(runs)
    return ArmState(zero, zero, zero, zero, zero, zero, zero)


def arm_step(
    arm: Arm, state: ArmState, now: Reading, tick_s: float
) -> tuple[ArmState, Float[Array, " run"], Excitation]:
    """Return the state, the shift of the innovation, and what its usual size leans on.

    The shift is zero without a reading, during the first minute, and for a minute after a gap.
    """
    fresh = (state.heard_s <= 0.0) | (state.silent_s > _LONGEST_GAP_S)

    def moved(
        old: Float[Array, " run"], new: Float[Array, " run"], time_s: float
    ) -> Float[Array, " run"]:
        share = 1.0 if time_s <= 0.0 else weight(tick_s, time_s)
        return jnp.where(fresh, new, old + share * (new - old))

    step_V = jnp.where(fresh, 0.0, now.overpotential_V - state.overpotential_V)
    mean_V = moved(state.mean_V, now.overpotential_V, _SWING_S)
    swing_V2 = moved(state.swing_V2, (now.overpotential_V - mean_V) ** 2, _SWING_S)
    recent_V = moved(state.recent_V, now.innovation_V, arm.recent_s)
    reference_V = moved(state.reference_V, now.innovation_V, arm.reference_s)
    before_V = jnp.where(fresh, now.innovation_V, state.reference_V)
    heard_s = jnp.where(fresh, 0.0, state.heard_s) + tick_s
    warm = now.present & (heard_s > _WARM_UP_S)
    shift_V = recent_V - (before_V if arm.reference_s > 0.0 else 0.0)
    heard = ArmState(
        recent_V, reference_V, now.overpotential_V, mean_V, swing_V2, heard_s, 0.0 * heard_s
    )
    waited = replace(state, silent_s=state.silent_s + tick_s)
    kept = jax.tree.map(lambda new, old: jnp.where(now.present, new, old), heard, waited)
    excitation = Excitation(now.expected_V, now.overpotential_V, step_V, swing_V2, now.slope_V)
    return kept, jnp.where(warm, shift_V, 0.0), excitation


def _reading(view: CloudView) -> Reading:
    """Return what the arms take in, mean of the cells."""
    return Reading(
        innovation_V=jnp.mean(view.innovation_V, axis=1),
        expected_V=jnp.mean(view.innovation_std_V, axis=1),
        overpotential_V=jnp.mean(view.overpotential_V, axis=1),
        slope_V=jnp.mean(view.ocv_slope_V, axis=1),
        present=view.record.present,
    )


# For a cell without a calibration of its own: the filter's own expectation, which is right only
# where the plant is the twin's model.
UNCALIBRATED = Schedule(
    temperature_degC=(25.0,),
    weight=((0.0, 1.0, 0.0, 0.0, 0.0, 0.0),),
    threshold=(8.0,),
    low_soc_threshold=(8.0,),
    source="none: eight standard deviations of the filter (assumption)",
)


def _residual_control(name: str, title: str, schedule: Schedule = UNCALIBRATED) -> Control:
    """Return the control that watches the arm of that name under a schedule."""
    arm = ARMS[name]

    def start(runs: int, _cells: int) -> ArmState:
        return start_arm(runs)

    def step(
        state: ArmState, view: CloudView, parameters: Float[Array, "run column"]
    ) -> tuple[ArmState, Float[Array, " run"]]:
        state, shift_V, excitation = arm_step(arm, state, _reading(view), view.tick_s)
        warm_degC = jnp.mean(view.record.wide[1], axis=1)
        size = size_V(schedule, features_mV2(excitation), warm_degC)
        soc = jnp.mean(view.twin_soc, axis=1)
        allowed = size * threshold(schedule, warm_degC, soc) * parameters[:, 1]
        # Nothing was calibrated near empty, where the model means little.
        score = jnp.where(soc > LOWEST_SOC, jnp.abs(shift_V) / allowed, 0.0)
        return state, parameters[:, 0] * score

    return Control(
        id=name,
        title=title,
        layer=Layer.CLOUD,
        strength=SENSITIVITY,
        parameters=(
            Parameter("threshold", "1", 1.0, 0.1, 100.0, "multiplies the calibrated thresholds"),
        ),
        cost=Cost(note="some ten operations for a pack and record; false alarms are measured"),
        source="mean shift against a running reference, scaled by a heteroscedastic model of the "
        "clean residual; calibrated per cell, see its calibration file",
        watch=Watch(Place.CLOUD, Accusation.MEASUREMENT, start, step),
    )


def calibrated(control: Control, schedule: Schedule) -> Control:
    """Return a residual control under the schedule of a cell."""
    return replace(_residual_control(control.id, control.title, schedule), cost=control.cost)


RESIDUAL_JUMP = _residual_control("residual-jump", "A jump of the residual within seconds")
RESIDUAL_SHIFT = _residual_control("residual-shift", "A shift of the residual within minutes")
RESIDUAL_LEVEL = _residual_control("residual-level", "A residual that stays away from zero")
