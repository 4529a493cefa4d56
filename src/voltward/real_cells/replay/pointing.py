"""Which cell a cell-wise detector points at."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from voltward.physical.remedian import remedian

# (state before, state after, view) -> evidence for each cell (run, cell).
Pointer = Callable[[Any, Any, Any], Float[Array, "run cell"]]


def _cusum(_before: Any, after: Any, _view: Any) -> Float[Array, "run cell"]:
    return jnp.maximum(after.high, after.low)


def _chi_square(_before: Any, after: Any, _view: Any) -> Float[Array, "run cell"]:
    evidence: Float[Array, "run cell"] = after
    return evidence


def _cross_cell(before: Any, _after: Any, view: Any) -> Float[Array, "run cell"]:
    distance_V = view.voltage_V - remedian(view.voltage_V)[:, None]
    return jnp.abs(distance_V - jnp.where(jnp.isnan(before), distance_V, before))


def _cross_residual(_before: Any, after: Any, _view: Any) -> Float[Array, "run cell"]:
    return jnp.abs(after.left_V)


# Id of a watch to how its evidence is read; a watch that is not here points at no cell.
POINTERS: dict[str, Pointer] = {
    "innovation-cusum": _cusum,
    "innovation-chi-square": _chi_square,
    "cross-cell-comparison": _cross_cell,
    "cross-cell-residual": _cross_residual,
}
