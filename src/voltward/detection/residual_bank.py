"""One arm of a bank of residual tests: a recent mean of the innovation against an earlier one."""

from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float

from voltward.detection.residual_schedule import Excitation

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


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class ArmState:
    """Running means, and times of hearing and of silence, each (run,)."""

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
    """Return an arm that has heard nothing."""
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
        share = 1.0 if time_s <= 0.0 else 1.0 - jnp.exp(-tick_s / time_s)
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
