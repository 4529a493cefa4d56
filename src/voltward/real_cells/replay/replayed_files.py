"""Recorded files through the twin of one cell and its detectors, one after the other."""

from collections.abc import Sequence
from pathlib import Path

from voltward.controls.cell_calibration import load_calibration, parameters_of, with_calibration
from voltward.core.errors import ConfigurationError
from voltward.documents.toml_document import find_document
from voltward.physical.cell_file import load_cell
from voltward.real_cells.recordings.column_map import load_column_map
from voltward.real_cells.recordings.reading import read_recording
from voltward.real_cells.recordings.sampling import is_sparse
from voltward.real_cells.replay.detectors import load_detectors
from voltward.real_cells.replay.injected_rows import AnyInjection
from voltward.real_cells.replay.injection_range import check_values
from voltward.real_cells.replay.profile import ReplayedProfile, prepared, replay_profile
from voltward.real_cells.replay.session import ReplaySession


class FileReplay:
    """Replays files; what is compiled for one is used for the next.

    Args:
        cell: Shipped name or file of the twin's cell.
        detectors: Ids of watches; none for all that fit the cell.
        column_map: Shipped name or file; empty for the files' own names.

    Attributes:
        cell: The twin's cell.
        calibration: Of its detectors, None where it has none.

    Raises:
        ConfigurationError: There is no such cell, detector or column map.
    """

    def __init__(self, cell: str, detectors: Sequence[str] = (), column_map: str = "") -> None:
        path = find_document("cells", cell, "cell")
        self.cell, self.calibration = load_cell(path), load_calibration(path)
        self._controls = load_detectors(tuple(detectors), self.cell.name)
        self._parameters = parameters_of(self.calibration, self._controls)
        self._columns = load_column_map(column_map) if column_map else None
        # A sparse recording has thresholds of its own.
        self._sessions: dict[bool, ReplaySession] = {}

    def replay(
        self,
        path: Path,
        injections: Sequence[AnyInjection] = (),
        *,
        initial_soc: float | None = None,
        temperature_degC: float | None = None,
        track: str = "measured",
    ) -> ReplayedProfile:
        """Return one recording replayed, with all injections in one run.

        Args:
            path: CSV or Parquet.
            injections: None replays the recording as it is.
            initial_soc: At the first sample; None finds it in the recording.
            temperature_degC: Assumed where the recording has none.
            track: Which truth the recording is.

        Raises:
            ConfigurationError: The file cannot be read, or an injection does not fit.
        """
        for injection in injections:
            check_values(injection, self.cell)
        read = read_recording(
            path,
            column_map=self._columns,
            temperature_degC=temperature_degC,
            capacity_Ah=self.cell.capacity_Ah,
            initial_soc=initial_soc,
        )
        sparse = is_sparse(read)
        if sparse not in self._sessions:
            ready = with_calibration(self._controls, self.calibration, sparse=sparse)
            self._sessions[sparse] = ReplaySession(self.cell, ready)
        try:
            return replay_profile(
                self._sessions[sparse],
                prepared(read, self.cell),
                injections,
                initial_soc,
                track,
                self._parameters,
            )
        except ConfigurationError as error:
            # A recording knows its name, the user its path.
            if not error.what.startswith(f"{read.name}: "):
                raise
            what = f"{path}{error.what.removeprefix(read.name)}"
            raise ConfigurationError(what, why=error.why, hint=error.hint) from error

    @property
    def detectors(self) -> tuple[str, ...]:
        """Ids of the detectors that were asked, in the order of the columns."""
        return tuple(control.id for control in self._controls)
