"""`voltward calibrate`: thresholds of the detectors for one cell, from clean recordings."""

from collections.abc import Sequence
from pathlib import Path

from voltward.controls.cell_calibration import (
    Calibration,
    calibration_path,
    joined,
    write_calibration,
)
from voltward.core.errors import ConfigurationError
from voltward.documents.toml_document import data_folder, find_document
from voltward.interfaces.cli.output import (
    emit,
    message,
    progress_bar,
    refuse_existing,
)
from voltward.physical.cell_file import load_cell
from voltward.real_cells.identification.data_files import recording_files
from voltward.real_cells.identification.known_soc import with_soc
from voltward.real_cells.identification.shared_data import (
    repeated_files,
    shared_files,
    shared_recordings,
)
from voltward.real_cells.recordings.column_map import load_column_map
from voltward.real_cells.recordings.reading import read_recording
from voltward.real_cells.recordings.recording import Recording
from voltward.real_cells.recordings.sampling import is_sparse, one_a_second
from voltward.real_cells.replay.detectors import load_detectors
from voltward.real_cells.replay.profile import prepared
from voltward.real_cells.replay.session import replay_stage
from voltward.real_cells.threshold_fitting.calibrate import calibrate, refuse_shared


def calibrate_cell(
    data: tuple[str, ...],
    cell_name: str,
    fit: tuple[str, ...],
    out: Path | None,
    initial_soc: float,
    column_map: str | None,
    temperature_degC: float | None,
    source: str,
    *,
    force: bool,
) -> None:
    """Set the thresholds of a cell, write them and print them."""
    cell_path = find_document("cells", cell_name, "cell")
    cell = load_cell(cell_path)
    beside = calibration_path(cell_path)
    if out is None and not force and cell_path.is_relative_to(data_folder()):
        raise ConfigurationError(
            f"--cell {cell_name}: is shipped, and its calibration belongs to the installation",
            why="without --out a calibration is written beside the cell file",
            hint=f"copy {cell_path} to a file of your own and name that with --cell; --force "
            "writes into the installation",
        )
    target = out or beside
    refuse_existing(target, force=force)
    mapped = load_column_map(column_map) if column_map else None

    def read(path: Path) -> Recording:
        recording = read_recording(
            path,
            column_map=mapped,
            temperature_degC=temperature_degC,
            capacity_Ah=cell.capacity_Ah,
            initial_soc=initial_soc,
            cut="recharge",
        )
        return with_soc(recording, cell.capacity_Ah, initial_soc)

    fitted, clean = recording_files(fit), recording_files(data)
    refuse_shared(shared_files(clean, fitted), repeated_files(clean))
    named = source or f"{len(clean)} recordings ({clean[0].stem} ... {clean[-1].stem})"
    with progress_bar() as progress:
        recordings = []
        for index, path in enumerate((*fitted, *clean)):
            progress("read", index, len(fitted) + len(clean))
            recordings.append(read(path))
        progress("read", len(recordings), len(recordings))
        refuse_shared(shared_recordings(recordings[len(fitted) :], recordings[: len(fitted)]))
        sparse = any(is_sparse(recording) for recording in recordings)
        done, passes = 0, (1 if sparse else 2) * (len(fitted) + 2 * len(clean))

        def step(_name: str) -> None:
            nonlocal done
            progress(replay_stage("calibrate", done), done, passes)
            done += 1

        def set_on(used: Sequence[Recording]) -> Calibration:
            ready = [prepared(recording, cell) for recording in used]
            count = len(fitted)
            return calibrate(
                cell, load_detectors(cell=cell.name), ready[:count], ready[count:], named, step
            )

        found = set_on(recordings)
        if not sparse:
            found = joined(found, set_on([one_a_second(recording) for recording in recordings]))
        progress("calibrate", passes, passes)
    write_calibration(target, found)
    for name, schedule in found.schedules.items():
        emit(
            f"{name:16} thresholds {', '.join(f'{value:.1f}' for value in schedule.threshold)} "
            f"times the usual size at "
            f"{', '.join(f'{value:.0f}' for value in schedule.temperature_degC)} degC"
        )
    for name, value in found.sensitivity.items():
        emit(f"{name:16} sensitivity {value:.2f}")
    emit(f"set on {found.hours:.1f} clean h; {found.in_sample_words}")
    message(f"wrote {target}")
    if target.resolve() != beside.resolve():
        message(f"note    replays and campaigns take it only as {beside}")
