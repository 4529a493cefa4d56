"""Draws of worlds: independent, and the same whatever the stacks, chunks or workers.

1. A share in (0, 1) is a hash of seed, number of the world and name of the factor: a world is the
   same draw in a campaign of 8 and of 8,000, and a factor that is added changes no other one.
2. The law of each factor turns shares into values; what depends on a choice follows its outcome.

A Sobol design gives points that fill the space evenly: for sweeps and for the ranking of factors.
Its points are not independent, so no interval may be computed from them.

>>> from voltward.ranges.worlds.world_file import load_world_laws
>>> laws = load_world_laws("everyday")
>>> few, many = draw_factors(laws, seed=7, worlds=2), draw_factors(laws, seed=7, worlds=50)
>>> bool((few["soc"] == many["soc"][:2]).all())
True
"""

import hashlib
from collections.abc import Mapping

import numpy as np
from scipy.stats import qmc

from voltward.ranges.worlds.factors import FACTORS, Choice
from voltward.ranges.worlds.world_file import FactorLaw, WorldLaws

Drawn = Mapping[str, np.ndarray]


def draw_factors(laws: WorldLaws, *, seed: int, worlds: int, first: int = 0) -> Drawn:
    """Return independent draws of every factor.

    Args:
        laws: Of the world.
        seed: Of the draw.
        worlds: How many.
        first: Number of the first one.

    Returns:
        By factor: values, or texts where it is a choice (world,).
    """
    numbers = range(first, first + worlds)
    return _values(laws, {name: _shares(seed, numbers, name) for name in FACTORS})


def design_factors(laws: WorldLaws, *, seed: int, worlds: int) -> Drawn:
    """Return a scrambled Sobol design over every factor; the arguments are those of `draw_factors`.

    Limits:
        The points are not independent draws: no interval may be computed from them.
    """
    sobol = qmc.Sobol(len(FACTORS), rng=np.random.default_rng(seed))
    points = sobol.random_base2(max(worlds - 1, 1).bit_length())[:worlds]
    inside = np.clip(points, 2.0**-54, 1.0 - 2.0**-53)
    return _values(laws, dict(zip(FACTORS, inside.T, strict=True)))


def noise_seeds(*, seed: int, worlds: int, first: int = 0) -> np.ndarray:
    """Return the seed of each world's noise, and of what differs from cell to cell (world,)."""
    bits = [_bits(seed, number, "noise") >> 11 for number in range(first, first + worlds)]
    return np.array(bits, dtype=np.uint64)


def _bits(seed: int, number: int, factor: str) -> int:
    text = f"{seed}/{number}/{factor}".encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little")


def _shares(seed: int, numbers: range, factor: str) -> np.ndarray:
    bits = np.array([_bits(seed, number, factor) >> 11 for number in numbers], dtype=float)
    return (bits + 0.5) * 2.0**-53


def _values(laws: WorldLaws, shares: Mapping[str, np.ndarray]) -> Drawn:
    drawn: dict[str, np.ndarray] = {}
    for name, law in laws.laws.items():
        drawn[name] = _of_law(law, shares[name], drawn)
    return drawn


def _of_law(law: FactorLaw, share: np.ndarray, drawn: Drawn) -> np.ndarray:
    named = isinstance(FACTORS[law.name], Choice)
    values = np.empty(share.shape, dtype=object if named else float)
    for outcome in law.outcomes():
        here = np.ones(share.shape, dtype=bool)
        for name, option in zip(law.by, outcome, strict=True):
            here &= drawn[name] == option
        if here.any():
            values[here] = law.quantile(outcome)(share[here])
    return values
