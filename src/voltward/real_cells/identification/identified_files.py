"""A cell from files: which are fitted and which held out, read the same way, then identified.

1. The files are chosen; one that is held out is not fitted, also where both name it or a copy.
2. They are read once to find the capacity in the slow discharge.
3. Those without a state of charge are read again, with charge counted from a known start.
4. The cell is fitted.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from voltward.core.errors import ConfigurationError
from voltward.real_cells.identification.cell_facts import cell_facts
from voltward.real_cells.identification.data_files import distinct_names, recording_files
from voltward.real_cells.identification.identify import Identification, identify
from voltward.real_cells.identification.known_soc import with_soc
from voltward.real_cells.identification.open_circuit import slow_curve
from voltward.real_cells.identification.shared_data import shared_files, shared_recordings
from voltward.real_cells.recordings.column_map import ColumnMap, Cut, load_column_map
from voltward.real_cells.recordings.reading import read_recording
from voltward.real_cells.recordings.recording import Recording

Progress = Callable[[str, int, int], None]
# The fit stops by itself, most often after 6 to 15 rounds; a bar needs a length.
_ROUNDS_SHOWN = 40


@dataclass(frozen=True)
class FileReading:
    """How recordings of one cell are read.

    Attributes:
        column_map: Shipped name or file; empty for the files' own names, or a map that fits.
        capacity_Ah: By default what the slow discharge took.
        initial_soc: At the first row of a recording without a state of charge; by default full.
        cut: "lowest charge" ends a recording where its charge counter reads lowest.
        temperature_degC: Assumed where a file has none.
    """

    column_map: str = ""
    capacity_Ah: float | None = None
    initial_soc: float | None = None
    cut: Cut = "none"
    temperature_degC: float | None = None


@dataclass(frozen=True)
class CellWords:
    """Facts of a cell that recordings do not contain; None is that of an 18650 scaled by capacity.

    Attributes:
        name: Of the cell.
        chemistry: In words.
        source: Where the recordings come from, with licence and attribution.
        heat_capacity_J_per_K: Of one cell.
        surface_m2: Outer surface of one cell.
        volume_m3: Of one cell.
    """

    name: str
    chemistry: str = "lithium-ion"
    source: str = "recordings of the user"
    heat_capacity_J_per_K: float | None = None
    surface_m2: float | None = None
    volume_m3: float | None = None


@dataclass(frozen=True)
class IdentifiedFiles:
    """A cell identified from files.

    Attributes:
        found: The identification.
        notes: Notes of the reader, by name of recording.
        remarks: What was assumed of all of them, and what the stated error is worth.
    """

    found: Identification
    notes: Mapping[str, Sequence[str]]
    remarks: tuple[str, ...]


def identify_files(
    data: Sequence[str],
    checks: Sequence[str],
    words: CellWords,
    reading: FileReading,
    progress: Progress,
) -> IdentifiedFiles:
    """Fit the cell model to recordings of one cell.

    Args:
        data: Files, folders or patterns.
        checks: Files, folders or patterns that are held out of the fit.
        words: Facts that the recordings do not contain.
        reading: How they are read.
        progress: Called as (label, done, total).

    Raises:
        ConfigurationError: The recordings cannot be read or used.
    """
    # 1. choose
    fitted, kept_out, remarks = _fitted_and_held_out(data, checks)
    paths = (*fitted, *kept_out)
    columns = load_column_map(reading.column_map) if reading.column_map else None
    start = reading.initial_soc
    if start is None and columns is not None:
        start = columns.initial_soc
    stated_Ah = reading.capacity_Ah
    if stated_Ah is None and columns is not None:
        stated_Ah = columns.capacity_Ah
    soc = 1.0 if start is None else start
    # 2. read, and find the capacity
    raw = []
    for index, path in enumerate(paths):
        progress("read", index, len(paths))
        raw.append(_read(path, columns, reading, soc))
    progress("read", len(raw), len(raw))
    curve = slow_curve(raw[: len(fitted)], stated_Ah)
    # 3. count charge where there is none
    known = []
    for recording, path, name in zip(raw, paths, distinct_names(paths), strict=True):
        complete = recording
        if recording.soc is None:
            again = _read(path, columns, reading, soc, curve.capacity_Ah)
            complete = with_soc(again, curve.capacity_Ah, soc)
        known.append(replace(complete, name=name))
    if start is None and any(recording.soc is None for recording in raw):
        remarks.append("recordings without a state of charge were taken to start full")
    remarks += [
        f"{shared}: the held-out recording has most of its rows in the fit, so its error is "
        "in-sample; hold out another"
        for shared in shared_recordings(known[len(fitted) :], known[: len(fitted)])
    ]

    # 4. fit
    def advance(count: int, error_V: float) -> None:
        progress(f"fit: {1e3 * error_V:.1f} mV", count, max(count, _ROUNDS_SHOWN))

    progress("fit: compiling (up to half a minute)", 0, _ROUNDS_SHOWN)
    facts = cell_facts(
        words.name,
        words.chemistry,
        words.source,
        curve.capacity_Ah,
        heat_capacity_J_per_K=words.heat_capacity_J_per_K,
        surface_m2=words.surface_m2,
        volume_m3=words.volume_m3,
    )
    found = identify(known[: len(fitted)], known[len(fitted) :], curve, facts, advance)
    progress("fit: done", found.solution.rounds, found.solution.rounds)
    notes = {recording.name: recording.notes for recording in known}
    return IdentifiedFiles(found, notes, tuple(remarks))


def _fitted_and_held_out(
    data: Sequence[str], checks: Sequence[str]
) -> tuple[list[Path], list[Path], list[str]]:
    """Return the files to fit and those to hold out, none of which is both, and remarks."""
    kept_out, named = recording_files(checks), recording_files(data)
    places = {path.resolve() for path in kept_out}
    candidates = [path for path in named if path.resolve() not in places]
    copies = {shared.name: shared for shared in shared_files(candidates, kept_out)}
    fitted = [path for path in candidates if str(path) not in copies]
    if not fitted:
        raise ConfigurationError(
            f"every recording is held out: {', '.join(str(path) for path in named)}",
            why="--check names the same files, or copies of them; an error on what was fitted "
            "would be in-sample",
            hint="name further recordings as DATA, or others for --check",
        )
    remarks = [f"{shared}: held out, for --check names it" for shared in copies.values()]
    if not kept_out:
        remarks.append(
            "the stated model error is in-sample, on the drives of the fit; --check holds others "
            "out"
        )
    return fitted, kept_out, remarks


def _read(
    path: Path,
    columns: ColumnMap | None,
    reading: FileReading,
    initial_soc: float,
    capacity_Ah: float | None = None,
) -> Recording:
    return read_recording(
        path,
        column_map=columns,
        temperature_degC=reading.temperature_degC,
        cut=reading.cut if reading.cut != "none" else None,
        capacity_Ah=capacity_Ah,
        initial_soc=initial_soc,
    )
