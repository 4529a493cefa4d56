"""Internal short circuit: the separator melts, or copper dissolved by over-discharge bridges it."""

from dataclasses import dataclass

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float


@dataclass(frozen=True)
class InternalShortParameters:
    """When a short forms inside a cell, and how conductive it gets.

    Attributes:
        melt_onset_degC: Separator temperature at which the first short forms.
        collapse_degC: Separator temperature at which the separator is gone.
        collapsed_resistance_ohm: Short resistance after collapse.
        copper_onset_soc: SoC at which over-discharge starts to dissolve the copper collector.
        copper_full_soc: SoC at which the copper short is fully formed.
        copper_resistance_ohm: Short resistance after full copper deposition.

    Source: melting at 130-150 degC is the range of polyethylene and polypropylene-layered
        separators. Copper: a voltage plateau near -12 % SoC, short detected once it is passed,
        resistance falling sharply at first: Guo et al., Scientific Reports 6 (2016) 30248. The
        two resistances and `copper_full_soc` are assumptions, for a cell of 2 to 5 Ah.
    """

    melt_onset_degC: float = 130.0
    collapse_degC: float = 150.0
    collapsed_resistance_ohm: float = 0.05
    copper_onset_soc: float = -0.12
    copper_full_soc: float = -0.20
    copper_resistance_ohm: float = 5.0


def short_conductance_S(
    hottest_degC: Float[Array, "run cell"],
    lowest_soc: Float[Array, "run cell"],
    parameters: InternalShortParameters,
) -> Float[Array, "run cell"]:
    """Return the conductance of the internal short; zero in a sound cell.

    Damage does not heal, so both arguments are extremes so far, kept by the caller. Each path
    grows smoothly from its onset to its full value (zero slope at both ends); the paths add up.

    Args:
        hottest_degC: Highest separator temperature so far.
        lowest_soc: Lowest state of charge so far; negative is over-discharge.
        parameters: Onsets and resistances.

    Returns:
        Conductance in S per cell; its reciprocal is the short resistance.
    """
    melted = _ramp(hottest_degC, parameters.melt_onset_degC, parameters.collapse_degC)
    bridged = _ramp(-lowest_soc, -parameters.copper_onset_soc, -parameters.copper_full_soc)
    return melted / parameters.collapsed_resistance_ohm + bridged / parameters.copper_resistance_ohm


def short_current_A(
    voltage_V: Float[Array, "run cell"], conductance_S: Float[Array, "run cell"]
) -> Float[Array, "run cell"]:
    """Return the self-discharge current V/R; subtract it from the charging current of the cell."""
    return voltage_V * conductance_S


def short_heat_W(
    voltage_V: Float[Array, "run cell"], conductance_S: Float[Array, "run cell"]
) -> Float[Array, "run cell"]:
    """Return the heat V^2/R that the short sets free inside the cell."""
    return voltage_V**2 * conductance_S


def _ramp(value: Array, start: float, end: float) -> Array:
    share = jnp.clip((value - start) / (end - start), 0.0, 1.0)
    return share * share * (3.0 - 2.0 * share)
