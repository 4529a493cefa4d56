"""Cells in parallel share a voltage: the exact current split, in closed form."""

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float


def split_current(
    emf_V: Float[Array, "run cell"],
    resistance_ohm: Float[Array, "run cell"],
    current_A: Float[Array, " run"],
    parallel: int,
) -> Float[Array, "run cell"]:
    """Return each cell's current in a series string of parallel groups.

    Args:
        emf_V: Voltage behind the resistance, cells of one group side by side.
        resistance_ohm: Resistance over the tick, with the implicit part of the RC pairs.
        current_A: Pack current.
        parallel: Cells in a group.

    Source:
        Kirchhoff: V = (sum E/R + I) / sum 1/R for a group of Thevenin branches.
    """
    if parallel == 1:
        return jnp.broadcast_to(current_A[:, None], emf_V.shape)
    runs, cells = emf_V.shape
    shape = (runs, cells // parallel, parallel)
    conductance = 1.0 / resistance_ohm.reshape(shape)
    emf = emf_V.reshape(shape)
    total = jnp.sum(conductance, axis=2, keepdims=True)
    voltage = (jnp.sum(emf * conductance, axis=2, keepdims=True) + current_A[:, None, None]) / total
    return ((voltage - emf) * conductance).reshape(runs, cells)
