"""A recorded load of the user, current or power, and a recorded speed: read as recordings are.

1. The columns are found and become numbers, by the reader of recordings.
2. Rows are put in order; those with an empty field are left out, when they are few.
3. The sign is that of Voltward's own names, of a column map or of words in the file; of any other
   column it is asked, for a load without a voltage cannot tell it.
4. Gaps, sizes and temperatures are checked.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from voltward.core.errors import ConfigurationError
from voltward.documents.toml_document import closest
from voltward.real_cells.recordings.clean_rows import ordered, with_merged_rows, without_empty
from voltward.real_cells.recordings.column_map import ColumnMap, load_column_map
from voltward.real_cells.recordings.columns_of_file import read_columns
from voltward.real_cells.recordings.current_sign import signed_current
from voltward.real_cells.recordings.file_content import TABLES, kind_of
from voltward.real_cells.recordings.header import Needs

LEVELS = ("cell", "pack")
Positive = Literal["charging", "discharging"]
_LOAD = Needs(("time_s",), ("current_A", "power_W"), place="named by columns in the duty file")
_SPEED = Needs(("time_s", "speed_mps"), place="named by columns in the segment")
# Above these a current is taken for milliampere (assumption: no cell on the market carries 2 kA,
# no traction pack 5 kA; a cell is never driven at 30 C for the seconds that a profile resolves).
_LARGEST_A = {"cell": 2000.0, "pack": 5000.0}
_LARGEST_C_RATE = 30.0
# A pack of 5 kA and 1 kV; a cell of 2 kA and 5 V.
_LARGEST_W = {"cell": 10e3, "pack": 5e6}
_LARGEST_mps = 150.0
_TEMPERATURE_degC = (-60.0, 150.0)
# A hole longer than this many usual steps, and than this time, is not sampling jitter (assumption).
_GAP_STEPS = 20.0
_GAP_S = 60.0
# Seconds since 1970 reach this in the year 5138, milliseconds did in 1973.
_EPOCH_MS = 1e11


@dataclass(frozen=True)
class RecordedProfile:
    """A profile as recorded.

    Attributes:
        time_s: Rising, from 0 (sample,).
        current_A: Positive when charging (sample,), or None.
        power_W: Positive when charging (sample,), or None; one of the two is there.
        temperature_degC: Of the surroundings or the cell's case (sample,), or None.
        source: The file.
        notes: What the reader found, repaired or left out.
    """

    time_s: np.ndarray
    current_A: np.ndarray | None
    power_W: np.ndarray | None
    temperature_degC: np.ndarray | None
    source: str
    notes: tuple[str, ...] = ()

    @property
    def usual_step_s(self) -> float:
        """The median time between two samples."""
        return float(np.median(np.diff(self.time_s)))


def is_recorded(path: Path) -> bool:
    """Return whether a file's ending is that of a table, and not that of a duty file."""
    return kind_of(path) in TABLES


def read_profile(
    path: Path,
    *,
    level: str,
    capacity_Ah: float | None = None,
    max_gap_s: float | None = None,
    columns: str = "",
    positive: Positive | None = None,
) -> RecordedProfile:
    """Read and check a profile.

    Args:
        path: A text table, a workbook or Parquet with a time, and a current or a power.
        level: "cell" or "pack": whose current or power it is.
        capacity_Ah: Of that cell or pack, to notice currents in milliampere.
        max_gap_s: Longest time between two samples; by default 20 usual steps, at least 60 s.
        columns: Column map, shipped or a file; empty looks for the columns.
        positive: What positive numbers do; None takes it from the file, or asks.

    Raises:
        ConfigurationError: Anything is wrong; file, row, got and allowed are named.
    """
    if level not in LEVELS:
        raise ConfigurationError(
            f"{path}: level = '{level}' is not known",
            why=f"allowed are {' and '.join(LEVELS)}: whose current or power the file holds",
            hint=closest(level, LEVELS),
        )
    # 1. and 2. Columns and rows.
    values, words, mapped, notes = _rows(path, columns, _LOAD)
    time_s = values["time_s"]
    load = "current_A" if "current_A" in values else "power_W"
    # 3. The sign.
    signed, sign_notes = _signed(path, values[load], load, mapped, words, time_s, positive)
    values[load] = signed
    values, merged = with_merged_rows(values)
    time_s = values["time_s"]
    # 4. Checks.
    _check_rows(path, time_s)
    _check_gaps(path, time_s, max_gap_s)
    if load == "current_A":
        _check_current(path, values[load], level, capacity_Ah)
    else:
        _check_below(path, values[load], load, _LARGEST_W[level], f"W for a {level}")
    temperature_degC = values.get("temperature_degC")
    if temperature_degC is not None:
        _check_temperature(path, temperature_degC)
    return RecordedProfile(
        time_s - time_s[0],
        values[load] if load == "current_A" else None,
        values[load] if load == "power_W" else None,
        temperature_degC,
        path.name,
        (*notes, *sign_notes, *merged),
    )


def read_speed(path: Path, columns: str = "") -> tuple[np.ndarray, np.ndarray]:
    """Return the time from 0 and the speed in m/s of a recorded or published speed cycle.

    Args:
        path: A text table, a workbook or Parquet; a speed in km/h or mph is converted.
        columns: Column map, shipped or a file; empty looks for the columns.

    Raises:
        ConfigurationError: Anything is wrong; file, row, got and allowed are named.
    """
    values, _, _, _ = _rows(path, columns, _SPEED)
    values, _ = with_merged_rows({name: values[name] for name in ("time_s", "speed_mps")})
    time_s, speed_mps = values["time_s"], values["speed_mps"]
    _check_rows(path, time_s)
    _check_below(path, speed_mps, "speed_mps", _LARGEST_mps, "m/s")
    return time_s - time_s[0], speed_mps


def resample(time_s: np.ndarray, values: np.ndarray, tick_s: float, ticks: int) -> np.ndarray:
    """Return the mean over each tick of the signal that holds each sample until the next.

    The integral over time is kept whatever the tick; the last sample is held to the end.

    Args:
        time_s: Rising, from 0 (sample,).
        values: At those times (sample,).
        tick_s: Length of a tick.
        ticks: How many.

    Returns:
        Means (tick,).
    """
    edges_s = np.arange(ticks + 1) * tick_s
    grid_s = np.union1d(time_s[time_s < edges_s[-1]], edges_s)
    starts_s, lengths_s = grid_s[:-1], np.diff(grid_s)
    held = values[np.searchsorted(time_s, starts_s, side="right") - 1]
    tick = np.searchsorted(edges_s, starts_s, side="right") - 1
    total = np.bincount(tick, held * lengths_s, minlength=ticks)
    return total / np.bincount(tick, lengths_s, minlength=ticks)


def ticks_of(profile: RecordedProfile, tick_s: float) -> int:
    """Return how many ticks the profile lasts; its last sample is held for one usual step."""
    duration_s = float(profile.time_s[-1]) + profile.usual_step_s
    return max(1, math.ceil(duration_s / tick_s - 1e-9))


def _rows(
    path: Path, columns: str, needs: Needs
) -> tuple[dict[str, np.ndarray], object, ColumnMap, tuple[str, ...]]:
    mapped = load_column_map(columns, of_duty=True) if columns else None
    read = read_columns(path, mapped, needs)
    values, words, empty = without_empty(path, read.values, read.state, read.rows, read.columns)
    if values["time_s"].size < 2:
        raise ConfigurationError(
            f"{path}: got {values['time_s'].size} rows",
            why="; ".join(("allowed are two rows or more", *read.notes, *empty)),
        )
    values, words, order = ordered(path, values, words, read.columns)
    return values, words, read.columns, (*read.notes, *empty, *order)


def _signed(
    path: Path,
    values: np.ndarray,
    load: str,
    columns: ColumnMap,
    words: object,
    time_s: np.ndarray,
    positive: Positive | None,
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return a load whose positive numbers charge."""
    if positive is not None:
        return (-values if positive == "discharging" else values), ()
    entry = columns.entry(load)
    own = entry.column.lower() == load.lower() or columns.name != "voltward"
    if load == "power_W" and own:
        return values, ()
    found = signed_current(path, columns, values, words, time_s, None)
    if own or found.said:
        return found.current_A, found.notes
    raise ConfigurationError(
        f"{path}: nothing says whether positive numbers of column '{entry.column}' charge",
        why=f"Voltward's own column {load} is positive when charging; others count either way",
        hint='write positive = "charging" or positive = "discharging" into the duty file '
        f"({path.stem}.toml beside the table), or name the column {load}",
    )


def _check_rows(path: Path, time_s: np.ndarray) -> None:
    if time_s.size < 2:
        raise ConfigurationError(
            f"{path}: got {time_s.size} rows of different times",
            why="allowed are two rows or more",
        )


def _refuse_first(condition: np.ndarray, report: Callable[[int], ConfigurationError]) -> None:
    found = np.flatnonzero(condition)
    if found.size:
        raise report(int(found[0]))


def _check_gaps(path: Path, time_s: np.ndarray, max_gap_s: float | None) -> None:
    step_s = np.diff(time_s)
    usual_s = float(np.median(step_s))
    allowed_s = max_gap_s if max_gap_s is not None else max(_GAP_STEPS * usual_s, _GAP_S)
    if max_gap_s is None and (time_s[0] > _EPOCH_MS or _is_odd(usual_s)):
        raise ConfigurationError(
            f"{path}: the time looks like milliseconds: it steps by {usual_s:g} s from row to row",
            why=f"a load that is to be followed is recorded every {_GAP_S:g} s or more often, or "
            "every so many minutes",
            hint="name the column time_ms, or set scale = 0.001 in a column map; if the steps are "
            "meant, set max_gap_s",
        )
    _refuse_first(
        step_s > allowed_s,
        lambda i: ConfigurationError(
            f"{path}: row {i + 2}, time_s: a gap of {step_s[i]:g} s before {time_s[i + 1]:g}",
            why=f"allowed are {allowed_s:g} s; the usual step is {usual_s:g} s",
            hint="fill the gap, cut the file there, or set max_gap_s",
        ),
    )


def _is_odd(step_s: float) -> bool:
    """Return whether a step is longer than a load takes to change, and no half or whole minutes."""
    return step_s > _GAP_S and step_s % 30.0 != 0.0


def _check_current(
    path: Path, current_A: np.ndarray, level: str, capacity_Ah: float | None
) -> None:
    allowed_A = _LARGEST_A[level]
    reason = f"A for a {level}"
    if capacity_Ah is not None and capacity_Ah * _LARGEST_C_RATE < allowed_A:
        allowed_A = capacity_Ah * _LARGEST_C_RATE
        reason = f"A, {_LARGEST_C_RATE:g} times the {level}'s {capacity_Ah:g} Ah"
    _check_below(path, current_A, "current_A", allowed_A, reason, "this looks like mA")


def _check_below(
    path: Path,
    values: np.ndarray,
    name: str,
    allowed: float,
    reason: str,
    hint: str = "another unit? Write it behind the column's name",
) -> None:
    _refuse_first(
        np.abs(values) > allowed,
        lambda i: ConfigurationError(
            f"{path}: row {i + 1}, {name}: got {values[i]:g}",
            why=f"allowed are {allowed:g} {reason}",
            hint=hint,
        ),
    )


def _check_temperature(path: Path, temperature_degC: np.ndarray) -> None:
    low, high = _TEMPERATURE_degC
    _refuse_first(
        (temperature_degC < low) | (temperature_degC > high),
        lambda i: ConfigurationError(
            f"{path}: row {i + 1}, temperature_degC: got {temperature_degC[i]:g}",
            why=f"allowed are {low:g} to {high:g} degC",
            hint="this looks like kelvin" if temperature_degC[i] > high else "",
        ),
    )
