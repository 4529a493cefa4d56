"""Regularised least squares through the circuit: Levenberg and Marquardt with exact gradients."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

from voltward.physical.cell import CellModel
from voltward.physical.circuit import CircuitState, advance, rested, terminal_V
from voltward.real_cells.identification.layout import Layout, cell_of_vector

# Model error is correlated over some tens of seconds: so many samples count as one, at 10 mV.
_SAMPLE_STD_V = 0.010 * np.sqrt(40.0)
# Beyond this an error counts linearly, so that the collapse at the end of a cold discharge does
# not dominate.
_LINEAR_BEYOND_V = 0.05
_DIRECTIONS, _ROUNDS, _TRIES, _ENOUGH = 20, 40, 6, 3e-4

Arrays = dict[str, Float[Array, "step record"]]


@dataclass(frozen=True)
class Solution:
    """Result of the fit.

    Attributes:
        vector: The numbers.
        converged: Whether a further round would change almost nothing.
        rounds: Number of rounds.
        cost: The regularised cost at the end.
    """

    vector: Float[np.ndarray, " number"]
    converged: bool
    rounds: int
    cost: float


def simulate(cell: CellModel, arrays: Arrays) -> Float[Array, "step record"]:
    """Return the open-loop terminal voltage of every record; SoC is the recorded one."""

    def step(
        state: CircuitState, now: dict[str, Float[Array, " record"]]
    ) -> tuple[CircuitState, Float[Array, " record"]]:
        # Records are on the run axis, with one cell each.
        given = {name: values[:, None] for name, values in now.items()}
        current_A, warm_degC = given["current_A"], given["temperature_degC"]
        state = advance(
            cell, replace(state, soc=given["soc"]), current_A, warm_degC, given["elapsed_s"]
        )
        state = replace(state, soc=given["soc"])
        return state, terminal_V(cell, state, current_A, warm_degC)[:, 0]

    names = ("elapsed_s", "current_A", "temperature_degC", "soc")
    start = rested(arrays["soc"][0][:, None])
    _, voltage_V = jax.lax.scan(step, start, {name: arrays[name] for name in names})
    return voltage_V


def solve(
    layout: Layout,
    base: CellModel,
    arrays: dict[str, np.ndarray],
    weight: Float[np.ndarray, "step record"],
    progress: Callable[[int, float], None],
) -> Solution:
    """Return the numbers that explain the records best.

    Args:
        layout: Of the numbers.
        base: Everything that is not fitted.
        arrays: Of the records, padded, (step, record).
        weight: Of every sample.
        progress: Called with the round and the weighted RMS error in V.
    """
    given = {name: jnp.asarray(values) for name, values in arrays.items()}
    measured_V, flat = arrays["voltage_V"], weight.reshape(-1)
    mean, width = layout.expected()
    bends = layout.bends()
    prior = np.diag(width**-2.0) + bends.T @ bends

    def predicted(vector: Float[Array, " number"]) -> Float[Array, "step record"]:
        return simulate(cell_of_vector(layout, vector, base), given)

    run = jax.jit(predicted)
    along = jax.jit(
        lambda vector, directions: jax.vmap(
            lambda direction: jax.jvp(predicted, (vector,), (direction,))[1]
        )(directions)
    )

    def cost_of(vector: Float[np.ndarray, " number"]) -> tuple[float, np.ndarray]:
        error = (measured_V - np.asarray(run(jnp.asarray(vector)))).reshape(-1)
        size = np.abs(error)
        bent = np.where(
            size < _LINEAR_BEYOND_V, error**2, (2.0 * size - _LINEAR_BEYOND_V) * _LINEAR_BEYOND_V
        )
        off = (vector - mean) / width
        total = float(flat @ bent) / _SAMPLE_STD_V**2 + off @ off + np.sum((bends @ vector) ** 2)
        return float(total), error

    vector, damping, converged = mean.copy(), 1e-2, False
    cost, error = cost_of(vector)
    for round_number in range(1, _ROUNDS + 1):
        rms_V = float(np.sqrt(flat @ error**2 / flat.sum()))
        progress(round_number, rms_V)
        jacobian = _jacobian(along, vector)
        size = np.maximum(np.abs(error), 1e-12)
        share = flat * np.minimum(_LINEAR_BEYOND_V / size, 1.0) / _SAMPLE_STD_V**2
        weighted = jacobian * share
        normal = weighted @ jacobian.T + prior
        downhill = weighted @ error - (vector - mean) / width**2 - bends.T @ (bends @ vector)
        found = None
        for _ in range(_TRIES):
            step = np.linalg.solve(normal + damping * np.diag(np.diag(normal)), downhill)
            tried = cost_of(vector + step)
            if np.isfinite(tried[0]) and tried[0] < cost:
                found = tried
                break
            damping *= 5.0
        if found is None:
            # No gain in the first round: the start leads to no solution.
            converged = bool(np.isfinite(cost)) and round_number > 1
            break
        vector = vector + step
        gained = (cost - found[0]) / cost
        (cost, error), damping = found, max(damping / 5.0, 1e-7)
        if gained < _ENOUGH:
            converged = True
            break
    return Solution(vector, converged, round_number, cost)


def _jacobian(
    along: Callable[[Array, Array], Array], vector: Float[np.ndarray, " number"]
) -> Float[np.ndarray, "number sample"]:
    """Return how every sample moves with every number, some directions at a time."""
    size, parts = vector.size, []
    for start in range(0, size, _DIRECTIONS):
        directions = np.zeros((_DIRECTIONS, size))
        count = min(_DIRECTIONS, size - start)
        directions[np.arange(count), start + np.arange(count)] = 1.0
        moved = np.asarray(along(jnp.asarray(vector), jnp.asarray(directions)))[:count]
        parts.append(moved.reshape(count, -1))
    return np.concatenate(parts)
