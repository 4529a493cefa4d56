"""Scheduled residual tests on the mean of the cells, for lies that all cells share."""

from dataclasses import replace

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from voltward.core.control import Accusation, Control, Cost, Place, Watch
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer
from voltward.core.view import CloudView
from voltward.detection.residual_bank import Arm, ArmState, Reading, arm_step, start_arm
from voltward.detection.residual_schedule import (
    LOWEST_SOC,
    Schedule,
    features_mV2,
    size_V,
    threshold,
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


def residual_control(name: str, title: str, arm: Arm, schedule: Schedule) -> Control:
    """Return the control that watches one arm under a schedule.

    Args:
        name: Id.
        title: One line.
        arm: Time constants.
        schedule: Sizes and thresholds.
    """

    def start(runs: int, _cells: int) -> ArmState:
        return start_arm(runs)

    def step(
        state: ArmState, view: CloudView, parameters: Float[Array, "run column"]
    ) -> tuple[ArmState, Float[Array, " run"]]:
        state, shift_V, excitation = arm_step(arm, state, reading_of(view), view.tick_s)
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
        strength=Parameter("sensitivity", "1", 1.0, 0.0, 10.0, "multiplies the score; 0 is absent"),
        parameters=(
            Parameter("threshold", "1", 1.0, 0.1, 100.0, "multiplies the calibrated thresholds"),
        ),
        cost=Cost(note="some ten operations for a pack and record; false alarms are measured"),
        source="mean shift against a running reference, scaled by a heteroscedastic model of the "
        "clean residual; calibrated per cell, see its calibration file",
        watch=Watch(Place.CLOUD, Accusation.MEASUREMENT, start, step),
    )


def reading_of(view: CloudView) -> Reading:
    """Return what the arms take in, mean of the cells."""
    return Reading(
        innovation_V=jnp.mean(view.innovation_V, axis=1),
        expected_V=jnp.mean(view.innovation_std_V, axis=1),
        overpotential_V=jnp.mean(view.overpotential_V, axis=1),
        slope_V=jnp.mean(view.ocv_slope_V, axis=1),
        present=view.record.present,
    )


def calibrated(control: Control, arm: Arm, schedule: Schedule) -> Control:
    """Return a residual control under the schedule of a cell."""
    return replace(residual_control(control.id, control.title, arm, schedule), cost=control.cost)
