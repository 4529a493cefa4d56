"""The columns of a table as numbers: text converted, rows that are no samples left out.

1. Each column becomes numbers; a column of text by its own decimal mark, or that of the others.
2. The time is the first candidate that does not start again; dates and clocks become seconds.
3. A repeated header, blank rows, and rows of totals at the end are left out.
4. What is left of words in a column of numbers is an empty field, or refused with its place.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool, Float, Int

from voltward.core.errors import ConfigurationError
from voltward.real_cells.recordings.column_map import ColumnEntry, ColumnMap
from voltward.real_cells.recordings.column_name import column_name
from voltward.real_cells.recordings.header import Candidate, ChosenColumns
from voltward.real_cells.recordings.number_text import (
    Numbers,
    decimal_mark,
    has_grouped_points,
    has_points,
    to_numbers,
)
from voltward.real_cells.recordings.table import Columns, Table
from voltward.real_cells.recordings.time_text import clock_of_dates, holds_times, to_times
from voltward.real_cells.recordings.time_unit import counted_since, judged_unit

# Rows at the end that hold totals, or a word such as END (assumption).
_MOST_TOTALS = 20
# Words in more of the rows than this are no stray remarks.
_WORDS_SHARE = 0.01
# Names of a time of day and of its date in another column.
_CLOCKS, _DATES = ("time", "zeit", "time of day", "clock", "uhrzeit", "heure"), ("date", "datum")

Quantities = dict[str, Float[np.ndarray, " time"]]


@dataclass(frozen=True)
class ColumnValues:
    """Columns as numbers.

    Attributes:
        values: Quantity to numbers in the unit of its name; NaN where a field is empty.
        columns: The map that they were read by, with the column that is the time.
        rows: Number of each row below the header, from 1.
        state: Words that say what a row does, in the order of the rows; None without any.
        dated: Whether the time is a local date.
        notes: On what was converted or left out.
    """

    values: Quantities
    columns: ColumnMap
    rows: Int[np.ndarray, " time"]
    state: Any = None
    dated: bool = False
    notes: tuple[str, ...] = ()


def column_values(path: Path, table: Table, chosen: ChosenColumns) -> ColumnValues:
    """Return the chosen columns as numbers.

    Args:
        path: For messages.
        table: As opened.
        chosen: Where the quantities are.

    Raises:
        ConfigurationError: A column does not hold numbers.
    """
    minus = {
        quantity: table.names.index(entry.minus)
        for quantity, entry in chosen.columns.columns.items()
        if entry.minus and entry.minus in table.names
    }
    times = [column for column, _ in chosen.times]
    states = [] if chosen.state is None else [chosen.state]
    numeric = [*chosen.at.values(), *minus.values()]
    raw = {
        column: _plain(fields)
        for column, fields in table.take(sorted({*numeric, *times, *states})).items()
    }
    counted = [column for column in times[:1] if not _is_written(raw[column])]
    text = {
        column: raw[column]
        for column in dict.fromkeys([*numeric, *counted])
        if _is_text(raw[column])
    }
    marks = _decimal_marks(path, table, text, chosen.columns)
    # 1. Numbers.
    read = {column: _numbers(path, table, column, raw[column], marks) for column in set(numeric)}
    # 2. The time.
    time_s, entry, words, dated, notes = _time(path, table, chosen, raw, marks)
    # 3. Rows that are no samples.
    bad = words.copy()
    for column in numeric:
        bad |= read[column].words
    blank = np.isnan(time_s) & ~bad
    for column in chosen.at.values():
        blank &= np.isnan(read[column].values)
    repeated = _repeats_header(table, raw, [*numeric, *times[:1]], bad)
    keep = ~(blank | repeated)
    last = int(keep.size - np.argmax(keep[::-1])) if keep.any() else 0
    total = _first_total(bad | np.isnan(time_s), last)
    if total == last and last > 1 and _is_cut(chosen, read, last - 1):
        total = last - 1
    notes += _row_notes(repeated, last - total, total)
    keep[total:] = False
    # 4. Words.
    quantities = {}
    for quantity, column in chosen.at.items():
        numbers = read[column]
        _refuse_words(path, table.names[column], raw[column], numbers.words & keep, keep)
        values = chosen.columns.entry(quantity).apply(numbers.values)
        if quantity in minus:
            values = values - chosen.columns.entry(quantity).scale * read[minus[quantity]].values
        quantities[quantity] = values[keep]
    time_column = table.names.index(entry.column)
    _refuse_words(path, entry.column, raw.get(time_column), words & keep, keep)
    state = None if chosen.state is None else _states(raw[chosen.state], keep)
    return ColumnValues(
        {"time_s": time_s[keep], **quantities},
        chosen.columns.only({**chosen.columns.columns, "time_s": entry}),
        np.flatnonzero(keep) + 1,
        state,
        dated,
        notes,
    )


def _plain(column: Any) -> Any:
    """Return a column without its encoding as a dictionary."""
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def _is_text(column: Any) -> bool:
    return bool(pa.types.is_string(column.type) or pa.types.is_large_string(column.type))


def _decimal_marks(
    path: Path, table: Table, text: Mapping[int, Any], columns: ColumnMap
) -> dict[int, str]:
    """Return the decimal mark of each column of text; one that shows none has the others'."""
    if columns.decimal is not None:
        return dict.fromkeys(text, columns.decimal)
    marks = {column: decimal_mark(fields) for column, fields in text.items()}
    commas = "," in marks.values()
    points = any(mark == "." and has_points(text[column]) for column, mark in marks.items())
    for column, mark in marks.items():
        if mark == "." and commas and not points and has_grouped_points(text[column]):
            # Thousands of a file whose decimal mark is a comma.
            marks[column] = ","
        elif mark == "?" and commas != points:
            marks[column] = "," if commas else "."
        elif mark == "?":
            field = pc.filter(text[column], pc.match_substring(text[column], ","))[0].as_py()
            raise ConfigurationError(
                f"{path}: column '{table.names[column]}' holds '{field}', whose comma may be a "
                "decimal or a thousands mark",
                why="no field of the file shows which",
                hint='say it in a column map (--columns): decimal = "," or decimal = "."',
            )
    return marks


def _numbers(
    path: Path, table: Table, column: int, fields: Any, marks: Mapping[int, str]
) -> Numbers:
    kind = fields.type
    if column in marks:
        return to_numbers(fields, marks[column])
    none = np.zeros(len(fields), dtype=np.bool_)
    if pa.types.is_null(kind):
        return Numbers(np.full(len(fields), np.nan), none)
    if pa.types.is_timestamp(kind):
        seconds = _ticks(fields) * _TICK_S[kind.unit]
        known = seconds[np.isfinite(seconds)]
        return Numbers(seconds - (known[0] if known.size else 0.0), none)
    if pa.types.is_duration(kind) or pa.types.is_time(kind):
        return Numbers(_ticks(fields) * _TICK_S[kind.unit], none)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        # Counts of nanoseconds since 1970 are larger than what is whole in 64 bits.
        return Numbers(np.array(fields.cast("float64", safe=False).to_numpy(), np.float64), none)
    raise ConfigurationError(
        f"{path}: column '{table.names[column]}' holds {kind}",
        why="allowed are numbers",
        hint="name another column in a column map (--columns)",
    )


_TICK_S = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}


def _ticks(fields: Any) -> Float[np.ndarray, " time"]:
    """Return a column of times as counts of its own unit."""
    width = "int32" if pa.types.is_time32(fields.type) else "int64"
    counts = fields.cast(width).cast("float64", safe=False)
    return np.array(counts.to_numpy(), dtype=np.float64)


def _time(
    path: Path, table: Table, chosen: ChosenColumns, raw: Columns, marks: Mapping[int, str]
) -> tuple[Any, ColumnEntry, Any, bool, tuple[str, ...]]:
    """Return the time of the first candidate that rises, or of the first of all."""
    dated = _dated_clock(path, table, chosen, raw)
    if dated is not None:
        return dated
    first = None
    for column, entry in chosen.times:
        read = _one_time(path, table, (column, entry), raw[column], marks, chosen.columns)
        time_s = read[0]
        known = time_s[np.isfinite(time_s)]
        if first is None:
            first = read
        falls = np.count_nonzero(np.diff(known) < -1.0)
        if known.size > 1 and (falls == 0 or entry.restarts) and known[-1] > known[0]:
            if (
                chosen.time_assumed
                and column == chosen.times[0][0]
                and not _is_written(raw[column])
            ):
                return _assumed(path, read)
            if read is not first:
                note = (
                    f"column '{first[1].column}' starts again and again: the time is that of "
                    f"'{entry.column}'"
                )
                return (*read[:4], (*read[4], note))
            return read
    if first is None:
        raise ConfigurationError(f"{path}: no column of a time is found")
    return first


def _is_written(fields: Any) -> bool:
    """Return whether a column is of times, which state their unit themselves."""
    if _is_text(fields):
        return holds_times(fields)
    kind = fields.type
    return bool(pa.types.is_timestamp(kind) or pa.types.is_duration(kind) or pa.types.is_time(kind))


def _assumed(
    path: Path, read: tuple[Any, ColumnEntry, Any, bool, tuple[str, ...]]
) -> tuple[Any, ColumnEntry, Any, bool, tuple[str, ...]]:
    """Return a time whose name has no unit, with a note; refuse one that is hardly in seconds."""
    time_s, entry, *rest, notes = read
    if entry.scale != 1.0 or notes:
        return read
    return (time_s, entry, rest[0], rest[1], judged_unit(path, time_s, entry))


def _dated_clock(
    path: Path, table: Table, chosen: ChosenColumns, raw: Columns
) -> tuple[Any, ColumnEntry, Any, bool, tuple[str, ...]] | None:
    """Return the time of a date in one column and a time of day in another."""
    stems = [column_name(name).stem for name in table.names]
    clock = next((c for c, entry in chosen.times if not entry.restarts), None)
    date = next((column for column, stem in enumerate(stems) if stem in _DATES), None)
    if clock is not None and stems[clock] in _DATES:
        date, clock = clock, next((c for c, stem in enumerate(stems) if stem in _CLOCKS), None)
    if clock is None or date is None or stems[clock] not in _CLOCKS:
        return None
    fields = {column: _plain(text) for column, text in table.take([clock, date]).items()}
    if not all(map(_is_text, fields.values())):
        return None
    joined = clock_of_dates(fields[date], fields[clock])
    if joined is None:
        return None
    raw[clock] = fields[clock]
    times = to_times(path, table.names[clock], joined)
    entry = ColumnEntry(column=table.names[clock])
    note = f"column '{table.names[clock]}' is the time of day of the column '{table.names[date]}'"
    empty = np.array(pc.equal(pc.utf8_trim_whitespace(joined), "").to_numpy(zero_copy_only=False))
    return times.seconds, entry, np.isnan(times.seconds) & ~empty, True, (note, *times.notes)


def _one_time(
    path: Path,
    table: Table,
    candidate: Candidate,
    fields: Any,
    marks: Mapping[int, str],
    columns: ColumnMap,
) -> tuple[Any, ColumnEntry, Any, bool, tuple[str, ...]]:
    column, entry = candidate
    notes: tuple[str, ...] = ()
    if _is_text(fields) and holds_times(fields):
        times = to_times(path, table.names[column], fields)
        absent = pc.is_in(pc.utf8_trim_whitespace(fields), pa.array(["", "-", "--"]))
        words = np.isnan(times.seconds) & ~np.array(absent.to_numpy(zero_copy_only=False), bool)
        # The text says the unit itself; a scale of a map belongs to numbers.
        return times.seconds, entry, words, times.kind == "date", times.notes
    own = dict(marks)
    if _is_text(fields) and column not in own:
        own |= _decimal_marks(path, table, {column: fields}, columns)
    numbers = _numbers(path, table, column, fields, own)
    known = numbers.values[np.isfinite(numbers.values)]
    if known.size and entry.scale == 1.0 and entry.column != "time_s":
        entry, notes = counted_since(entry, known)
    return entry.apply(numbers.values), entry, numbers.words, False, notes


def _repeats_header(
    table: Table, raw: Columns, columns: list[int], bad: Bool[np.ndarray, " row"]
) -> Bool[np.ndarray, " row"]:
    """Return which rows hold the names of the columns, or the units below them, once more."""
    repeated = np.zeros(bad.size, dtype=np.bool_)
    for row in np.flatnonzero(bad).tolist():
        fields = [
            (str(raw[column][row].as_py() or "").strip(), table.names[column], table.unit(column))
            for column in columns
        ]
        repeated[row] = all(not got or got in wanted for got, *wanted in fields)
        if row > 10_000 and not repeated[row]:
            break
    return repeated


def _first_total(no_sample: Bool[np.ndarray, " row"], last: int) -> int:
    """Return where the rows at the end begin that are no samples."""
    total = last
    while total > 0 and no_sample[total - 1]:
        total -= 1
    return total if last - total <= min(_MOST_TOTALS, last // 2) else last


def _is_cut(chosen: ChosenColumns, read: Mapping[int, Numbers], row: int) -> bool:
    """Return whether a row lacks a field that the row before it has, as where writing was cut."""
    return any(
        np.isnan(read[column].values[row]) and np.isfinite(read[column].values[row - 1])
        for column in chosen.at.values()
    )


def _row_notes(repeated: Bool[np.ndarray, " row"], totals: int, first: int) -> tuple[str, ...]:
    notes: tuple[str, ...] = ()
    if repeated.any():
        count = int(np.count_nonzero(repeated))
        notes += (f"{count} rows that repeat the header left out",)
    if totals:
        rows = "row" if totals == 1 else "rows"
        notes += (f"{totals} {rows} at the end without a sample left out, from row {first + 1} on",)
    return notes


def _refuse_words(
    path: Path,
    name: str,
    fields: Any,
    words: Bool[np.ndarray, " row"],
    kept: Bool[np.ndarray, " row"],
) -> None:
    """Refuse a column of numbers in which words stand in more than a few rows."""
    found = np.flatnonzero(words)
    if found.size <= _WORDS_SHARE * np.count_nonzero(kept):
        return
    row = int(found[0])
    field = str(fields[row].as_py()).strip() if fields is not None else ""
    raise ConfigurationError(
        f"{path}: row {row + 1}, column '{name}': got '{field}'"
        + (f" (and {found.size - 1} more)" if found.size > 1 else ""),
        why=f"allowed is a number, such as 0.5 or -1; words are left out in up to "
        f"{_WORDS_SHARE:.0%} of the rows",
        hint="remove or repair these rows, or name another column in a column map (--columns)",
    )


def _states(fields: Any, keep: Bool[np.ndarray, " row"]) -> Any:
    kept = fields.filter(pa.array(keep))
    return kept if _is_text(kept) else None
