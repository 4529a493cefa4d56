"""Reading a recording: columns mapped, ordered and checked, with a note on every change."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float

from voltward.core.errors import ConfigurationError
from voltward.real_cells.recordings.clock import check_order, merge_same_time
from voltward.real_cells.recordings.column_map import OPTIONAL, ColumnMap, Cut
from voltward.real_cells.recordings.direction import check_counter
from voltward.real_cells.recordings.finding import Finding
from voltward.real_cells.recordings.header import choose_map
from voltward.real_cells.recordings.quality import check_recording
from voltward.real_cells.recordings.recording import Recording
from voltward.real_cells.recordings.table_file import numbers, open_table

Quantities = dict[str, Float[np.ndarray, " time"]]

# Rows with an empty field up to this share are left out (assumption).
_EMPTY_SHARE = 0.01
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
        path: A CSV or Parquet file.
        column_map: How to read it; None takes Voltward's own names, or a shipped map that fits.
        temperature_degC: Assumed where the file has no temperature.
        capacity_Ah: Of the cell; turns a charge counter into a state of charge, before the map's.
        initial_soc: State of charge at the first row, for the same purpose, before the map's.
        cut: Where to end, before the map's; "recharge" is "lowest charge" by the charge counter or
            by the column soc, and does nothing where there is neither.

    Returns:
        The recording at its own rate; its time starts at 0 and rises.

    Raises:
        ConfigurationError: The file is not usable; the message states the cause and the remedy.
    """
    table = open_table(path)
    header = [str(name) for name in table.column_names]
    assumed = temperature_degC is not None
    columns, notes = choose_map(path, header, column_map, temperature_assumed=assumed)
    quantities = {
        quantity: entry.apply(numbers(path, table, entry.column))
        for quantity, entry in columns.columns.items()
    }
    quantities, empty = _without_empty(path, quantities, columns)
    _refuse(path, check_order(quantities["time_s"], columns.entry("time_s")))
    quantities, merged = _with_merged_rows(quantities)
    quantities, cut_notes = _without_recharge(path, quantities, cut or columns.cut)
    notes += (*empty, *merged, *cut_notes)
    if assumed and "temperature_degC" in quantities:
        notes += (f"the file's own temperature is used, not the assumed {temperature_degC:g} degC",)
    elif assumed:
        notes += (f"temperature assumed: a constant {temperature_degC:g} degC",)
        quantities["temperature_degC"] = np.full_like(quantities["time_s"], temperature_degC)
    recording = Recording(
        name=path.stem,
        time_s=quantities["time_s"] - quantities["time_s"][0],
        voltage_V=np.stack([quantities[name] for name in columns.voltages], axis=1),
        current_A=quantities["current_A"],
        temperature_degC=quantities["temperature_degC"],
        pack_voltage_V=quantities.get("pack_voltage_V"),
    )
    findings = check_recording(recording, capacity_Ah=capacity_Ah, columns=columns)
    _refuse(path, findings)
    if "charge_Ah" in quantities:
        counter = check_counter(
            recording.time_s,
            recording.current_A,
            quantities["charge_Ah"],
            columns.entry("charge_Ah"),
        )
        _refuse(path, counter)
        findings += counter
    soc, soc_notes = _state_of_charge(
        path,
        quantities,
        capacity_Ah or columns.capacity_Ah,
        columns.initial_soc if initial_soc is None else initial_soc,
    )
    texts = (*notes, *(finding.text for finding in findings), *soc_notes)
    return replace(recording, soc=soc, notes=texts)


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


def _without_empty(
    path: Path, quantities: Quantities, columns: ColumnMap
) -> tuple[Quantities, tuple[str, ...]]:
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
                f"{values.size} rows, first in row {bad[0] + 1}",
                why=f"empty fields, NaN and infinity are left out up to {_EMPTY_SHARE:.0%}",
                hint="repair the export"
                if name != "temperature_degC" or bad.size < values.size
                else "remove the empty column and give --temperature 25 to assume a constant",
            )
    if whole.all():
        return kept, tuple(notes)
    lost = int(np.count_nonzero(~whole))
    notes.append(
        f"{lost} rows with an empty field or NaN left out, first row {np.argmin(whole) + 1}"
    )
    return {name: values[whole] for name, values in kept.items()}, tuple(notes)


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
