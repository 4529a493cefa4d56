"""The cell's circuit under a recorded current, for many cells side by side."""

from collections.abc import Callable, Hashable
from dataclasses import asdict, dataclass, field
from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jaxtyping import Float

from voltward.physical.cell import CellModel
from voltward.physical.circuit import CircuitState, advance, rested, terminal_V

# Lengths are padded to a multiple of this, so that programs are few.
_BUCKET = 2048
_TICK_S = 1.0

Program = Callable[..., tuple[Array, Array]]


@dataclass(frozen=True)
class _Circuit:
    """A cell as the key of its program: equal where every number is, as arrays cannot be hashed."""

    numbers: Hashable
    cell: CellModel = field(compare=False)

    @classmethod
    def of(cls, cell: CellModel) -> "_Circuit":
        leaves, structure = jax.tree.flatten(asdict(cell))
        return cls((structure, tuple(np.asarray(leaf).tobytes() for leaf in leaves)), cell)


def circuit_run(
    cell: CellModel,
    current_A: Float[np.ndarray, " time"] | Float[np.ndarray, "time cell"],
    temperature_degC: Float[np.ndarray, " time"] | Float[np.ndarray, "time cell"],
    initial_soc: Float[np.ndarray, " cell"],
    resistance_scale: Float[np.ndarray, " cell"] | float = 1.0,
    capacity_scale: Float[np.ndarray, " cell"] | float = 1.0,
) -> tuple[Float[np.ndarray, "time cell"], Float[np.ndarray, "time cell"]]:
    """Return terminal voltage and state of charge of rested cells under a current, at 1 Hz.

    Args:
        cell: The cell model.
        current_A: Through all cells, or each cell's own; positive charges.
        temperature_degC: Of all cells, or of each.
        initial_soc: At the first sample.
        resistance_scale: Factor on the resistances of each cell.
        capacity_scale: Factor on the capacity of each cell.
    """
    count, ticks = initial_soc.shape[0], current_A.shape[0]
    padding = -ticks % _BUCKET

    def wide(values: np.ndarray) -> Array:
        columns = values[:, None] if values.ndim == 1 else values
        padded = np.pad(columns, ((0, padding), (0, 0)), mode="edge")
        return jnp.asarray(padded, dtype=jnp.float64)

    def each(value: Float[np.ndarray, " cell"] | float) -> Array:
        return jnp.broadcast_to(jnp.asarray(value, dtype=jnp.float64), (1, count))

    voltage_V, soc = _program(_Circuit.of(cell))(
        wide(current_A),
        wide(temperature_degC),
        each(initial_soc),
        each(resistance_scale),
        each(capacity_scale),
    )
    return np.asarray(voltage_V[:ticks]), np.asarray(soc[:ticks])


# A benchmark uses one cell at a time; programs of earlier cells are released.
@lru_cache(maxsize=8)
def _program(circuit: _Circuit) -> Program:
    jax.config.update("jax_enable_x64", True)
    cell = circuit.cell

    def run(
        current_A: Array, temperature_degC: Array, soc: Array, resistance: Array, capacity: Array
    ) -> tuple[Array, Array]:
        def second(
            state: CircuitState, given: tuple[Array, Array]
        ) -> tuple[CircuitState, tuple[Array, Array]]:
            now_A, warm_degC = (jnp.broadcast_to(row[None, :], soc.shape) for row in given)
            after = advance(cell, state, now_A, warm_degC, _TICK_S, resistance, capacity)
            volts = terminal_V(cell, after, now_A, warm_degC, resistance)
            return after, (volts[0], after.soc[0])

        return lax.scan(second, rested(soc), (current_A, temperature_degC))[1]

    jitted: Program = jax.jit(run)
    return jitted
