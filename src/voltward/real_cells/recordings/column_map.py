"""A column map: which column of a foreign file holds which quantity, and in which unit and sign."""

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Annotated, Literal

import numpy as np
from annotated_types import Gt, Interval
from jaxtyping import Float

from voltward.core.errors import ConfigurationError
from voltward.documents.settings_table import settings_table
from voltward.documents.toml_document import (
    check_document,
    closest,
    find_document,
    read_document,
    shipped_names,
)

REQUIRED = ("time_s", "current_A", "temperature_degC")
OPTIONAL = ("soc", "charge_Ah", "pack_voltage_V")
CELL_VOLTAGE = re.compile(r"voltage_([1-9][0-9]*)_V")

Cut = Literal["none", "lowest charge"]


@settings_table
class ColumnEntry:
    """The column of one quantity: value = sign x scale x number + offset.

    Attributes:
        column: Name in the file's header.
        scale: Unit of the quantity per unit of the file.
        offset: Added at the end, in the quantity's own unit.
        sign: -1 turns the direction round.
    """

    column: str
    scale: Annotated[float, Gt(0.0)] = 1.0
    offset: float = 0.0
    sign: Literal[-1, 1] = 1

    def apply(self, numbers: Float[np.ndarray, " time"]) -> Float[np.ndarray, " time"]:
        """Return the quantity."""
        return self.sign * self.scale * numbers + self.offset

    def then(self, factor: float = 1.0, shift: float = 0.0) -> "ColumnEntry":
        """Return the entry that also multiplies by a factor and then adds a shift."""
        return replace(
            self,
            scale=self.scale * abs(factor),
            offset=self.offset * factor + shift,
            sign=self.sign if factor > 0.0 else -self.sign,
        )

    def text(self, quantity: str) -> str:
        """Return the entry as written in a column map."""
        parts = [f'column = "{self.column}"']
        if self.scale != 1.0:
            parts.append(f"scale = {self.scale:.9g}")
        if self.offset != 0.0:
            parts.append(f"offset = {self.offset:.9g}")
        if self.sign != 1:
            parts.append("sign = -1")
        return f"{quantity} = {{ {', '.join(parts)} }}"


@settings_table
class ColumnMap:
    """Mapping from the columns of a file to a recording.

    Attributes:
        name: Of the map.
        source: Origin of files with these columns.
        columns: Entry of every quantity.
        capacity_Ah: Turns a charge counter into a state of charge.
        initial_soc: State of charge at the first row.
        cut: "lowest charge" drops what follows the lowest reading of the charge counter.
    """

    name: str
    columns: dict[str, ColumnEntry]
    source: str = ""
    capacity_Ah: Annotated[float, Gt(0.0)] | None = None
    initial_soc: Annotated[float, Interval(ge=0.0, le=1.0)] | None = None
    cut: Cut = "none"

    @property
    def voltages(self) -> tuple[str, ...]:
        """Quantities that are voltages of cells, in the order of the string."""
        return _voltages(self.columns)

    @property
    def sources(self) -> frozenset[str]:
        """Columns of the file that the map reads."""
        return frozenset(entry.column for entry in self.columns.values())

    def only(self, columns: dict[str, ColumnEntry]) -> "ColumnMap":
        """Return the map with these columns instead of its own."""
        return replace(self, columns=columns)

    def entry(self, quantity: str) -> ColumnEntry:
        """Return the entry of a quantity; one that the map lacks is read from its own name."""
        return self.columns.get(quantity, ColumnEntry(column=quantity))


def load_column_map(name_or_path: str) -> ColumnMap:
    """Return a shipped column map, or the user's own.

    Args:
        name_or_path: Such as "kollmeyer", or a TOML file.

    Raises:
        ConfigurationError: There is none, or a key or value in it is not allowed.
    """
    path = find_document("columns", name_or_path, "column map")
    document = read_document(path)
    columns = document.get("columns")
    for quantity, entry in columns.items() if isinstance(columns, dict) else ():
        if isinstance(entry, dict):
            check_document(ColumnEntry, entry, f"{path}: columns.{quantity}")
    found = check_document(ColumnMap, document, str(path))
    for quantity in found.columns:
        if quantity not in (*REQUIRED, *OPTIONAL, "voltage_V") and not CELL_VOLTAGE.fullmatch(
            quantity
        ):
            known = (*REQUIRED, "voltage_V", "voltage_1_V", *OPTIONAL)
            raise ConfigurationError(
                f"{path}: unknown quantity 'columns.{quantity}'",
                why=f"allowed are {', '.join(known)}",
                hint=closest(quantity, known),
            )
    _require_whole(str(path), found)
    return found


def _require_whole(path: str, found: ColumnMap) -> None:
    for quantity in ("time_s", "current_A"):
        if quantity not in found.columns:
            raise ConfigurationError(
                f"{path}: key 'columns.{quantity}' is missing",
                why="a recording needs time, voltage and current",
                hint=f'add {quantity} = {{ column = "..." }} under [columns]',
            )
    check_voltages(path, found.columns, "columns.")
    if found.cut == "lowest charge" and "charge_Ah" not in found.columns:
        raise ConfigurationError(
            f"{path}: cut = 'lowest charge' needs the key 'columns.charge_Ah'",
            why="the cut is made where the charge counter reads lowest",
        )


def check_voltages(path: str, names: Iterable[str], prefix: str = "") -> None:
    """Check that the cells' voltages are one column, or numbered from 1 without a hole.

    Args:
        path: For messages.
        names: Of all quantities.
        prefix: Prefix of a quantity in messages.

    Raises:
        ConfigurationError: There is none, both kinds, or a number is missing.
    """
    found = set(names)
    cells = _voltages(found)
    if not cells:
        raise ConfigurationError(
            f"{path}: '{prefix}voltage_V' is missing",
            why="a recording needs voltage_V of one cell, or voltage_1_V, voltage_2_V, ...",
            hint=f"{prefix}voltage_V is the terminal voltage of the cell in V",
        )
    if "voltage_V" in found and len(cells) > 1:
        raise ConfigurationError(
            f"{path}: has both '{prefix}voltage_V' and '{prefix}{cells[-1]}'",
            why="it is unclear which of them the cells are",
            hint="call the voltage of the whole string pack_voltage_V",
        )
    wanted = [f"voltage_{number}_V" for number in range(1, len(cells) + 1)]
    absent = [name for name in wanted if name not in found]
    if absent and "voltage_V" not in found:
        raise ConfigurationError(
            f"{path}: '{prefix}{absent[0]}' is missing",
            why=f"got {', '.join(cells)}; cells are numbered from 1 without a hole",
        )


def _voltages(names: Iterable[str]) -> tuple[str, ...]:
    single = [name for name in names if name == "voltage_V"]
    numbered = {int(match[1]): match[0] for match in map(CELL_VOLTAGE.fullmatch, names) if match}
    return (*single, *(numbered[number] for number in sorted(numbered)))


def recognised_map(header: Iterable[str]) -> ColumnMap | None:
    """Return the shipped map that reads every column of a file and no other, if there is one."""
    found = frozenset(header)
    for name in shipped_names("columns"):
        candidate = load_column_map(name)
        if candidate.sources == found:
            return candidate
    return None
