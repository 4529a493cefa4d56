"""A fault of a model: where, what, why, what to do."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

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


def problem_at(
    model: Model,
    table: str,
    index: int,
    key: str,
    what: str,
    *,
    why: str = "",
    hint: str = "",
    severity: Severity = Severity.ERROR,
) -> Problem:
    """Return a fault of one entry of a model, with its file and place."""
    file, place = model.place(table, index, key)
    return Problem(file, place, what, why, hint, severity)


def nearest_id(name: str, known: Iterable[str]) -> str:
    """Return a hint with the nearest known ids; a long list is not printed."""
    names = [str(entry) for entry in known]
    hint = nearest(name, names)
    if hint.startswith("did") or len(names) <= _LISTED:
        return hint
    return f"{len(names)} ids are known and none is close, such as '{min(names)}'"
