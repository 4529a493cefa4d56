"""Consistency of a recording's physics: the resistance in its steps, the sign of its charge."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Bool, Float

from voltward.real_cells.recordings.clock import holes
from voltward.real_cells.recordings.column_map import ColumnEntry
from voltward.real_cells.recordings.finding import Finding
from voltward.real_cells.recordings.recording import Recording

# A step of the current counts from these shares of its span and of its largest value on, between
# samples that are near enough for the resistance to dominate.
_STEP_SHARE = 0.05
_STEP_SHARE_OF_LARGEST = 0.02
_PROMPT_S = 15.0
_FEWEST_STEPS = 5
# Share of steps in which voltage and current move together: chance gives 0.5, measured drive and
# pulse records of two 18650 cells from -10 to 25 degC give 0.97 and more.
_TOGETHER = 0.75
_TREND = 0.5
_TREND_V = 0.05


@dataclass(frozen=True)
class Evidence:
    """What the recording shows.

    Attributes:
        steps: Number of current steps that were evaluated.
        together: Share of them in which the voltage moved the same way; NaN without steps.
        resistance_ohm: Median of voltage step by current step; NaN without steps.
        trend: Correlation of voltage with counted charge; NaN where the voltage hardly moves.
        swing_Ah: Largest swing of the counted charge, lines drawn over holes: a magnitude only.
    """

    steps: int
    together: float
    resistance_ohm: float
    trend: float
    swing_Ah: float

    @property
    def reversed_by_steps(self) -> bool:
        """Whether a charging step lowers the voltage."""
        return self.steps >= _FEWEST_STEPS and self.together < 1.0 - _TOGETHER

    @property
    def upright_by_steps(self) -> bool:
        """Whether a charging step raises the voltage."""
        return self.steps >= _FEWEST_STEPS and self.together > _TOGETHER


def evidence_of(recording: Recording) -> Evidence:
    """Return what steps and trend of a recording show, holes left out.

    Source:
        A cell's terminal voltage rises with charging current (series resistance) and with charge
        (open-circuit voltage): Plett, Battery Management Systems vol. 1, Artech House 2015, ch. 2.
    """
    time_s, current_A = recording.time_s, recording.current_A
    voltage_V = np.mean(recording.voltage_V, axis=1)
    hole = holes(time_s, current_A)
    change_A, change_V = np.diff(current_A), np.diff(voltage_V)
    least_A = max(
        _STEP_SHARE * float(np.ptp(current_A)),
        _STEP_SHARE_OF_LARGEST * float(np.max(np.abs(current_A))),
    )
    prompt = ~hole & (np.diff(time_s) <= _PROMPT_S)
    steps = prompt & (np.abs(change_A) > least_A) & (change_V != 0.0)
    ratio = change_V[steps] / change_A[steps]
    return Evidence(
        steps=int(ratio.size),
        together=float(np.mean(ratio > 0.0)) if ratio.size else np.nan,
        resistance_ohm=float(np.median(ratio)) if ratio.size else np.nan,
        trend=_trend(time_s, current_A, voltage_V, hole),
        swing_Ah=float(np.ptp(charge_Ah(time_s, current_A))),
    )


def _trend(
    time_s: Float[np.ndarray, " time"],
    current_A: Float[np.ndarray, " time"],
    voltage_V: Float[np.ndarray, " time"],
    hole: Bool[np.ndarray, " step"],
) -> float:
    """Return the correlation of voltage with charge in the stretch that moves most charge."""
    edges = [0, *(np.flatnonzero(hole) + 1).tolist(), time_s.size]
    best, swing_Ah = np.nan, 0.0
    for start, stop in pairwise(edges):
        if stop - start < 2:
            continue
        counted_Ah = charge_Ah(time_s[start:stop], current_A[start:stop])
        swing = float(np.ptp(counted_Ah))
        if swing > swing_Ah:
            part_V = voltage_V[start:stop]
            steady = np.ptp(part_V) < _TREND_V or np.std(counted_Ah) == 0.0
            best = np.nan if steady else float(np.corrcoef(counted_Ah, part_V)[0, 1])
            swing_Ah = swing
    return best


def charge_Ah(
    time_s: Float[np.ndarray, " time"], current_A: Float[np.ndarray, " time"]
) -> Float[np.ndarray, " time"]:
    """Return the charge counted from the first sample, the current drawn as lines."""
    mean_A = (current_A[1:] + current_A[:-1]) / 2.0
    return np.concatenate(([0.0], np.cumsum(mean_A * np.diff(time_s)))) / 3600.0


def check_direction(evidence: Evidence, entry: ColumnEntry) -> tuple[Finding, ...]:
    """Return a refusal when the current has the wrong sign.

    Args:
        evidence: Of the recording.
        entry: Column map entry of the current.
    """
    against = evidence.trend < -_TREND
    if evidence.reversed_by_steps and evidence.trend > _TREND:
        return (
            Finding(
                "note",
                f"voltage and current move apart in {_percent(1.0 - evidence.together)} of the "
                f"current's {evidence.steps} steps, but together in the long run",
                "the two columns may be shifted in time against each other",
            ),
        )
    if evidence.reversed_by_steps:
        seen = (
            f"in {_percent(1.0 - evidence.together)} of its {evidence.steps} steps the voltage "
            f"moves the other way"
        )
    elif against and not evidence.upright_by_steps:
        seen = f"the voltage falls while charge is counted in (correlation {evidence.trend:.2f})"
    else:
        return ()
    return (
        Finding(
            "refuse",
            f"current_A has its sign reversed: {seen}",
            "positive current charges, and charging raises the voltage",
            f"in a column map: {entry.then(-1.0).text('current_A')}",
        ),
    )


def _percent(share: float) -> str:
    return f"{100.0 * share:.0f} %"
