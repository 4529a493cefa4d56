"""Reading a recording: columns found, ordered, signed and checked, with a note on every change.

1. The table is opened, and the columns are chosen and become numbers.
2. Rows are ordered by time; those with an empty field are left out, a weak sensor is bridged.
3. The current gets its sign, and the recording ends where it was asked to.
4. What was read is checked against the physics of a cell.
5. A charge counter or a column of the recorder gives the state of charge.
"""

from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Float, Int

from voltward.core.errors import ConfigurationError
from voltward.real_cells.recordings.charge_counter import checked_counter
from voltward.real_cells.recordings.clean_rows import (
    EMPTY_SHARE,
    Quantities,
    are_numbers,
    ordered,
    refuse,
    with_merged_rows,
    without_empty,
)
from voltward.real_cells.recordings.column_map import ColumnMap, Cut
from voltward.real_cells.recordings.columns_of_file import read_columns
from voltward.real_cells.recordings.current_sign import signed_current
from voltward.real_cells.recordings.header import RECORDING, Needs
from voltward.real_cells.recordings.quality import check_recording
from voltward.real_cells.recordings.recording import Recording

# A temperature changes slowly: up to this share of its fields may be bridged (assumption).
_BRIDGED_SHARE = 0.2
_SOC_BAND = (-0.05, 1.05)


def read_recording(
    path: Path,
    *,
    column_map: ColumnMap | None = None,
    temperature_degC: float | None = None,
    capacity_Ah: float | None = None,
    initial_soc: float | None = None,
    cut: Cut | Literal["recharge"] | None = None,
) -> Recording:
    """Read, repair where that is safe, and check a recording; its notes state what was done.

    Args:
        path: A text table, a workbook, Parquet, or `.ndax` with the extra `neware`.
        column_map: How to read it; None looks for the columns by their names and units.
        temperature_degC: Assumed where the file has no temperature, or none that is usable.
        capacity_Ah: Of the cell; turns a charge counter into a state of charge, before the map's.
        initial_soc: State of charge at the first row, for the same purpose, before the map's.
        cut: Where to end, before the map's; "recharge" is "lowest charge" by the charge counter or
            by the column soc, and does nothing where there is neither.

    Returns:
        The recording at its own rate; its time starts at 0 and rises, positive current charges.

    Raises:
        ConfigurationError: The file is not usable; the message states the cause and the remedy.
    """
    # 1. The columns.
    needs = Needs(RECORDING.required, temperature_assumed=temperature_degC is not None)
    read = read_columns(path, column_map, needs)
    columns, notes = read.columns, read.notes
    # 2. The rows.
    quantities, words, rows = dict(read.values), read.state, read.rows
    quantities, found = _with_temperature(quantities, rows, columns, temperature_degC)
    notes += found
    quantities, words, found = without_empty(path, quantities, words, rows, columns)
    notes += found
    quantities, words, found = ordered(path, quantities, words, columns)
    notes += found
    # 3. The sign, and the end.
    signed = signed_current(
        path,
        columns,
        quantities["current_A"],
        words,
        quantities["time_s"],
        np.mean(np.stack([quantities[name] for name in columns.voltages]), axis=0),
    )
    quantities["current_A"] = signed.current_A
    quantities, found = with_merged_rows(quantities)
    quantities, cut_notes = _without_recharge(path, quantities, cut or columns.cut)
    notes += (*signed.notes, *found, *cut_notes)
    recording = Recording(
        name=path.name.removesuffix(".gz").rsplit(".", 1)[0],
        time_s=quantities["time_s"] - quantities["time_s"][0],
        voltage_V=np.stack([quantities[name] for name in columns.voltages], axis=1),
        current_A=quantities["current_A"],
        temperature_degC=quantities["temperature_degC"],
        pack_voltage_V=quantities.get("pack_voltage_V"),
    )
    # 4. The physics.
    findings = check_recording(recording, capacity_Ah=capacity_Ah, columns=columns)
    refuse(path, findings)
    # 5. The state of charge.
    if "charge_Ah" in quantities:
        counter = checked_counter(
            recording.time_s,
            recording.current_A,
            quantities["charge_Ah"],
            columns.entry("charge_Ah"),
        )
        refuse(path, counter.findings)
        findings += counter.findings
        del quantities["charge_Ah"]
        if counter.charge_Ah is not None:
            quantities["charge_Ah"] = counter.charge_Ah
    soc, soc_notes = _state_of_charge(
        path,
        quantities,
        capacity_Ah or columns.capacity_Ah,
        columns.initial_soc if initial_soc is None else initial_soc,
    )
    texts = (*notes, *(finding.text for finding in findings), *soc_notes)
    return replace(recording, soc=soc, notes=texts)


def _with_temperature(
    quantities: Quantities,
    rows: Int[np.ndarray, " time"],
    columns: ColumnMap,
    assumed_degC: float | None,
) -> tuple[Quantities, tuple[str, ...]]:
    """Return a temperature in every row: bridged where a few fields are empty, or assumed."""
    constant = np.full_like(quantities["time_s"], np.nan if assumed_degC is None else assumed_degC)
    values = quantities.get("temperature_degC")
    if values is None:
        note = f"temperature assumed: a constant {assumed_degC:g} degC"
        return {**quantities, "temperature_degC": constant}, (note,)
    name = columns.entry("temperature_degC").column
    bad = ~are_numbers(values)
    used = f"the file's own temperature is used, not the assumed {assumed_degC or 0.0:g} degC"
    kept = (used,) if assumed_degC is not None else ()
    if assumed_degC is not None and (
        np.mean(bad) > _BRIDGED_SHARE or _is_no_sensor(values[~bad], assumed_degC)
    ):
        note = f"column '{name}' holds no usable temperature: a constant {assumed_degC:g} degC is"
        return {**quantities, "temperature_degC": constant}, (f"{note} assumed",)
    if not EMPTY_SHARE < np.mean(bad) <= _BRIDGED_SHARE:
        return quantities, kept
    at = np.flatnonzero(~bad)
    bridged = np.interp(np.arange(values.size), at, values[at])
    note = (
        f"column '{name}' is empty in {np.count_nonzero(bad)} of {bad.size} rows, first row "
        f"{rows[int(np.argmax(bad))]}: bridged by lines"
    )
    return {**quantities, "temperature_degC": bridged}, (*kept, note)


def _is_no_sensor(values: Float[np.ndarray, " time"], assumed_degC: float) -> bool:
    """Return whether numbers are what an input without a sensor shows: zero, or far out."""
    middle = float(np.median(values))
    at_zero = bool(np.all(values == 0.0)) and abs(assumed_degC) > 1.0
    return at_zero or middle < -100.0 or middle > 2000.0


def _without_recharge(
    path: Path, quantities: Quantities, cut: Cut | Literal["recharge"]
) -> tuple[Quantities, tuple[str, ...]]:
    """Drop what follows the lowest reading of the charge counter, when asked to."""
    counters = ("charge_Ah", "soc") if cut == "recharge" else ("charge_Ah",)
    counter = next((name for name in counters if name in quantities), None)
    if cut == "none" or (cut == "recharge" and counter is None):
        return quantities, ()
    if counter is None:
        raise ConfigurationError(
            f"{path}: there is no charge counter to cut at",
            why="cut = 'lowest charge' ends a recording where its charge counter reads lowest",
        )
    # The last of equal readings: the rest after the discharge stays.
    charge = quantities[counter]
    stop = charge.size - int(np.argmin(charge[::-1]))
    lost = charge.size - stop
    notes = (f"{lost} rows after the lowest charge left out",) if lost else ()
    return {name: values[:stop] for name, values in quantities.items()}, notes


def _state_of_charge(
    path: Path, quantities: Quantities, capacity_Ah: float | None, initial_soc: float | None
) -> tuple[Float[np.ndarray, " time"] | None, tuple[str, ...]]:
    """Return the state of charge that the recorder knows, or none, with a note."""
    if "soc" in quantities:
        soc = quantities["soc"]
        if soc.max() <= 1.5:
            notes: tuple[str, ...] = ()
        else:
            soc, notes = soc / 100.0, ("soc is in percent: divided by 100",)
        if soc.min() < _SOC_BAND[0] or soc.max() > _SOC_BAND[1]:
            raise ConfigurationError(
                f"{path}: soc goes from {quantities['soc'].min():g} to {quantities['soc'].max():g}",
                why="allowed is a fraction from 0 to 1, or percent from 0 to 100",
            )
        return soc, notes
    if "charge_Ah" not in quantities:
        return None, ()
    if capacity_Ah is None or initial_soc is None:
        wanted = "capacity_Ah" if capacity_Ah is None else "initial_soc"
        return None, (f"the charge counter gives no state of charge without {wanted}",)
    charge_Ah = quantities["charge_Ah"]
    soc = initial_soc + (charge_Ah - charge_Ah[0]) / capacity_Ah
    if soc.min() < _SOC_BAND[0] or soc.max() > _SOC_BAND[1]:
        unused = (
            f"the charge counter is not used: from {100.0 * initial_soc:g} % on it would lead to "
            f"{100.0 * soc.min():.0f} to {100.0 * soc.max():.0f} %; another start, another "
            "capacity, or a counter that was reset"
        )
        return None, (unused,)
    used = (
        f"state of charge from the charge counter: {100.0 * initial_soc:g} % at the start, "
        f"{capacity_Ah:g} Ah"
    )
    return soc, (used,)
