"""Which column map fits a file's header, and a suggestion where none does."""

from collections.abc import Sequence
from pathlib import Path

from voltward.core.errors import ConfigurationError
from voltward.documents.toml_document import closest
from voltward.real_cells.recordings.column_map import (
    CELL_VOLTAGE,
    OPTIONAL,
    REQUIRED,
    ColumnEntry,
    ColumnMap,
    check_voltages,
    recognised_map,
)

# Endings of a column's name that say its unit: factor and shift to the quantity's own.
_OTHER_UNITS: dict[str, dict[str, tuple[float, float]]] = {
    "time_s": {"ms": (1e-3, 0.0), "us": (1e-6, 0.0), "min": (60.0, 0.0), "h": (3600.0, 0.0)},
    "voltage_V": {"mV": (1e-3, 0.0), "uV": (1e-6, 0.0)},
    "current_A": {"mA": (1e-3, 0.0), "uA": (1e-6, 0.0)},
    "temperature_degC": {
        "C": (1.0, 0.0),
        "K": (1.0, -273.15),
        "F": (1.0 / 1.8, -32.0 / 1.8),
        "degF": (1.0 / 1.8, -32.0 / 1.8),
    },
}


def choose_map(
    path: Path, header: Sequence[str], given: ColumnMap | None, *, temperature_assumed: bool
) -> tuple[ColumnMap, tuple[str, ...]]:
    """Return the map to read a file by, and notes on the choice.

    Args:
        path: For messages.
        header: The file's columns.
        given: The user's choice; None takes Voltward's own names, or a shipped map that fits.
        temperature_assumed: Whether the file may lack a temperature.

    Raises:
        ConfigurationError: A required column is missing.
    """
    if given is not None:
        return _map_of_present_columns(path, header, given, temperature_assumed=temperature_assumed)
    own, notes = _own_names(header)
    shipped = None if "time_s" in own.columns and own.voltages else recognised_map(header)
    if shipped is not None:
        return shipped, (f"columns recognised as those of the column map '{shipped.name}'",)
    for name in ("time_s", "voltage_V", "current_A", "temperature_degC"):
        if name == "voltage_V" and own.voltages:
            check_voltages(str(path), own.columns)
        elif name not in own.columns and not (name == "temperature_degC" and temperature_assumed):
            raise _missing(path, name, header)
    return own, notes


def _own_names(header: Sequence[str]) -> tuple[ColumnMap, tuple[str, ...]]:
    """Return the map of the columns that bear the quantities' names, in any case of letters."""
    names = {name.lower(): name for name in (*REQUIRED, *OPTIONAL, "voltage_V")}
    columns: dict[str, ColumnEntry] = {}
    notes: list[str] = []
    for written in header:
        numbered = CELL_VOLTAGE.fullmatch(written.lower().removesuffix("v") + "V")
        quantity = numbered[0] if numbered else names.get(written.lower())
        if quantity is None or (quantity in columns and quantity != written):
            continue
        columns[quantity] = ColumnEntry(column=written)
    for quantity, entry in columns.items():
        if entry.column != quantity:
            notes.append(f"column '{entry.column}' taken for {quantity}")
    return ColumnMap(name="voltward", columns=columns), tuple(notes)


def _map_of_present_columns(
    path: Path, header: Sequence[str], given: ColumnMap, *, temperature_assumed: bool
) -> tuple[ColumnMap, tuple[str, ...]]:
    """Return the map less the optional columns that the file lacks."""
    present = {
        quantity: entry for quantity, entry in given.columns.items() if entry.column in header
    }
    notes = []
    for quantity, entry in given.columns.items():
        if quantity in present:
            continue
        if quantity in OPTIONAL or (quantity == "temperature_degC" and temperature_assumed):
            notes.append(f"no column '{entry.column}': read without {quantity}")
            continue
        raise ConfigurationError(
            f"{path}: column '{entry.column}' is missing, which the column map '{given.name}' "
            f"takes for {quantity}",
            why=f"got {', '.join(header)}",
            hint=closest(entry.column, header) or "choose another map with --columns",
        )
    if "temperature_degC" not in present and not temperature_assumed:
        raise _missing(path, "temperature_degC", header)
    if given.cut == "lowest charge" and "charge_Ah" not in present:
        raise ConfigurationError(
            f"{path}: there is no charge counter to cut at",
            why=f"the column map '{given.name}' says cut = 'lowest charge'",
        )
    return given.only(present), tuple(notes)


def _missing(path: Path, name: str, header: Sequence[str]) -> ConfigurationError:
    hint = _hint(name, header)
    if name == "temperature_degC":
        assume = "--temperature 25 assumes a constant 25 degC, and says so"
        hint = f"{hint}; or {assume}" if hint else assume
    return ConfigurationError(
        f"{path}: column '{name}' is missing",
        why=f"got {', '.join(header)}; wanted are time_s, voltage_V (or voltage_1_V, ...), "
        "current_A (positive charges), temperature_degC",
        hint=hint or f"name the column in a column map (--columns): {_example(name)}",
    )


def _hint(name: str, header: Sequence[str]) -> str:
    """Return which column is probably meant, and the entry of a column map that says so."""
    stem = name.rsplit("_", 1)[0]
    for ending, (factor, shift) in _OTHER_UNITS[name].items():
        for written in header:
            if written.lower() == f"{stem}_{ending}".lower():
                entry = ColumnEntry(column=written).then(factor, shift)
                return f"in a column map (--columns): {entry.text(name)}"
    lower = {written.lower(): written for written in header}
    close = closest(name.lower(), lower) or closest(stem, lower)
    if not close:
        return ""
    written = lower[close.split("'")[1]]
    return (
        f"did you mean {name} by '{written}'? Rename it, or say in a column map (--columns): "
        f"{ColumnEntry(column=written).text(name)}"
    )


def _example(name: str) -> str:
    return f'{name} = {{ column = "..." }}'
