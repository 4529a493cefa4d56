"""A finding of a check on a recording, and whether the recording can still be used."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["refuse", "note"]
Span = tuple[float, float]


@dataclass(frozen=True)
class Finding:
    """One finding.

    Attributes:
        severity: "refuse" when no figure made from the recording could be trusted.
        what: The observation, with place and value.
        why: What follows from it, or what is allowed.
        hint: What to do; of a unit or a sign, the entry of the column map that repairs it.
        spans_s: From and to, where the recording must not be used.
    """

    severity: Severity
    what: str
    why: str = ""
    hint: str = ""
    spans_s: tuple[Span, ...] = ()

    @property
    def refuses(self) -> bool:
        """Whether the recording cannot be used."""
        return self.severity == "refuse"

    @property
    def text(self) -> str:
        """The whole finding in one line."""
        return "; ".join(part for part in (self.what, self.why, self.hint) if part)
