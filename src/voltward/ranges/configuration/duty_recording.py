"""A recorded current profile of the user: read from CSV or Parquet, checked row by row."""

import csv
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pyarrow import ArrowException, parquet

from voltward.core.errors import ConfigurationError
from voltward.documents.toml_document import closest

LEVELS = ("cell", "pack")
_REQUIRED = ("time_s", "current_A")
_OPTIONAL = ("temperature_degC",)
# Above these a current is taken for milliampere (assumption: no cell on the market carries 2 kA,
# no traction pack 5 kA; a cell is never driven at 30 C for the seconds that a profile resolves).
_LARGEST_A = {"cell": 2000.0, "pack": 5000.0}
_LARGEST_C_RATE = 30.0
_TEMPERATURE_degC = (-60.0, 150.0)
# A hole longer than this many usual steps, and than this time, is not sampling jitter (assumption).
_GAP_STEPS = 20.0
_GAP_S = 60.0


@dataclass(frozen=True)
class RecordedProfile:
    """A profile as recorded.

    Attributes:
        time_s: Rising, from 0 (sample,).
        current_A: Positive when charging (sample,).
        temperature_degC: Of the surroundings or the cell's case (sample,), or None.
        source: The file.
    """

    time_s: np.ndarray
    current_A: np.ndarray
    temperature_degC: np.ndarray | None
    source: str

    @property
    def usual_step_s(self) -> float:
        """The median time between two samples."""
        return float(np.median(np.diff(self.time_s)))


def read_profile(
    path: Path, *, level: str, capacity_Ah: float | None = None, max_gap_s: float | None = None
) -> RecordedProfile:
    """Read and check a profile.

    Args:
        path: A .csv or .parquet file with `time_s`, `current_A` and maybe `temperature_degC`.
        level: "cell" or "pack": whose current it is.
        capacity_Ah: Of that cell or pack, to notice currents in milliampere.
        max_gap_s: Longest time between two samples; by default 20 usual steps, at least 60 s.

    Raises:
        ConfigurationError: Anything is wrong; file, row, got and allowed are named.
    """
    if level not in LEVELS:
        raise ConfigurationError(
            f"{path}: level = '{level}' is not known",
            why=f"allowed are {' and '.join(LEVELS)}: whose current the file holds",
            hint=closest(level, LEVELS),
        )
    if path.suffix.lower() == ".parquet":
        columns = _read_parquet(path)
    elif path.suffix.lower() == ".csv":
        columns = _read_csv(path)
    else:
        raise ConfigurationError(
            f"{path}: a recorded profile ends in .csv or .parquet", why=f"got '{path.suffix}'"
        )
    time_s, current_A = columns["time_s"], columns["current_A"]
    _check_rows(path, columns)
    _check_time(path, time_s, max_gap_s)
    _check_current(path, current_A, level, capacity_Ah)
    temperature_degC = columns.get("temperature_degC")
    if temperature_degC is not None:
        _check_temperature(path, temperature_degC)
    return RecordedProfile(time_s - time_s[0], current_A, temperature_degC, path.name)


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


def _require_columns(path: Path, found: Sequence[str]) -> None:
    if len(set(found)) != len(found):
        double = next(name for name in found if found.count(name) > 1)
        raise ConfigurationError(
            f"{path}: column '{double}' appears twice", why="each column is allowed once"
        )
    for name in _REQUIRED:
        if name not in found:
            raise ConfigurationError(
                f"{path}: column '{name}' is missing",
                why=f"got {', '.join(found) or 'no header'}; allowed are "
                f"{', '.join(_REQUIRED + _OPTIONAL)}",
                hint=_column_hint(name, found),
            )


def _column_hint(name: str, found: Sequence[str]) -> str:
    milli = name.rsplit("_", 1)[0] + "_m" + name.rsplit("_", 1)[-1]
    if milli in found:
        return f"divide '{milli}' by 1000 and name it '{name}'"
    close = closest(name, found)
    if close:
        return close.replace("did you mean", "rename").rstrip("?") + f" to '{name}'"
    return f"name the column '{name}', in the unit of its name"


def _read_csv(path: Path) -> dict[str, np.ndarray]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.reader(stream))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigurationError(f"{path}: cannot be read as CSV", why=str(error)) from error
    if not rows:
        raise ConfigurationError(
            f"{path}: is empty", why="allowed is a header and two rows or more"
        )
    header = [name.strip() for name in rows[0]]
    _require_columns(path, header)
    wanted = {name: header.index(name) for name in (*_REQUIRED, *_OPTIONAL) if name in header}
    values: dict[str, list[float]] = {name: [] for name in wanted}
    body = [row for row in rows[1:] if row]
    for number, row in enumerate(body, start=1):
        if len(row) != len(header):
            raise ConfigurationError(
                f"{path}: row {number} has {len(row)} fields",
                why=f"the header has {len(header)}",
            )
        for name, index in wanted.items():
            values[name].append(_number(path, number, name, row[index]))
    return {name: np.asarray(column, dtype=np.float64) for name, column in values.items()}


def _number(path: Path, row: int, column: str, text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise ConfigurationError(
            f"{path}: row {row}, {column}: got '{text.strip()}'",
            why="allowed is a number, such as 0.5 or -1",
            hint="empty fields and decimal commas are not numbers",
        ) from error


def _read_parquet(path: Path) -> dict[str, np.ndarray]:
    try:
        table = parquet.read_table(path)
    except (OSError, ArrowException) as error:
        reason = str(error).splitlines()[0]
        raise ConfigurationError(f"{path}: cannot be read as Parquet", why=reason) from error
    _require_columns(path, table.column_names)
    columns = {}
    for name in (*_REQUIRED, *_OPTIONAL):
        if name in table.column_names:
            try:
                column = table.column(name).cast("float64").to_numpy()
            except ArrowException as error:
                raise ConfigurationError(
                    f"{path}: column '{name}' holds {table.schema.field(name).type}",
                    why="allowed are numbers",
                ) from error
            columns[name] = np.asarray(column, dtype=np.float64)
    return columns


def _check_rows(path: Path, columns: dict[str, np.ndarray]) -> None:
    rows = columns["time_s"].size
    if rows < 2:
        raise ConfigurationError(f"{path}: got {rows} rows", why="allowed are two rows or more")
    for name, column in columns.items():
        bad = np.flatnonzero(~np.isfinite(column))
        if bad.size:
            more = f" (and {bad.size - 1} more rows)" if bad.size > 1 else ""
            raise ConfigurationError(
                f"{path}: row {bad[0] + 1}, {name}: got {column[bad[0]]}{more}",
                why="allowed are finite numbers",
                hint="cut the rows out, or fill them from the record they were taken from",
            )


def _refuse_first(condition: np.ndarray, report: Callable[[int], ConfigurationError]) -> None:
    found = np.flatnonzero(condition)
    if found.size:
        raise report(int(found[0]))


def _check_time(path: Path, time_s: np.ndarray, max_gap_s: float | None) -> None:
    step_s = np.diff(time_s)
    _refuse_first(
        step_s <= 0.0,
        lambda i: ConfigurationError(
            f"{path}: row {i + 2}, time_s: got {time_s[i + 1]:g} after {time_s[i]:g}",
            why="allowed is a time later than the row before",
            hint="the time appears twice" if step_s[i] == 0.0 else "sort the rows by time_s",
        ),
    )
    usual_s = float(np.median(step_s))
    allowed_s = max_gap_s if max_gap_s is not None else max(_GAP_STEPS * usual_s, _GAP_S)
    _refuse_first(
        step_s > allowed_s,
        lambda i: ConfigurationError(
            f"{path}: row {i + 2}, time_s: a gap of {step_s[i]:g} s before {time_s[i + 1]:g}",
            why=f"allowed are {allowed_s:g} s; the usual step is {usual_s:g} s",
            hint="fill the gap, cut the file there, or set max_gap_s",
        ),
    )


def _check_current(
    path: Path, current_A: np.ndarray, level: str, capacity_Ah: float | None
) -> None:
    allowed_A = _LARGEST_A[level]
    reason = f"allowed are {allowed_A:g} A for a {level}"
    if capacity_Ah is not None and capacity_Ah * _LARGEST_C_RATE < allowed_A:
        allowed_A = capacity_Ah * _LARGEST_C_RATE
        reason = (
            f"allowed are {allowed_A:g} A, {_LARGEST_C_RATE:g} times the {level}'s "
            f"{capacity_Ah:g} Ah"
        )
    _refuse_first(
        np.abs(current_A) > allowed_A,
        lambda i: ConfigurationError(
            f"{path}: row {i + 1}, current_A: got {current_A[i]:g}",
            why=reason,
            hint="this looks like mA: divide by 1000",
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
