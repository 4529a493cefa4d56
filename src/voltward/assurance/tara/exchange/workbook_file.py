"""The cells of an .xlsx file, in bounded time and memory whatever the file says of itself.

1. The archive is small enough, unpacked too.
2. Each part is looked through before the library reads it: no document type, so that no entity can
   grow, no endless tag, row or nesting, not more rows and cells than memory holds.
3. Only cells that hold something are kept, each with its row and column: a cell far away costs as
   much as any other.
"""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError
from xml.parsers import expat

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet._reader import WorkSheetParser

from voltward.core.errors import ConfigurationError
from voltward.core.files import checked_path
from voltward.core.input_file import read_bytes

# The workbook of the worked model stretched to 10,000 attack paths (benchmarks/risk_rating.py) has
# 0.6 MB and unpacks to 5 MB, with 12,280 rows and 80,362 cells; ten times that is not a model.
_LARGEST_BYTES, _LARGEST_UNPACKED_BYTES = 32 * 2**20, 64 * 2**20
# Elements of XML: of all parts, of one row or one text, and how deep.
_MOST_ELEMENTS, _MOST_OF_A_ROW, _DEEPEST = 3_000_000, 100_000, 32
# Rows and cells that hold something, of all sheets.
_MOST_ROWS, _MOST_CELLS = 200_000, 1_000_000
_LONGEST_TAG_BYTES, _PIECE_BYTES = 2**20, 2**16
# The last row and column of the file format (ECMA-376).
_LAST_ROW, _LAST_COLUMN = 1_048_576, 16_384
_COMMENTS = re.compile(r"xl/(comments/?|threadedComments/)[^/]*\.xml")
# What the reader of the file format raises when a file is not what it says.
_DAMAGED = (
    *(AttributeError, LookupError, TypeError, ValueError, NotImplementedError, EOFError, OSError),
    *(RuntimeError, ParseError, struct.error, zlib.error, OverflowError),
    *(zipfile.BadZipFile, InvalidFileException),
)


@dataclass(frozen=True)
class Cells:
    """What a workbook holds.

    Attributes:
        sheets: Name of the sheet to its rows that hold something: number, and column to value.
        commented: How many sheets have comments on cells, which are not read.
    """

    sheets: Mapping[str, list[tuple[int, dict[int, Any]]]]
    commented: int


def read_cells(path: Path) -> Cells:
    """Return the cells of a workbook.

    Raises:
        ConfigurationError: There is no such file, it is not a workbook, or it goes beyond what a
            model can be.
    """
    checked_path(path, "workbook")
    content = read_bytes(path, largest_bytes=_LARGEST_BYTES)
    if not zipfile.is_zipfile(io.BytesIO(content)):
        raise _not_a_workbook(path, "an .xlsx file is a zip archive, and this is not one")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check_archive(path, archive)
            commented = sum(map(bool, map(_COMMENTS.fullmatch, archive.namelist())))
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        sheets = {sheet.title: list(_rows(path, book, sheet)) for sheet in book.worksheets}
        book.close()
    except _DAMAGED as error:
        raise _not_a_workbook(path, str(error)) from error
    return Cells(sheets, commented)


def _rows(path: Path, book: Any, sheet: Any) -> Iterator[tuple[int, dict[int, Any]]]:
    """Yield the rows that hold something; the library's own rows are filled up to the last cell."""
    with sheet._get_source() as source:
        parser = WorkSheetParser(
            source,
            sheet._shared_strings,
            data_only=True,
            epoch=book.epoch,
            date_formats=book._date_formats,
            timedelta_formats=book._timedelta_formats,
        )
        for number, cells in parser.parse():
            found = {cell["column"]: cell["value"] for cell in cells if cell["value"] is not None}
            last = max(found, default=1)
            if number > _LAST_ROW or last > _LAST_COLUMN:
                place = f"{get_column_letter(min(last, _LAST_COLUMN))}{number}"
                raise ConfigurationError(
                    f"{path}: sheet '{sheet.title}': there is no cell {place}",
                    why=f"a sheet has {_LAST_ROW:,} rows and {_LAST_COLUMN:,} columns",
                    hint="save the workbook again with a spreadsheet program",
                )
            # Office programs leave rows of blanks behind, formatted or emptied.
            if any(not isinstance(value, str) or value.strip() for value in found.values()):
                yield number, found


def _check_archive(path: Path, archive: zipfile.ZipFile) -> None:
    entries = archive.infolist()
    size = sum(entry.file_size for entry in entries)
    if size > _LARGEST_UNPACKED_BYTES:
        raise ConfigurationError(
            f"{path}: unpacks to {size:,} bytes",
            why=f"a workbook of at most {_LARGEST_UNPACKED_BYTES:,} bytes is read",
            hint="remove pictures and formatted empty rows",
        )
    bounds = _Bounds(path)
    for entry in entries:
        with archive.open(entry) as stream:
            bounds.check(entry.filename, iter(partial(stream.read, _PIECE_BYTES), b""))


class _Bounds:
    """Counts elements of XML; what is not XML cannot be read by the library either."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._part = ""
        self._total = self._of_row = self._depth = self._silent_bytes = 0
        self._rows = self._cells = 0
        self._row_counted = False

    def check(self, part: str, pieces: Iterator[bytes]) -> None:
        """Look through one part of the archive, up to where it ceases to be XML."""
        self._part, self._of_row, self._depth, self._silent_bytes = part, 0, 0, 0
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.StartDoctypeDeclHandler = self._doctype
        parser.CharacterDataHandler = self._text
        try:
            for piece in pieces:
                self._silent_bytes += len(piece)
                parser.Parse(piece)
                if self._silent_bytes > _LONGEST_TAG_BYTES:
                    raise self._beyond("holds a tag that does not end")
        except expat.ExpatError:
            return

    def _start(self, name: str, _attributes: Mapping[str, str]) -> None:
        self._silent_bytes = 0
        self._total += 1
        self._depth += 1
        tag = name.rpartition(":")[2]
        self._of_row = 0 if tag in {"row", "si"} else self._of_row + 1
        if tag == "row":
            self._row_counted = False
        elif tag in {"v", "is"}:
            self._count_cell()
        if self._total > _MOST_ELEMENTS:
            raise self._beyond(f"holds more than {_MOST_ELEMENTS:,} elements")
        if self._of_row > _MOST_OF_A_ROW:
            raise self._beyond(f"holds more than {_MOST_OF_A_ROW:,} elements in one row")
        if self._depth > _DEEPEST:
            raise self._beyond("is nested too deeply")

    def _count_cell(self) -> None:
        self._cells += 1
        self._rows += not self._row_counted
        self._row_counted = True
        if self._rows > _MOST_ROWS:
            raise self._beyond(f"brings the rows that hold something to more than {_MOST_ROWS:,}")
        if self._cells > _MOST_CELLS:
            raise self._beyond(f"brings the cells that hold something to more than {_MOST_CELLS:,}")

    def _end(self, _name: str) -> None:
        self._silent_bytes = 0
        self._depth -= 1

    def _text(self, _text: str) -> None:
        self._silent_bytes = 0

    def _doctype(self, *_: object) -> None:
        raise self._beyond("declares a document type")

    def _beyond(self, what: str) -> ConfigurationError:
        return ConfigurationError(
            f"{self._path}: the part {self._part} {what}",
            why="no spreadsheet program writes that for a model",
            hint="copy the sheets into a new workbook, and save that",
        )


def _not_a_workbook(path: Path, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"{path}: is not an .xlsx workbook",
        why=why.strip("'\""),
        hint="save it as an Excel workbook (.xlsx)",
    )
