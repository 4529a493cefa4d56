"""A workbook by somebody else: gaps are filled in openly, and what has no place is named."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from voltward.assurance.tara.exchange.drafts import Drafts
from voltward.assurance.tara.exchange.other_words import ALIASES
from voltward.assurance.tara.exchange.others_system import (
    complete_components,
    complete_flows,
    complete_head,
    complete_measures,
    complete_properties,
    complete_titles,
)
from voltward.assurance.tara.exchange.others_threats import complete_paths, complete_threats
from voltward.assurance.tara.exchange.workbook_columns import record_sheets
from voltward.assurance.tara.exchange.workbook_rows import SheetRows, plain_title

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


def complete(path: Path, sheets: Mapping[str, SheetRows], drafts: Drafts) -> None:
    """Fill the gaps that the template leaves, with a note for every guess and omission.

    Args:
        path: The workbook.
        sheets: Its sheets by normalised name.
        drafts: What was read; changed in place.
    """
    complete_head(path, drafts)
    complete_titles(drafts)
    complete_components(path, drafts)
    complete_flows(dict(sheets), drafts)
    complete_threats(path, drafts)
    complete_properties(drafts)
    complete_paths(path, drafts)
    complete_measures(path, drafts)
    drafts.notes.extend(_left_out(sheets))


def _left_out(sheets: Mapping[str, SheetRows]) -> Iterator[str]:
    known = {plain_title(sheet.name): sheet for sheet in record_sheets()}
    for name, rows in sheets.items():
        if name in _READ_SHEETS or not rows.rows:
            continue
        if name not in known:
            yield f"sheet '{rows.name}': left out, {len(rows.rows)} rows"
            continue
        read = {plain_title(column.title) for column in known[name].columns if column.key}
        read |= _ALWAYS_READ | _READ.get(name, set()) | _ALIASED
        filled = dict.fromkeys(title for row in rows.rows for title in row.cells)
        out = [rows.titles[title] for title in filled if title not in read]
        if out:
            yield f"sheet '{rows.name}': columns left out: {', '.join(out)}"
