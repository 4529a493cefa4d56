"""A finding: what a check noticed in a recording, and whether it can be lived with."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["refuse", "note"]
Span = tuple[float, float]


@dataclass(frozen=True)
class Finding:
    """One thing noticed.

    Attributes:
        severity: "refuse" when no figure made from the recording could be trusted.
        what: What was seen, with place and value.
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
        """All of it in one line."""
        return "; ".join(part for part in (self.what, self.why, self.hint) if part)
