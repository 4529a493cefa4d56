"""The mismatched track: one run of the electrochemical cell a profile, biases injected afterwards.

A bias on a voltage, temperature or current reading leaves the current of a recording unchanged, so
one solution of the electrochemical model serves every bias.
"""

from collections.abc import Callable
from importlib.util import find_spec

import numpy as np

from voltward.controls.catalogue import CONTROLS
from voltward.controls.in_force import default_parameters
from voltward.documents.toml_document import find_document
from voltward.physical.cell_file import load_cell
from voltward.real_cells.detection_benchmark.attacks import BIASES
from voltward.real_cells.detection_benchmark.recorded import SINGLE
from voltward.real_cells.detection_benchmark.tally import CleanHours, Row, absent_row, row_of
from voltward.real_cells.detection_benchmark.trial import (
    Trial,
    draw_biases,
    factor_from,
    false_alarms,
    outcomes,
    run_trial,
    scored_part,
    traced_runs,
)
from voltward.real_cells.electrochemical_truth.parameter_sets import published_cell
from voltward.real_cells.electrochemical_truth.virtual_tests import STYLES, virtual_drive
from voltward.real_cells.recordings.recording import Recording
from voltward.real_cells.replay.session import ReplaySession, replay_stage
from voltward.real_cells.threshold_fitting.schedule_fit import MARGIN

TRACK, CELL = "mismatched", "lg-m50"
# None of these drives was fitted to or tested in the extraction of the cell.
_SCORED_SEED, _CALIBRATION_SEED = 5001, 7001
Progress = Callable[[str, int, int], None]


def absent_reason() -> str:
    """Return why the track cannot be run here; empty where it can."""
    return "" if find_spec("pybamm") else "not run: needs the truth extra (PyBaMM)"


def mismatched_rows(
    temperature_degC: float, onsets: int, drives: int, seed: int, progress: Progress
) -> list[Row]:
    """Return the lines of the mismatched track at one temperature.

    Args:
        temperature_degC: Of the cell.
        onsets: Of each bias and drive.
        drives: Scored ones, and as many others for the thresholds, of each style.
        seed: Of times.
        progress: Called with the stage, what is done and the total.
    """
    reason = absent_reason()
    if reason:
        return [absent_row(TRACK, CELL, temperature_degC, bias, reason) for bias in BIASES]
    truth = published_cell(CELL)
    cell = load_cell(find_document("cells", CELL, "cell"))
    controls = tuple(CONTROLS.load(name) for name in SINGLE)
    columns = np.array([default_parameters(control) for control in controls])
    session = ReplaySession(cell, controls, traced=traced_runs())
    stage = f"mismatched {temperature_degC:g} degC"
    total = 2 * drives * len(STYLES)
    done = 0

    def made(first_seed: int) -> list[Recording]:
        nonlocal done
        recordings = []
        for style in STYLES:
            for number in range(drives):
                progress(replay_stage(stage, done), done, total)
                recordings.append(
                    virtual_drive(truth, style, temperature_degC, seed=first_seed + number)
                )
                done += 1
        return recordings

    def tried(recording: Recording, count: int, place: int) -> Trial:
        soc = recording.soc if recording.soc is not None else np.zeros(0)
        injections = (
            draw_biases(
                BIASES,
                count,
                scored_part(recording, soc),
                1,
                np.random.default_rng((seed, place, 4)),
            )
            if count
            else ()
        )
        return run_trial(session, recording, soc, injections, columns)

    quiet = [tried(recording, 0, place) for place, recording in enumerate(made(_CALIBRATION_SEED))]
    factor = factor_from(quiet, MARGIN)
    trials = [tried(recording, onsets, place) for place, recording in enumerate(made(_SCORED_SEED))]
    progress(stage, total, total)
    found = [outcome for trial in trials for outcome in outcomes(trial, factor)]
    clean = CleanHours(
        sum(false_alarms(trial, factor) for trial in trials), sum(trial.hours for trial in trials)
    )
    how = f"{len(quiet)} other drives; recorded once a profile, biases injected afterwards"
    return [
        row_of(
            TRACK,
            CELL,
            temperature_degC,
            bias,
            [outcome for outcome in found if outcome.injection.bias == bias],
            clean,
            len(trials),
            how,
        )
        for bias in BIASES
    ]
