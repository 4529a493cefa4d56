"""Two campaigns side by side: which rows of the matrix differ, and what fails newly."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from voltward.results.columns import MATRIX_COLUMNS, NO_ATTACK, SCHEMA_VERSION
from voltward.results.run_folder import RunFolder

Key = tuple[str, str, str]
_METRICS = tuple(c.name for c in MATRIX_COLUMNS if c.kind in {"number", "integer"})
_SETTINGS = ("seed", "config_sha256", "track", "versions", "command")


@dataclass(frozen=True)
class Difference:
    """One metric of one row that differs.

    Attributes:
        attack: Attack id.
        stack: Name of the defence stack.
        track: Truth track.
        metric: Column of the matrix.
        before: Value in the first run; None where it has none.
        after: Value in the second run; None where it has none.
        change: After less before; None where either has none.
    """

    attack: str
    stack: str
    track: str
    metric: str
    before: float | None
    after: float | None
    change: float | None


@dataclass(frozen=True)
class Comparison:
    """What differs between two runs.

    Attributes:
        settings: Keys of run.json that differ, with both values.
        differences: Metrics that differ, in the order of the second run's rows.
        only_before: Rows that only the first run has.
        only_after: Rows that only the second run has.
        newly_reached: Rows in which the attacker reaches a goal never reached before.
        newly_stopped: Rows in which a goal reached before is never reached now.
    """

    settings: Mapping[str, tuple[Any, Any]]
    differences: tuple[Difference, ...]
    only_before: tuple[Key, ...]
    only_after: tuple[Key, ...]
    newly_reached: tuple[Key, ...]
    newly_stopped: tuple[Key, ...]

    @property
    def same(self) -> bool:
        """Whether the two matrices are equal."""
        return not (self.differences or self.only_before or self.only_after)

    def as_document(self) -> dict[str, Any]:
        """Return the comparison as plain data for `--json`."""

        def named(keys: tuple[Key, ...]) -> list[dict[str, str]]:
            return [dict(zip(("attack", "stack", "track"), key, strict=True)) for key in keys]

        return {
            "schema_version": SCHEMA_VERSION,
            "same": self.same,
            "settings": {k: {"before": a, "after": b} for k, (a, b) in self.settings.items()},
            "differences": [vars(difference) for difference in self.differences],
            "only_before": named(self.only_before),
            "only_after": named(self.only_after),
            "newly_reached": named(self.newly_reached),
            "newly_stopped": named(self.newly_stopped),
        }


def compare(before: RunFolder, after: RunFolder) -> Comparison:
    """Compare the matrices of two runs row by row.

    Args:
        before: The first run.
        after: The second run.
    """
    first, second = _by_key(before), _by_key(after)
    shared = [key for key in second if key in first]
    attacked = [key for key in shared if key[0] != NO_ATTACK]

    def reached(rows: Mapping[Key, Mapping[str, Any]], key: Key) -> bool:
        return bool(rows[key]["goal_share"] > 0.0)

    return Comparison(
        settings={
            name: (before.run[name], after.run[name])
            for name in _SETTINGS
            if before.run[name] != after.run[name]
        },
        differences=tuple(
            _difference(key, metric, first[key][metric], second[key][metric])
            for key in shared
            for metric in _METRICS
            if first[key][metric] != second[key][metric]
        ),
        only_before=tuple(key for key in first if key not in second),
        only_after=tuple(key for key in second if key not in first),
        newly_reached=tuple(k for k in attacked if reached(second, k) and not reached(first, k)),
        newly_stopped=tuple(k for k in attacked if reached(first, k) and not reached(second, k)),
    )


def _by_key(run: RunFolder) -> dict[Key, Mapping[str, Any]]:
    return {(row["attack"], row["stack"], row["track"]): row for row in run.matrix()}


def _difference(key: Key, metric: str, before: float | None, after: float | None) -> Difference:
    change = None if before is None or after is None else after - before
    return Difference(*key, metric, before, after, change)
