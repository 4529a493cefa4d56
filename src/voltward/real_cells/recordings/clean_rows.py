"""Rows in the order of time, each with a number in every column: repaired where that is safe."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from jaxtyping import Bool, Float, Int

from voltward.core.errors import ConfigurationError
from voltward.real_cells.recordings.clock import (
    check_order,
    merge_same_time,
    settled_order,
    without_restarts,
)
from voltward.real_cells.recordings.column_map import OPTIONAL, ColumnMap
from voltward.real_cells.recordings.finding import Finding

Quantities = dict[str, Float[np.ndarray, " time"]]

# Rows with an empty field up to this share are left out (assumption).
EMPTY_SHARE = 0.01
# Recorders write such for "no value"; no unit of any quantity makes numbers as large.
_LARGEST = 1e15


def without_empty(
    path: Path,
    quantities: Quantities,
    words: Any,
    rows: Int[np.ndarray, " time"],
    columns: ColumnMap,
) -> tuple[Quantities, Any, tuple[str, ...]]:
    """Leave out rows with an empty or infinite field; refuse when they are many."""
    notes: list[str] = []
    kept = dict(quantities)
    for name in OPTIONAL:
        if name in kept and not np.all(are_numbers(kept[name])):
            del kept[name]
            notes.append(f"column '{columns.entry(name).column}' has empty fields: left out")
    whole = np.ones(kept["time_s"].size, dtype=np.bool_)
    for name, values in kept.items():
        bad = np.flatnonzero(~are_numbers(values))
        whole[bad] = False
        if bad.size > EMPTY_SHARE * values.size:
            raise ConfigurationError(
                f"{path}: column '{columns.entry(name).column}' is not a number in {bad.size} of "
                f"{values.size} rows, first in row {rows[bad[0]]}",
                why=f"empty fields, NaN and infinity are left out up to {EMPTY_SHARE:.0%}",
                hint="give --temperature 25 to assume a constant"
                if name == "temperature_degC"
                else "repair the export",
            )
    if whole.all():
        return kept, words, tuple(notes)
    lost = int(np.count_nonzero(~whole))
    notes.append(
        f"{lost} rows with an empty field or NaN left out, first row {rows[np.argmin(whole)]}"
    )
    words = None if words is None else words.filter(pa.array(whole))
    return {name: values[whole] for name, values in kept.items()}, words, tuple(notes)


def are_numbers(values: Float[np.ndarray, " time"]) -> Bool[np.ndarray, " time"]:
    """Return where values are numbers that a recorder may mean."""
    return np.abs(values) < _LARGEST


def with_merged_rows(quantities: Quantities) -> tuple[Quantities, tuple[str, ...]]:
    """Merge rows of one time stamp."""
    names = [name for name in quantities if name != "time_s"]
    values = np.stack([quantities[name] for name in names], axis=1)
    time_s, values, findings = merge_same_time(quantities["time_s"], values)
    merged = {"time_s": time_s} | {name: values[:, at] for at, name in enumerate(names)}
    return merged, tuple(finding.text for finding in findings)


def ordered(
    path: Path, quantities: Quantities, words: Any, columns: ColumnMap
) -> tuple[Quantities, Any, tuple[str, ...]]:
    """Return the rows with a time that does not fall: jitter sorted, stated restarts put together.

    Raises:
        ConfigurationError: The time runs backwards.
    """
    if columns.entry("time_s").restarts:
        quantities = {**quantities, "time_s": without_restarts(quantities["time_s"])}
    order, notes = settled_order(quantities["time_s"])
    if order is not None:
        quantities = {name: values[order] for name, values in quantities.items()}
        words = None if words is None else words.take(pa.array(order))
    refuse(path, check_order(quantities["time_s"], columns.entry("time_s")))
    return quantities, words, tuple(note.text for note in notes)


def refuse(path: Path, findings: Sequence[Finding]) -> None:
    """Raise the first finding that refuses; the others are counted."""
    refusals = [finding for finding in findings if finding.refuses]
    if refusals:
        first = refusals[0]
        others = "; ".join(finding.what for finding in refusals[1:])
        raise ConfigurationError(
            f"{path}: {first.what}" + (f" (also: {others})" if others else ""),
            why=first.why,
            hint=first.hint,
        )
