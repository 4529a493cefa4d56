"""Scores of a replayed run: errors of the twin, alarms, and the SoC damage until detection."""

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from voltward.real_cells.replay.injection import TICK_S
from voltward.real_cells.replay.session import Replay

TRACKS = ("measured", "composed", "mismatched", "matched")
# Errors are scored above this SoC, where profiles of real cells are comparable: below it the
# open-circuit curve falls so steeply that one point of SoC hides everything else.
LEAST_SOC = 0.12


@dataclass(frozen=True)
class Alarm:
    """An onset: a detector went from silence to alarm. `score` is None in runs without trace."""

    time_s: float
    detector: str
    score: float | None


@dataclass(frozen=True)
class ProfileScore:
    """Figures of one run of one profile; None where there is nothing to tell.

    Attributes:
        profile: Name of the recording.
        track: Which truth it is: measured, composed, mismatched or matched.
        samples: With a reading, at 1 Hz.
        hours: Those samples in hours; holes do not count.
        initial_soc: Where the twin began.
        voltage_rmse_mV: Open-loop twin against the recording, SoC above LEAST_SOC.
        innovation_rmse_mV: The twin's innovation in this run, the same samples.
        soc_rmse_pct: The twin's SoC in this run against the true one, the same samples.
        false_alarms: Onsets before the injection, all of them without one.
        detected: Whether an onset followed the injection; None without one.
        delay_s: From the injection to that onset.
        detector: Which it was; of several at once the first in the list.
        cell_named: Cell, from 1, at which the first cell-wise detector points at its onset.
        soc_damage_pct: Largest distance of a cell's estimate to that without the injection, from
            its start to the detection, else to the end.
        alarmed_at_start: Whether any detector was already in alarm when the injection began.
        alarms: All onsets.
        notes: What reading and start had to assume.
        warnings: Why the figures should not be trusted, such as a recording of another cell.
    """

    profile: str
    track: str
    samples: int
    hours: float
    initial_soc: float
    voltage_rmse_mV: float | None
    innovation_rmse_mV: float | None
    soc_rmse_pct: float | None
    false_alarms: int
    detected: bool | None
    delay_s: float | None
    detector: str | None
    cell_named: int | None
    soc_damage_pct: float | None
    alarmed_at_start: bool | None
    alarms: tuple[Alarm, ...]
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def as_document(self) -> dict[str, Any]:
        """Return the fields as JSON holds them."""
        return asdict(self)


def score_run(
    replay: Replay,
    run: int,
    injected_s: float | None,
    true_soc: Float[np.ndarray, " time"],
    track: str = "measured",
    notes: tuple[str, ...] = (),
    warnings: tuple[str, ...] = (),
) -> ProfileScore:
    """Return the figures of one run.

    Args:
        replay: Run 0 is without injection.
        run: Number of the run.
        injected_s: Start of the injection after the first sample, None for a run without one.
        true_soc: Of the recording.
        track: One of TRACKS.
        notes: Notes that the score carries on.
        warnings: Warnings that the score carries on.

    Limits:
        A detector already in alarm when the injection begins can detect it only after that alarm
        has ended: an alarm that began earlier proves nothing.
    """
    time_s = replay.recording.time_s - replay.recording.time_s[0]
    onsets = alarm_onsets(replay.alarms(run))
    read = np.all(np.isfinite(replay.recording.voltage_V), axis=1)
    samples = int(np.count_nonzero(read))
    scored = read & (true_soc > LEAST_SOC)
    traced = run < replay.innovation_V.shape[1]
    innovation_V = replay.innovation_V[scored, run] if traced else np.zeros(0)
    found = None
    if injected_s is not None:
        found = _detection(replay, run, onsets, time_s, injected_s)
    return ProfileScore(
        profile=replay.recording.name,
        track=track,
        samples=samples,
        hours=samples * TICK_S / 3600.0,
        initial_soc=replay.initial_soc,
        voltage_rmse_mV=_rmse(1e3 * replay.open_loop_V[scored]),
        innovation_rmse_mV=_rmse(1e3 * innovation_V),
        soc_rmse_pct=_rmse(100.0 * (replay.soc[scored, run] - true_soc[scored])),
        false_alarms=int(np.sum(onsets if found is None else onsets[: found.begin])),
        detected=None if found is None else found.onset is not None,
        delay_s=found.delay_s if found else None,
        detector=found.detector if found else None,
        cell_named=found.cell if found else None,
        soc_damage_pct=found.damage_pct if found else None,
        alarmed_at_start=found.already_in_alarm if found else None,
        alarms=_alarms(replay, run, onsets, traced=traced),
        notes=notes,
        warnings=warnings,
    )


def alarm_onsets(alarms: Bool[np.ndarray, "time watch"]) -> Bool[np.ndarray, "time watch"]:
    """Return where a detector goes from silence to alarm."""
    before = np.zeros_like(alarms)
    before[1:] = alarms[:-1]
    return alarms & ~before


@dataclass(frozen=True)
class _Detection:
    begin: int
    onset: int | None
    delay_s: float | None
    detector: str | None
    cell: int | None
    damage_pct: float
    already_in_alarm: bool


def _detection(
    replay: Replay,
    run: int,
    onsets: Bool[np.ndarray, "time watch"],
    time_s: Float[np.ndarray, " time"],
    injected_s: float,
) -> _Detection:
    begin = int(np.searchsorted(time_s, injected_s - 0.5))
    first = _first_onset(onsets, begin)
    onset = None if first is None else first[0]
    until = time_s.shape[0] if onset is None else onset + 1
    moved = replay.soc_moved[begin:until, run]
    return _Detection(
        begin=begin,
        onset=onset,
        delay_s=None if onset is None else float(time_s[onset] - time_s[begin]),
        detector=None if first is None else replay.detectors[first[1]],
        cell=_cell_named(replay, run, onsets, begin),
        damage_pct=float(100.0 * np.max(moved, initial=0.0)),
        already_in_alarm=bool(begin > 0 and np.any(replay.alarms(run)[begin - 1])),
    )


def _first_onset(onsets: Bool[np.ndarray, "time watch"], begin: int) -> tuple[int, int] | None:
    where: Int[np.ndarray, "onset 2"] = np.argwhere(onsets[begin:])
    return (begin + int(where[0, 0]), int(where[0, 1])) if where.size else None


def _cell_named(
    replay: Replay, run: int, onsets: Bool[np.ndarray, "time watch"], begin: int
) -> int | None:
    if replay.recording.cells == 1 or not replay.pointing:
        return None
    columns = [replay.detectors.index(name) for name in replay.pointing]
    first = _first_onset(onsets[:, columns], begin)
    return None if first is None else int(replay.pointed[first[0], run, first[1]]) + 1


def _alarms(
    replay: Replay, run: int, onsets: Bool[np.ndarray, "time watch"], *, traced: bool
) -> tuple[Alarm, ...]:
    return tuple(
        Alarm(
            time_s=float(replay.recording.time_s[tick]),
            detector=replay.detectors[watch],
            score=float(replay.scores[tick, run, watch]) if traced else None,
        )
        for tick, watch in np.argwhere(onsets)
    )


def _rmse(errors: Float[np.ndarray, "..."]) -> float | None:
    finite = errors[np.isfinite(errors)]
    return math.sqrt(float(np.mean(np.square(finite, dtype=np.float64)))) if finite.size else None
