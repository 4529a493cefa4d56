"""The sheets of a workbook file as rows of text, and the records on their way from there.

Rows and drafts of records keep their place, so that every fault names sheet, row and column.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from voltward.assurance.tara.exchange.cell_text import CellTextError, list_items, unescaped
from voltward.assurance.tara.exchange.workbook_columns import record_sheets
from voltward.core.errors import ConfigurationError
from voltward.core.files import checked_path

LONG_TEXTS = "Long Texts"
LONG_HEAD = ("reference", "part", "text")
# A workbook of 10,000 attack paths unpacks to about 30 MB; more than this is not a model.
_LARGEST_BYTES = 512 * 1024 * 1024
# What the reader of the file format raises when a file is not what it says.
_DAMAGED = (
    *(AttributeError, LookupError, TypeError, ValueError, NotImplementedError, EOFError, OSError),
    *(RuntimeError, ParseError, struct.error, zlib.error),
    *(zipfile.BadZipFile, InvalidFileException),
)
# Templates put a title or a legend above the head.
_HEAD_ROWS = 10


@dataclass(frozen=True)
class Row:
    """One row with content.

    Attributes:
        file: Path of the workbook, for messages.
        sheet: Name of the sheet.
        number: As a spreadsheet program counts.
        cells: Normalised title of the column to text; empty cells are absent.
        titles: Normalised title to the title as written.
    """

    file: str
    sheet: str
    number: int
    cells: dict[str, str]
    titles: dict[str, str]

    def fault(self, title: str, what: str, *, why: str = "", hint: str = "") -> ConfigurationError:
        """Return an error that names sheet, row and column."""
        column = self.titles.get(plain_title(title), title)
        return ConfigurationError(
            f"{self.file}: sheet '{self.sheet}', row {self.number}, column '{column}': {what}",
            why=why,
            hint=hint,
        )

    def items(self, title: str) -> list[str]:
        """Return the items of a cell that holds a list.

        Raises:
            ConfigurationError: It is not a list.
        """
        try:
            return list_items(self.cells.get(title, ""))
        except CellTextError as error:
            raise self.fault(title, "is not a list", why=str(error)) from error


@dataclass(frozen=True)
class SheetRows:
    """A sheet: its head and its rows."""

    name: str
    titles: dict[str, str] = field(default_factory=dict)
    rows: tuple[Row, ...] = ()


@dataclass
class Draft:
    """A record before it is checked.

    Attributes:
        row: The row that it is from.
        document: What was read so far.
    """

    row: Row
    document: dict[str, Any]

    @classmethod
    def without_row(cls, sheet: str, file: Path, **document: Any) -> "Draft":
        """Return a draft that no row of the workbook holds."""
        return cls(Row(str(file), sheet, 0, {}, {}), document)

    @property
    def id(self) -> str:
        """Its id, or an empty text."""
        return str(self.document.get("id", ""))

    def cell(self, title: str) -> str:
        """Return the text of a column of the template that no field of the model has."""
        return self.row.cells.get(title, "").strip()


@dataclass
class Drafts:
    """All drafts by table, the head, and notes about them."""

    tables: dict[str, list[Draft]]
    head: Draft | None = None
    notes: list[str] = field(default_factory=list)

    def note(self, draft: Draft, text: str) -> None:
        """Keep a sentence about one row."""
        self.notes.append(f"sheet '{draft.row.sheet}', row {draft.row.number}: {text}")

    def ids(self, table: str) -> set[str]:
        """Return the ids of a table."""
        return {draft.id for draft in self.tables[table]}


def plain_title(title: str) -> str:
    """Return a title as it is compared: lower case, single spaces, no marks at the end."""
    return " ".join(title.replace("_", " ").split()).rstrip("*: ").casefold()


def read_sheets(path: Path) -> dict[str, SheetRows]:
    """Return the sheets of a workbook by their normalised names.

    Raises:
        ConfigurationError: There is no such file, or it is not a workbook.
    """
    content = _content(path)
    try:
        _check_size(path, content)
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        values = {sheet.title: list(_values(sheet)) for sheet in book.worksheets}
        book.close()
    except _DAMAGED as error:
        raise _not_a_workbook(path, str(error)) from error
    long = _long_texts(values.get(LONG_TEXTS, []))
    return {
        plain_title(name): _sheet(str(path), name, rows, long)
        for name, rows in values.items()
        if name != LONG_TEXTS
    }


def _content(path: Path) -> bytes:
    checked_path(path, "workbook")
    try:
        content = path.read_bytes()
    except IsADirectoryError as error:
        raise ConfigurationError(f"{path}: is a folder", hint="name an .xlsx file") from error
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ConfigurationError(f"{path}: there is no such file", hint="check the path") from error
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read", why=str(error)) from error
    if not zipfile.is_zipfile(io.BytesIO(content)):
        raise _not_a_workbook(path, "an .xlsx file is a zip archive, and this is not one")
    return content


def _check_size(path: Path, content: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
    if size > _LARGEST_BYTES:
        raise ConfigurationError(
            f"{path}: unpacks to {size} bytes",
            why=f"a workbook of at most {_LARGEST_BYTES} bytes is read",
            hint="remove pictures and formatted empty rows",
        )


def _not_a_workbook(path: Path, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"{path}: is not an .xlsx workbook",
        why=why.strip("'\""),
        hint="save it as an Excel workbook (.xlsx)",
    )


def _values(sheet: Any) -> Iterator[tuple[Any, ...]]:
    # Some writers state a wrong extent.
    sheet.reset_dimensions()
    yield from sheet.iter_rows(values_only=True)


def _long_texts(rows: list[tuple[Any, ...]]) -> dict[str, str]:
    pieces: dict[str, list[tuple[int, str]]] = {}
    for row in rows[1:]:
        if len(row) >= len(LONG_HEAD) and isinstance(row[1], int):
            pieces.setdefault(str(row[0]), []).append((row[1], str(row[2] or "")))
    return {
        reference: unescaped("".join(text for _, text in sorted(found)))
        for reference, found in pieces.items()
    }


def _sheet(file: str, name: str, rows: list[tuple[Any, ...]], long: dict[str, str]) -> SheetRows:
    texts = [[_text(value, long) for value in row] for row in rows]
    if not texts:
        return SheetRows(name)
    known = _known_titles()
    counts = [len(known & {plain_title(text) for text in row}) for row in texts[:_HEAD_ROWS]]
    start = counts.index(max(counts))
    head = {index: plain_title(text) for index, text in enumerate(texts[start]) if text.strip()}
    titles = {head[index]: texts[start][index].strip() for index in head}
    found = []
    for number, row in enumerate(texts[start + 1 :], start + 2):
        cells = {head[index]: text for index, text in enumerate(row) if text and index in head}
        if cells:
            found.append(Row(file, name, number, cells, titles))
    return SheetRows(name, titles, tuple(found))


@cache
def _known_titles() -> frozenset[str]:
    titles = {column.title for sheet in record_sheets() for column in sheet.columns}
    return frozenset(plain_title(title) for title in titles | {"value", "endpoints"})


def _text(value: Any, long: dict[str, str]) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return long[value] if value in long else unescaped(value)
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == value.min.time() else value.isoformat()
    return repr(value) if isinstance(value, float) else str(value)
