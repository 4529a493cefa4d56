"""A model as a workbook in the columns of the public template, byte for byte the same each time."""

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import gettempdir
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet
from pydantic import TypeAdapter

from voltward.assurance.tara.exchange.cell_text import escaped, list_text
from voltward.assurance.tara.exchange.workbook_columns import (
    MARK,
    MARK_VALUE,
    ORDER,
    Column,
    Kind,
    Part,
    Sheet,
    columns_of,
    record_keys,
    record_sheets,
)
from voltward.assurance.tara.exchange.workbook_derived import (
    attack_rows,
    derived_cells,
    derived_sheets,
)
from voltward.assurance.tara.exchange.workbook_rows import LONG_HEAD, LONG_TEXTS, text_of_cell
from voltward.assurance.tara.method.profile_settings import ProfileSettings
from voltward.assurance.tara.model.model import Head, Tables
from voltward.assurance.tara.rating.records import Rating
from voltward.core.files import not_written

# A cell holds 32,767 characters; some count twice there.
CELL_LIMIT = 16_000
_FIXED_TIME = (1980, 1, 1, 0, 0, 0)
_MODIFIED = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*(<)")
_BOLD = Font(bold=True)
_WIDTHS = {"title": 48, "description": 60, "refined by": 48, "reasons": 60, "source": 40}
_WIDTH = 18
_SPARE_ROWS = 200


class _Writer:
    """A workbook being filled, with the texts that are too long for a cell."""

    def __init__(self) -> None:
        self.workbook = Workbook()
        self.long: dict[str, str] = {}

    def sheet(self, name: str, rows: Iterable[Iterable[Any]]) -> Worksheet:
        """Add a sheet; the first row is its head."""
        sheet: Worksheet = self.workbook.create_sheet(name)
        for number, row in enumerate(rows, 1):
            for index, value in enumerate(row, 1):
                if value not in (None, "", [], (), {}):
                    self._fill(sheet.cell(number, index), value)
        for index, cell in enumerate(sheet[1], 1):
            cell.font = _BOLD
            width = _WIDTHS.get(str(cell.value), _WIDTH)
            sheet.column_dimensions[get_column_letter(index)].width = width
        sheet.freeze_panes = "A2"
        return sheet

    def _fill(self, cell: Any, value: Any) -> None:
        text = _cell_value(value)
        if not isinstance(text, str):
            cell.value = text
            return
        if len(text) > CELL_LIMIT:
            reference = f"see {LONG_TEXTS} {hashlib.sha256(text.encode()).hexdigest()[:16]}"
            self.long[reference] = text
            text = reference
        cell.value = text
        # Text stays text, whatever it starts with or looks like.
        cell.data_type = "s"
        if text[0] in "=+-@\t":
            cell.quotePrefix = True

    def content(self) -> bytes:
        """Return the file."""
        rows: list[tuple[Any, ...]] = [LONG_HEAD]
        for reference, text in self.long.items():
            pieces = range(0, len(text), CELL_LIMIT)
            rows += [
                (reference, part, text[start : start + CELL_LIMIT])
                for part, start in enumerate(pieces, 1)
            ]
        sheet = self.workbook.create_sheet(LONG_TEXTS)
        for number, row in enumerate(rows, 1):
            for index, value in enumerate(row, 1):
                cell = sheet.cell(number, index, value)
                cell.data_type = "s" if isinstance(value, str) else "n"
        del self.workbook["Sheet"]
        buffer = io.BytesIO()
        try:
            self.workbook.save(buffer)
        except OSError as error:
            # The library writes each sheet to a file of its own first.
            raise not_written(Path(gettempdir()) / "a sheet of the workbook", error) from error
        return _without_times(buffer.getvalue())


def workbook(
    tables: Tables, rating: Rating | None = None, profile: ProfileSettings | None = None
) -> bytes:
    """Return a model as the bytes of an .xlsx file.

    Args:
        tables: The model.
        rating: What the sheet of risks shows; an import does not read it.
        profile: What the sheets of the risk and feasibility model show.
    """
    writer = _Writer()
    columns = {sheet.name: sheet.columns for sheet in record_sheets()}
    for name, rows in sheet_rows(tables, rating, profile).items():
        sheet = writer.sheet(name, rows)
        if name in columns:
            _offer_choices(sheet, columns[name], len(rows))
    return writer.content()


def sheet_rows(
    tables: Tables, rating: Rating | None = None, profile: ProfileSettings | None = None
) -> dict[str, Sequence[Sequence[Any]]]:
    """Return the sheets of a workbook in order: name to rows, the first of which is the head."""
    plain = TypeAdapter(Tables).dump_python(tables, mode="json")
    rows: dict[str, Sequence[Sequence[Any]]] = {
        **derived_sheets(tables, rating, profile),
        "Project Info": _project_rows(plain["model"]),
        "Assumptions": _assumption_rows(plain["model"]),
    }
    cells = derived_cells(tables)
    for sheet in record_sheets():
        rows[sheet.name] = _record_rows(sheet, plain, cells, attack_rows(tables))
    return {name: rows[name] for name in ORDER if name in rows}


def text_in_cell(value: Any) -> str:
    """Return the text that is read back from a cell with a value, however long it is."""
    empty = value in (None, "", [], (), {})
    return "" if empty else text_of_cell(_cell_value(value), {})


def _record_rows(
    sheet: Sheet,
    plain: Mapping[str, list[dict[str, Any]]],
    cells: Mapping[tuple[str, str], Any],
    attacks: Iterable[str],
) -> list[list[Any]]:
    rows: list[list[Any]] = [[column.title for column in sheet.columns]]
    for part in sheet.parts:
        for position, record in enumerate(plain[part.table], 1):
            if not part.kinds or record["kind"] in part.kinds:
                rows.append(
                    [
                        _value(sheet, column, part, position, record, cells)
                        for column in sheet.columns
                    ]
                )
    if sheet.name == "Attack Steps":
        known = {"id", "name", "title"}
        rows += [
            [
                attack if column.title in known else "attack" if column.title == "kind" else None
                for column in sheet.columns
            ]
            for attack in attacks
        ]
    return rows


def _value(
    sheet: Sheet,
    column: Column,
    part: Part,
    position: int,
    record: dict[str, Any],
    cells: Mapping[tuple[str, str], Any],
) -> Any:
    if not column.key:
        fill = cells.get((sheet.name, column.title))
        plain = {"name": record.get("id"), "position": position, "kind": part.label}
        return fill(record) if fill else plain.get(column.title)
    if column.key not in record_keys(part.table):
        return None
    return field_value(column, record)


def field_value(column: Column, record: Mapping[str, Any]) -> Any:
    """Return what a record holds for a column."""
    value: Any = record
    for key in column.key:
        value = value.get(key) if isinstance(value, Mapping) else None
    if column.kind is Kind.REST:
        return {name: item for name, item in (value or {}).items() if name not in column.beside}
    return value


def _offer_choices(sheet: Worksheet, columns: Iterable[Column], rows: int) -> None:
    for index, column in enumerate(columns, 1):
        if column.kind is Kind.CHOICE:
            offered = DataValidation("list", formula1=f'"{",".join(column.choices)}"')
            letter = get_column_letter(index)
            offered.add(f"{letter}2:{letter}{rows + _SPARE_ROWS}")
            sheet.add_data_validation(offered)


def _project_rows(head: Mapping[str, Any] | None) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = [("name", "value"), (MARK, MARK_VALUE)]
    if head:
        rows += [
            (column.title, field_value(column, head))
            for column in columns_of(Head)
            if column.key != ("assumptions",)
        ]
    return rows


def _assumption_rows(head: Mapping[str, Any] | None) -> list[tuple[Any, ...]]:
    levels = ("maximal risk level", "maximal impact level", "maximal feasibility level")
    rows: list[tuple[Any, ...]] = [("id", "name", "title", *levels)]
    for index, text in enumerate(head["assumptions"] if head else (), 1):
        rows.append((f"A.{index}", f"A.{index}", text))
    return rows


def _cell_value(value: Any) -> Any:
    if isinstance(value, float) and float(f"{value:.16g}") != value:
        # The file format of numbers keeps 16 digits; a text keeps all.
        return repr(value)
    if isinstance(value, bool | int | float):
        return value
    return escaped(list_text(value) if isinstance(value, list | tuple) else _text(value))


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)


def _without_times(content: bytes) -> bytes:
    """Return the same archive with fixed times."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as source,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            data = source.read(name)
            if name == "docProps/core.xml":
                data = _MODIFIED.sub(rb"\g<1>1980-01-01T00:00:00Z\g<3>", data)
            entry = zipfile.ZipInfo(name, _FIXED_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, data)
    return buffer.getvalue()
