"""From clean series to a schedule: sizes by regression, thresholds by the largest clean score."""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float
from scipy.optimize import nnls

from voltward.detection.residual_schedule import FEATURES, LOW_SOC, Schedule, size_V
from voltward.experiments.calibration.residual_series import ResidualSeries

# Above the largest clean score on the calibration recordings.
MARGIN = 1.15
LOWEST_SOC = 0.12
_ROUNDS, _FLOOR_MV2 = 6, 0.25
# A temperature or SoC range without calibration data takes the largest threshold of all.
_LEAST_SAMPLES = 600


def fitted_schedule(
    fit: Sequence[Sequence[ResidualSeries]],
    calibration: Sequence[Sequence[ResidualSeries]],
    source: str,
) -> Schedule:
    """Return the schedule of one arm.

    Args:
        fit: Series for the sizes, grouped by temperature, in rising order.
        calibration: Series for the thresholds, in the same groups; may hold none in a group.
        source: What both were.

    Limits:
        The largest of so many hours: the chance of a larger one is stated by the hours alone.
    """
    knots = tuple(
        float(np.mean(np.concatenate([series.temperature_degC for series in group])))
        for group in fit
    )
    weight = tuple(_weights(group) for group in fit)
    flat = Schedule(knots, weight, (1.0,) * len(knots), (1.0,) * len(knots), source)
    scores = [[_scores(flat, series) for series in group] for group in calibration]
    high = [_largest(group, low=False) for group in scores]
    low = [_largest(group, low=True) for group in scores]
    return Schedule(knots, weight, _filled(high), _filled(low), source)


def _weights(group: Sequence[ResidualSeries]) -> tuple[float, ...]:
    """Return non-negative weights whose sum with the features meets the squared shift."""
    used = [series.warm & (series.soc > LOWEST_SOC) for series in group]
    features = np.concatenate(
        [series.features_mV2[mask] for series, mask in zip(group, used, strict=True)]
    )
    squared = np.concatenate(
        [(1e3 * series.shift_V[mask]) ** 2 for series, mask in zip(group, used, strict=True)]
    )
    scale = np.mean(features, axis=0) + 1e-12
    importance = np.ones(squared.size)
    found = np.zeros(len(FEATURES))
    for _ in range(_ROUNDS):
        # The spread of a square grows with its mean: large errors count less.
        found, _ = nnls(features / scale * importance[:, None], squared * importance)
        importance = 1.0 / (features / scale @ found + _FLOOR_MV2)
    return tuple(float(value) for value in found / scale)


def _scores(
    schedule: Schedule, series: ResidualSeries
) -> tuple[Float[np.ndarray, " sample"], Float[np.ndarray, " sample"]]:
    """Return SoC and score of the samples that count."""
    used = series.warm & (series.soc > LOWEST_SOC)
    size = np.asarray(
        size_V(
            schedule,
            jnp.asarray(series.features_mV2[used]),
            jnp.asarray(series.temperature_degC[used]),
        )
    )
    return series.soc[used], np.abs(series.shift_V[used]) / size


def _largest(group: Sequence[tuple[np.ndarray, np.ndarray]], *, low: bool) -> float | None:
    found, count = 0.0, 0
    for soc, score in group:
        chosen = score[(soc < LOW_SOC) == low]
        count += chosen.size
        found = max(found, float(np.max(chosen, initial=0.0)))
    return MARGIN * found if count >= _LEAST_SAMPLES else None


def _filled(values: Sequence[float | None]) -> tuple[float, ...]:
    known = [value for value in values if value is not None]
    return tuple(value if value is not None else max(known, default=8.0) for value in values)
