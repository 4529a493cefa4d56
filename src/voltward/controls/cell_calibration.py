"""A calibration: what was set for each detector of a cell, on which hours, and its file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge
from jaxtyping import Float

from voltward.controls.in_force import default_parameters
from voltward.core.control import Control
from voltward.core.errors import ConfigurationError
from voltward.core.files import write_text
from voltward.detection.residual_bank import calibrated
from voltward.detection.residual_schedule import FEATURES, Schedule
from voltward.documents.settings_table import Positive, settings_table
from voltward.documents.toml_document import check_document, read_document
from voltward.documents.toml_writer import toml_text
from voltward.results.metrics import poisson_upper

_HEAD = "Thresholds of the detectors for one cell; made by 'voltward calibrate'."
_AGAIN = "make it again with 'voltward calibrate'"


@settings_table
class _ScheduleDocument:
    """A schedule as its file holds it; each row of `weight` has a number for each of `FEATURES`."""

    temperature_degC: tuple[float, ...]
    threshold: tuple[float, ...]
    low_soc_threshold: tuple[float, ...]
    weight: tuple[Mapping[str, float], ...]


@settings_table
class _CalibrationDocument:
    """The file of a calibration; see `Calibration`."""

    cell: str
    source: str
    hours: Positive
    onsets: Annotated[int, Ge(0)]
    sensitivity: Mapping[str, float] = field(default_factory=dict)
    schedule: Mapping[str, _ScheduleDocument] = field(default_factory=dict)
    sparse_schedule: Mapping[str, _ScheduleDocument] = field(default_factory=dict)


@dataclass(frozen=True)
class Calibration:
    """What was set for the detectors of a cell.

    Attributes:
        cell: Name of the cell.
        hours: Clean hours that thresholds were set on.
        onsets: Alarms in them afterwards.
        schedules: Of the residual arms.
        sensitivity: Of detectors that have a threshold of their own.
        source: The recordings.
        sparse: Schedules for recordings of one sample a second: what the current does between two
            samples is unknown, and residuals are larger by it.
    """

    cell: str
    hours: float
    onsets: int
    schedules: Mapping[str, Schedule]
    sensitivity: Mapping[str, float]
    source: str
    sparse: Mapping[str, Schedule] = field(default_factory=dict)

    @property
    def onsets_per_hour_bound(self) -> float:
        """Upper 95 % Poisson bound of the false-alarm rate on the hours that set the thresholds."""
        return poisson_upper(self.onsets) / self.hours

    @property
    def in_sample_words(self) -> str:
        """The alarms on the hours of the thresholds, and that other hours have more."""
        return (
            f"in-sample, on those very hours: {self.onsets} alarms, at most "
            f"{self.onsets_per_hour_bound:.2f} an hour (95 %, Poisson); expect more on others, "
            "and replay some that set nothing"
        )


def with_calibration(
    controls: Sequence[Control], calibration: Calibration | None, *, sparse: bool = False
) -> tuple[Control, ...]:
    """Return the controls with the residual arms under the schedules of the cell.

    Args:
        controls: Of the catalogue.
        calibration: Of the cell, if it has one.
        sparse: Whether the readings come from one sample a second.
    """
    if calibration is None:
        return tuple(controls)
    schedules = calibration.sparse if sparse and calibration.sparse else calibration.schedules
    return tuple(
        calibrated(control, schedules[control.id]) if control.id in schedules else control
        for control in controls
    )


def parameters_of(
    calibration: Calibration | None, controls: Sequence[Control]
) -> Float[np.ndarray, "control column"]:
    """Return the columns of the controls, with the sensitivities of the calibration."""
    columns = np.array([default_parameters(control) for control in controls])
    if calibration is not None:
        for row, control in enumerate(controls):
            columns[row, 0] *= calibration.sensitivity.get(control.id, 1.0)
    return columns


def joined(dense: Calibration, sparse: Calibration) -> Calibration:
    """Return one calibration of two: for dense recordings, and for one sample a second."""
    names = dense.sensitivity.keys() | sparse.sensitivity.keys()
    return replace(
        dense,
        onsets=dense.onsets + sparse.onsets,
        sensitivity={
            name: min(dense.sensitivity.get(name, 1.0), sparse.sensitivity.get(name, 1.0))
            for name in sorted(names)
        },
        sparse=sparse.schedules,
    )


def calibration_path(cell_path: Path) -> Path:
    """Return where the calibration of a cell file lies: beside it."""
    return cell_path.with_name(f"{cell_path.stem}.calibration.toml")


def load_calibration(cell_path: Path) -> Calibration | None:
    """Return the calibration beside a cell file, None without one.

    Raises:
        ConfigurationError: It cannot be read.
    """
    path = calibration_path(cell_path)
    if not path.exists():
        return None
    document = check_document(_CalibrationDocument, read_document(path), str(path), hint=_AGAIN)
    return Calibration(
        cell=document.cell,
        hours=document.hours,
        onsets=document.onsets,
        schedules=_schedules(document.schedule, document.source, path),
        sensitivity=document.sensitivity,
        source=document.source,
        sparse=_schedules(document.sparse_schedule, document.source, path),
    )


def _schedules(
    tables: Mapping[str, _ScheduleDocument], source: str, path: Path
) -> dict[str, Schedule]:
    for name, table in tables.items():
        knots = len(table.temperature_degC)
        sizes = {len(table.weight), len(table.threshold), len(table.low_soc_threshold)}
        rows = all(row.keys() == set(FEATURES) for row in table.weight)
        if not rows or sizes != {knots} or np.any(np.diff(table.temperature_degC) <= 0.0):
            raise ConfigurationError(
                f"{path}: the schedule of {name} is not usable",
                why="a schedule needs one threshold and one row of weights "
                f"({', '.join(FEATURES)}) for each of its rising temperatures",
                hint=_AGAIN,
            )
    return {
        name: Schedule(
            table.temperature_degC,
            tuple(tuple(row[name] for name in FEATURES) for row in table.weight),
            table.threshold,
            table.low_soc_threshold,
            source,
        )
        for name, table in tables.items()
    }


def write_calibration(path: Path, calibration: Calibration) -> None:
    """Write a calibration as TOML, whole or not at all; numbers have four significant digits."""
    document = {
        "cell": calibration.cell,
        "source": calibration.source,
        "hours": _short(calibration.hours),
        "onsets": calibration.onsets,
        "sensitivity": {name: _short(value) for name, value in calibration.sensitivity.items()},
        "schedule": _tables(calibration.schedules),
        "sparse_schedule": _tables(calibration.sparse),
    }
    write_text(path, toml_text(document, head=[_HEAD]))


def _tables(schedules: Mapping[str, Schedule]) -> dict[str, Any]:
    return {
        name: {
            "temperature_degC": [_short(value) for value in schedule.temperature_degC],
            "threshold": [_short(value) for value in schedule.threshold],
            "low_soc_threshold": [_short(value) for value in schedule.low_soc_threshold],
            "weight": [
                {key: _short(value) for key, value in zip(FEATURES, row, strict=True)}
                for row in schedule.weight
            ],
        }
        for name, schedule in schedules.items()
    }


def _short(value: float) -> float:
    return float(f"{value:.4g}")
