"""From clean series to a schedule: sizes by regression, thresholds by the largest clean score."""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float
from scipy.optimize import nnls

from voltward.detection.residual_schedule import (
    FEATURES,
    LOW_SOC,
    LOWEST_SOC,
    Schedule,
    size_V,
)
from voltward.real_cells.threshold_fitting.residual_series import ResidualSeries

# Above the largest clean score on the calibration recordings. Leaving one profile out and setting
# the thresholds on the others, its largest score came up to 1.46 times theirs (LG 18650HG2, 12
# profiles, three arms); two profiles a temperature are few: 2.2 times (Panasonic, in the cold).
MARGIN = 1.5
_ROUNDS, _FLOOR_MV2 = 6, 0.25
# A temperature or SoC range without calibration data takes the largest threshold of all.
_LEAST_SAMPLES = 600
_UNKNOWN, _LIFTS = 8.0, 100


def fitted_schedule(
    fit: Sequence[Sequence[ResidualSeries]],
    calibration: Sequence[Sequence[ResidualSeries]],
    source: str,
) -> Schedule:
    """Return the schedule of one arm.

    Args:
        fit: Series for the sizes, grouped by temperature, in rising order.
        calibration: Series for the thresholds, in the same groups; may hold none in a group.
        source: Description of both.

    Limits:
        The largest of so many hours: the chance of a larger one is stated by the hours alone.
    """
    knots = tuple(
        float(np.mean(np.concatenate([series.temperature_degC for series in group])))
        for group in fit
    )
    weight = tuple(_weights(group) for group in fit)
    flat = Schedule(knots, weight, (1.0,) * len(knots), (1.0,) * len(knots), source)
    samples = [_scores(flat, series) for group in calibration for series in group]
    warm_degC, soc, score = (
        np.concatenate([sample[index] for sample in samples] or [np.zeros(0)]) for index in range(3)
    )
    low = soc < LOW_SOC
    return Schedule(
        knots,
        weight,
        _thresholds(knots, warm_degC[~low], score[~low]),
        _thresholds(knots, warm_degC[low], score[low]),
        source,
    )


def _thresholds(
    knots: tuple[float, ...], warm_degC: Float[np.ndarray, " sample"], score: np.ndarray
) -> tuple[float, ...]:
    """Return thresholds on the knots, above every clean score by the margin.

    Between two knots the threshold is interpolated, so that each sample lifts the nearer one
    until no sample is left above.
    """
    places = np.array(knots)
    nearest = np.argmin(np.abs(warm_degC[:, None] - places[None, :]), axis=1)
    enough = [np.count_nonzero(nearest == place) >= _LEAST_SAMPLES for place in range(len(knots))]
    largest = [
        MARGIN * float(np.max(score[nearest == place], initial=0.0)) for place in range(len(knots))
    ]
    known = [value for value, sure in zip(largest, enough, strict=True) if sure]
    values = np.array(
        [
            value if sure else max(known, default=_UNKNOWN)
            for value, sure in zip(largest, enough, strict=True)
        ]
    )
    for _ in range(_LIFTS):
        over = MARGIN * score / np.interp(warm_degC, places, values)
        lift = np.array(
            [np.max(over[nearest == place], initial=1.0) for place in range(len(knots))]
        )
        if np.all(lift <= 1.0):
            break
        values = values * lift
    return tuple(float(value) for value in values)


def _weights(group: Sequence[ResidualSeries]) -> tuple[float, ...]:
    """Return non-negative weights whose sum with the features fits the squared shift."""
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
) -> tuple[
    Float[np.ndarray, " sample"], Float[np.ndarray, " sample"], Float[np.ndarray, " sample"]
]:
    """Return temperature, SoC and score of the samples that count."""
    used = series.warm & (series.soc > LOWEST_SOC)
    warm_degC = series.temperature_degC[used]
    size = size_V(schedule, jnp.asarray(series.features_mV2[used]), jnp.asarray(warm_degC))
    return warm_degC, series.soc[used], np.abs(series.shift_V[used]) / np.asarray(size)
