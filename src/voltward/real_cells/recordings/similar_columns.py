"""Columns that could be taken for each other: several sensors, several cells, two units of one."""

import re
from collections.abc import Sequence
from pathlib import Path

import pyarrow.compute as pc

from voltward.core.errors import ConfigurationError
from voltward.real_cells.recordings.column_name import ColumnName, column_name, unit_of
from voltward.real_cells.recordings.table import Table


def refuse_two_units(path: Path, table: Table, columns: Sequence[int]) -> None:
    """Refuse a column whose name states one unit, and the row of units below it another.

    Raises:
        ConfigurationError: There is one among these columns.
    """
    for column in columns:
        written, below = table.names[column], unit_of(table.unit(column))
        own = column_name(written).unit
        if own is None or below is None or {own.dimension, below.dimension} & {"none", "clock"}:
            continue
        if (own.dimension, own.factor, own.shift) != (below.dimension, below.factor, below.shift):
            raise ConfigurationError(
                f"{path}: column '{written}' states the unit {own.text}, and the row of units "
                f"below it {below.text}",
                why="one of the two is wrong, and the numbers would be read in it",
                hint="remove the wrong one; or state the scale in a column map (--columns)",
            )


def working_sensor(
    table: Table, names: Sequence[ColumnName], columns: Sequence[int], stems: Sequence[str]
) -> tuple[int, tuple[str, ...]]:
    """Return the first of several temperatures whose number changes, and a note on the others.

    Args:
        table: That they are in.
        names: Of all columns.
        columns: Temperatures, the better one first.
        stems: Further ones have these names, with any number.
    """
    bases = {_without_number(stem) for stem in stems}
    more = [at for at, name in enumerate(names) if _base(name, "temperature") in bases]
    several = list(dict.fromkeys([*columns, *more]))
    if len(several) < 2:
        return several[0], ()
    fields = table.take(several)
    varies = [column for column in several if len(pc.unique(fields[column]).drop_null()) > 2]
    chosen = (varies or several)[0]
    others = ", ".join(f"'{table.names[column]}'" for column in several if column != chosen)
    return chosen, (
        f"of several temperatures column '{table.names[chosen]}' is taken; others are {others}",
    )


def refuse_numbered_cells(path: Path, names: Sequence[ColumnName], found: ColumnName) -> None:
    """Refuse a voltage with a number where there are others of the same name.

    Args:
        path: For messages.
        names: Of all columns.
        found: That was found.

    Raises:
        ConfigurationError: There are others.
    """
    numbered = re.fullmatch(r"(.*?) ?\d+", found.stem)
    if not numbered:
        return
    same = [
        name for name in names if name.stem != numbered[1] and _base(name, "voltage") == numbered[1]
    ]
    if len(same) > 1:
        written = [name.written for name in same]
        cells = ", ".join(
            f'voltage_{number}_V = {{ column = "{name}" }}'
            for number, name in enumerate(written[:2], start=1)
        )
        raise ConfigurationError(
            f"{path}: there are {len(same)} voltages, {', '.join(map(repr, written[:4]))}",
            why="nothing says which of them are cells of one string",
            hint=f'name the one, voltage_V = {{ column = "{written[0]}" }}, or each of them in a '
            f"column map (--columns): {cells}, with the scale of each",
        )


def _base(name: ColumnName, dimension: str) -> str | None:
    """Return a name without its number; None where it is of another dimension, or too short."""
    if name.unit is None and len(name.stem) < 2:
        return None
    other = name.unit is not None and name.unit.dimension not in {dimension, "none"}
    return None if other else _without_number(name.stem)


def _without_number(stem: str) -> str:
    return re.sub(r" ?\d+$", "", stem)
