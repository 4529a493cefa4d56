"""One colour and line for every temperature, the same in all figures of a fit: cold is blue."""

from collections.abc import Sequence
from typing import Any

from voltward.interfaces.report.style import BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILLION

_COLD_TO_WARM = (BLUE, SKY, GREEN, ORANGE, VERMILLION, PURPLE)
_DASHES: tuple[Any, ...] = ((0, (1, 1)), (0, (3, 1)), (0, (5, 1, 1, 1)), (0, (6, 2)), "-", "-")
# Where the colours lie: steps of about 10 K from -10 degC on.
_FROM_DEGC = (-1e9, -5.0, 5.0, 15.0, 22.0, 32.0)


def look(temperature_degC: float) -> dict[str, Any]:
    """Return colour and line of a temperature."""
    index = max(i for i, lowest in enumerate(_FROM_DEGC) if temperature_degC >= lowest)
    return {"color": _COLD_TO_WARM[index], "linestyle": _DASHES[index]}


def shown_temperatures(recorded_degC: Sequence[float]) -> list[float]:
    """Return round temperatures within the recorded ones, the warmest first; 25 degC always."""
    lowest, highest = min(recorded_degC) - 4.5, max(recorded_degC) + 4.5
    inside = [value for value in (40.0, 10.0, 0.0, -10.0, -20.0) if lowest <= value <= highest]
    return sorted({25.0, *inside}, reverse=True)
