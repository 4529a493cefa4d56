"""Lithium plating: the charge current above which lithium deposits on the anode."""

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from voltward.core.errors import ConfigurationError
from voltward.core.input_file import read_json
from voltward.core.suggestion import nearest

REFERENCE_K = 298.15
ANODE_EXCESS_SOC = 0.10


@dataclass(frozen=True)
class PlatingCoefficients:
    """Fitted limit map and the share of the excess current that plates.

    The fitted form is ln(limit) = sum c_ij soc^i x^j + (c_g + c_gx x) g with
    x = 1000 K (1/298.15 K - 1/T) and a smooth step g at the graphite stage change.

    Attributes:
        level: Coefficients of soc^0 to soc^3.
        slope: Coefficients of x and soc * x.
        curvature: Coefficient of x^2.
        step: Coefficients of g and g * x.
        step_soc: Centre of the step.
        step_width: Width of the step in SoC.
        soc_range: SoC range of the fit.
        temperature_range_degC: Temperature range of the fit.
        plated_share: Plated current over excess current.
        source: Where the map comes from.
    """

    level: tuple[float, float, float, float]
    slope: tuple[float, float]
    curvature: float
    step: tuple[float, float]
    step_soc: float
    step_width: float
    soc_range: tuple[float, float]
    temperature_range_degC: tuple[float, float]
    plated_share: float
    source: str


def plating_coefficients(document: dict[str, Any]) -> PlatingCoefficients:
    """Return the coefficients that a parsed `data/plating/*.json` document holds."""
    values = [float(value) for value in document["coefficients"]]
    c0, c1, c2, c3, slope_0, slope_1, curvature, step_0, step_1 = values
    lowest_soc, highest_soc = document["soc_range"]
    coldest, hottest = document["temperature_range_degC"]
    return PlatingCoefficients(
        level=(c0, c1, c2, c3),
        slope=(slope_0, slope_1),
        curvature=curvature,
        step=(step_0, step_1),
        step_soc=float(document["step_soc"]),
        step_width=float(document["step_width"]),
        soc_range=(float(lowest_soc), float(highest_soc)),
        temperature_range_degC=(float(coldest), float(hottest)),
        plated_share=float(document["plated_share"]["median"]),
        source=str(document["source"]),
    )


def load_plating_map(name: str = "lg-m50") -> dict[str, Any]:
    """Read a shipped limit map with its grid, fit and source.

    Args:
        name: File in `data/plating` without its ending.

    Returns:
        The parsed document; `plating_coefficients` turns it into what the rules need.

    Raises:
        ConfigurationError: No such map is shipped.
    """
    folder = files("voltward") / "data" / "plating"
    file = folder / f"{name}.json"
    if not file.is_file():
        names = (entry.name for entry in folder.iterdir())
        known = sorted(entry.removesuffix(".json") for entry in names if entry.endswith(".json"))
        raise ConfigurationError(
            f"plating map {name!r} is not shipped",
            why=f"shipped are: {', '.join(known)}",
            hint=nearest(name, known),
        )
    document: dict[str, Any] = read_json(Path(str(file)))
    return document


def plating_limit_C(
    soc: Float[Array, "run cell"],
    temperature_degC: Float[Array, "run cell"],
    coefficients: PlatingCoefficients,
) -> Float[Array, "run cell"]:
    """Return the charge C-rate at which the anode potential reaches 0 V against lithium.

    Args:
        soc: State of charge.
        temperature_degC: Cell temperature.
        coefficients: Fitted map.

    Returns:
        Limit as a C-rate, never negative.

    Source: `coefficients.source`; a 300 s charge from rest in the Doyle-Fuller-Newman model. The
        file states the error of the fit. Above 100 % SoC the limit falls linearly to zero at
        110 %, where an anode with 10 % excess is full: an assumption.
    Limits: SoC and temperature are held at the edges of the fitted range, save that temperature
        may pass them by 15 K. Fresh LG M50 cell; a longer charge plates earlier.
    """
    low_soc, high_soc = coefficients.soc_range
    cold_degC, hot_degC = coefficients.temperature_range_degC
    inside = jnp.clip(soc, low_soc, high_soc)
    kelvin = jnp.clip(temperature_degC, cold_degC - 15.0, hot_degC + 15.0) + 273.15
    x = 1000.0 * (1.0 / REFERENCE_K - 1.0 / kelvin)
    distance = (inside - coefficients.step_soc) / coefficients.step_width
    step = distance / jnp.sqrt(1.0 + distance * distance)
    c0, c1, c2, c3 = coefficients.level
    level = c0 + inside * (c1 + inside * (c2 + inside * c3)) + coefficients.step[0] * step
    slope = coefficients.slope[0] + coefficients.slope[1] * inside + coefficients.step[1] * step
    limit_C = jnp.exp(level + x * (slope + coefficients.curvature * x))
    room_left = jnp.clip(1.0 - (soc - 1.0) / ANODE_EXCESS_SOC, 0.0, 1.0)
    return limit_C * room_left


def plating_current_C(
    charge_rate_C: Float[Array, "run cell"],
    soc: Float[Array, "run cell"],
    temperature_degC: Float[Array, "run cell"],
    coefficients: PlatingCoefficients,
) -> Float[Array, "run cell"]:
    """Return the current that plates lithium instead of charging the anode, as a C-rate.

    Args:
        charge_rate_C: Charge current over capacity, positive when charging.
        soc: State of charge.
        temperature_degC: Cell temperature.
        coefficients: Fitted map and plated share.

    Returns:
        plated_share * (charge rate - limit)+.

    Source: the share is the median of the same model with plating kinetics.
    Limits: a constant share is an assumption; in the model it spans the range that the map's
        file states, so plated charge is right in order of magnitude only. Stripping on rest
        is not counted: this is gross plated charge.
    """
    limit_C = plating_limit_C(soc, temperature_degC, coefficients)
    return coefficients.plated_share * jnp.maximum(charge_rate_C - limit_C, 0.0)
