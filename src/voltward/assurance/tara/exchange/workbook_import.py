"""A workbook read back: cells to records, each checked where it stands."""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from voltward.assurance.tara.exchange.foreign_terms import ALIASES, choice_of
from voltward.assurance.tara.exchange.foreign_workbook import complete
from voltward.assurance.tara.exchange.workbook_columns import (
    MARK,
    ORDER,
    Column,
    Kind,
    Part,
    Sheet,
    columns_of,
    record_keys,
    record_shapes,
    record_sheets,
)
from voltward.assurance.tara.exchange.workbook_file import read_cells
from voltward.assurance.tara.exchange.workbook_losses import left_out
from voltward.assurance.tara.exchange.workbook_rows import (
    Draft,
    Drafts,
    Row,
    SheetRows,
    plain_title,
    sheets_of,
)
from voltward.assurance.tara.model.model import Head, Tables
from voltward.core.errors import ConfigurationError
from voltward.core.input_file import parse_json
from voltward.core.suggestion import nearest
from voltward.documents.toml_document import adapter, allowed, closest, shown


@dataclass(frozen=True)
class Imported:
    """A model out of a workbook.

    Attributes:
        tables: The model.
        notes: What was left out or taken for granted, one sentence each.
    """

    tables: Tables
    notes: tuple[str, ...]


def import_workbook(path: Path) -> Imported:
    """Read a workbook in the columns of the public template.

    Args:
        path: An .xlsx file, written here or by another tool.

    Raises:
        ConfigurationError: It is not a workbook, holds no sheet of the template, or a value is not
            allowed; the message names sheet, row and column.
    """
    cells = read_cells(path)
    sheets = sheets_of(path, cells)
    known = {plain_title(name): name for name in ORDER}
    if not any(sheets[name].rows for name in sheets.keys() & known.keys()):
        raise _no_model(path, sheets)
    own = any(
        plain_title(row.cells.get("name", "")) == MARK
        for row in sheets.get("project info", SheetRows("")).rows
    )
    if own:
        _all_there(path, sheets)
    drafts = Drafts({name: [] for name in record_shapes()}, _head(sheets))
    for sheet in record_sheets():
        rows = sheets.get(plain_title(sheet.name), SheetRows(sheet.name))
        for table, draft in _drafts(sheet, rows):
            drafts.tables[table].append(draft)
    # Assets are on two sheets; their position gives the order.
    drafts.tables["asset"].sort(key=_position)
    if not own:
        complete(path, sheets, drafts)
    tables = _tables(drafts)
    lost = left_out(sheets, tables if own else None, cells.commented)
    return Imported(tables, (*drafts.notes, *lost))


def _no_model(path: Path, sheets: Mapping[str, SheetRows]) -> ConfigurationError:
    names = [sheet.name for sheet in sheets.values()]
    hints = [f"'{name}': {hint}" for name in names if (hint := closest(name, ORDER))]
    return ConfigurationError(
        f"{path}: holds no row in any sheet of the template",
        why=f"its sheets are {', '.join(names) or 'none'}; expected: {', '.join(ORDER[:9])}, ...",
        hint="; ".join(hints) or "export a model to see the sheets: voltward tara export cbms",
    )


def _all_there(path: Path, sheets: Mapping[str, SheetRows]) -> None:
    names = [sheet.name for sheet in sheets.values()]
    for sheet in record_sheets():
        if plain_title(sheet.name) not in sheets:
            raise ConfigurationError(
                f"{path}: sheet '{sheet.name}' is missing",
                why=f"its sheets are {', '.join(names)}",
                hint=closest(sheet.name, names) or "an empty sheet with its head is enough",
            )


def _drafts(sheet: Sheet, rows: SheetRows) -> Iterator[tuple[str, Draft]]:
    titles = {column.title: _title_in(column, rows) for column in sheet.columns}
    for row in rows.rows:
        part = _part(sheet, row)
        if part is None:
            continue
        document: dict[str, Any] = {}
        keys = record_keys(part.table)
        for column in sheet.columns:
            title = titles[column.title]
            if column.key and column.key in keys and title is not None:
                _read(column, row, title, document)
        if part.table == "damage":
            document.setdefault("impact", {})
        yield part.table, Draft(row, document)


def _title_in(column: Column, rows: SheetRows) -> str | None:
    """Return the normalised title under which a sheet has a column, or None."""
    for name in (column.title, *ALIASES.get(column.title, ())):
        if plain_title(name) in rows.titles:
            return plain_title(name)
    return None


def _part(sheet: Sheet, row: Row) -> Part | None:
    if len(sheet.parts) == 1:
        return sheet.parts[0]
    labels = {part.label: part for part in sheet.parts}
    kind = row.cells.get("kind", "step").strip()
    if kind == "attack":
        return None
    if kind not in labels:
        raise row.fault(
            "kind",
            f"{shown(kind)} is not allowed",
            why=f"allowed is {', '.join(labels)} or attack",
            hint=nearest(kind, labels),
        )
    return labels[kind]


def _position(draft: Draft) -> float:
    text = draft.row.cells.get("position", "")
    try:
        return float(text) if text else math.inf
    except ValueError as error:
        raise draft.row.fault("position", f"{shown(text)} is not a number") from error


def _read(column: Column, row: Row, title: str, document: dict[str, Any]) -> None:
    text = row.cells.get(title, "")
    if not text:
        if column.keeps_empty:
            _set_at(document, column.key, [] if column.kind is Kind.LIST else "")
        return
    if column.kind is Kind.LIST:
        _set_at(document, column.key, _list(column, row, title))
    elif column.kind is Kind.NUMBER:
        _set_at(document, column.key, _number(row, title, text))
    elif column.kind is Kind.CHOICE:
        _set_at(document, column.key, _choice(column, row, title, text))
    elif column.kind is Kind.REST:
        for name, item in _json_object(row, title, text).items():
            _set_at(document, (*column.key, name), item)
    else:
        _set_at(document, column.key, text)


def _set_at(document: dict[str, Any], key: tuple[str, ...], value: Any) -> None:
    for part in key[:-1]:
        document = document.setdefault(part, {})
    document[key[-1]] = value


def _list(column: Column, row: Row, title: str) -> list[str]:
    items = row.items(title)
    if not column.choices:
        return items
    return [_choice(column, row, title, item) for item in items]


def _number(row: Row, title: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise row.fault(title, f"{shown(text)} is not a number", hint="write it with a point: 2.5")
    return number


def _choice(column: Column, row: Row, title: str, text: str) -> str:
    value = choice_of(column.key, text, column.choices)
    if not value:
        raise row.fault(
            title,
            f"{shown(text)} is not allowed",
            why=f"allowed is {', '.join(column.choices)}",
            hint=nearest(text, column.choices),
        )
    return value


def _json_object(row: Row, title: str, text: str) -> dict[str, Any]:
    try:
        found = parse_json(text, title)
    except ConfigurationError:
        found = None
    if not isinstance(found, dict):
        raise row.fault(title, f"{shown(text)} is not a JSON object", hint='write {"key": "text"}')
    return found


def _head(sheets: Mapping[str, SheetRows]) -> Draft | None:
    """Return the head out of the sheets of the project and of the assumptions."""
    rows = sheets.get("project info", SheetRows("Project Info")).rows
    values = {plain_title(row.cells.get("name", "")): row for row in rows}
    document: dict[str, Any] = {}
    for column in columns_of(Head):
        row = values.get(plain_title(column.title))
        if row is not None:
            _read(column, row, "value", document)
    if not document:
        return None
    assumed = sheets.get("assumptions", SheetRows("")).rows
    texts = [row.cells.get("title") or row.cells.get("name", "") for row in assumed]
    document["assumptions"] = [text for text in texts if text]
    return Draft(rows[0], document)


def _tables(drafts: Drafts) -> Tables:
    records: dict[str, Any] = {
        name: tuple(_record(shape, draft) for draft in drafts.tables[name])
        for name, shape in record_shapes().items()
    }
    head = _record(Head, drafts.head) if drafts.head else None
    return Tables(model=head, **records)


def _record(shape: Any, draft: Draft) -> Any:
    """Return a checked record; a fault names its cell."""
    try:
        return adapter(shape).validate_json(json.dumps(draft.document), strict=True)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        place = tuple(part for part in problem["loc"] if isinstance(part, str))
        value: Any = draft.document
        for part in problem["loc"]:
            value = value.get(part) if isinstance(value, dict) else value
        title = next(
            (
                column.title
                for column in _columns_of_sheet(draft.row.sheet, shape)
                if column.key == place[: len(column.key)] and column.key
            ),
            " ".join(place),
        )
        if value is None or problem["type"].startswith("missing"):
            raise draft.row.fault(
                title, "is empty", why="it has no default", hint=f"fill in '{title}'"
            ) from error
        raise draft.row.fault(
            title, f"{shown(value)} is not allowed", why=allowed(problem)
        ) from error


def _columns_of_sheet(name: str, shape: Any) -> tuple[Column, ...]:
    for sheet in record_sheets():
        if plain_title(sheet.name) == plain_title(name):
            return sheet.columns
    return tuple(columns_of(shape))
