"""The table of a workbook, read row by row within limits.

1. What the archive unpacks to is bounded before anything is unpacked.
2. Of every sheet the first rows are looked at; those that hold a recording may be read.
3. Of these the longest is read, without its blank rows and far columns.
"""

import io
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from voltward.core.errors import ConfigurationError
from voltward.real_cells.recordings.layout import Known, Layout, rows_layout
from voltward.real_cells.recordings.table import Columns, Table, text_column

# Of a sheet of Excel. A row index beyond makes a reader yield as many blank rows, without end.
_MOST_ROWS = 1 << 20
_MOST_COLUMNS = 400
_MOST_SHEETS = 60
_LOOKED_AT = 200
# Of one part of the archive when unpacked; shared texts are held in memory whole.
_LARGEST_SHEET, _LARGEST_TEXTS = 256 << 20, 32 << 20
# About half a minute of reading (assumption).
_MOST_CELLS = 5_000_000
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    InvalidFileException,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    SyntaxError,
    OSError,
)


def workbook_table(
    path: Path, data: bytes, known: Known, *, header_row: int | None = None, sheet: str = ""
) -> Table:
    """Return the table of a workbook.

    Args:
        path: For messages.
        data: Content of the file.
        known: How many columns of a header are quantities that are known.
        header_row: Row of the header, from 1, where it is stated.
        sheet: Its name; empty for the one that holds a recording.

    Raises:
        ConfigurationError: It is no workbook, too large, or has no such sheet.
    """
    with _explained(path):
        # 1. Limits.
        _bound(path, data)
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        # 2. The sheets.
        name, layout, notes = _chosen(path, book, known, header_row, sheet)

    # 3. The rows.
    def take(columns: Sequence[int]) -> Columns:
        found: dict[int, list[str]] = {column: [] for column in columns}
        with _explained(path):
            for row in islice(_rows(path, book[name]), layout.first, None):
                for column, fields in found.items():
                    fields.append(row[column] if column < len(row) else "")
        return {column: text_column(fields) for column, fields in found.items()}

    return Table(layout.names, layout.units, take, (*notes, *layout.notes))


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn what a damaged archive or sheet ends in into a message."""
    try:
        yield
    except _BROKEN as error:
        raise ConfigurationError(
            f"{path}: cannot be read as a workbook",
            why=str(error).splitlines()[0] if str(error) else type(error).__name__,
            hint="save it as .xlsx or CSV once more",
        ) from error


def _bound(path: Path, data: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = archive.infolist()
    if not any(part.filename.startswith("xl/") for part in parts):
        raise ConfigurationError(
            f"{path}: is an archive and no workbook", hint="unpack it and name the table in it"
        )
    for part in parts:
        texts = part.filename.endswith("sharedStrings.xml") or "styles" in part.filename
        if part.file_size > (_LARGEST_TEXTS if texts else _LARGEST_SHEET):
            raise _too_large(path)


def _too_large(path: Path) -> ConfigurationError:
    return ConfigurationError(
        f"{path}: the workbook is too large",
        why=f"allowed are {_MOST_CELLS} cells, {_LARGEST_SHEET >> 20} MiB in a sheet and "
        f"{_LARGEST_TEXTS >> 20} MiB of texts",
        hint="save the sheet of samples as CSV",
    )


def _chosen(
    path: Path, book: Any, known: Known, header_row: int | None, sheet: str
) -> tuple[str, Layout, tuple[str, ...]]:
    """Return the sheet that holds a recording, and where in it."""
    names = [found.title for found in book.worksheets[:_MOST_SHEETS]]
    if sheet and sheet not in names:
        raise ConfigurationError(
            f"{path}: there is no sheet '{sheet}'", why=f"got {', '.join(names)}"
        )
    found: list[tuple[int, int, str, Layout]] = []
    for name in [sheet] if sheet else names:
        head = list(islice(_rows(path, book[name]), _LOOKED_AT))
        try:
            layout = rows_layout(path, head, known, header_row=header_row)
        except ConfigurationError:
            continue
        size = min(int(book[name].max_row or 0), _MOST_CELLS)
        found.append((known(layout.names, layout.units), size, name, layout))
    if not found:
        raise ConfigurationError(
            f"{path}: no sheet holds a table",
            why=f"a line of names stands above rows of numbers; got {', '.join(names)}",
            hint="save the sheet of samples as CSV",
        )
    best = max(known_columns for known_columns, *_ in found)
    fitting = [entry for entry in found if entry[0] >= min(best, 3)]
    _, _, name, layout = max(fitting, key=lambda entry: entry[1])
    others = [entry[2] for entry in fitting if entry[2] != name]
    notes: tuple[str, ...] = ()
    if others:
        notes = (f"sheet '{name}' is read, not {', '.join(others)}; a column map may name another",)
    return name, layout, notes


def _rows(path: Path, sheet: Any) -> Iterator[list[str]]:
    """Return the rows of a sheet as text; blank ones only near the top, where a header is."""
    cells = 0
    for at, values in enumerate(sheet.iter_rows(values_only=True, max_col=_MOST_COLUMNS)):
        if at >= _MOST_ROWS:
            return
        if values == (None,) * len(values):
            if at < _LOOKED_AT:
                yield []
            continue
        row = [_text(value) for value in values]
        while row and not row[-1]:
            row.pop()
        cells += len(row)
        if cells > _MOST_CELLS:
            raise _too_large(path)
        yield row


def _text(value: Any) -> str:
    """Return what a cell holds as a recorder would write it."""
    # A duration in a cell that is formatted as a time is a date of 1899 or 1900.
    if isinstance(value, datetime) and value.year in {1899, 1900}:
        value = value - datetime(1899, 12, 30, tzinfo=value.tzinfo)
    if isinstance(value, timedelta):
        return _clock(value)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    return "" if value is None else str(value).strip()


def _clock(value: timedelta) -> str:
    seconds = value.total_seconds()
    return f"{int(seconds // 3600)}:{int(seconds % 3600 // 60):02d}:{seconds % 60:09.6f}"
