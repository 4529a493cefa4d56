"""Tables that scripts filter and notebooks show: rows by column, figures with their interval."""

import html
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any, Generic, NoReturn, Self, TypeVar, overload

from voltward.core.errors import ConfigurationError, EnvironmentLacksError
from voltward.core.suggestion import nearest
from voltward.interfaces.python.arguments import text_of, wrong_kind

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

Value = str | float | bool | None
Wanted = Value | Collection[Value]
# What a campaign or a rating was made of: a name that no row has is a slip, never an empty answer.
_MADE_OF = ("attack", "stack", "track", "duty", "seed", "control_set")
_MOST_IN_TEXT = 10
_MOST_IN_NOTEBOOK = 30


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % interval; `float()` gives the figure alone.

    Attributes:
        value: The figure.
        low: Lower end of the interval.
        high: Upper end.

    Example:
        >>> import voltward as vw
        >>> share = vw.Estimate(0.25, low=0.07, high=0.59)
        >>> print(share, "for", float(share))
        0.25 (95 %: 0.07 to 0.59) for 0.25
    """

    value: float
    low: float
    high: float

    def __float__(self) -> float:
        return self.value

    def __str__(self) -> str:
        return f"{self.value:.4g} (95 %: {self.low:.4g} to {self.high:.4g})"


class Row(dict[str, Value]):
    """One row of a table, column to value; a column that is not there is answered by near names.

    Example:
        >>> import voltward as vw
        >>> case = vw.open_run("out/demo").cases[0]
        >>> case["attack"], case.number("attack_s")
        ('voltage-bias', 900.0)
    """

    def __missing__(self, column: str) -> NoReturn:
        raise unknown("column", column, self)

    def number(self, column: str) -> float | None:
        """Return a number, None where the table has no value.

        Raises:
            ConfigurationError: There is no such column, or it holds text.
        """
        value = self[text_of("column", column)]
        if isinstance(value, str):
            raise ConfigurationError(f"column '{column}' holds text", why=f"got '{value}'")
        return None if value is None else float(value)

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={_text(value)}" for name, value in list(self.items())[:4])
        return f"<{type(self).__name__} {shown}, ... {len(self)} columns>"


RowT = TypeVar("RowT", bound=Row)


@dataclass(frozen=True, repr=False)
class Table(Sequence[RowT], Generic[RowT]):
    """Rows with names for their columns; a notebook shows it as a table.

    Attributes:
        rows: Every row with all of its columns.
        columns: The names of all columns.
        shown: The columns that a picture of the table has.

    Example:
        >>> import voltward as vw
        >>> cases = vw.open_run("out/demo").cases
        >>> missed = cases.where(stack=["none", "detection"], goal_reached=True, detected=False)
        >>> len(cases), len(missed), missed[0]["attack"]
        (320, 90, 'voltage-bias')
        >>> missed.to_arrow().num_columns == len(missed.columns)
        True
    """

    rows: tuple[RowT, ...]
    columns: tuple[str, ...]
    shown: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[RowT]:
        return iter(self.rows)

    @overload
    def __getitem__(self, index: int) -> RowT: ...
    @overload
    def __getitem__(self, index: slice) -> "Table[RowT]": ...
    def __getitem__(self, index: int | slice) -> "RowT | Table[RowT]":
        if isinstance(index, slice):
            return replace(self, rows=self.rows[index])
        if isinstance(index, bool) or not hasattr(index, "__index__"):
            raise self._wrong_index(index)
        if not -len(self) <= index < len(self):
            raise IndexError(f"there is no row {index}: the table has {len(self)} rows")
        return self.rows[index]

    def _wrong_index(self, index: object) -> ConfigurationError:
        return wrong_kind(
            "table[...]", index, "a row number or a slice", "choose rows by value with where(...)"
        )

    def __call__(self) -> Self:
        """Return the table itself: `run.matrix()`, as it was written before, is `run.matrix`."""
        return self

    def where(self, **wanted: Wanted) -> Self:
        """Return the rows that fit.

        Args:
            wanted: Column to the value that it must have, or to several of which one is enough.

        Raises:
            ConfigurationError: There is no such column, or no row has the attack, stack, track,
                duty, seed or control set that is asked for.
        """
        return replace(self, rows=tuple(self._fitting(wanted)))

    def _fitting(self, wanted: dict[str, Wanted]) -> Iterable[RowT]:
        allowed = {name: _several(values) for name, values in wanted.items()}
        for name in allowed:
            if name not in self.columns:
                raise unknown("column", name, self.columns)
        self._require_known(wanted)
        return (row for row in self if all(row[name] in allowed[name] for name in allowed))

    def _require_known(self, wanted: dict[str, Wanted]) -> None:
        """Refuse a name that no row has, where a column says what the rows were made of."""
        for name in wanted if self.rows else ():
            known = tuple(dict.fromkeys(self.column(name))) if name in _MADE_OF else ()
            for value in _several(wanted[name]) if known else ():
                if value not in known:
                    raise unknown(name.replace("_", " "), value, map(str, known))

    def column(self, name: str) -> tuple[Value, ...]:
        """Return one column.

        Raises:
            ConfigurationError: There is none of that name.
        """
        if name not in self.columns:
            raise unknown("column", name, self.columns)
        return tuple(row[name] for row in self)

    def to_arrow(self) -> "pa.Table":
        """Return the table as an Arrow table."""
        return import_module("pyarrow").Table.from_pydict(
            {name: list(self.column(name)) for name in self.columns}
        )

    def to_pandas(self) -> "pd.DataFrame":
        """Return the table as a pandas frame.

        Raises:
            EnvironmentLacksError: pandas is not installed.
        """
        frame: pd.DataFrame = pandas().DataFrame(self.rows, columns=list(self.columns))
        return frame

    def __repr__(self) -> str:
        rows = [self.shown, *(self._texts(row) for row in self.rows[:_MOST_IN_TEXT])]
        widths = [max(len(row[place]) for row in rows) for place in range(len(self.shown))]
        lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
        return "\n".join([*lines, self._size(_MOST_IN_TEXT)])

    def _repr_html_(self) -> str:
        head = _html_row("th", self.shown)
        body = "".join(_html_row("td", self._texts(row)) for row in self.rows[:_MOST_IN_NOTEBOOK])
        size = html.escape(self._size(_MOST_IN_NOTEBOOK))
        return f"<table><thead>{head}</thead><tbody>{body}</tbody></table><p>{size}</p>"

    def _texts(self, row: RowT) -> tuple[str, ...]:
        return tuple(_text(row[name]) for name in self.shown)

    def _size(self, most: int) -> str:
        cut = f", the first {most} shown" if len(self) > most else ""
        rows = "1 row" if len(self) == 1 else f"{len(self)} rows"
        return f"[{rows}{cut}; {len(self.columns)} columns]"


def _several(wanted: Wanted) -> Collection[Value]:
    return (wanted,) if isinstance(wanted, str) or not isinstance(wanted, Collection) else wanted


def _html_row(cell: str, texts: Iterable[str]) -> str:
    return "<tr>" + "".join(f"<{cell}>{html.escape(text)}</{cell}>" for text in texts) + "</tr>"


def _text(value: Value) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def unknown(kind: str, name: object, known: Iterable[str]) -> ConfigurationError:
    """Return the error for a name that is not there, with near names as its hint."""
    return ConfigurationError(f"there is no {kind} '{name}'", hint=nearest(str(name), known))


def pandas() -> Any:
    """Return the library.

    Raises:
        EnvironmentLacksError: It is not installed.
    """
    try:
        return import_module("pandas")
    except ModuleNotFoundError as error:
        raise EnvironmentLacksError(
            "pandas is not installed",
            why="it is an extra, since nothing else of Voltward needs it",
            hint="pip install 'voltward[pandas]', or take to_arrow()",
        ) from error
