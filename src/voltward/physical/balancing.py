"""Bleed balancing: cells that read higher than the lowest are discharged through a resistor."""

import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float


def bleed_wanted(
    voltage_V: Float[Array, "run cell"],
    resting: Bool[Array, " run"],
    start_above_V: float,
    margin_V: float,
) -> Float[Array, "run cell"]:
    """Return 1 for the cells that the BMS wants to bleed.

    Args:
        voltage_V: Cell voltages as read.
        resting: Whether the pack charges gently or rests; under load readings mislead.
        start_above_V: Balancing acts only on charged cells.
        margin_V: Difference to the lowest cell that is tolerated.
    """
    lowest = jnp.min(voltage_V, axis=1, keepdims=True)
    above = (voltage_V > lowest + margin_V) & (voltage_V > start_above_V)
    return (above & resting[:, None]).astype(jnp.float64)
