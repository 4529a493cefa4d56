"""`voltward calibrate`: thresholds of the detectors for one cell, from clean recordings."""

from collections.abc import Sequence
from pathlib import Path

from voltward.controls.cell_calibration import (
    Calibration,
    calibration_path,
    joined,
    write_calibration,
)
from voltward.documents.toml_document import find_document
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
from voltward.real_cells.threshold_fitting.calibrate import calibrate, refuse_shared


def calibrate_cell(
    data: tuple[str, ...],
    cell_name: str,
    fit: tuple[str, ...],
    out: Path | None,
    initial_soc: float,
    column_map: str | None,
    source: str,
    *,
    force: bool,
) -> None:
    """Set the thresholds of a cell, write them and print them."""
    cell_path = find_document("cells", cell_name, "cell")
    cell = load_cell(cell_path)
    target = out or calibration_path(cell_path)
    refuse_existing(target, force=force)
    mapped = load_column_map(column_map) if column_map else None

    def read(path: Path) -> Recording:
        recording = read_recording(
            path,
            column_map=mapped,
            capacity_Ah=cell.capacity_Ah,
            initial_soc=initial_soc,
            cut="recharge",
        )
        return with_soc(recording, cell.capacity_Ah, initial_soc)

    fitted, clean = recording_files(fit), recording_files(data)
    refuse_shared(shared_files(clean, fitted), repeated_files(clean))
    named = source or f"{len(clean)} recordings ({clean[0].stem} ... {clean[-1].stem})"
    passes = 2 * (2 * len(clean) + len(fitted)) + len(fitted) + len(clean)
    with progress_bar() as progress:
        done = 0

        def step(_name: str) -> None:
            nonlocal done
            done += 1
            progress("calibrate", done, passes)

        recordings = []
        for path in (*fitted, *clean):
            recordings.append(read(path))
            step(path.name)
        refuse_shared(shared_recordings(recordings[len(fitted) :], recordings[: len(fitted)]))

        def set_on(used: Sequence[Recording]) -> Calibration:
            ready = [prepared(recording, cell) for recording in used]
            count = len(fitted)
            return calibrate(
                cell, load_detectors(cell=cell.name), ready[:count], ready[count:], named, step
            )

        found = set_on(recordings)
        if not any(is_sparse(recording) for recording in recordings):
            found = joined(found, set_on([one_a_second(recording) for recording in recordings]))
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
