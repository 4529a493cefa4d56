"""Sets of recordings that the benchmark knows: which file was fitted to, which set thresholds."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from pathlib import Path

import numpy as np
from jaxtyping import Float

from voltward.controls.cell_calibration import Calibration, load_calibration
from voltward.core.errors import ConfigurationError
from voltward.documents.toml_document import (
    check_document,
    data_folder,
    find_document,
    read_document,
    shipped_names,
)
from voltward.physical.cell import CellModel
from voltward.physical.cell_file import load_cell
from voltward.real_cells.detection_benchmark.attacks import TEMPERATURES_DEGC
from voltward.real_cells.identification.data_files import recording_files
from voltward.real_cells.recordings.column_map import load_column_map
from voltward.real_cells.recordings.reading import read_recording
from voltward.real_cells.recordings.recording import Recording
from voltward.real_cells.replay.profile import prepared
from voltward.real_cells.replay.start import find_start, true_soc

# A recording belongs to the nominal temperature that lies this near to its first sample.
_NEAR_K = 6.0


@dataclass(frozen=True)
class DataSet:
    """How the files of one set are used.

    Attributes:
        folder: Name of its folder.
        cell: Shipped cell of the twin.
        columns: Shipped column map.
        initial_soc: Of every recording.
        fit: Patterns of files that must not score.
        calibration: Patterns of files that thresholds were set on.
        source: Attribution.
    """

    folder: str
    cell: str
    columns: str
    initial_soc: float
    fit: tuple[str, ...]
    calibration: tuple[str, ...]
    source: str


@dataclass(frozen=True)
class Profile:
    """A recording, ready for the twin.

    Attributes:
        recording: Prepared, at 1 Hz.
        soc: True state of charge.
        temperature_degC: Nominal.
        tested: Whether it is a test file: it served neither fit nor calibration.
    """

    recording: Recording
    soc: Float[np.ndarray, " time"]
    temperature_degC: float
    tested: bool


@dataclass(frozen=True)
class ReadySet:
    """A set with its cell, its calibration and the recordings that may score."""

    data_set: DataSet
    cell: CellModel
    calibration: Calibration | None
    profiles: tuple[Profile, ...]

    def scored(self, temperature_degC: float) -> tuple[Profile, ...]:
        """Return the test files at a temperature; without any the calibration files."""
        here = self.at(temperature_degC)
        tested = tuple(profile for profile in here if profile.tested)
        return tested or here

    def at(self, temperature_degC: float) -> tuple[Profile, ...]:
        """Return all recordings at a temperature that were not fitted to."""
        return tuple(p for p in self.profiles if p.temperature_degC == temperature_degC)

    def calibrating(self, temperature_degC: float) -> tuple[Profile, ...]:
        """Return the calibration files at a temperature."""
        return tuple(p for p in self.at(temperature_degC) if not p.tested)


def known_sets() -> tuple[DataSet, ...]:
    """Return the sets that ship as maps, without data."""
    folder = data_folder() / "benchmarks"
    paths = [folder / f"{name}.toml" for name in shipped_names("benchmarks")]
    return tuple(check_document(DataSet, read_document(path), str(path)) for path in paths)


def sets_in(data: Path) -> list[tuple[DataSet, Path]]:
    """Return the known sets below a folder, or the set that the folder itself is.

    Raises:
        ConfigurationError: There is none.
    """
    known = known_sets()
    found = []
    for data_set in known:
        for place in (data, data / data_set.folder):
            if place.name == data_set.folder and place.is_dir():
                found.append((data_set, place))
                break
    if not found:
        names = ", ".join(data_set.folder for data_set in known)
        raise ConfigurationError(
            f"--data {data}: holds none of the known sets", why=f"looked for folders {names}"
        )
    return found


def ready_set(data_set: DataSet, folder: Path) -> ReadySet:
    """Read a set: its cell, calibration and every recording that was not fitted to.

    Raises:
        ConfigurationError: A file cannot be read, or none is left to score.
    """
    cell_path = find_document("cells", data_set.cell, "cell")
    cell = load_cell(cell_path)
    profiles = []
    for path in recording_files([str(folder)]):
        if _matches_any(path, data_set.fit):
            continue
        profile = _profile(path, data_set, cell)
        if profile is not None:
            profiles.append(profile)
    if not profiles:
        raise ConfigurationError(f"{folder}: holds no recording that may score")
    return ReadySet(data_set, cell, load_calibration(cell_path), tuple(profiles))


def _profile(path: Path, data_set: DataSet, cell: CellModel) -> Profile | None:
    """Return a recording at its temperature, None at one that the table does not hold."""
    read = read_recording(
        path,
        column_map=load_column_map(data_set.columns),
        capacity_Ah=cell.capacity_Ah,
        initial_soc=data_set.initial_soc,
    )
    if read.soc is not None:
        # A recharge after the drive does not belong to it.
        read = _first_samples(read, int(np.argmin(read.soc)) + 1)
    recording = prepared(read, cell)
    warm_degC = float(recording.temperature_degC[0])
    away = [abs(warm_degC - nominal) for nominal in TEMPERATURES_DEGC]
    if min(away) > _NEAR_K:
        return None
    soc = true_soc(recording, cell, find_start(recording, cell, data_set.initial_soc))
    nominal = TEMPERATURES_DEGC[int(np.argmin(away))]
    return Profile(recording, soc, nominal, tested=not _matches_any(path, data_set.calibration))


def _first_samples(recording: Recording, samples: int) -> Recording:
    soc = recording.soc
    return replace(
        recording,
        time_s=recording.time_s[:samples],
        voltage_V=recording.voltage_V[:samples],
        current_A=recording.current_A[:samples],
        temperature_degC=recording.temperature_degC[:samples],
        soc=None if soc is None else soc[:samples],
    )


def _matches_any(path: Path, patterns: Sequence[str]) -> bool:
    return any(fnmatch(path.name, pattern) for pattern in patterns)
