"""Capacity and the slow curve: what a C/20 discharge shows before anything is fitted."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from voltward.core.errors import ConfigurationError
from voltward.real_cells.recordings.recording import Recording

KNOTS = 81
_REFERENCE_DEGC, _SLOWEST_H, _SPAN = 25.0, 8.0, 0.02
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
    found = [_slow_discharge(recording, capacity_Ah) for recording in recordings]
    curves = [curve for curve in found if curve is not None]
    if not curves:
        raise ConfigurationError(
            "no recording is a slow discharge from full to empty",
            why="the open-circuit voltage and the capacity are taken from a discharge that takes "
            "more than 8 h, such as one at C/20",
            hint="add a C/20 recording, at 25 degC if there is one",
        )
    return min(curves, key=lambda curve: abs(curve.temperature_degC - _REFERENCE_DEGC))


def _slow_discharge(recording: Recording, capacity_Ah: float | None) -> SlowCurve | None:
    current_A, time_s = recording.current_A, recording.time_s
    falling = current_A < 0.0
    if not np.any(falling):
        return None
    usual_A = float(np.median(current_A[falling]))
    steady = np.abs(current_A - usual_A) < 0.1 * abs(usual_A)
    inside = np.flatnonzero(steady)
    if inside.size < 2 * KNOTS:
        return None
    # The longest stretch without a change; a sample or two of noise do not end it.
    breaks = np.flatnonzero(np.diff(inside) > 3)
    starts = np.concatenate([[0], breaks + 1])
    stops = np.concatenate([breaks, [inside.size - 1]])
    longest = int(np.argmax(time_s[inside[stops]] - time_s[inside[starts]]))
    first, last = inside[starts[longest]], inside[stops[longest]]
    hours = (time_s[last] - time_s[first]) / 3600.0
    if hours < _SLOWEST_H:
        return None
    part = slice(first, last + 1)
    steps_h = np.diff(time_s[part], prepend=time_s[first]) / 3600.0
    # Tester clocks may pause between steps: a hole moves no charge at this current.
    charge_Ah = -np.cumsum(current_A[part] * np.minimum(steps_h, 0.1))
    if charge_Ah[-1] < _SPAN:
        return None
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
