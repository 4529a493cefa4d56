"""A fault of a model: where it is, what is wrong, why, and what to do."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from voltward.assurance.tara.model.model_folder import Model
from voltward.core.errors import ConfigurationError
from voltward.core.suggestion import nearest

_LISTED = 12


class Severity(StrEnum):
    """An error stops a rating; a warning is a gap that the rating fills with the worst case."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Problem:
    """One fault of a model.

    Attributes:
        file: The file that holds it.
        key: Place in the file, such as "path[3] AP-004: tree".
        what: What is wrong, with the value got.
        why: Why, or what is allowed.
        hint: What to do, with the nearest valid id.
        severity: Whether a rating is possible at all.
    """

    file: str
    key: str
    what: str
    why: str = ""
    hint: str = ""
    severity: Severity = Severity.ERROR

    def as_error(self, others: int = 0) -> ConfigurationError:
        """Return the fault as the error that a command ends with.

        Args:
            others: How many more there are.
        """
        more = f" (and {others} more: voltward tara check)" if others else ""
        return ConfigurationError(
            f"{self.file}: {self.key}: {self.what}{more}", why=self.why, hint=self.hint
        )


@dataclass(frozen=True)
class Place:
    """One entry of a model, where faults are found.

    Attributes:
        model: The model.
        table: Table of the entry.
        index: Its index in the table.
    """

    model: Model
    table: str
    index: int

    def problem(
        self,
        key: str,
        what: str,
        *,
        why: str = "",
        hint: str = "",
        severity: Severity = Severity.ERROR,
    ) -> Problem:
        """Return a fault of the entry, with its file and key."""
        file, place = self.model.place(self.table, self.index, key)
        return Problem(file, place, what, why, hint, severity)

    def unknown(self, key: str, name: str, known: Iterable[str]) -> Problem:
        """Return the fault that an id does not exist, with the nearest that does."""
        return self.problem(key, f"there is no '{name}'", hint=nearest_id(name, known))

    def words(self) -> str:
        """Return file and key, for the reason of another fault."""
        return ": ".join(self.model.place(self.table, self.index))


def places(model: Model, *tables: str) -> Iterator[tuple[Place, Any]]:
    """Yield every entry of some tables, with its place."""
    for table in tables:
        for index, entry in enumerate(getattr(model.tables, table)):
            yield Place(model, table, index), entry


def nearest_id(name: str, known: Iterable[str]) -> str:
    """Return a hint with the nearest known ids; a long list is not printed."""
    names = [str(entry) for entry in known]
    hint = nearest(name, names)
    if hint.startswith("did") or len(names) <= _LISTED:
        return hint
    return f"{len(names)} ids are known and none is close, such as '{min(names)}'"
