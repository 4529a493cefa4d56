"""Shares, rates, delays and paired differences, each with its 95 % interval."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

import numpy as np

CONFIDENCE = 0.95
_RESAMPLES = 4000


def _special() -> Any:
    # Loaded at the first interval: who only reads the tables of a run computes none.
    return import_module("scipy.special")


@dataclass(frozen=True)
class Interval:
    """A lower and an upper bound in the unit of the estimate."""

    low: float
    high: float


@dataclass(frozen=True)
class FalseAlarmRate:
    """False alarms over the time in which they could occur.

    Attributes:
        count: Number of false alarms.
        hours: Time watched.
        per_hour: The plain ratio; None when nothing was watched.
        upper_per_hour: One-sided 95 % bound; None when nothing was watched.
        interval_per_hour: Two-sided 95 % interval; None when nothing was watched.
    """

    count: int
    hours: float
    per_hour: float | None
    upper_per_hour: float | None
    interval_per_hour: Interval | None


def wilson_interval(successes: int, trials: int, confidence: float = CONFIDENCE) -> Interval:
    """Return the Wilson score interval of a share.

    Args:
        successes: How many of the trials succeeded.
        trials: How many there were; with none the interval is the whole of [0, 1].
        confidence: Two-sided coverage aimed at.

    Returns:
        Bounds in [0, 1].

    Raises:
        ValueError: If the successes are not between zero and the trials.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
    JASA 22 (1927) 209-212; no continuity correction.
    """
    if not 0 <= successes <= trials:
        raise ValueError(f"successes must lie in 0..{trials}, got {successes}")
    if trials == 0:
        return Interval(0.0, 1.0)
    z = float(_special().ndtri(0.5 + confidence / 2.0))
    share = successes / trials
    scale = 1.0 + z * z / trials
    centre = (share + z * z / (2.0 * trials)) / scale
    half = z * float(np.sqrt(share * (1.0 - share) / trials + (z / (2.0 * trials)) ** 2)) / scale
    # At both ends the bound is exact; rounding must not leave 1e-17 there.
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == trials else min(1.0, centre + half)
    return Interval(low, high)


def poisson_upper(count: int, confidence: float = CONFIDENCE) -> float:
    """Return the exact one-sided upper bound of a Poisson mean.

    Args:
        count: Events seen.
        confidence: Probability that the bound covers the mean.

    Source: F. Garwood, Biometrika 28 (1936) 437-442. For no event at 95 % it is 2.996, the
    "rule of three".
    """
    return float(_special().chdtri(2 * (count + 1), 1.0 - confidence) / 2.0)


def poisson_interval(count: int, confidence: float = CONFIDENCE) -> Interval:
    """Return the exact two-sided interval of a Poisson mean (Garwood 1936)."""
    tail = (1.0 - confidence) / 2.0
    low = 0.0 if count == 0 else float(_special().chdtri(2 * count, 1.0 - tail) / 2.0)
    return Interval(low, poisson_upper(count, 1.0 - tail))


def false_alarm_rate(count: int, hours: float) -> FalseAlarmRate:
    """Return false alarms per hour with exact Poisson bounds.

    Args:
        count: False alarms.
        hours: Hours in which one could have occurred.

    Limits: Alarms are taken as independent; alarms that come in bursts make the bound too low.
    """
    if hours <= 0.0:
        return FalseAlarmRate(count, 0.0, None, None, None)
    both = poisson_interval(count)
    return FalseAlarmRate(
        count=count,
        hours=hours,
        per_hour=count / hours,
        upper_per_hour=poisson_upper(count) / hours,
        interval_per_hour=Interval(both.low / hours, both.high / hours),
    )


def interval_over_worlds(
    counts: Sequence[float], totals: Sequence[float], confidence: float = CONFIDENCE
) -> Interval | None:
    """Return the bootstrap interval of the sum of counts over the sum of totals.

    What happens in one world hangs together: the same pack on the same day under every attack.
    So whole worlds are drawn anew, and what they hold stays together.

    Args:
        counts: One for each world, such as goals reached.
        totals: The same, such as runs or hours.
        confidence: Two-sided coverage aimed at.

    Returns:
        Percentiles of 4,000 resamples from a fixed seed, or None where all worlds are alike: then
        there is no spread to learn from.

    Source: Davison and Hinkley, Bootstrap Methods and their Application (1997), 3.8 (clusters).
    Limits: With fewer than about twenty worlds it is too narrow.
    """
    above, below = np.asarray(counts, dtype=float), np.asarray(totals, dtype=float)
    ratio = above[below > 0.0] / below[below > 0.0]
    if ratio.size < 2 or np.ptp(ratio) == 0.0:
        return None
    drawn = np.random.default_rng(0).integers(above.size, size=(_RESAMPLES, above.size))
    ratios = above[drawn].sum(axis=1) / np.maximum(below[drawn].sum(axis=1), 1e-300)
    tail = 100.0 * (1.0 - confidence) / 2.0
    low, high = np.percentile(ratios, [tail, 100.0 - tail])
    return Interval(float(low), float(high))


def by_world(cases: Iterable[Mapping[str, Any]], value: str) -> list[float]:
    """Return the sum of a column over the cases of each world, in the order of first appearance."""
    sums: dict[Any, float] = {}
    for case in cases:
        sums[case["seed"]] = sums.get(case["seed"], 0.0) + float(case[value])
    return list(sums.values())


def share_over_worlds(successes: Sequence[float], trials: Sequence[float]) -> Interval:
    """Return the 95 % interval of a share whose trials hang together within worlds.

    Args:
        successes: One count for each world.
        trials: The same.

    Returns:
        By `interval_over_worlds`; where all worlds are alike, Wilson's with worlds as trials.
    """
    found = interval_over_worlds(successes, trials)
    if found is not None:
        return found
    worlds, total = len(trials), sum(trials)
    return wilson_interval(round(worlds * sum(successes) / total) if total else 0, worlds)


def alarms_over_worlds(counts: Sequence[float], hours: Sequence[float]) -> FalseAlarmRate:
    """Return false alarms per hour with bounds over worlds.

    Args:
        counts: False alarms of each world.
        hours: Hours watched in each.

    Returns:
        The wider of exact Poisson bounds and those of `interval_over_worlds`: a few rare alarms
        are a matter of chance, bursts a matter of the world.
    """
    plain = false_alarm_rate(round(sum(counts)), sum(hours))
    both = interval_over_worlds(counts, hours)
    one_sided = interval_over_worlds(counts, hours, 2.0 * CONFIDENCE - 1.0)
    exact, upper = plain.interval_per_hour, plain.upper_per_hour
    if both is None or one_sided is None or exact is None or upper is None:
        return plain
    wide = Interval(min(both.low, exact.low), max(both.high, exact.high))
    return replace(plain, upper_per_hour=max(one_sided.high, upper), interval_per_hour=wide)


def quantile(values: Sequence[float], probability: float) -> float | None:
    """Return a quantile by linear interpolation between order statistics.

    Args:
        values: The sample, in any order; delays in s for the tables.
        probability: 0.5 is the median, 0.95 the p95.

    Returns:
        The quantile in the unit of the values, or None of an empty sample.

    Source: Hyndman and Fan, The American Statistician 50 (1996) 361-365, definition 7.
    Limits: With fewer than 20 values p95 lies between the two largest ones.
    """
    if not values:
        return None
    return float(np.quantile(np.asarray(values, dtype=np.float64), probability, method="linear"))


def mean(values: Sequence[float]) -> float | None:
    """Return the arithmetic mean, or None of an empty sample."""
    return float(np.mean(np.asarray(values, dtype=np.float64))) if values else None


def paired_interval(
    differences: Sequence[float], confidence: float = CONFIDENCE
) -> Interval | None:
    """Return Student's t interval of the mean of paired differences.

    Args:
        differences: One per pair (same attack, same seed).
        confidence: Two-sided coverage aimed at.

    Returns:
        The interval, or None for fewer than two pairs, which have no spread.

    Limits: Exact for normal differences only; with few seeds and skewed damage it is a guide.
    """
    pairs = len(differences)
    if pairs < 2:
        return None
    sample = np.asarray(differences, dtype=np.float64)
    centre = float(sample.mean())
    spread = float(sample.std(ddof=1)) / float(np.sqrt(pairs))
    half = float(_special().stdtrit(pairs - 1, 0.5 + confidence / 2.0)) * spread
    return Interval(centre - half, centre + half)
