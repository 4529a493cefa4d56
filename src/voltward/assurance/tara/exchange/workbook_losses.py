"""What a workbook holds that has no place in a model: named with counts, never dropped silently.

1. Sheets and columns that the model does not have, cells without a title, rows above the head,
   comments on cells.
2. In a workbook that was written here: edited cells of columns that follow from the model. What
   follows is known by writing the imported model again.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from voltward.assurance.tara.exchange.foreign_terms import ALIASES
from voltward.assurance.tara.exchange.workbook_columns import record_sheets
from voltward.assurance.tara.exchange.workbook_export import sheet_rows, text_in_cell
from voltward.assurance.tara.exchange.workbook_rows import SheetRows, plain_title
from voltward.assurance.tara.model.model import Tables

# Columns without a field that are still read, by sheet.
_READ = {
    "components": {"stored data", "function assignment"},
    "data flows": {"channel"},
    "threat scenarios": {"threatened by", "cause of compromise", "lessened by"},
    "attack steps": {"mitigated by", "impossible", "refined by"},
}
_ALIASED = {name for names in ALIASES.values() for name in names}
_ALWAYS_READ = {"name", "position", "kind"}
_READ_SHEETS = {"channels", "technologies", "project info", "assumptions"}
# What they show depends on a rating, which the workbook does not hold.
_RATED = {"risks", "risk model", "feasibility model"}
# Columns without a field that an import of our own workbook reads.
_OWN_READ = {"project info": {"value"}, "assumptions": {"title"}}
_OWN_ALWAYS_READ = {"position", "kind"}


def left_out(sheets: Mapping[str, SheetRows], own: Tables | None, commented: int) -> Iterator[str]:
    """Yield a sentence on everything that an import does not keep.

    Args:
        sheets: Of the workbook, by normalised name.
        own: The imported model when the workbook was written here; None for one of another tool.
        commented: How many sheets have comments on cells.
    """
    if commented:
        yield f"comments on cells, of {_count(commented, 'sheet')}: left out"
    written = _written(own) if own else {}
    read = written if own else _read_by_name()
    for name, rows in sheets.items():
        if rows.above:
            yield f"sheet '{rows.name}': {_count(rows.above, 'row')} above the head left out"
        if rows.outside:
            yield f"sheet '{rows.name}': {_count(rows.outside, 'cell')} without a title left out"
        if name not in read:
            if rows.titles and (own or name not in _READ_SHEETS):
                yield f"sheet '{rows.name}': left out, {_count(len(rows.rows) or 1, 'row')}"
            continue
        filled = Counter(title for row in rows.rows for title in row.cells)
        out = [title for title in filled if title not in read[name]]
        if out:
            counted = (f"{rows.titles[title]} ({_count(filled[title], 'cell')})" for title in out)
            yield f"sheet '{rows.name}': columns left out: {', '.join(counted)}"
        if own and name not in _RATED:
            read_here = _titles_with_fields(name) | _OWN_ALWAYS_READ | _OWN_READ.get(name, set())
            yield from _edited(rows, written[name], read_here)


def _read_by_name() -> dict[str, set[str]]:
    """Return the titles that an import of another tool's workbook reads, by sheet."""
    names = [plain_title(sheet.name) for sheet in record_sheets()]
    more = _ALWAYS_READ | _ALIASED
    return {name: _titles_with_fields(name) | more | _READ.get(name, set()) for name in names}


def _titles_with_fields(name: str) -> set[str]:
    return {
        plain_title(column.title)
        for sheet in record_sheets()
        for column in sheet.columns
        if column.key and plain_title(sheet.name) == name
    }


def _written(tables: Tables) -> dict[str, dict[str, Counter[str]]]:
    """Return sheet and column to the texts that a workbook of the model holds there."""
    return {
        plain_title(name): {
            plain_title(str(title)): Counter(map(text_in_cell, texts))
            for title, *texts in zip(*_filled(rows), strict=True)
        }
        for name, rows in sheet_rows(tables).items()
    }


def _filled(rows: Iterable[Iterable[object]]) -> list[list[object]]:
    """Return rows of the length of the head, which is the first."""
    plain = [list(row) for row in rows]
    return [row + [None] * (len(plain[0]) - len(row)) for row in plain]


def _edited(rows: SheetRows, written: Mapping[str, Counter[str]], kept: set[str]) -> Iterator[str]:
    for title, expected in written.items():
        if title in rows.titles and title not in kept:
            found = Counter(row.cells[title] for row in rows.rows if title in row.cells)
            edited = (found - expected).total()
            if edited:
                yield (
                    f"sheet '{rows.name}': column '{rows.titles[title]}' follows from the model: "
                    f"{_count(edited, 'edited cell')} left out"
                )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
