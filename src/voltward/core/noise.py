"""Noise as a hash of (seed, source, tick, cell), whatever the chunk, worker or control set.

1. Whoever draws has an entry in `NoiseSource`: its channels, which nobody else may use.
2. `hash_bits` turns seed, channel, tick and cell into 64 bits.
3. `uniform` and `gaussian` turn the bits into draws.

>>> import jax
>>> import jax.numpy as jnp
>>> jax.config.update("jax_enable_x64", True)
>>> seeds = jnp.asarray([7, 8], dtype=jnp.uint64)
>>> gaussian(seeds, NoiseSource.VOLTAGE_SENSOR, jnp.asarray(3), cells=96).shape
(2, 96)
"""

from enum import Enum, unique

import jax.numpy as jnp
from jax import Array, lax
from jaxtyping import Float, Int, UInt64

_GOLDEN = 0x9E3779B97F4A7C15
_MIX_1 = 0xBF58476D1CE4E5B9
_MIX_2 = 0x94D049BB133111EB


@unique
class NoiseSource(Enum):
    """The registry of channels: for everything that draws, the first channel and how many.

    The numbers are part of a result: another number gives other draws and so other tables.
    """

    # Fixed for a whole run.
    CELL_CAPACITY = (1, 1)
    CELL_RESISTANCE = (2, 1)
    INITIAL_SOC = (3, 1)
    VOLTAGE_SENSOR_OFFSET = (4, 1)
    TEMPERATURE_SENSOR_OFFSET = (5, 1)
    PACK_SENSOR_OFFSETS = (6, 1)
    COMMISSIONED_CAPACITY = (7, 1)
    COMMISSIONED_RESISTANCE = (8, 1)
    # Anew in every tick.
    VOLTAGE_SENSOR = (11, 1)
    TEMPERATURE_SENSOR = (12, 1)
    PACK_SENSORS = (13, 1)
    RADIO_LINK = (40, 4)
    UPLINK_ENCRYPTION = (45, 1)
    AGEING_BENCHMARK = (900, 30)
    # Eight for each tap: four for each of its slots.
    ATTACK_STEP = (1000, 1000)
    # 64 for each control by its place in the catalogue: one for each tap; then the places from
    # the 32nd on, as entry points may bring them.
    FORGED_PROOF = (5000, 1984)
    CHARGE_WATERMARK = (7000, 1)
    FORGED_PROOF_OF_FURTHER_CONTROLS = (8000, 64000)

    @property
    def channels(self) -> range:
        """The channels that belong to this source."""
        first, count = self.value
        return range(first, first + count)

    def channel(self, member: int) -> int:
        """Return one channel of the source.

        Raises:
            ValueError: The source has fewer.
        """
        if not 0 <= member < len(self.channels):
            raise ValueError(f"{self.name} has no noise channel {member}")
        return self.channels[member]


def _mix(bits: UInt64[Array, "..."]) -> UInt64[Array, "..."]:
    bits = (bits ^ (bits >> 30)) * jnp.uint64(_MIX_1)
    bits = (bits ^ (bits >> 27)) * jnp.uint64(_MIX_2)
    return bits ^ (bits >> 31)


def hash_bits(
    seed: UInt64[Array, " run"],
    source: NoiseSource,
    tick: Int[Array, ""],
    cells: int | None = None,
    *,
    member: int = 0,
) -> UInt64[Array, "run ..."]:
    """Return 64 hashed bits for each run, or for each run and cell.

    Args:
        seed: The seed of each run.
        source: The caller's entry in the registry, so that two callers never share draws.
        tick: The tick.
        cells: How many cells, or None for one draw a run.
        member: Which channel of a source that has several.

    Source:
        Finaliser of SplitMix64: Steele, Lea, Flood, OOPSLA 2014, doi 10.1145/2660193.2660195.
    """
    channel = jnp.uint64(source.channel(member))
    base = seed * jnp.uint64(_GOLDEN) + channel * jnp.uint64(0xD1B54A32D192ED03)
    base = _mix(base + tick.astype(jnp.uint64) * jnp.uint64(0x2545F4914F6CDD1D))
    if cells is None:
        return _mix(base)
    lanes = jnp.arange(1, cells + 1, dtype=jnp.uint64) * jnp.uint64(_GOLDEN)
    return _mix(base[:, None] + lanes)


def uniform(
    seed: UInt64[Array, " run"],
    source: NoiseSource,
    tick: Int[Array, ""],
    cells: int | None = None,
    *,
    member: int = 0,
) -> Float[Array, "run ..."]:
    """Return draws from [0, 1); the arguments are those of `hash_bits`."""
    return (hash_bits(seed, source, tick, cells, member=member) >> 11).astype(
        jnp.float64
    ) * 2.0**-53


def gaussian(
    seed: UInt64[Array, " run"],
    source: NoiseSource,
    tick: Int[Array, ""],
    cells: int | None = None,
    *,
    member: int = 0,
) -> Float[Array, "run ..."]:
    """Return draws of mean 0 and variance 1, close to normal.

    The count of ones in 64 hashed bits is binomial; a uniform of one count's width, taken from the
    same bits by a second mix, smooths the steps.

    Limits:
        Excess kurtosis -0.031 (a normal has 0); no draw lies beyond 8.1 standard deviations.
    """
    bits = hash_bits(seed, source, tick, cells, member=member)
    ones = lax.population_count(bits).astype(jnp.float64) - 32.0
    width = (_mix(bits + jnp.uint64(_GOLDEN)) >> 11).astype(jnp.float64) * 2.0**-53 - 0.5
    return (ones + width) * (16.0 + 1.0 / 12.0) ** -0.5
