"""The measured and the composed track: biases injected into recordings of real cells."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from voltward.controls.catalogue import CONTROLS
from voltward.controls.cell_calibration import parameters_of, with_calibration
from voltward.real_cells.composed_strings.spread import Spread, draw_cells
from voltward.real_cells.composed_strings.string import Deviation, compose, deviation_of
from voltward.real_cells.detection_benchmark.attacks import BIASES, STRING_BIASES, InjectedBias
from voltward.real_cells.detection_benchmark.data_set import Profile, ReadySet
from voltward.real_cells.detection_benchmark.tally import CleanHours, Row, absent_row, row_of
from voltward.real_cells.detection_benchmark.trial import (
    Outcome,
    Trial,
    draw_biases,
    factor_from,
    false_alarms,
    outcomes,
    run_trial,
    scored_part,
    traced_runs,
)
from voltward.real_cells.recordings.recording import Recording
from voltward.real_cells.replay.session import ReplaySession, replay_stage
from voltward.real_cells.threshold_fitting.schedule_fit import MARGIN

MEASURED, COMPOSED = "measured", "composed"
# What a single cell and a string are watched by.
SINGLE = ("residual-jump", "residual-shift", "residual-level", "soc-drift")
STRING = ("cross-cell-residual",)
Progress = Callable[[str, int, int], None]
Factor = Float[np.ndarray, "zone watch"]


@dataclass(frozen=True)
class RecordedBench:
    """A set with what is compiled for its cell: sessions for single cells and for strings."""

    ready: ReadySet
    single: ReplaySession
    single_columns: Float[np.ndarray, "control column"]
    string: ReplaySession
    string_columns: Float[np.ndarray, "control column"]


def recorded_bench(ready: ReadySet) -> RecordedBench:
    """Return a bench; single cells are watched under the cell's calibration."""
    singles = with_calibration([CONTROLS.load(name) for name in SINGLE], ready.calibration)
    strings = tuple(CONTROLS.load(name) for name in STRING)
    return RecordedBench(
        ready=ready,
        single=ReplaySession(ready.cell, singles, traced=traced_runs()),
        single_columns=parameters_of(ready.calibration, singles),
        string=ReplaySession(ready.cell, strings, traced=traced_runs()),
        string_columns=parameters_of(None, strings),
    )


@dataclass(frozen=True)
class Judged:
    """A trial with the thresholds that it is judged by."""

    trial: Trial
    factor: Factor


def measured_rows(
    bench: RecordedBench, temperature_degC: float, onsets: int, seed: int, progress: Progress
) -> list[Row]:
    """Return the lines of the measured track of one cell at one temperature.

    Test files are judged by the shipped thresholds. Without any the calibration files are scored,
    each one by thresholds from the others at its temperature.

    Args:
        bench: Of the set.
        temperature_degC: Nominal.
        onsets: Of each bias and recording.
        seed: Of times.
        progress: Called with the stage, what is done and the total.
    """
    ready = bench.ready
    profiles = ready.scored(temperature_degC)
    if not profiles:
        reason = "not run: no recording at this temperature"
        return [
            absent_row(MEASURED, ready.cell.name, temperature_degC, bias, reason) for bias in BIASES
        ]
    session, columns = bench.single, bench.single_columns
    stage = f"measured {ready.cell.name} {temperature_degC:g} degC"
    trials = []
    for place, profile in enumerate(profiles):
        progress(replay_stage(stage, place), place, len(profiles))
        random = np.random.default_rng((seed, place))
        scored = scored_part(profile.recording, profile.soc)
        injections = draw_biases(BIASES, onsets, scored, 1, random)
        trials.append(run_trial(session, profile.recording, profile.soc, injections, columns))
    progress(stage, len(profiles), len(profiles))
    if profiles[0].tested and ready.calibration is not None:
        shipped = np.ones_like(trials[0].largest)
        judged = [Judged(trial, shipped) for trial in trials]
        how = "shipped calibration, on test files"
    else:
        judged = _each_by_the_others(trials)
        how = _others_words(len(trials))
    return _rows(MEASURED, ready, temperature_degC, BIASES, judged, len(trials), how)


def composed_rows(
    bench: RecordedBench,
    temperature_degC: float,
    spread: Spread,
    strings: int,
    onsets: int,
    seed: int,
    progress: Progress,
) -> tuple[list[Row], Deviation | None]:
    """Return the lines of the composed track, and how far the cells of its strings deviate.

    Args:
        bench: Of the set.
        temperature_degC: Nominal.
        spread: Between cells.
        strings: Drawn for each recording.
        onsets: Of each bias and string.
        seed: Of cells, noise and times.
        progress: Called with the stage, what is done and the total.
    """
    ready = bench.ready
    label = f"{ready.cell.name}, {spread.name}"
    profiles = ready.scored(temperature_degC)
    if not profiles:
        reason = "not run: no recording at this temperature"
        rows = [
            absent_row(COMPOSED, label, temperature_degC, bias, reason) for bias in STRING_BIASES
        ]
        return rows, None
    session, columns = bench.string, bench.string_columns
    stage = f"composed {spread.name} {ready.cell.name} {temperature_degC:g} degC"
    by_profile: list[list[Trial]] = []
    deviations = []
    for place, profile in enumerate(profiles):
        progress(replay_stage(stage, place), place, len(profiles))
        several = []
        for number in range(strings):
            random = np.random.default_rng((seed, place, number, 2))
            made = _string(ready, profile, spread, random)
            scored = scored_part(made, profile.soc)
            deviations.append(deviation_of(made.voltage_V, spread, scored.counted))
            injections = draw_biases(STRING_BIASES, onsets, scored, made.cells, random)
            several.append(run_trial(session, made, profile.soc, injections, columns))
        by_profile.append(several)
    progress(stage, len(profiles), len(profiles))
    judged = []
    if profiles[0].tested:
        # The calibration files give the thresholds.
        quiet = [
            run_trial(
                session,
                _string(ready, profile, spread, np.random.default_rng((seed, place, number, 3))),
                profile.soc,
                (),
                columns,
            )
            for place, profile in enumerate(ready.calibrating(temperature_degC))
            for number in range(strings)
        ]
        factor = factor_from(quiet, MARGIN)
        judged = [Judged(trial, factor) for several in by_profile for trial in several]
        how = "strings of the calibration files, on test files"
    else:
        for place, several in enumerate(by_profile):
            rest = [t for other, group in enumerate(by_profile) if other != place for t in group]
            factor = factor_from(rest or several, MARGIN)
            judged += [Judged(trial, factor) for trial in several]
        how = _others_words(len(profiles))
    rows = _rows(COMPOSED, ready, temperature_degC, STRING_BIASES, judged, len(judged), how, label)
    return rows, _joint_deviation(deviations)


def _string(
    ready: ReadySet, profile: Profile, spread: Spread, random: np.random.Generator
) -> Recording:
    draws = draw_cells(spread, random)
    start = float(profile.soc[0])
    return compose(profile.recording, ready.cell, start, draws, spread, random)


def _each_by_the_others(trials: Sequence[Trial]) -> list[Judged]:
    judged = []
    for place, trial in enumerate(trials):
        rest = [other for index, other in enumerate(trials) if index != place]
        judged.append(Judged(trial, factor_from(rest or [trial], MARGIN)))
    return judged


def _others_words(count: int) -> str:
    if count == 1:
        return "its own clean scores: one recording only, so optimistic"
    return f"each of {count} recordings by thresholds from the others"


def _rows(
    track: str,
    ready: ReadySet,
    temperature_degC: float,
    biases: Sequence[InjectedBias],
    judged: Sequence[Judged],
    seeds: int,
    how: str,
    label: str = "",
) -> list[Row]:
    found: list[Outcome] = []
    alarms, hours = 0, 0.0
    for entry in judged:
        found += outcomes(entry.trial, entry.factor)
        alarms += false_alarms(entry.trial, entry.factor)
        hours += entry.trial.hours
    clean = CleanHours(alarms, hours)
    name = label or ready.cell.name
    return [
        row_of(
            track,
            name,
            temperature_degC,
            bias,
            [outcome for outcome in found if outcome.injection.bias == bias],
            clean,
            seeds,
            how,
        )
        for bias in biases
    ]


def _joint_deviation(deviations: Sequence[Deviation]) -> Deviation:
    return Deviation(
        min(deviation.smallest_mV for deviation in deviations),
        float(np.median([deviation.median_mV for deviation in deviations])),
        max(deviation.largest_mV for deviation in deviations),
        deviations[0].seen_low_mV,
        deviations[0].seen_high_mV,
    )
