"""Calibrating the detectors of a cell on clean recordings."""

from collections.abc import Callable, Sequence

import numpy as np

from voltward.controls.cell_calibration import Calibration, with_calibration
from voltward.core.control import Control
from voltward.core.errors import ConfigurationError
from voltward.detection.residual_bank import ARMS
from voltward.detection.residual_schedule import LOWEST_SOC
from voltward.physical.cell import CellModel
from voltward.real_cells.identification.shared_data import Shared
from voltward.real_cells.recordings.recording import Recording
from voltward.real_cells.replay.cell_match import cell_match, refuse_impossible
from voltward.real_cells.replay.session import Replay, ReplaySession
from voltward.real_cells.replay.start import find_start
from voltward.real_cells.threshold_fitting.residual_series import residual_series
from voltward.real_cells.threshold_fitting.schedule_fit import MARGIN, fitted_schedule

_TOGETHER_K = 4.0


def calibrate(
    cell: CellModel,
    controls: Sequence[Control],
    fit: Sequence[Recording],
    clean: Sequence[Recording],
    source: str,
    progress: Callable[[str], None],
) -> Calibration:
    """Set sizes on the fit recordings, and thresholds on the clean ones.

    Args:
        cell: Of the twin.
        controls: Detectors to set: the residual arms get schedules, others a sensitivity.
        fit: Prepared recordings that may have served the identification; sizes are theirs.
        clean: Prepared recordings without attack that were not used before.
        source: Description of both, for the file.
        progress: Called with the name of each recording.

    Raises:
        ConfigurationError: There is nothing to calibrate on, or a recording is of another cell.
    """
    if not fit or not clean:
        raise ConfigurationError(
            "calibration needs recordings for sizes and others for thresholds",
            why="thresholds set on what the model was fitted to are too tight",
        )
    plain = ReplaySession(cell, (), traced=1)

    def replayed(recording: Recording) -> Replay:
        progress(recording.name)
        refuse_impossible(recording, cell)
        replay = plain.replay(recording, find_start(recording, cell, None).twin_soc)
        match = cell_match(recording, cell, replay.open_loop_V, replay.initial_soc)
        if match.verdict == "other":
            raise ConfigurationError(
                f"{recording.name}: not a recording of the cell {cell.name}",
                why=match.text,
                hint="leave it out, or name with --cell the cell that was recorded",
            )
        return replay

    groups = _groups([replayed(recording) for recording in fit])
    centres = [float(np.median([_median_degC(replay) for replay in group])) for group in groups]
    tests = [replayed(recording) for recording in clean]
    near: list[list[Replay]] = [[] for _ in groups]
    for replay in tests:
        away = [abs(_median_degC(replay) - centre) for centre in centres]
        near[int(np.argmin(away))].append(replay)
    schedules = {
        name: fitted_schedule(
            [[residual_series(arm, replay) for replay in group] for group in groups],
            [[residual_series(arm, replay) for replay in group] for group in near],
            source,
        )
        for name, arm in ARMS.items()
    }
    draft = Calibration(cell.name, 1.0, 0, schedules, {}, source)
    ready = with_calibration(controls, draft)
    session = ReplaySession(cell, ready, traced=1)
    largest = dict.fromkeys(session.detectors, 0.0)
    hours, kept = 0.0, []
    for recording in clean:
        progress(recording.name)
        replay = session.replay(recording, find_start(recording, cell, None).twin_soc)
        kept.append(replay)
        inside = replay.soc[:, 0] > LOWEST_SOC
        hours += float(np.count_nonzero(inside)) / 3600.0
        for place, name in enumerate(session.detectors):
            largest[name] = max(largest[name], float(np.max(replay.scores[inside, 0, place])))
    sensitivity = {
        name: 1.0 / (MARGIN * value)
        for name, value in largest.items()
        if name not in ARMS and value > 1.0 / MARGIN
    }
    onsets = sum(_onsets(replay, sensitivity, session.detectors) for replay in kept)
    return Calibration(cell.name, hours, onsets, schedules, sensitivity, source)


def refuse_shared(shared: Sequence[Shared], repeated: Sequence[Shared] = ()) -> None:
    """Refuse clean recordings that are also those of the fit, or that count twice.

    Args:
        shared: Clean recordings that the fit has too.
        repeated: Clean recordings that were already named.

    Raises:
        ConfigurationError: There is one of either.
    """
    if shared:
        names = ", ".join(str(entry) for entry in shared)
        raise ConfigurationError(
            f"DATA and --fit share recordings: {names}",
            why="thresholds set on what the cell was fitted to are in-sample: too tight for "
            "any other recording",
            hint="name as DATA recordings that the cell was not identified from, such as those "
            "held out with --check",
        )
    if repeated:
        raise ConfigurationError(
            f"DATA names a recording twice: {', '.join(str(entry) for entry in repeated)}",
            why="its clean hours would count twice in the bound on false alarms",
            hint="leave the copy out",
        )


def _onsets(replay: Replay, sensitivity: dict[str, float], names: Sequence[str]) -> int:
    scale = np.array([sensitivity.get(name, 1.0) for name in names])
    inside = replay.soc[:, 0] > LOWEST_SOC
    in_alarm = (replay.scores[:, 0] * scale > 1.0) & inside[:, None]
    return int(np.count_nonzero(np.diff(in_alarm.astype(int), axis=0, prepend=0) > 0))


def _median_degC(replay: Replay) -> float:
    return float(np.median(replay.temperature_degC[:, 0]))


def _groups(replays: Sequence[Replay]) -> list[list[Replay]]:
    """Return the replays grouped by temperature, coldest first."""
    groups: list[list[Replay]] = []
    for replay in sorted(replays, key=_median_degC):
        if groups and _median_degC(replay) - _median_degC(groups[-1][0]) < _TOGETHER_K:
            groups[-1].append(replay)
        else:
            groups.append([replay])
    return groups
