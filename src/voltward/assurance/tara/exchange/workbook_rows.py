"""The sheets of a workbook file as rows of text, and the records on their way from there.

Rows and drafts of records keep their place, so that every fault names sheet, row and column.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from openpyxl.utils import get_column_letter

from voltward.assurance.tara.exchange.cell_text import CellTextError, list_items, unescaped
from voltward.assurance.tara.exchange.workbook_columns import record_sheets
from voltward.assurance.tara.exchange.workbook_file import Cells
from voltward.core.errors import ConfigurationError

CellRow = tuple[int, dict[int, Any]]
LONG_TEXTS = "Long Texts"
LONG_HEAD = ("reference", "part", "text")
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
    """A sheet.

    Attributes:
        name: As written.
        titles: Normalised title of each column to the title as written.
        rows: Those below the head.
        outside: How many cells below the head are in columns without a title.
        above: How many rows above the head hold something.
    """

    name: str
    titles: dict[str, str] = field(default_factory=dict)
    rows: tuple[Row, ...] = ()
    outside: int = 0
    above: int = 0


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


def sheets_of(path: Path, cells: Cells) -> dict[str, SheetRows]:
    """Return the sheets of a workbook by their normalised names.

    Args:
        path: The file, for messages.
        cells: Its cells.
    """
    long = _long_texts(cells.sheets.get(LONG_TEXTS, []))
    return {
        plain_title(name): _sheet(str(path), name, rows, long)
        for name, rows in cells.sheets.items()
        if name != LONG_TEXTS
    }


def _long_texts(rows: list[CellRow]) -> dict[str, str]:
    pieces: dict[str, list[tuple[int, str]]] = {}
    for _, row in rows[1:]:
        part = row.get(2)
        if isinstance(part, int):
            pieces.setdefault(str(row.get(1)), []).append((part, str(row.get(3) or "")))
    return {
        reference: unescaped("".join(text for _, text in sorted(found)))
        for reference, found in pieces.items()
    }


def _sheet(file: str, name: str, rows: list[CellRow], long: dict[str, str]) -> SheetRows:
    texts = [
        (number, {at: text_of_cell(value, long) for at, value in row.items()})
        for number, row in rows
    ]
    if not texts:
        return SheetRows(name)
    known = _known_titles()
    counts = [len(known & set(map(plain_title, row.values()))) for _, row in texts[:_HEAD_ROWS]]
    start = counts.index(max(counts))
    written = {at: text.strip() for at, text in texts[start][1].items() if text.strip()}
    head = {at: plain_title(text) for at, text in written.items()}
    titles = {head[at]: text for at, text in written.items()}
    for at, title in head.items():
        first = next(index for index in head if head[index] == title)
        if title in known and at != first:
            raise ConfigurationError(
                f"{file}: sheet '{name}': the column '{title}' appears twice",
                why=f"it stands in columns {get_column_letter(first)} and {get_column_letter(at)}, "
                "and only one of them can be read",
                hint="give the column that is yours another title",
            )
    found, outside = [], 0
    for number, row in texts[start + 1 :]:
        cells = {head[at]: text for at, text in row.items() if text and at in head}
        outside += sum(1 for at, text in row.items() if text.strip() and at not in head)
        if cells:
            found.append(Row(file, name, number, cells, titles))
    return SheetRows(name, titles, tuple(found), outside, start)


@cache
def _known_titles() -> frozenset[str]:
    titles = {column.title for sheet in record_sheets() for column in sheet.columns}
    return frozenset(plain_title(title) for title in titles | {"value", "endpoints"})


def text_of_cell(value: Any, long: Mapping[str, str]) -> str:
    """Return the text of a cell; a reference to the sheet of long texts becomes that text."""
    if value is None:
        return ""
    if isinstance(value, str):
        return long[value] if value in long else unescaped(value)
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == value.min.time() else value.isoformat()
    return repr(value) if isinstance(value, float) else str(value)
