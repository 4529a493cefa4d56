"""A calibration: what was set for each detector of a cell, on which hours, and its file."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from voltward.controls.in_force import default_parameters
from voltward.core.control import Control
from voltward.core.errors import ConfigurationError
from voltward.core.files import write_text
from voltward.detection.residual_bank import calibrated
from voltward.detection.residual_schedule import FEATURES, Schedule


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
        """Upper 95 % Poisson bound of the false-alarm rate on such recordings."""
        return poisson_bound(self.onsets) / self.hours


def poisson_bound(count: int) -> float:
    """Return the upper 95 % bound of a Poisson mean after so many events."""
    from scipy.stats import chi2  # noqa: PLC0415

    return float(chi2.ppf(0.95, 2 * count + 2)) / 2.0


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
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        return Calibration(
            cell=document["cell"],
            hours=float(document["hours"]),
            onsets=int(document["onsets"]),
            schedules={
                name: _schedule(entry, document["source"])
                for name, entry in document["schedule"].items()
            },
            sensitivity={k: float(v) for k, v in document.get("sensitivity", {}).items()},
            source=document["source"],
            sparse={
                name: _schedule(entry, document["source"])
                for name, entry in document.get("sparse_schedule", {}).items()
            },
        )
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} is not TOML: {error}") from error
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigurationError(
            f"{path}: {error}", hint="make it anew with 'voltward calibrate'"
        ) from error


def _schedule(entry: Mapping[str, Any], source: str) -> Schedule:
    weight = tuple(tuple(float(row[name]) for name in FEATURES) for row in entry["weight"])
    schedule = Schedule(
        tuple(float(value) for value in entry["temperature_degC"]),
        weight,
        tuple(float(value) for value in entry["threshold"]),
        tuple(float(value) for value in entry["low_soc_threshold"]),
        source,
    )
    knots = len(schedule.temperature_degC)
    sizes = {len(weight), len(schedule.threshold), len(schedule.low_soc_threshold)}
    if sizes != {knots} or np.any(np.diff(schedule.temperature_degC) <= 0.0):
        raise ValueError("a schedule needs one row for each of its rising temperatures")
    return schedule


def write_calibration(path: Path, calibration: Calibration) -> None:
    """Write a calibration as TOML, whole or not at all."""
    lines = [
        "# Thresholds of the detectors for one cell; made by 'voltward calibrate'.",
        f'cell = "{calibration.cell}"',
        f'source = "{calibration.source}"',
        f"hours = {calibration.hours:.2f}",
        f"onsets = {calibration.onsets}",
        "",
        "[sensitivity]",
        *(f'"{name}" = {value:.4g}' for name, value in calibration.sensitivity.items()),
    ]
    named = [("schedule", *entry) for entry in calibration.schedules.items()]
    named += [("sparse_schedule", *entry) for entry in calibration.sparse.items()]
    for table, name, schedule in named:
        lines += [
            "",
            f'[{table}."{name}"]',
            f"temperature_degC = {_numbers(schedule.temperature_degC)}",
            f"threshold = {_numbers(schedule.threshold)}",
            f"low_soc_threshold = {_numbers(schedule.low_soc_threshold)}",
            "weight = [",
            *(
                "  { "
                + ", ".join(
                    f"{key} = {value:.4g}" for key, value in zip(FEATURES, row, strict=True)
                )
                + " },"
                for row in schedule.weight
            ),
            "]",
        ]
    write_text(path, "\n".join(lines) + "\n")


def _numbers(values: Sequence[float]) -> str:
    return "[" + ", ".join(f"{value:.4g}" for value in values) + "]"
