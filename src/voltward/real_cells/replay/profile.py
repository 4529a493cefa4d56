"""One recorded profile from start to score."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from voltward.physical.cell import CellModel
from voltward.real_cells.recordings.clock import holes
from voltward.real_cells.recordings.recording import Recording
from voltward.real_cells.recordings.regular import to_one_hertz
from voltward.real_cells.replay.cell_match import cell_match, refuse_impossible
from voltward.real_cells.replay.injected_rows import (
    AnyInjection,
    changes_nothing,
    injected_rows,
    start_of,
)
from voltward.real_cells.replay.injection_range import check_times
from voltward.real_cells.replay.scores import ProfileScore, score_run
from voltward.real_cells.replay.session import Replay, ReplaySession
from voltward.real_cells.replay.start import find_start, true_soc


@dataclass(frozen=True)
class ReplayedProfile:
    """A profile with its figures, and what they were made from.

    Attributes:
        score: Of the run with the injections, or of the clean one without any.
        replay: The series.
        run: Which of its runs was scored.
        true_soc: Of the recording.
        injected_s: Start of the injection.
    """

    score: ProfileScore
    replay: Replay
    run: int
    true_soc: Float[np.ndarray, " time"]
    injected_s: float | None


def prepared(recording: Recording, cell: CellModel) -> Recording:
    """Return a recording for the twin: aligned, at 1 Hz, without a reading where it is not valid.

    Args:
        recording: At its own rate.
        cell: Its `current_lag_s` is the skew of the recorder that it was identified from.

    Returns:
        One sample a second; in holes and where a sensor is stuck, the voltages are NaN. The
        current in a hole is the mean that follows from the recorded SoC, 0 without one.

    Limits:
        The twin receives nothing in a hole, not even current, and skips it like a gap of the
        link: charge that moved in a long one is missing until voltage corrects it. The open-loop
        twin and the charge that is counted take the current of the hole.
    """
    time_s = recording.time_s
    current_A = np.interp(time_s - cell.current_lag_s, time_s, recording.current_A)
    regular = to_one_hertz(replace(recording, current_A=current_A))
    steady = regular.recording
    voltage_V = np.where(regular.valid[:, None], steady.voltage_V, np.nan)
    current_A = _current_with_holes_bridged(recording, steady, cell.capacity_Ah)
    return replace(steady, voltage_V=voltage_V, current_A=current_A)


def _current_with_holes_bridged(
    recording: Recording, steady: Recording, capacity_Ah: float
) -> Float[np.ndarray, " second"]:
    """Return the current at 1 Hz with that of the holes from the recorded state of charge."""
    time_s, current_A = recording.time_s, steady.current_A.copy()
    for row in np.flatnonzero(holes(time_s, recording.current_A)):
        start_s, stop_s = time_s[row], time_s[row + 1]
        inside = (steady.time_s > start_s) & (steady.time_s < stop_s)
        moved = 0.0 if recording.soc is None else recording.soc[row + 1] - recording.soc[row]
        current_A[inside] = moved * capacity_Ah * 3600.0 / (stop_s - start_s)
    return current_A


def replay_profile(
    session: ReplaySession,
    recording: Recording,
    injections: Sequence[AnyInjection] = (),
    initial_soc: float | None = None,
    track: str = "measured",
    parameters: Float[np.ndarray, "control column"] | None = None,
) -> ReplayedProfile:
    """Replay a recording with its injections, all in one run beside the clean one.

    Args:
        session: Cell model and detectors.
        recording: At 1 Hz.
        injections: Together in one run; none replays the recording as it is.
        initial_soc: State of charge at the start as given by the user.
        track: Which truth the recording is.
        parameters: Columns of the detectors; by default their own.

    Raises:
        ConfigurationError: The recording cannot be of the cell, the start is not known, or an
            injection does not fit.
    """
    refuse_impossible(recording, session.cell)
    start = find_start(recording, session.cell, initial_soc)
    truth = true_soc(recording, session.cell, start)
    for injection in injections:
        check_times(injection, session.cell, recording)
    rows = [injected_rows(injections, recording.cells)] if injections else []
    replay = session.replay(recording, start.twin_soc, rows, parameters)
    run, injected_s = len(rows), start_of(injections)
    match = cell_match(recording, session.cell, replay.open_loop_V, replay.initial_soc)
    other = match.verdict == "other"
    idle = [entry for entry in injections if changes_nothing(entry, recording.cells)]
    notes = (
        *recording.notes,
        *([start.note] if start.note else []),
        *([match.text] if match.text and not other else []),
        *(f"--inject {entry} changes nothing: its values are 0" for entry in idle),
    )
    warnings = (match.text,) if other else ()
    score = score_run(replay, run, injected_s, truth, track, notes, warnings)
    return ReplayedProfile(score, replay, run, truth, injected_s)
