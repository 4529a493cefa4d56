"""A column map: which column of a foreign file holds which quantity, and in which unit and sign."""

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Gt, Interval
from jaxtyping import Float

from voltward.core.errors import ConfigurationError
from voltward.documents.settings_table import settings_table
from voltward.documents.toml_document import (
    check_document,
    closest,
    find_document,
    read_document,
)

REQUIRED = ("time_s", "current_A", "temperature_degC")
OPTIONAL = ("soc", "charge_Ah", "pack_voltage_V")
# Of a duty, in place of the current.
DEMANDS = ("power_W", "speed_mps")
CELL_VOLTAGE = re.compile(r"voltage_([1-9][0-9]*)_V")

Cut = Literal["none", "lowest charge"]
CurrentSign = Literal["charging", "discharging", "magnitude"]


@settings_table
class ColumnEntry:
    """The column of one quantity: value = sign x scale x number + offset.

    Attributes:
        column: Name in the file's header.
        names: In place of one column: names without their unit, of which the first that the file
            has is read; the unit is that of the header, or the quantity's own.
        scale: Unit of the quantity per unit of the file.
        offset: Added at the end, in the quantity's own unit.
        sign: -1 turns the direction round.
        restarts: The time starts again with every step of a test; the steps are put one behind
            the other.
        minus: A second column that is subtracted, such as the charge that was taken out.
    """

    column: str = ""
    names: tuple[str, ...] = ()
    scale: Annotated[float, Gt(0.0)] = 1.0
    offset: float = 0.0
    sign: Literal[-1, 1] = 1
    restarts: bool = False
    minus: str = ""

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
        if self.restarts:
            parts.append("restarts = true")
        return f"{quantity} = {{ {', '.join(parts)} }}"


@settings_table
class DirectionColumn:
    """A column that says in words whether a row charges, discharges or rests.

    Attributes:
        column: Name in the file's header.
        charge: Its words for charging; common words are known.
        discharge: Its words for discharging.
        rest: Its words for rest.
    """

    column: str
    charge: tuple[str, ...] = ()
    discharge: tuple[str, ...] = ()
    rest: tuple[str, ...] = ()


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
        signatures: Sets of columns, by each of which a file with this layout is recognised.
        current_sign: What a positive number in the column of the current is: "charging",
            "discharging", or a "magnitude" whose direction is in another column. By default it
            charges, unless the words of a column say otherwise.
        direction: The column that says whether a row charges or discharges.
        decimal: The decimal mark, where the fields do not show it.
        header_row: Line of the header, from 1, where it is not found by itself.
        sheet: Of a workbook; by default the one that holds a recording.
    """

    name: str
    columns: dict[str, ColumnEntry]
    source: str = ""
    capacity_Ah: Annotated[float, Gt(0.0)] | None = None
    initial_soc: Annotated[float, Interval(ge=0.0, le=1.0)] | None = None
    cut: Cut = "none"
    signatures: tuple[tuple[str, ...], ...] = ()
    current_sign: CurrentSign | None = None
    direction: DirectionColumn | None = None
    decimal: Literal[".", ","] | None = None
    header_row: Annotated[int, Ge(1)] | None = None
    sheet: str = ""

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


def load_column_map(name_or_path: str, *, of_duty: bool = False) -> ColumnMap:
    """Return a shipped column map, or the user's own.

    Args:
        name_or_path: Such as "arbin", or a TOML file.
        of_duty: Whether it is for a duty, which needs no voltage.

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
        if quantity not in (
            *REQUIRED,
            *OPTIONAL,
            *DEMANDS,
            "voltage_V",
        ) and not CELL_VOLTAGE.fullmatch(quantity):
            known = (*REQUIRED, "voltage_V", "voltage_1_V", *OPTIONAL, *DEMANDS)
            raise ConfigurationError(
                f"{path}: unknown quantity 'columns.{quantity}'",
                why=f"allowed are {', '.join(known)}",
                hint=closest(quantity, known),
            )
    _require_whole(str(path), found)
    if not of_duty or found.voltages:
        check_voltages(str(path), found.columns, "columns.")
    return found


def _require_whole(path: str, found: ColumnMap) -> None:
    for quantity, entry in found.columns.items():
        if bool(entry.column) == bool(entry.names):
            raise ConfigurationError(
                f"{path}: columns.{quantity} has {'both' if entry.column else 'no'} column "
                f"{'and names' if entry.column else 'or names'}",
                why="one of them says which column holds the quantity",
                hint=f'such as {quantity} = {{ column = "..." }}',
            )
    demanded = any(quantity in found.columns for quantity in DEMANDS)
    for quantity in ("time_s",) if demanded else ("time_s", "current_A"):
        if quantity not in found.columns:
            raise ConfigurationError(
                f"{path}: key 'columns.{quantity}' is missing",
                why="a recording needs time, voltage and current",
                hint=f'add {quantity} = {{ column = "..." }} under [columns]',
            )
    if found.cut == "lowest charge" and "charge_Ah" not in found.columns:
        raise ConfigurationError(
            f"{path}: cut = 'lowest charge' needs the key 'columns.charge_Ah'",
            why="the cut is made where the charge counter reads lowest",
        )
    if found.current_sign == "magnitude" and found.direction is None and not found.signatures:
        raise ConfigurationError(
            f"{path}: current_sign = 'magnitude' needs the table 'direction'",
            why="a magnitude has no direction; another column says whether a row charges",
            hint='add direction = { column = "..." }',
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
