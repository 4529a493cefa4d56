"""Where in a text the table is: its delimiter, its header, a row of units, its first row.

1. For each delimiter the rows that hold data are found: most of their fields are numbers or times.
2. The delimiter that the data make most use of is taken.
3. The body begins with the first row of the usual width; what stands above is a preamble.
4. The header is the row above it, or the one above a row of units, or both put together.
"""

import csv
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from voltward.core.errors import ConfigurationError
from voltward.real_cells.recordings.cell_text import is_datum, is_nothing
from voltward.real_cells.recordings.column_name import is_unit

# A space stands for any run of spaces.
DELIMITERS = (",", ";", "\t", "|", " ")
# A preamble may be long; more lines are looked at while nothing is found.
_LOOKED_AT = (300, 20_000)
# A line of a protocol may be very long; no header is.
_LONGEST_LINE = 50_000
# The rows of the body hold data in about as many fields as most of them do (assumption).
_BODY_SHARE = 0.6
# No more lines above the body are looked at for the header.
_HEADERS = 2000
_COUNTED_HEADER = re.compile(r"^\s*Nb header lines\s*:\s*(\d+)", re.IGNORECASE)

Row = list[str]
Known = Callable[[Sequence[str], Sequence[str]], int]


@dataclass(frozen=True)
class Layout:
    """Where the table of a text is.

    Attributes:
        delimiter: Between fields; a space is any run of spaces.
        names: Of the columns; empty where the header has none.
        units: From a row of units; empty without one.
        first: Number of the first row of the body, from 0.
        notes: What was passed over.
    """

    delimiter: str
    names: tuple[str, ...]
    units: tuple[str, ...]
    first: int
    notes: tuple[str, ...] = ()


def split_line(line: str, delimiter: str) -> Row:
    """Return the fields of a line, without the blanks around them."""
    if len(line) > _LONGEST_LINE:
        return [line]
    if delimiter == " ":
        return line.split()
    if '"' not in line:
        return [field.strip() for field in line.split(delimiter)]
    return [field.strip() for field in next(csv.reader([line], delimiter=delimiter), [])]


def text_layout(
    path: Path, lines: Sequence[str], known: Known, header_row: int | None = None
) -> Layout:
    """Return where the table of a text is.

    Args:
        path: For messages.
        lines: Of the text.
        known: How many columns of a header, with its units, are quantities that are known.
        header_row: Line of the header, from 1, where it is stated.

    Raises:
        ConfigurationError: No rows of data are found, or no header above them.
    """
    if lines and lines[0].strip().strip('"').lower().startswith("sep="):
        mark = lines[0].strip().strip('"')[4:5] or "\t"
        below = header_row - 1 if header_row else None
        rows = _rows(lines[: _LOOKED_AT[-1]], 1, mark)
        found = rows_layout(path, rows, known, mark, below)
        return replace(found, first=found.first + 1)
    counted = next((m for line in lines[:20] if (m := _COUNTED_HEADER.match(line))), None)
    if counted and header_row is None:
        header_row = int(counted[1])
    # 1. and 2. The delimiter.
    for looked_at in _LOOKED_AT:
        part = lines[: looked_at + (header_row or 0)]
        # Blanks stand in preambles and dates too: they part fields where little else does.
        covered = {mark: _covered(part, mark) / (2 if mark == " " else 1) for mark in DELIMITERS}
        delimiter = max(DELIMITERS, key=lambda mark: covered[mark])
        if covered[delimiter] or looked_at >= len(lines):
            break
    return rows_layout(path, _rows(part, 0, delimiter), known, delimiter, header_row)


def rows_layout(
    path: Path,
    rows: Sequence[Row],
    known: Known,
    delimiter: str = ",",
    header_row: int | None = None,
) -> Layout:
    """Return where the table is among rows that are split already.

    Args:
        path: For messages.
        rows: From the top of the file.
        known: As in `text_layout`.
        delimiter: That they were split at.
        header_row: As in `text_layout`.

    Raises:
        ConfigurationError: No rows of data are found, or no header above them.
    """
    # 3. The body.
    first, width = _body(rows, header_row or 0)
    above = [at for at in range(first) if any(rows[at])]
    if header_row is not None:
        above = [at for at in above if at < header_row]
    if first == len(rows):
        bare = any(known(row, []) for row in rows)
        raise ConfigurationError(
            f"{path}: has a header and no rows" if bare else f"{path}: no table is found",
            why="a line of names stands above rows of numbers, parted by , ; | tab or blanks",
            hint="" if bare else "export the table of samples as CSV",
        )
    if not above:
        raise ConfigurationError(
            f"{path}: no header is found: the numbers begin in line {first + 1}",
            why="a line of names stands above the rows of numbers",
            hint="write the names of the columns into a line above the numbers",
        )
    # 4. The header; rows of few fields may follow it.
    if header_row is None:
        above = [at for at in above if at <= _below(rows, _header_row(rows, above, known))]
        first = above[-1] + 1
    names, units, used = _header(rows, above, width, known, stated=header_row is not None)
    names = _as_wide(names, rows[first : first + 50], width)
    units = _as_wide(units, rows[first : first + 50], width) if units else []
    passed = [at for at in above if at < used]
    notes: tuple[str, ...] = ()
    notes += (f"{len(passed)} lines above the header passed over",) if passed else ()
    notes += ("a row of units is below the header",) if units else ()
    return Layout(delimiter, tuple(names), tuple(units), first, notes)


def _rows(lines: Sequence[str], start: int, delimiter: str) -> list[Row]:
    return [split_line(line, delimiter) for line in lines[start:]]


def _data_fields(row: Row) -> int:
    return sum(map(is_datum, row)) if len(row) > 1 else 0


def _header_row(rows: Sequence[Row], above: Sequence[int], known: Known) -> int:
    """Return the row that names most quantities, the lowest of several; else the last one."""
    scores = {at: known(rows[at], []) for at in above[-_HEADERS:] if len(rows[at]) > 1}
    best = max(scores.values(), default=0)
    return (
        max((at for at in scores if scores[at] == best), default=above[-1]) if best else above[-1]
    )


def _covered(lines: Sequence[str], delimiter: str) -> int:
    """Return how many letters lie in fields of data when lines are split at a delimiter."""
    total = 0
    for line in lines:
        row = split_line(line, delimiter)
        if _data_fields(row) > 1:
            total += sum(len(field) for field in row if is_datum(field))
    return total


def _body(rows: Sequence[Row], start: int) -> tuple[int, int]:
    """Return where the body begins, and its width; the number of rows where there is none."""
    counts = [_data_fields(row) if at >= start else 0 for at, row in enumerate(rows)]
    widths = Counter(len(row) for row, count in zip(rows, counts, strict=True) if count > 1)
    if not widths:
        return len(rows), 0
    width = max(widths, key=lambda size: (widths[size], size))
    usual = sorted(
        count for row, count in zip(rows, counts, strict=True) if len(row) == width and count > 1
    )
    least = max(2, _BODY_SHARE * usual[len(usual) // 2])
    bodies = [
        at
        for at, (row, count) in enumerate(zip(rows, counts, strict=True))
        # A label of a preamble ends in a colon.
        if len(row) == width and count >= least and not row[0].endswith(":")
    ]
    return (bodies[0] if bodies else len(rows)), width


def _below(rows: Sequence[Row], header: int) -> int:
    """Return the row below a header if it is one of units or the second line of names."""
    at = header + 1
    while at < len(rows) and not any(rows[at]):
        at += 1
    if at >= len(rows):
        return header
    # Words below names are a second line of them; a row of few numbers is one of the body.
    words = not any(map(is_datum, rows[at])) and not all(map(is_nothing, rows[at]))
    return at if words and len(rows[at]) > 1 else header


def _header(
    rows: Sequence[Row], above: Sequence[int], width: int, known: Known, *, stated: bool
) -> tuple[Row, Row, int]:
    """Return names, units, and the row that the names begin in."""
    last = above[-1]
    lower = rows[last]
    options: list[tuple[Row, Row, int]] = [(lower, [], last)]
    if not stated and len(above) > 1 and above[-2] >= last - 2:
        upper = rows[above[-2]]
        if len(upper) > 1 and abs(len(upper) - len(lower)) <= 1:
            if all(map(is_unit, lower)):
                options.append((upper, lower, above[-2]))
            padded = [*upper, *[""] * (len(lower) - len(upper))]
            joined = [f"{a} {b}".strip() for a, b in zip(padded, lower, strict=False)]
            options.append((joined, [], above[-2]))
    if len(lower) != width and width > 1:
        # Blanks may part names that hold single blanks themselves.
        wide = re.split(r"\s{2,}|\t", " ".join(lower)) if len(lower) > width else lower
        options.append((wide, [], last))
    return max(options, key=lambda option: known(option[0], option[1]))


def _as_wide(names: Row, body: Sequence[Row], width: int) -> Row:
    """Return the names of a header that is as wide as the body."""
    missing = width - len(names)
    if missing == 1 and not all(is_nothing(row[-1]) for row in body if len(row) == width):
        # A first column without a name: numbers of rows.
        return ["", *names]
    return [*names, *[""] * missing][:width]
