"""The parts that a duty is composed of: each kind turns into columns on the duty's ticks."""

import filecmp
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import Ge, Gt, Interval

from voltward.core.errors import ConfigurationError
from voltward.documents.settings_table import Positive as AboveZero
from voltward.documents.settings_table import settings_table
from voltward.documents.toml_document import beside, check_document, closest, data_folder, shown
from voltward.ranges.configuration.duty_recording import (
    Positive,
    read_profile,
    read_speed,
    resample,
    ticks_of,
)


class DutyMode(IntEnum):
    """What the pack is used for in a tick."""

    STANDBY = 0
    DRIVE = 1
    CHARGE = 2
    GRID = 3
    RECORDED = 4


@settings_table
class CycleSegment:
    """Follow a speed cycle of the shipped tables, or of a file with a time and a speed.

    Attributes:
        kind: "cycle".
        cycle: Shipped name, or a table whose names say the units: m/s, km/h or mph.
        repeat: How often.
        grade: Slope of the road, rise over run.
        columns: Column map of the file, shipped or a file; by default its columns are found.
    """

    kind: str
    cycle: str
    repeat: Annotated[int, Interval(ge=1, le=1000)] = 1
    grade: Annotated[float, Interval(ge=-0.3, le=0.3)] = 0.0
    columns: str = ""


@settings_table
class CruiseSegment:
    """Drive at one speed."""

    kind: str
    seconds: AboveZero
    speed_mps: Annotated[float, Interval(ge=0.0, le=100.0)]
    grade: Annotated[float, Interval(ge=-0.3, le=0.3)] = 0.0


@settings_table
class ChargeSegment:
    """Charge at a charger: its own power unless one is given."""

    kind: str
    seconds: AboveZero
    power_W: Annotated[float, Gt(0.0)] | None = None


@settings_table
class StandbySegment:
    """Rest, contactors closed."""

    kind: str
    seconds: AboveZero


@settings_table
class GridSegment:
    """Serve the grid: "regulation" swings around `offset_W`, "constant" stays there."""

    kind: str
    seconds: AboveZero
    power_W: Annotated[float, Ge(0.0)] = 0.0
    offset_W: float = 0.0
    signal: Literal["regulation", "constant"] = "regulation"


@settings_table
class RecordedSegment:
    """Follow a recorded current or power, of a cell or of the pack.

    Attributes:
        kind: "recorded".
        file: The table: a text, a workbook or Parquet.
        level: "cell" or "pack": whose current or power it is.
        scale: Multiplies it.
        max_gap_s: Longest time between two samples.
        columns: Column map of the file, shipped or a file; by default its columns are found.
        positive: What positive numbers do, where the file does not say it.
    """

    kind: str
    file: str
    level: str
    scale: Annotated[float, Gt(0.0)] = 1.0
    max_gap_s: Annotated[float, Gt(0.0)] | None = None
    columns: str = ""
    positive: Positive | None = None


# Zero-mean swing of a regulation signal: periods and their shares. Assumption: three sines stand
# for a fast regulation signal, which is neutral within a quarter of an hour.
_REGULATION = ((900.0, 0.4), (240.0, 0.35), (44.0, 0.25))

_EMPTY = {"speed_mps": 0.0, "grade": 0.0, "current_A": math.nan, "power_W": math.nan}
Columns = dict[str, np.ndarray]
# A tick takes 56 bytes before the run, and a trace about 250.
MOST_TICKS = 2_000_000


@dataclass(frozen=True)
class Place:
    """Where a segment is read.

    Attributes:
        path: The duty file.
        label: How messages name the place.
        tick_s: The duty's tick.
        capacities_Ah: Level to capacity, to notice currents in milliampere.
        levels: Levels of the recorded segments so far.
        notes: Of the reader of the recorded segments so far.
    """

    path: Path
    label: str
    tick_s: float
    capacities_Ah: Mapping[str, float] = field(default_factory=dict)
    levels: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def ticks(self, seconds: float) -> int:
        """Return the number of ticks, at least one.

        Raises:
            ConfigurationError: There are more than `MOST_TICKS`.
        """
        self.refuse_long(seconds / self.tick_s)
        return max(1, round(seconds / self.tick_s))

    def refuse_long(self, ticks: float) -> None:
        """Refuse what has more than `MOST_TICKS`, before an array is made for it."""
        if ticks > MOST_TICKS:
            raise ConfigurationError(
                f"{self.label}: lasts {ticks:.3g} ticks of {self.tick_s:g} s",
                why=f"a duty of at most {MOST_TICKS:,} ticks is run: 23 days in steps of 1 s",
                hint="shorten it, or take a longer tick_s",
            )


def _columns(mode: DutyMode, ticks: int, **given: Any) -> Columns:
    columns = {name: np.full(ticks, value) for name, value in _EMPTY.items()}
    columns["mode"] = np.full(ticks, int(mode), dtype=np.int64)
    for name, value in given.items():
        columns[name] = np.broadcast_to(np.asarray(value, dtype=np.float64), ticks).copy()
    return columns


def _cycle(segment: CycleSegment, place: Place) -> Columns:
    time_s, speed_mps = _read_cycle(segment, place)
    length_s = float(time_s[-1])
    whole_s = np.concatenate([time_s[:-1] + turn * length_s for turn in range(segment.repeat)])
    ticks = place.ticks(length_s * segment.repeat)
    speed = resample(whole_s, np.tile(speed_mps[:-1], segment.repeat), place.tick_s, ticks)
    return _columns(DutyMode.DRIVE, ticks, speed_mps=speed, grade=segment.grade)


def _cruise(segment: CruiseSegment, place: Place) -> Columns:
    return _columns(
        DutyMode.DRIVE,
        place.ticks(segment.seconds),
        speed_mps=segment.speed_mps,
        grade=segment.grade,
    )


def _charge(segment: ChargeSegment, place: Place) -> Columns:
    power_W = math.nan if segment.power_W is None else segment.power_W
    return _columns(DutyMode.CHARGE, place.ticks(segment.seconds), power_W=power_W)


def _standby(segment: StandbySegment, place: Place) -> Columns:
    return _columns(DutyMode.STANDBY, place.ticks(segment.seconds))


def _grid(segment: GridSegment, place: Place) -> Columns:
    ticks = place.ticks(segment.seconds)
    middle_s = (np.arange(ticks) + 0.5) * place.tick_s
    swing = sum(share * np.sin(2.0 * np.pi * middle_s / period) for period, share in _REGULATION)
    power_W = segment.offset_W + (
        segment.power_W * swing if segment.signal == "regulation" else 0.0
    )
    return _columns(DutyMode.GRID, ticks, power_W=power_W)


def _recorded(segment: RecordedSegment, place: Place) -> Columns:
    profile = read_profile(
        Path(beside(segment.file, place.path)),
        level=segment.level,
        capacity_Ah=place.capacities_Ah.get(segment.level),
        max_gap_s=segment.max_gap_s,
        columns=_map_beside(segment.columns, place.path),
        positive=segment.positive,
    )
    place.levels.append(segment.level)
    place.notes.extend(f"{profile.source}: {note}" for note in profile.notes)
    place.refuse_long((float(profile.time_s[-1]) + profile.usual_step_s) / place.tick_s)
    ticks = ticks_of(profile, place.tick_s)
    on_ticks = partial(resample, profile.time_s, tick_s=place.tick_s, ticks=ticks)
    given = {
        name: on_ticks(values) * segment.scale
        for name, values in (("current_A", profile.current_A), ("power_W", profile.power_W))
        if values is not None
    }
    if profile.temperature_degC is not None:
        given["ambient_degC"] = on_ticks(profile.temperature_degC)
    return _columns(DutyMode.RECORDED, ticks, **given)


def _map_beside(columns: str, duty: Path) -> str:
    """Return a column map's shipped name, or its file beside the duty."""
    return beside(columns, duty) if columns.endswith(".toml") else columns


_SEGMENTS: dict[str, tuple[type[Any], Callable[[Any, Place], Columns]]] = {
    "cycle": (CycleSegment, _cycle),
    "cruise": (CruiseSegment, _cruise),
    "charge": (ChargeSegment, _charge),
    "standby": (StandbySegment, _standby),
    "grid": (GridSegment, _grid),
    "recorded": (RecordedSegment, _recorded),
}


def segment_columns(segment: Mapping[str, Any], index: int, place: Place) -> Columns:
    """Return the columns of one segment.

    Args:
        segment: As parsed.
        index: Its number in the file, from 0.
        place: Where it stands; recorded segments note their level there.

    Raises:
        ConfigurationError: Its kind, a key or a value is not allowed.
    """
    label = f"{place.path}: segment[{index}]"
    kind = segment.get("kind")
    if not isinstance(kind, str) or kind not in _SEGMENTS:
        raise ConfigurationError(
            f"{label}.kind = {shown(kind)} is not known",
            why=f"allowed are {', '.join(_SEGMENTS)}",
            hint=closest(str(kind), _SEGMENTS),
        )
    shape, make = _SEGMENTS[kind]
    checked = check_document(shape, segment, label)
    return make(checked, replace(place, label=label))


def segment_files(segment: Mapping[str, Any], duty: Path) -> dict[str, Path]:
    """Return the keys of a segment that name files, and the files.

    Args:
        segment: As parsed.
        duty: The duty file.
    """
    found: dict[str, Path] = {}
    if segment.get("kind") == "recorded":
        found["file"] = Path(beside(str(segment["file"]), duty))
    if segment.get("kind") == "cycle":
        found["cycle"] = _cycle_file(str(segment["cycle"]), duty)
    columns = str(segment.get("columns", ""))
    if found and columns.endswith(".toml"):
        found["columns"] = Path(beside(columns, duty))
    return found


def shipped_speed(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return time and speed of a shipped cycle.

    Raises:
        ConfigurationError: There is none of that name.
    """
    folder = data_folder() / "cycles"
    segment = CycleSegment(kind="cycle", cycle=name)
    return _read_cycle(segment, Place(folder / "cycles.toml", "world", 1.0))


def is_shipped_cycle(segment: Mapping[str, Any], duty: Path) -> bool:
    """Tell whether a segment follows a cycle of the shipped tables, by name or as a copy of it.

    A run folder holds a copy of every table; a run from there is the same run.

    Args:
        segment: As parsed.
        duty: The duty file.
    """
    if segment.get("kind") != "cycle":
        return False
    path = _cycle_file(str(segment["cycle"]), duty)
    if path.parent == data_folder() / "cycles":
        return True
    shipped = (data_folder() / "cycles").glob("*.csv")
    return any(filecmp.cmp(path, cycle, shallow=False) for cycle in shipped)


def _cycle_file(name: str, duty: Path) -> Path:
    shipped = data_folder() / "cycles" / f"{name}.csv"
    return shipped if shipped.is_file() else Path(beside(name, duty))


def _read_cycle(segment: CycleSegment, place: Place) -> tuple[np.ndarray, np.ndarray]:
    path = _cycle_file(segment.cycle, place.path)
    if not path.is_file():
        known = _speed_cycles(data_folder() / "cycles")
        raise ConfigurationError(
            f"{place.label}.cycle = {shown(segment.cycle)} is not known",
            why=f"allowed are {', '.join(known)}, or a table with a time and a speed",
            hint=closest(segment.cycle, known),
        )
    return read_speed(path, _map_beside(segment.columns, place.path))


def _speed_cycles(folder: Path) -> tuple[str, ...]:
    found = []
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8") as stream:
            if stream.readline().strip() == "time_s,speed_mps":
                found.append(path.stem)
    return tuple(found)
