"""The attack x defence table: cases reduced to one row per attack and stack."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from voltward.results.columns import AVOIDED, BASELINE_STACK, MATRIX_COLUMNS, MEASURED_COLUMNS
from voltward.results.consequences import HARMS
from voltward.results.metrics import (
    Interval,
    alarms_over_worlds,
    by_world,
    mean,
    paired_interval,
    quantile,
    wilson_interval,
)

Row = dict[str, Any]
SIGNIFICANT_DIGITS = 9
# What makes two cases a pair apart from the stack: the same draws on the same input.
_PAIR = ("attack", "attack_parameters", "track", "duty", "seed")


def rounded(value: float) -> float:
    """Return a number with nine significant digits, so that tables read and compare alike."""
    return float(f"{value:.{SIGNIFICANT_DIGITS}g}") + 0.0


def matrix_rows(cases: Iterable[Mapping[str, Any]]) -> list[Row]:
    """Reduce cases to the rows of matrix.csv.

    Rows keep the order in which attack, stack and track first appear among the cases; cases with
    other parameters or duties but the same attack, stack and track share a row.

    Args:
        cases: Rows of the cases table.

    Returns:
        Rows with the columns of `MATRIX_COLUMNS`, floats rounded to nine significant digits.

    Limits: Delays are of the detected cases only, so they must be read beside `detected_share`.
    """
    groups: dict[tuple[str, str, str], list[Mapping[str, Any]]] = defaultdict(list)
    baseline: dict[tuple[Any, ...], Mapping[str, Any]] = {}
    for case in cases:
        groups[case["attack"], case["stack"], case["track"]].append(case)
        if case["stack"] == BASELINE_STACK:
            baseline[_pair(case)] = case
    return [_row(key, members, baseline) for key, members in groups.items()]


def _pair(case: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(case[name] for name in _PAIR)


def _row(
    key: tuple[str, str, str],
    cases: Sequence[Mapping[str, Any]],
    baseline: Mapping[tuple[Any, ...], Mapping[str, Any]],
) -> Row:
    attack, stack, track = key
    count = len(cases)
    reached = sum(bool(case["goal_reached"]) for case in cases)
    goal = wilson_interval(reached, count)
    met = sum(bool(case["any_goal"]) for case in cases)
    any_goal = wilson_interval(met, count)
    delays = since_attack(cases, "detect_s")
    rate = alarms_over_worlds(by_world(cases, "false_alarms"), by_world(cases, "hours"))
    both = rate.interval_per_hour
    row: Row = {
        "attack": attack,
        "stack": stack,
        "track": track,
        "n": count,
        "goal_share": reached / count,
        "goal_low": goal.low,
        "goal_high": goal.high,
        "any_goal_share": met / count,
        "any_goal_low": any_goal.low,
        "any_goal_high": any_goal.high,
        "defence_goal_share": _share(cases, "defence_goal"),
        "blocked_share": _share(cases, "blocked"),
        "detected_share": _share(cases, "detected"),
        "contained_share": _share(cases, "contained"),
        "delay_median_s": quantile(delays, 0.5),
        "delay_p95_s": quantile(delays, 0.95),
        "false_alarms": rate.count,
        "hours": rate.hours,
        "false_alarms_per_hour_upper": rate.upper_per_hour,
        "false_alarms_per_hour_low": None if both is None else both.low,
        "false_alarms_per_hour_high": None if both is None else both.high,
        "safe_median_s": quantile(since_attack(cases, "safe_s"), 0.5),
    }
    for column in MEASURED_COLUMNS:
        row[column.name] = mean(_values(cases, column.name))
    for name in HARMS:
        added = _values(cases, f"added_{name}")
        row[f"added_{name}_median"] = quantile(added, 0.5)
        row[f"added_{name}_p95"] = quantile(added, 0.95)
    for name in AVOIDED:
        row.update(_avoided(name, cases, baseline))
    return {
        column.name: rounded(row[column.name])
        if isinstance(row[column.name], float)
        else row[column.name]
        for column in MATRIX_COLUMNS
    }


def since_attack(cases: Iterable[Mapping[str, Any]], name: str) -> list[float]:
    """Return seconds from the attack's start to a named time, of the cases that have both."""
    return [
        float(case[name]) - float(case["attack_s"])
        for case in cases
        if case[name] is not None and case["attack_s"] is not None
    ]


def _share(cases: Sequence[Mapping[str, Any]], name: str) -> float:
    return sum(bool(case[name]) for case in cases) / len(cases)


def _values(cases: Iterable[Mapping[str, Any]], name: str) -> list[float]:
    return [float(case[name]) for case in cases if case[name] is not None]


def _avoided(
    name: str,
    cases: Iterable[Mapping[str, Any]],
    baseline: Mapping[tuple[Any, ...], Mapping[str, Any]],
) -> Row:
    differences = []
    for case in cases:
        paired_case = baseline.get(_pair(case))
        if paired_case is not None and None not in (paired_case[name], case[name]):
            differences.append(float(paired_case[name]) - float(case[name]))
    interval: Interval | None = paired_interval(differences)
    return {
        f"avoided_{name}": mean(differences),
        f"avoided_{name}_low": None if interval is None else interval.low,
        f"avoided_{name}_high": None if interval is None else interval.high,
    }
