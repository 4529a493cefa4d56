"""What an injection may be on one cell and one recording; beyond it lies a slip in the unit.

1. Values: within a range that follows from the cell, so that 20 for 20 mV is not taken for 20 V.
2. Times: within the recording, and not for ever longer than the value's range allows.
3. Effect: on at least one sample with a reading; an injection that never acts is a mistake.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from voltward.core.errors import ConfigurationError
from voltward.core.suggestion import meant
from voltward.physical.cell import CellModel
from voltward.real_cells.recordings.recording import Recording
from voltward.real_cells.replay.catalogue_injection import CatalogueInjection
from voltward.real_cells.replay.injection import SIGNALS, Injection

# No cell of a pack carries more than this for long, in C (assumption).
_LARGEST_C_RATE = 5.0
# Span of the usual sensors of a pack, -40 to 125 degC (assumption).
_SENSOR_SPAN_K = 165.0
_IN_UNITS = {"bias", "noise"}


@dataclass(frozen=True)
class SignalRange:
    """How far readings of one signal may be moved.

    Attributes:
        most: Largest sum that is added, either way.
        gain: Smallest and largest relative change.
        reason: Where the numbers come from.
    """

    most: float
    gain: tuple[float, float]
    reason: str


def signal_ranges(cell: CellModel) -> Mapping[str, SignalRange]:
    """Return the range of each signal of a recording of this cell."""
    low_V, high_V = float(cell.ocv_V[0]), float(cell.ocv_V[-1])
    window_V, most_A = high_V - low_V, _LARGEST_C_RATE * cell.capacity_Ah
    return {
        "voltage": SignalRange(
            window_V,
            (-window_V / high_V, window_V / high_V),
            f"{cell.name} works between {low_V:.3g} and {high_V:.3g} V",
        ),
        "current": SignalRange(
            most_A,
            (-2.0, 1.0),
            f"{_LARGEST_C_RATE:g} times the {cell.capacity_Ah:.4g} Ah of {cell.name} in an hour; "
            "a gain of -2 reverses the current, 1 doubles it",
        ),
        "temperature": SignalRange(
            _SENSOR_SPAN_K, (-1.0, 1.0), "sensors of packs read from -40 to 125 degC"
        ),
    }


def check_values(injection: Injection | CatalogueInjection, cell: CellModel) -> None:
    """Refuse values that no reading of this cell can be moved by.

    Parameters of the catalogue's attacks have their own ranges, and were checked when read.

    Raises:
        ConfigurationError: A value is out of range.
    """
    if isinstance(injection, CatalogueInjection):
        return
    span, unit = signal_ranges(cell)[injection.signal], SIGNALS[injection.signal][2]
    for name, value in injection.transforms:
        if name in _IN_UNITS:
            _refuse_outside(injection, name, value, -span.most, span.most, unit, span.reason)
        elif name == "gain":
            _refuse_outside(injection, name, value, *span.gain, "1", span.reason)


def check_times(
    injection: Injection | CatalogueInjection, cell: CellModel, recording: Recording
) -> None:
    """Refuse an injection that the recording's length or holes leave without meaning.

    Args:
        injection: With values that are in range.
        cell: Of the twin.
        recording: At 1 Hz, from 0 s on.

    Raises:
        ConfigurationError: It begins too late, acts on no reading, or grows out of range.
    """
    end_s = float(recording.time_s[-1] - recording.time_s[0])
    if injection.start_s >= end_s:
        raise ConfigurationError(
            f"--inject {injection}: starts at {injection.start_s:g} s",
            why=f"the recording ends at {end_s:g} s",
            hint="give an earlier @START, in s after the first sample",
        )
    stop_s = min(injection.stop_s, end_s)
    time_s = recording.time_s - recording.time_s[0]
    # A step acts from the second nearest to its start on, and at least on that one.
    acts = (time_s >= round(injection.start_s)) & (time_s < max(stop_s, injection.start_s + 1.0))
    if not np.any(acts & np.all(np.isfinite(recording.voltage_V), axis=1)):
        raise ConfigurationError(
            f"--inject {injection}: acts on no sample",
            why=f"the recording has no valid reading from {injection.start_s:g} to {stop_s:g} s: "
            "there is a hole, or a sensor is stuck",
            hint="begin earlier or later, or stop later",
        )
    if isinstance(injection, Injection):
        _check_shape(injection, cell, end_s, stop_s - injection.start_s)


def _check_shape(injection: Injection, cell: CellModel, end_s: float, acts_s: float) -> None:
    values = dict(injection.transforms)
    delay_s = values.get("delay", 0.0)
    if delay_s > end_s:
        raise ConfigurationError(
            f"--inject {injection}: delay = {delay_s:g} s is out of range",
            why=f"the recording ends at {end_s:g} s, before anything arrives",
            hint=meant(delay_s, 1.0, end_s, "s") or "give a shorter delay",
        )
    span, unit = signal_ranges(cell)[injection.signal], SIGNALS[injection.signal][2]
    per_s = values.get("ramp", 0.0)
    most_per_s = span.most / max(acts_s, 1.0)
    if abs(per_s) > most_per_s:
        raise ConfigurationError(
            f"--inject {injection}: ramp = {per_s:g} {unit}/s is out of range",
            why=f"after {acts_s:g} s it would add {per_s * acts_s:.3g} {unit}; allowed are "
            f"{-span.most:.4g} to {span.most:.4g} {unit} ({span.reason})",
            hint=meant(per_s, -most_per_s, most_per_s, f"{unit}/s")
            or f"at most {most_per_s:.2g} {unit}/s, or stop it with @START-STOP",
        )


def _refuse_outside(
    injection: Injection, name: str, value: float, low: float, high: float, unit: str, reason: str
) -> None:
    if low <= value <= high:
        return
    shown = "" if unit == "1" else f" {unit}"
    added = "added to every reading" if name == "bias" else "a standard deviation"
    form = "a relative change: 0.01 adds one per cent" if name == "gain" else f"{added}, in {unit}"
    raise ConfigurationError(
        f"--inject {injection}: {name} = {value:g}{shown} is out of range",
        why=f"allowed are {low:.4g} to {high:.4g}{shown} ({reason})",
        hint=meant(value, low, high, unit) or f"{name} is {form}",
    )
