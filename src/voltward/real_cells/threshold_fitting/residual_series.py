"""Input of the residual arms on a recording: the shifts, and the features of their usual size."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Bool, Float

from voltward.detection.residual_bank import Arm, ArmState, Reading, arm_step, start_arm
from voltward.detection.residual_schedule import features_mV2
from voltward.real_cells.replay.injection import TICK_S
from voltward.real_cells.replay.session import Replay


@dataclass(frozen=True)
class ResidualSeries:
    """One arm on one clean recording.

    Attributes:
        shift_V: Of the innovation.
        features_mV2: Of the usual size.
        temperature_degC: As reported.
        soc: Of the twin.
        warm: Where the arm has settled.
    """

    shift_V: Float[np.ndarray, " time"]
    features_mV2: Float[np.ndarray, "time feature"]
    temperature_degC: Float[np.ndarray, " time"]
    soc: Float[np.ndarray, " time"]
    warm: Bool[np.ndarray, " time"]


def residual_series(arm: Arm, replay: Replay) -> ResidualSeries:
    """Return the series of an arm in run 0 of a replay.

    Args:
        arm: Its time constants.
        replay: Traced at least in run 0.
    """
    means = {
        name: np.mean(getattr(replay, name)[:, 0], axis=1)
        for name in ("innovation_V", "expected_V", "overpotential_V", "ocv_slope_V")
    }
    present = np.isfinite(means["innovation_V"])
    readings = Reading(
        innovation_V=jnp.asarray(np.nan_to_num(means["innovation_V"]))[:, None],
        expected_V=jnp.asarray(means["expected_V"])[:, None],
        overpotential_V=jnp.asarray(np.nan_to_num(means["overpotential_V"]))[:, None],
        slope_V=jnp.asarray(means["ocv_slope_V"])[:, None],
        present=jnp.asarray(present)[:, None],
    )

    def step(
        state: ArmState, now: Reading
    ) -> tuple[ArmState, tuple[Float[Array, ""], Float[Array, " feature"]]]:
        state, shift_V, excitation = arm_step(arm, state, now, TICK_S)
        return state, (shift_V[0], features_mV2(excitation)[0])

    _, (shift_V, features) = jax.jit(lambda given: jax.lax.scan(step, start_arm(1), given))(
        readings
    )
    shifts = np.asarray(shift_V)
    return ResidualSeries(
        shifts,
        np.asarray(features),
        np.mean(replay.temperature_degC[:, 0], axis=1),
        replay.soc[:, 0],
        present & (shifts != 0.0),
    )
