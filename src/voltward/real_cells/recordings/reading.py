"""Reading a recording: columns found, ordered, signed and checked, with a note on every change.

1. The table is opened, and the columns are chosen and become numbers.
2. Rows are ordered by time; those with an empty field are left out, a weak sensor is bridged.
3. The current gets its sign, and the recording ends where it was asked to.
4. What was read is checked against the physics of a cell.
5. A charge counter or a column of the recorder gives the state of charge.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from jaxtyping import Bool, Float, Int

from voltward.core.errors import ConfigurationError
from voltward.real_cells.recordings.charge_counter import checked_counter
from voltward.real_cells.recordings.clock import (
    check_order,
    merge_same_time,
    settled_order,
    without_restarts,
)
from voltward.real_cells.recordings.column_map import OPTIONAL, ColumnMap, Cut
from voltward.real_cells.recordings.column_values import ColumnValues, column_values
from voltward.real_cells.recordings.current_sign import signed_current
from voltward.real_cells.recordings.finding import Finding
from voltward.real_cells.recordings.header import RECORDING, Needs, choose_columns
from voltward.real_cells.recordings.known_columns import known_count
from voltward.real_cells.recordings.quality import check_recording
from voltward.real_cells.recordings.recording import Recording
from voltward.real_cells.recordings.table_file import open_table

Quantities = dict[str, Float[np.ndarray, " time"]]

# Rows with an empty field up to this share are left out (assumption).
_EMPTY_SHARE = 0.01
# A temperature changes slowly: up to this share of its fields may be bridged (assumption).
_BRIDGED_SHARE = 0.2
# Recorders write such for "no value"; no unit of any quantity makes numbers as large.
_LARGEST = 1e15
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
    quantities, words, found = _without_empty(path, quantities, words, rows, columns)
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
    quantities, found = _with_merged_rows(quantities)
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
    _refuse(path, findings)
    # 5. The state of charge.
    if "charge_Ah" in quantities:
        counter = checked_counter(
            recording.time_s,
            recording.current_A,
            quantities["charge_Ah"],
            columns.entry("charge_Ah"),
        )
        _refuse(path, counter.findings)
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


def read_columns(path: Path, column_map: ColumnMap | None, needs: Needs) -> ColumnValues:
    """Return the columns of a file that hold what is needed, as numbers in the order of its rows.

    Args:
        path: As for `read_recording`.
        column_map: How to read it; None looks for the columns.
        needs: Which quantities.

    Raises:
        ConfigurationError: There is no such file or column, or it does not hold numbers.
    """
    wanted = frozenset(column_map.sources) if column_map else frozenset()

    def known(names: Sequence[str], units: Sequence[str]) -> int:
        return known_count(names, units) + len(wanted.intersection(names))

    table = open_table(
        path,
        known,
        header_row=column_map.header_row if column_map else None,
        sheet=column_map.sheet if column_map else "",
    )
    chosen = choose_columns(path, table, column_map, needs)
    read = column_values(path, table, chosen)
    if read.rows.size == 0:
        raise ConfigurationError(
            f"{path}: has a header and no rows", why="no row below it holds numbers"
        )
    return replace(read, notes=(*table.notes, *chosen.notes, *read.notes))


def ordered(
    path: Path, quantities: Quantities, words: Any, columns: ColumnMap
) -> tuple[Quantities, Any, tuple[str, ...]]:
    """Return the rows with a time that does not fall: jitter sorted, stated restarts put together.

    Raises:
        ConfigurationError: The time runs backwards.
    """
    if columns.entry("time_s").restarts:
        quantities = {**quantities, "time_s": without_restarts(quantities["time_s"])}
    order, notes = settled_order(quantities["time_s"])
    if order is not None:
        quantities = {name: values[order] for name, values in quantities.items()}
        words = None if words is None else words.take(pa.array(order))
    _refuse(path, check_order(quantities["time_s"], columns.entry("time_s")))
    return quantities, words, tuple(note.text for note in notes)


def _refuse(path: Path, findings: Sequence[Finding]) -> None:
    """Raise the first finding that refuses; the others are counted."""
    refusals = [finding for finding in findings if finding.refuses]
    if refusals:
        first = refusals[0]
        others = "; ".join(finding.what for finding in refusals[1:])
        raise ConfigurationError(
            f"{path}: {first.what}" + (f" (also: {others})" if others else ""),
            why=first.why,
            hint=first.hint,
        )


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
    bad = ~_are_numbers(values)
    used = f"the file's own temperature is used, not the assumed {assumed_degC or 0.0:g} degC"
    kept = (used,) if assumed_degC is not None else ()
    if assumed_degC is not None and (
        np.mean(bad) > _BRIDGED_SHARE or _is_no_sensor(values[~bad], assumed_degC)
    ):
        note = f"column '{name}' holds no usable temperature: a constant {assumed_degC:g} degC is"
        return {**quantities, "temperature_degC": constant}, (f"{note} assumed",)
    if not _EMPTY_SHARE < np.mean(bad) <= _BRIDGED_SHARE:
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


def _without_empty(
    path: Path,
    quantities: Quantities,
    words: Any,
    rows: Int[np.ndarray, " time"],
    columns: ColumnMap,
) -> tuple[Quantities, Any, tuple[str, ...]]:
    """Leave out rows with an empty or infinite field; refuse when they are many."""
    notes: list[str] = []
    kept = dict(quantities)
    for name in OPTIONAL:
        if name in kept and not np.all(_are_numbers(kept[name])):
            del kept[name]
            notes.append(f"column '{columns.entry(name).column}' has empty fields: left out")
    whole = np.ones(kept["time_s"].size, dtype=np.bool_)
    for name, values in kept.items():
        bad = np.flatnonzero(~_are_numbers(values))
        whole[bad] = False
        if bad.size > _EMPTY_SHARE * values.size:
            raise ConfigurationError(
                f"{path}: column '{columns.entry(name).column}' is not a number in {bad.size} of "
                f"{values.size} rows, first in row {rows[bad[0]]}",
                why=f"empty fields, NaN and infinity are left out up to {_EMPTY_SHARE:.0%}",
                hint="give --temperature 25 to assume a constant"
                if name == "temperature_degC"
                else "repair the export",
            )
    if whole.all():
        return kept, words, tuple(notes)
    lost = int(np.count_nonzero(~whole))
    notes.append(
        f"{lost} rows with an empty field or NaN left out, first row {rows[np.argmin(whole)]}"
    )
    words = None if words is None else words.filter(pa.array(whole))
    return {name: values[whole] for name, values in kept.items()}, words, tuple(notes)


def _are_numbers(values: Float[np.ndarray, " time"]) -> Bool[np.ndarray, " time"]:
    return np.abs(values) < _LARGEST


def _with_merged_rows(quantities: Quantities) -> tuple[Quantities, tuple[str, ...]]:
    """Merge rows of one time stamp."""
    names = [name for name in quantities if name != "time_s"]
    values = np.stack([quantities[name] for name in names], axis=1)
    time_s, values, findings = merge_same_time(quantities["time_s"], values)
    merged = {"time_s": time_s} | {name: values[:, at] for at, name in enumerate(names)}
    return merged, tuple(finding.text for finding in findings)


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
