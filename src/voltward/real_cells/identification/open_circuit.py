"""Capacity and the slow curve: what a C/20 discharge shows before anything is fitted."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from voltward.core.errors import ConfigurationError
from voltward.real_cells.recordings.recording import Recording

KNOTS = 81
_REFERENCE_DEGC, _SLOWEST_H, _LEAST_AH = 25.0, 8.0, 0.02
_STEADY_SHARE, _FEWEST_SAMPLES, _LONGEST_STEP_H = 0.1, KNOTS, 0.1
# Files whose failed rules a message lists.
_SHOWN = 6
# Cells of one type differ by a few percent, ageing takes some twenty; more is a mistake.
_STATED_OFF = 0.25


@dataclass(frozen=True)
class SlowCurve:
    """A discharge so slow that its voltage is nearly the open-circuit voltage.

    Attributes:
        name: Of the recording.
        capacity_Ah: Charge that it took from full to empty.
        voltage_V: On uniform SoC knots from 0 to 1.
        temperature_degC: Mean.
    """

    name: str
    capacity_Ah: float
    voltage_V: Float[np.ndarray, " knot"]
    temperature_degC: float


def slow_curve(recordings: Sequence[Recording], capacity_Ah: float | None = None) -> SlowCurve:
    """Return the slow discharge nearest 25 degC among the recordings.

    A slow discharge takes more than 8 h from the first to the last falling sample at a current
    that hardly changes.

    Args:
        recordings: All recordings; no state of charge is needed.
        capacity_Ah: Of the cell; by default the charge that the slow discharge took.

    Raises:
        ConfigurationError: There is none.
    """
    found = [(recording.name, _slow_discharge(recording, capacity_Ah)) for recording in recordings]
    curves = [curve for _, curve in found if isinstance(curve, SlowCurve)]
    if not curves:
        raise ConfigurationError(
            "no recording is a slow discharge from full to empty",
            why="the open-circuit voltage and the capacity are taken from one. "
            + each_file([(name, failed) for name, failed in found if isinstance(failed, str)]),
            hint="add a discharge at C/20, near 25 degC if there is one, with a sample every ten "
            "minutes or more often",
        )
    return min(curves, key=lambda curve: abs(curve.temperature_degC - _REFERENCE_DEGC))


def each_file(failed: Sequence[tuple[str, str]]) -> str:
    """Return which rules each file fails, the first few files in full.

    Args:
        failed: Name of each file, and its rules.
    """
    shown = [f"{name}: {rules}" for name, rules in failed[:_SHOWN]]
    more = [f"and {len(failed) - _SHOWN} more files"] if len(failed) > _SHOWN else []
    return ". ".join((*shown, *more))


def _slow_discharge(recording: Recording, capacity_Ah: float | None) -> SlowCurve | str:
    """Return the curve of a slow discharge, or the rule that the recording fails."""
    current_A, time_s = recording.current_A, recording.time_s
    falling = current_A < 0.0
    if not np.any(falling):
        return "samples with a discharging, negative current: 0, needed some"
    usual_A = float(np.median(current_A[falling]))
    steady = np.abs(current_A - usual_A) < _STEADY_SHARE * abs(usual_A)
    inside = np.flatnonzero(steady)
    # The longest stretch without a change; a sample or two of noise do not end it.
    breaks = np.flatnonzero(np.diff(inside) > 3)
    starts = np.concatenate([[0], breaks + 1])
    stops = np.concatenate([breaks, [inside.size - 1]])
    longest = int(np.argmax(time_s[inside[stops]] - time_s[inside[starts]]))
    first, last = inside[starts[longest]], inside[stops[longest]]
    hours = (time_s[last] - time_s[first]) / 3600.0
    held = f"discharge within {_STEADY_SHARE:.0%} of {-usual_A:.3g} A"
    if hours < _SLOWEST_H:
        return f"{held}: {hours:.2g} h, needed {_SLOWEST_H:g} h"
    part = slice(first, last + 1)
    if last + 1 - first < _FEWEST_SAMPLES:
        return f"samples in the {held}: {last + 1 - first}, needed {_FEWEST_SAMPLES}"
    steps_h = np.diff(time_s[part], prepend=time_s[first]) / 3600.0
    # Tester clocks may pause between steps: a hole moves no charge at this current.
    longest_h = max(_LONGEST_STEP_H, 2.0 * float(np.median(steps_h)))
    charge_Ah = -np.cumsum(current_A[part] * np.minimum(steps_h, longest_h))
    if charge_Ah[-1] < _LEAST_AH:
        return f"charge of the {held}: {charge_Ah[-1]:.2g} Ah, needed {_LEAST_AH:g} Ah"
    whole_Ah = _capacity(recording.name, float(charge_Ah[-1]), capacity_Ah)
    soc = 1.0 - charge_Ah / whole_Ah
    knots = np.linspace(0.0, 1.0, KNOTS)
    voltage_V = np.interp(knots, soc[::-1], recording.voltage_V[part, 0][::-1])
    return SlowCurve(
        recording.name,
        whole_Ah,
        rising(voltage_V),
        float(np.mean(recording.temperature_degC[part])),
    )


def _capacity(name: str, took_Ah: float, stated_Ah: float | None) -> float:
    if stated_Ah is None:
        return took_Ah
    if not 1.0 - _STATED_OFF < took_Ah / stated_Ah < 1.0 + _STATED_OFF:
        raise ConfigurationError(
            f"the slow discharge {name} takes {took_Ah:.4g} Ah, but {stated_Ah:g} Ah are stated",
            why=f"the two may differ by {_STATED_OFF:.0%}",
            hint="leave the capacity out to take that of the discharge",
        )
    return stated_Ah


def rising(voltage_V: Float[np.ndarray, " knot"]) -> Float[np.ndarray, " knot"]:
    """Return a curve that rises at every knot, by at least 20 uV."""
    floor = np.arange(voltage_V.size) * 2e-5
    return np.maximum.accumulate(voltage_V - floor) + floor
