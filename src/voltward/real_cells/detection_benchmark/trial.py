"""Biases injected into one recording, all in one replay: the detectors' scores, run by run."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from voltward.core.errors import ConfigurationError
from voltward.detection.residual_schedule import LOW_SOC
from voltward.real_cells.detection_benchmark.attacks import WINDOW_S, InjectedBias
from voltward.real_cells.recordings.recording import Recording
from voltward.real_cells.replay.injected_rows import injected_rows
from voltward.real_cells.replay.scores import LEAST_SOC
from voltward.real_cells.replay.session import ReplaySession

# The filter and the slow references settle first (assumption).
SETTLED_S = 600
# Runs are replayed in groups of these sizes, so that few programs are compiled.
_GROUP = 40
_ZONES = 2
# Alarms closer than this are one false alarm (assumption).
EPISODE_S = 60


@dataclass(frozen=True)
class BiasInjection:
    """One injection of a bias: its start, its sign and its cell (from 1; None for all)."""

    bias: InjectedBias
    start_s: int
    sign: float
    cell: int | None


@dataclass(frozen=True)
class Outcome:
    """Result of one injection.

    Attributes:
        injection: What was injected.
        delay_s: To the first alarm that began after it; None without one in the window.
        already_in_alarm: Whether a detector was in alarm when it began; counted separately.
        named: Whether the first detector that points at a cell pointed at the right one.
        damage_pct: How far an estimate of SoC was moved until then, else by the end.
    """

    injection: BiasInjection
    delay_s: float | None
    already_in_alarm: bool
    named: bool | None
    damage_pct: float


@dataclass(frozen=True)
class Scored:
    """Where a recording counts, and in which zone of SoC each sample lies.

    Attributes:
        counted: Samples with a reading, settled, and above the least SoC.
        zone: 0 above the low range of SoC, 1 in it.
    """

    counted: Bool[np.ndarray, " time"]
    zone: np.ndarray


def scored_part(recording: Recording, soc: Float[np.ndarray, " time"]) -> Scored:
    """Return the samples of a recording that count.

    Args:
        recording: At 1 Hz.
        soc: True state of charge.
    """
    heard = np.all(np.isfinite(recording.voltage_V), axis=1)
    counted = heard & (soc > LEAST_SOC) & (np.arange(soc.size) >= SETTLED_S)
    return Scored(counted, (soc < LOW_SOC).astype(np.int64))


def draw_biases(
    biases: Sequence[InjectedBias],
    onsets: int,
    scored: Scored,
    cells: int,
    random: np.random.Generator,
) -> tuple[BiasInjection, ...]:
    """Draw injections of each bias at random times, half of them with either sign.

    Raises:
        ConfigurationError: The recording is too short for an injection and its window.
    """
    places = np.flatnonzero(scored.counted)
    places = places[places < scored.counted.size - WINDOW_S]
    if places.size == 0 or np.count_nonzero(scored.counted) < WINDOW_S:
        raise ConfigurationError(
            "a recording is too short for the benchmark",
            why=f"it needs {SETTLED_S} s to settle and {WINDOW_S:g} s after an injection",
        )
    # Only those whose window stays above the least SoC.
    full = places[places <= np.flatnonzero(scored.counted)[-1] - WINDOW_S]
    places = full if full.size else places
    injections = []
    for bias in biases:
        for number in range(onsets):
            start_s = int(random.choice(places))
            cell = int(random.integers(1, cells + 1)) if bias.one_cell else None
            injections.append(BiasInjection(bias, start_s, 1.0 if number % 2 else -1.0, cell))
    return tuple(injections)


@dataclass(frozen=True)
class Trial:
    """One recording, replayed as it is and with each injection.

    Attributes:
        name: Of the recording.
        scored: Where it counts.
        detectors: In the order of the columns.
        injections: What was injected, in the order of the runs.
        clean: Scores of the recording as it is.
        largest: Largest clean score of each detector in each zone.
        scores: Scores of the runs with injections, from `start_s` to the end of the window.
        pointed: Cell, from 0, that a detector points at, over the same seconds.
        pointing: Columns of `pointed` among the detectors.
        before: Scores in the second before each injection.
        moved: Largest movement of an estimated SoC up to each second of the window, then the end.
    """

    name: str
    scored: Scored
    detectors: tuple[str, ...]
    injections: tuple[BiasInjection, ...]
    clean: Float[np.ndarray, "time watch"]
    largest: Float[np.ndarray, "zone watch"]
    scores: tuple[Float[np.ndarray, "second watch"], ...]
    pointed: tuple[np.ndarray, ...]
    pointing: tuple[int, ...]
    before: tuple[Float[np.ndarray, " watch"], ...]
    moved: tuple[Float[np.ndarray, " second"], ...]

    @property
    def hours(self) -> float:
        """Clean hours that count."""
        return float(np.count_nonzero(self.scored.counted)) / 3600.0


def run_trial(
    session: ReplaySession,
    recording: Recording,
    soc: Float[np.ndarray, " time"],
    injections: Sequence[BiasInjection],
    parameters: Float[np.ndarray, "control column"],
) -> Trial:
    """Replay a recording as it is and with each injection.

    Args:
        session: Traces at least `traced_runs()` runs.
        recording: At 1 Hz.
        soc: True state of charge; the twin starts where it does.
        injections: From `draw_biases`; none gives the clean recording alone.
        parameters: Columns of the controls.
    """
    scored = scored_part(recording, soc)
    ticks = recording.time_s.size
    rows = [
        injected_rows(
            [entry.bias.injection(entry.start_s, sign=entry.sign, cell=entry.cell)],
            recording.cells,
        )
        for entry in injections
    ]
    clean = np.zeros((0, 0))
    scores, pointed, before, moved = [], [], [], []
    for begin in range(0, max(len(injections), 1), _GROUP):
        group = rows[begin : begin + _GROUP]
        # A short group is filled with its last injection.
        filled = group + group[-1:] * (_GROUP - len(group)) if group else []
        replay = session.replay(recording, float(soc[0]), filled, parameters)
        if begin == 0:
            clean = replay.scores[:, 0].copy()
        for place in range(len(group)):
            entry, run = injections[begin + place], place + 1
            window = slice(entry.start_s, min(entry.start_s + int(WINDOW_S) + 1, ticks))
            scores.append(replay.scores[window, run].copy())
            pointed.append(replay.pointed[window, run].copy())
            before.append(replay.scores[entry.start_s - 1, run].copy())
            far = np.maximum.accumulate(replay.soc_moved[entry.start_s :, run])
            moved.append(np.append(far[: scores[-1].shape[0]], far[-1]))
    return Trial(
        name=recording.name,
        scored=scored,
        detectors=session.detectors,
        injections=tuple(injections),
        clean=clean,
        largest=_largest(clean, scored),
        scores=tuple(scores),
        pointed=tuple(pointed),
        pointing=tuple(session.detectors.index(name) for name in session.pointing),
        before=tuple(before),
        moved=tuple(moved),
    )


def traced_runs() -> int:
    """Return how many runs a session of the benchmark traces."""
    return _GROUP + 1


def _largest(
    clean: Float[np.ndarray, "time watch"], scored: Scored
) -> Float[np.ndarray, "zone watch"]:
    rows = []
    for zone in range(_ZONES):
        chosen = clean[scored.counted & (scored.zone == zone)]
        rows.append(np.max(chosen, axis=0, initial=0.0))
    return np.stack(rows)


def outcomes(trial: Trial, factor: Float[np.ndarray, "zone watch"]) -> tuple[Outcome, ...]:
    """Return the outcome of each injection under thresholds.

    Args:
        trial: Replayed.
        factor: Multiplies each detector's threshold, by zone of SoC.
    """
    found = []
    for index, entry in enumerate(trial.injections):
        seconds = slice(entry.start_s, entry.start_s + trial.scores[index].shape[0])
        allowed = factor[trial.scored.zone[seconds]]
        heard = trial.scored.counted[seconds, None]
        in_alarm_before = trial.before[index] > factor[trial.scored.zone[entry.start_s - 1]]
        alarms = (trial.scores[index] > allowed) & heard
        earlier = np.concatenate([in_alarm_before[None], alarms[:-1]])
        onset = alarms & ~earlier
        any_onset = np.flatnonzero(np.any(onset, axis=1))
        delay_s = float(any_onset[0]) if any_onset.size else None
        until = -1 if delay_s is None else int(delay_s)
        found.append(
            Outcome(
                injection=entry,
                delay_s=delay_s,
                already_in_alarm=bool(np.any(in_alarm_before)),
                named=_right_cell_named(trial, index, onset),
                damage_pct=100.0 * float(trial.moved[index][until]),
            )
        )
    return tuple(found)


def _right_cell_named(
    trial: Trial, index: int, onset: Bool[np.ndarray, "second watch"]
) -> bool | None:
    cell = trial.injections[index].cell
    if cell is None or not trial.pointing:
        return None
    first = np.argwhere(onset[:, list(trial.pointing)])
    if not first.size:
        return None
    second, column = first[0]
    return int(trial.pointed[index][second, column]) + 1 == cell


def false_alarms(trial: Trial, factor: Float[np.ndarray, "zone watch"]) -> int:
    """Return how often, on the clean recording, any detector alarmed after a quiet minute.

    Alarms less than a minute apart are one alarm: the Poisson bound needs independent ones.
    """
    in_alarm = np.any(trial.clean > factor[trial.scored.zone], axis=1) & trial.scored.counted
    alarms = np.flatnonzero(in_alarm)
    return int(alarms.size and 1 + np.count_nonzero(np.diff(alarms) > EPISODE_S))


def factor_from(
    trials: Sequence[Trial], margin: float, least: float = 1e-3
) -> Float[np.ndarray, "zone watch"]:
    """Return factors that put each threshold a margin above the largest clean score.

    Args:
        trials: Clean recordings that thresholds may be set on.
        margin: At least 1.
        least: No threshold goes below this share of the original one.

    Raises:
        ConfigurationError: There is none.
    """
    if not trials:
        raise ConfigurationError("thresholds need a clean recording to be set on")
    largest = np.max(np.stack([trial.largest for trial in trials]), axis=0)
    # A zone that no recording visits takes the other's.
    visited = np.any(
        np.stack(
            [
                [
                    bool(np.any(trial.scored.counted & (trial.scored.zone == zone)))
                    for zone in (0, 1)
                ]
                for trial in trials
            ]
        ),
        axis=0,
    )
    largest = np.where(visited[:, None], largest, np.max(largest, axis=0))
    factors: Float[np.ndarray, "zone watch"] = np.maximum(margin * largest, least)
    return factors
