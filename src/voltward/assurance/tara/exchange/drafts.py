"""Records on their way from a workbook into the model, with the row that each came from."""

from dataclasses import dataclass, field
from typing import Any

from voltward.assurance.tara.exchange.workbook_rows import Row


@dataclass
class Draft:
    """A record before it is checked.

    Attributes:
        row: Where it stands.
        document: What was read so far.
    """

    row: Row
    document: dict[str, Any]

    @property
    def id(self) -> str:
        """Its id, or an empty text."""
        return str(self.document.get("id", ""))

    def cell(self, title: str) -> str:
        """Return the text of a column of the template that no field of the model has."""
        return self.row.cells.get(title, "").strip()


@dataclass
class Drafts:
    """All drafts by table, the head, and what must be said about them."""

    tables: dict[str, list[Draft]]
    head: Draft | None = None
    notes: list[str] = field(default_factory=list)

    def note(self, draft: Draft, text: str) -> None:
        """Keep a sentence about one row."""
        self.notes.append(f"sheet '{draft.row.sheet}', row {draft.row.number}: {text}")

    def ids(self, table: str) -> set[str]:
        """Return the ids of a table."""
        return {draft.id for draft in self.tables[table]}
