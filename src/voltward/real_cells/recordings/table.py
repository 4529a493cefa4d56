"""A table as a file holds it: names, units, and columns that are taken out when they are needed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

Columns = dict[int, Any]


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        names: Of the columns, as written; one may appear twice.
        units: From a row of units; empty without one.
        take: Returns columns by their numbers: Arrow arrays of text, numbers or times.
        notes: What was passed over or guessed to find it.
    """

    names: tuple[str, ...]
    units: tuple[str, ...]
    take: Callable[[Sequence[int]], Columns]
    notes: tuple[str, ...] = ()

    def unit(self, column: int) -> str:
        """Return what stands below a name in the row of units, or nothing."""
        return self.units[column] if self.units else ""


def text_column(fields: Sequence[str | None]) -> Any:
    """Return a column of text."""
    return pa.chunked_array([pa.array(fields, pa.string())])
