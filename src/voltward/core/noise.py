"""Noise as a hash of (seed, tap, tick, cell), whatever the chunk, worker or control set."""

import jax.numpy as jnp
from jax import Array, lax
from jaxtyping import Float, Int, UInt64

_GOLDEN = 0x9E3779B97F4A7C15
_MIX_1 = 0xBF58476D1CE4E5B9
_MIX_2 = 0x94D049BB133111EB


def _mix(bits: UInt64[Array, "..."]) -> UInt64[Array, "..."]:
    bits = (bits ^ (bits >> 30)) * jnp.uint64(_MIX_1)
    bits = (bits ^ (bits >> 27)) * jnp.uint64(_MIX_2)
    return bits ^ (bits >> 31)


def hash_bits(
    seed: UInt64[Array, " run"], channel: int, tick: Int[Array, ""], cells: int | None = None
) -> UInt64[Array, "run ..."]:
    """Return 64 hashed bits for each run, or for each run and cell.

    Args:
        seed: The seed of each run.
        channel: A number of the caller's own, so that two callers never share draws.
        tick: The tick.
        cells: How many cells, or None for one draw a run.

    Source:
        Finaliser of SplitMix64: Steele, Lea, Flood, OOPSLA 2014, doi 10.1145/2660193.2660195.
    """
    base = seed * jnp.uint64(_GOLDEN) + jnp.uint64(channel) * jnp.uint64(0xD1B54A32D192ED03)
    base = _mix(base + tick.astype(jnp.uint64) * jnp.uint64(0x2545F4914F6CDD1D))
    if cells is None:
        return _mix(base)
    lanes = jnp.arange(1, cells + 1, dtype=jnp.uint64) * jnp.uint64(_GOLDEN)
    return _mix(base[:, None] + lanes)


def uniform(
    seed: UInt64[Array, " run"], channel: int, tick: Int[Array, ""], cells: int | None = None
) -> Float[Array, "run ..."]:
    """Return draws from [0, 1)."""
    return (hash_bits(seed, channel, tick, cells) >> 11).astype(jnp.float64) * 2.0**-53


def gaussian(
    seed: UInt64[Array, " run"], channel: int, tick: Int[Array, ""], cells: int | None = None
) -> Float[Array, "run ..."]:
    """Return draws of mean 0 and variance 1, close to normal.

    The count of ones in 64 hashed bits is binomial; a uniform of one count's width, taken from the
    same bits by a second mix, smooths the steps.

    Limits:
        Excess kurtosis -0.031 (a normal has 0); no draw lies beyond 8.1 standard deviations.
    """
    bits = hash_bits(seed, channel, tick, cells)
    ones = lax.population_count(bits).astype(jnp.float64) - 32.0
    width = (_mix(bits + jnp.uint64(_GOLDEN)) >> 11).astype(jnp.float64) * 2.0**-53 - 0.5
    return (ones + width) * (16.0 + 1.0 / 12.0) ** -0.5
