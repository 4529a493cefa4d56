"""Harm of a defence: what a case lost beyond the same attack and seed without security controls."""

from collections.abc import Iterable, Mapping
from typing import Any

from voltward.results.columns import BASELINE_STACK
from voltward.results.consequences import HARMS

Key = tuple[str, str, int]


def _key(row: Mapping[str, Any]) -> Key:
    return (str(row["attack"]), str(row["attack_parameters"]), int(row["seed"]))


def with_harm(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows with the harm columns filled in.

    The attacked pairs show what a provoked defence costs, the clean pairs what it costs always.
    Where stack `none` was not run the columns stay empty.
    """
    kept = [dict(row) for row in rows]
    baseline = {_key(row): row for row in kept if row["stack"] == BASELINE_STACK}
    for row in kept:
        reference = baseline.get(_key(row))
        for name in HARMS:
            row[f"harm_{name}"] = (
                None if reference is None else max(row[name] - reference[name], 0.0)
            )
    return kept
