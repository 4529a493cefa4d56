"""Grid frequency: single-area load-frequency control, discretised exactly within a tick."""

from dataclasses import dataclass, replace
from functools import cache
from typing import Annotated

import jax
import jax.numpy as jnp
import numpy as np
from annotated_types import Interval
from jax import Array
from jaxtyping import Float
from scipy.linalg import expm

from voltward.documents.settings_table import NotNegative, Positive, Share, settings_table


@settings_table
class GridSettings:
    """The grid around a fleet of such packs: one area, per unit of `base_MW`.

    Attributes:
        fleet_size: Packs that are connected.
        share_compromised: Share of them that the attacker moves together.
        synchronised: Share of those that act within one governor time constant.
        base_MW: Load of the area.
        frequency_Hz: Nominal.
        inertia_s: H.
        damping_pu: D.
        droop_pu: R.
        governor_s: Tg.
        turbine_s: Tt.
        integral_gain: Ki of the secondary control; 0 is none.
    """

    fleet_size: Annotated[int, Interval(ge=1, le=100_000_000)]
    share_compromised: Share
    synchronised: Share
    base_MW: Positive
    frequency_Hz: Annotated[float, Interval(ge=16.0, le=60.0)]
    inertia_s: Positive
    damping_pu: NotNegative
    droop_pu: Positive
    governor_s: Positive
    turbine_s: Positive
    integral_gain: NotNegative


# Saadat, Power System Analysis, chapter 12: an isolated station of 250 MW with integral control,
# and the same without; no fleet is connected to it.
TEXTBOOK_60HZ = GridSettings(
    fleet_size=1,
    share_compromised=0.0,
    synchronised=0.0,
    base_MW=250.0,
    frequency_Hz=60.0,
    inertia_s=5.0,
    damping_pu=0.8,
    droop_pu=0.05,
    governor_s=0.2,
    turbine_s=0.5,
    integral_gain=7.0,
)
TEXTBOOK_60HZ_PRIMARY_ONLY = replace(TEXTBOOK_60HZ, integral_gain=0.0)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class GridState:
    """Deviations from the operating point, (run, 4).

    The columns are frequency (pu), turbine power (pu), governor output (pu) and the integral of
    the frequency (pu s).
    """

    deviation: Float[Array, "run 4"]


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class GridMatrices:
    """Exact solution at equally spaced moments of a tick, moment 0 included.

    `free` (sample, 4, 4) carries the state, `forced` (sample, 4) the load that is constant in the
    tick; `rate_state` (4,) and `rate_load` give the frequency's slope in Hz/s.
    """

    free: Float[Array, "sample 4 4"]
    forced: Float[Array, "sample 4"]
    rate_state: Float[Array, "4"]
    rate_load: Float[Array, ""]
    nominal_Hz: Float[Array, ""]


def initial_grid_state(runs: int) -> GridState:
    """Return the state at nominal frequency for a number of runs."""
    return GridState(deviation=jnp.zeros((runs, 4)))


def grid_matrices(parameters: GridSettings, tick_s: float, substeps: int) -> GridMatrices:
    """Return the matrices of one tick, computed once with a matrix exponential.

    Args:
        parameters: Constants of the area.
        tick_s: Length of the tick in s.
        substeps: Samples within the tick. A nadir between two samples is missed by at most
            f'' h^2 / 8: about 1 mHz for a step of 0.1 pu with 20 samples a second.

    Returns:
        Matrices for `grid_step`.

    Source: 2H dw/dt = P_m - P_L - D w; T_t dP_m/dt = P_g - P_m; T_g dP_g/dt = u - w/R - P_g;
        u = -K_i * integral of w.
    Limits: linear, one area; no generation-rate limit, dead band or load shedding.
    """
    solutions, system = _solutions(parameters, tick_s, substeps)
    return GridMatrices(
        free=jnp.asarray(solutions[:, :4, :4]),
        forced=jnp.asarray(solutions[:, :4, 4]),
        rate_state=jnp.asarray(parameters.frequency_Hz * system[0, :4]),
        rate_load=jnp.asarray(parameters.frequency_Hz * system[0, 4]),
        nominal_Hz=jnp.asarray(parameters.frequency_Hz),
    )


@cache
def _solutions(
    parameters: GridSettings, tick_s: float, substeps: int
) -> tuple[Float[np.ndarray, "sample 5 5"], Float[np.ndarray, "5 5"]]:
    """Return what each sample of a tick makes of state and load, and the matrix of the area."""
    twice_inertia_s = 2.0 * parameters.inertia_s
    system = np.zeros((5, 5))
    system[0] = [-parameters.damping_pu, 1.0, 0.0, 0.0, -1.0]
    system[0] /= twice_inertia_s
    system[1, 1:3] = np.array([-1.0, 1.0]) / parameters.turbine_s
    governor = [-1.0 / parameters.droop_pu, 0.0, -1.0, -parameters.integral_gain]
    system[2, :4] = np.array(governor) / parameters.governor_s
    system[3, 0] = 1.0
    moments_s = np.linspace(0.0, tick_s, substeps + 1)
    # The load is a fifth state that stays constant, so one exponential gives both matrices.
    return np.stack([expm(system * moment_s) for moment_s in moments_s]), system


def grid_step(
    matrices: GridMatrices, state: GridState, load_step_pu: Float[Array, " run"]
) -> tuple[
    GridState,
    Float[Array, " run"],
    Float[Array, " run"],
    Float[Array, " run"],
    Float[Array, " run"],
]:
    """Advance the frequency by one tick under a load that is constant within it.

    Args:
        matrices: From `grid_matrices`.
        state: Deviations at the start of the tick.
        load_step_pu: Load above the operating point (per unit of the area's base); support by
            batteries counts as negative load.

    Returns:
        The state; the frequency deviation at the end of the tick; its lowest and its highest
        value within the tick, both ends included (Hz); and the rate of change of frequency with
        the largest magnitude within the tick, with its sign (Hz/s).
    """
    samples = jnp.einsum("sij,rj->rsi", matrices.free, state.deviation)
    samples += load_step_pu[:, None, None] * matrices.forced
    frequency_Hz = samples[:, :, 0] * matrices.nominal_Hz
    rate_Hz_per_s = samples @ matrices.rate_state + load_step_pu[:, None] * matrices.rate_load
    fall = jnp.min(rate_Hz_per_s, axis=1)
    rise = jnp.max(rate_Hz_per_s, axis=1)
    return (
        GridState(deviation=samples[:, -1]),
        frequency_Hz[:, -1],
        jnp.min(frequency_Hz, axis=1),
        jnp.max(frequency_Hz, axis=1),
        jnp.where(-fall >= rise, fall, rise),
    )
