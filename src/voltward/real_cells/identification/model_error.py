"""How far the model is from the cell: size by temperature, and correlation time."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

# Recordings this close in temperature are taken together.
_TOGETHER_K = 4.0
_LONGEST_S = 1200


@dataclass(frozen=True)
class ModelError:
    """Root mean square error at some temperatures, rising, and its correlation time."""

    temperature_degC: tuple[float, ...]
    error_V: tuple[float, ...]
    correlation_s: float


def model_error(series: Sequence[tuple[float, np.ndarray]]) -> ModelError:
    """Return the error of a model on some profiles at 1 Hz.

    Args:
        series: Temperature and error in V of each profile.

    Limits:
        The correlation time is where the mean autocorrelation falls below 1/e: one number for an
        error that has a fast and a slow part.
    """
    groups = [
        [series[index] for index in group]
        for group in temperature_groups([warm for warm, _ in series])
    ]
    temperatures = tuple(float(np.mean([warm for warm, _ in group])) for group in groups)
    errors = tuple(
        float(np.sqrt(np.mean(np.concatenate([error for _, error in group]) ** 2)))
        for group in groups
    )
    alike = np.mean([_correlation(error) for _, error in series], axis=0)
    below = np.flatnonzero(alike < np.exp(-1.0))
    return ModelError(temperatures, errors, float(below[0]) if below.size else float(_LONGEST_S))


def temperature_groups(temperatures_degC: Sequence[float]) -> list[list[int]]:
    """Return the indices of recordings at about one temperature together, the coldest first."""
    groups: list[list[int]] = []
    for index in np.argsort(temperatures_degC, kind="stable").tolist():
        coldest = temperatures_degC[groups[-1][0]] if groups else -np.inf
        if temperatures_degC[index] - coldest < _TOGETHER_K:
            groups[-1].append(index)
        else:
            groups.append([index])
    return groups


def _correlation(error: np.ndarray) -> np.ndarray:
    size = error.size
    power = np.abs(np.fft.rfft(error, 2 * size)) ** 2
    # Lags beyond the length of the series wrap around to its other end.
    lagged = np.fft.irfft(power)[: min(_LONGEST_S, size)]
    padded = np.zeros(_LONGEST_S)
    padded[: lagged.size] = lagged
    return padded / max(float(lagged[0]), 1e-30)
