"""A duty: what is asked of the pack over time, on a tick of its own."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from annotated_types import Interval, Len

from voltward.core.errors import ConfigurationError
from voltward.documents.settings_table import NotNegative, Share, Temperature, settings_table
from voltward.documents.toml_document import check_document, find_document, read_document
from voltward.ranges.configuration.duty_recording import LEVELS, is_recorded
from voltward.ranges.configuration.duty_segments import (
    Columns,
    DutyMode,
    Place,
    is_shipped_cycle,
    segment_columns,
)
from voltward.ranges.configuration.system_settings import SystemSettings

__all__ = ["Duty", "DutyDocument", "DutyMode", "load_duty"]


# What a side file says of its table, besides the level.
_SEGMENT_KEYS = ("scale", "max_gap_s", "columns", "positive")


@dataclass(frozen=True)
class Duty:
    """What is asked, tick by tick; what the BMS refuses of it is unserved.

    Attributes:
        name: Short name.
        source: Where it comes from, or that it is an assumption.
        tick_s: Length of a tick.
        mode: A `DutyMode` for each tick (tick,).
        speed_mps: Demanded speed (tick,).
        grade: Slope of the road, rise over run (tick,).
        current_A: Recorded current, positive when charging; NaN where none is (tick,).
        power_W: Grid set point, charging power or recorded power, positive when charging; NaN where
            the charger gives what it can and where a current is recorded (tick,).
        ambient_degC: (tick,).
        auxiliary_power_W: Beside propulsion; NaN where the vehicle's own value holds (tick,).
        shipped_cycle: Whether the speed is that of a shipped cycle (tick,).
        level: Whose current and power a recorded segment holds: "cell" or "pack".
        initial_soc: At the start.
        target_soc: At which charging ends when no plan says otherwise; None: at the system's.
        initial_temperature_degC: Of all cells at the start.
        notes: What the reader of recorded segments found, repaired or left out.
    """

    name: str
    source: str
    tick_s: float
    mode: np.ndarray
    speed_mps: np.ndarray
    grade: np.ndarray
    current_A: np.ndarray
    power_W: np.ndarray
    ambient_degC: np.ndarray
    auxiliary_power_W: np.ndarray
    shipped_cycle: np.ndarray
    level: str
    initial_soc: float
    target_soc: float | None
    initial_temperature_degC: float
    notes: tuple[str, ...] = ()

    @property
    def ticks(self) -> int:
        """How many ticks it has."""
        return int(self.mode.size)

    @property
    def duration_s(self) -> float:
        """How long it lasts."""
        return self.ticks * self.tick_s

    def charging(self, system: SystemSettings) -> SystemSettings:
        """Return a system whose sessions end where the duty says, if it does."""
        if self.target_soc is None:
            return system
        return replace(system, charging=replace(system.charging, target_soc=self.target_soc))

    def pack_current_A(self, parallel: int) -> np.ndarray:
        """Return the recorded current at the pack's terminals (tick,)."""
        return self.current_A * (parallel if self.level == "cell" else 1)

    def pack_power_W(self, cells: int) -> np.ndarray:
        """Return the power at the pack's terminals (tick,); a recorded one may be of a cell."""
        if self.level != "cell":
            return self.power_W
        return np.where(self.mode == DutyMode.RECORDED, self.power_W * cells, self.power_W)


@settings_table
class DutyDocument:
    """A duty file: a side file of a recorded profile has `profile` in place of segments."""

    name: Annotated[str, Len(1, 100)]
    source: Annotated[str, Len(1, 2000)]
    title: str = ""
    tick_s: Annotated[float, Interval(gt=0.0, le=600.0)] = 1.0
    initial_soc: Share = 0.5
    target_soc: Share | None = None
    initial_temperature_degC: Temperature = 25.0
    ambient_degC: Temperature = 25.0
    auxiliary_power_W: NotNegative | None = None
    segment: tuple[Mapping[str, Any], ...]


def load_duty(
    name_or_path: str,
    *,
    tick_s: float | None = None,
    level: str = "",
    columns: str = "",
    capacities_Ah: Mapping[str, float] | None = None,
) -> Duty:
    """Return a shipped duty, the user's own duty file, or a recorded profile.

    Args:
        name_or_path: A shipped name, a .toml duty file, or the table of a recorded profile.
        tick_s: Replaces the duty's own tick.
        level: "cell" or "pack", for a recorded profile given by itself; a side file of the same
            name ending in .toml may say it instead, together with the start conditions.
        columns: Column map of a recorded profile given by itself, before that of the side file.
        capacities_Ah: Level to capacity, to notice currents in milliampere.

    Raises:
        ConfigurationError: Something is wrong; file, key or row, got and allowed are named.
    """
    path, document = duty_document(name_or_path, level, columns)
    duty = check_document(DutyDocument, document, str(path))
    tick = duty.tick_s if tick_s is None else tick_s
    if not 0.0 < tick <= 600.0:
        raise ConfigurationError(
            f"tick_s = {tick:g} is out of range", why="allowed are more than 0 to 600 s"
        )
    if not duty.segment:
        raise ConfigurationError(f"{path}: key 'segment' is empty", why="a duty has one or more")
    place = Place(path, str(path), tick, capacities_Ah or {})
    parts: list[Columns] = []
    for index, segment in enumerate(duty.segment):
        part = segment_columns(segment, index, place)
        part["shipped_cycle"] = np.full(part["mode"].size, is_shipped_cycle(segment, path))
        parts.append(part)
        place.refuse_long(sum(part["mode"].size for part in parts))
    series = _joined(parts, duty)
    if len(set(place.levels)) > 1:
        raise ConfigurationError(
            f"{path}: segments are recorded at both levels",
            why="allowed is one level, cell or pack, in one duty",
        )
    return Duty(
        name=duty.name,
        source=duty.source,
        tick_s=tick,
        level=place.levels[0] if place.levels else "pack",
        initial_soc=duty.initial_soc,
        target_soc=duty.target_soc,
        initial_temperature_degC=_start_temperature(series, document, duty),
        notes=tuple(place.notes),
        **series,
    )


def duty_document(
    name_or_path: str, level: str = "", columns: str = ""
) -> tuple[Path, dict[str, Any]]:
    """Return the file of a duty and its document; a recorded profile is one segment of it.

    Args:
        name_or_path: As for `load_duty`.
        level: As for `load_duty`.
        columns: As for `load_duty`.

    Raises:
        ConfigurationError: There is no such duty, or the level of a profile is not given.
    """
    path = Path(name_or_path)
    if is_recorded(path):
        return path, _side_document(path, level, columns)
    if columns:
        raise ConfigurationError(
            f"--columns {columns}: the duty {name_or_path} is not a recorded profile",
            why="a column map says what the columns of a table hold",
            hint="leave it out; a duty file names the map of a segment with the key columns",
        )
    path = find_document("duties", name_or_path, "duty")
    return path, read_document(path)


def _joined(parts: list[Columns], duty: DutyDocument) -> Columns:
    auxiliary_W = math.nan if duty.auxiliary_power_W is None else duty.auxiliary_power_W
    for part in parts:
        ticks = part["mode"].size
        part.setdefault("ambient_degC", np.full(ticks, duty.ambient_degC))
        part["auxiliary_power_W"] = np.full(ticks, auxiliary_W)
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _start_temperature(columns: Columns, document: Mapping[str, Any], duty: DutyDocument) -> float:
    """A recorded temperature starts the cells, unless the file says otherwise."""
    if columns["mode"][0] == DutyMode.RECORDED and "initial_temperature_degC" not in document:
        return float(columns["ambient_degC"][0])
    return duty.initial_temperature_degC


def _side_document(path: Path, level: str, columns: str) -> dict[str, Any]:
    """Return a duty document for a recorded profile given by itself."""
    if not path.is_file():
        raise ConfigurationError(
            f"duty file {path}: there is no such file",
            hint="check the path; it is read from the current folder",
        )
    side = path.with_suffix(".toml")
    document = read_document(side) if side.is_file() else {}
    chosen = level or document.pop("level", "")
    document.pop("level", None)
    if not chosen:
        raise ConfigurationError(
            f"{path}: level is not given",
            why=f"allowed are {' and '.join(LEVELS)}: whose current or power the file holds",
            hint=f"add --level, or write level into {side.name} beside it",
        )
    segment = {"kind": "recorded", "file": path.name, "level": chosen}
    segment |= {key: document.pop(key) for key in _SEGMENT_KEYS if key in document}
    segment |= {"columns": columns} if columns else {}
    return (
        {"name": path.stem, "source": f"recorded profile {path.name}"}
        | document
        | {"segment": [segment]}
    )
