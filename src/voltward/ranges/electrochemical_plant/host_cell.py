"""The bridge from the compiled loop to a model that is stepped outside of it."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.experimental import io_callback
from jaxtyping import Float

from voltward.physical.foreign_cell import CellTruth
from voltward.ranges.electrochemical_plant.shared_histories import SharedHistories


class HostCell:
    """A `ForeignCell` whose steps leave the compiled loop once in each tick, in order.

    Args:
        histories: Steps the model.
        side_by_side: How many of the model's cells make one cell of the pack.
    """

    def __init__(self, histories: SharedHistories, side_by_side: int = 1) -> None:
        self.histories, self._share = histories, 1.0 / side_by_side

    def start(self, soc: Float[Array, " run"]) -> tuple[CellTruth, CellTruth]:
        """Return the truth of a rested cell, which is all the state that the loop sees."""
        return self._called(lambda values: self.histories.start(np.asarray(values)), soc)

    def step(
        self, state: CellTruth, current_A: Float[Array, " run"]
    ) -> tuple[CellTruth, CellTruth]:
        """Advance the model by one tick."""
        del state  # it lives outside
        shared = current_A * self._share
        return self._called(lambda values: self.histories.step(np.asarray(values)), shared)

    @staticmethod
    def _called(
        call: Callable[[Any], np.ndarray], values: Float[Array, " run"]
    ) -> tuple[CellTruth, CellTruth]:
        shape = jax.ShapeDtypeStruct((4, *values.shape), jnp.float64)
        table = io_callback(call, shape, values, ordered=True)
        truth = CellTruth(table[0], table[1], table[2], table[3] > 0.5)
        return truth, truth
