"""Whether a recording is of the twin's cell: first what cannot be, then what does not fit.

1. What no state of the cell explains is refused: a voltage outside its window against the sign of
   the current, or more charge than it holds.
2. Then the voltage of the open-loop twin is held against the error that the cell's file states.
3. Where it is much larger, another start is tried, then another capacity and resistance, as ageing
   brings them. What is left after that is another cell.

Only 1 is refused: figures on a foreign cell may be wanted, and 2 and 3 are judgements. All of it
looks at the recording as it is, before anything is injected.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float

from voltward.core.errors import ConfigurationError
from voltward.physical.cell import CellModel
from voltward.real_cells.recordings.recording import Recording

# A discharging cell is below its open-circuit voltage, a charging one above; so much is left to
# the meter and to the identified curve, and to so few samples (assumptions).
_OUTSIDE_V, _OUTSIDE_SHARE, _FLOWING_SHARE = 0.05, 0.05, 0.05
# A capacity found on another day and temperature, and the offset of a current sensor in C.
_MORE_CHARGE, _OFFSET_C = 1.25, 0.01
# Of a cell whose file states no error (assumption: that of the identified ones in the cold).
_UNKNOWN_ERROR_V = 0.020
# Measured, two 18650 cells: drives of the right cell come out at 0.7 to 2.8 times the stated error,
# of the other cell at 5.9 times and more; slow discharges of the right one at up to 37 mV.
_SUSPECT_TIMES, _SUSPECT_V = 4.0, 0.040
# What is left after another start, or capacity and resistance, when it is the cell after all:
# drives of the right cell at up to 2.1 times, of the other cell from 32 mV on above 0 degC.
_LEFT_TIMES, _LEFT_V = 2.5, 0.025
# What ageing does within reason, down to 70 % of capacity (assumption).
_AGED_CAPACITY, _AGED_RESISTANCE = (0.7, 1.1), (0.7, 2.5)
_CAPACITIES = np.geomspace(0.02, 4.0, 600)
_STARTS = np.linspace(-0.5, 0.5, 101)
# As scores do: below this a small error of charge is a large one of voltage.
_LEAST_SOC = 0.12
_SAMPLES = 2000
# Fewer seconds are not judged. A longer hole hides how much charge moved in it, and a still longer
# one how, where the recorder kept the state of charge (assumptions); in a rest nothing moves.
_FEWEST_S, _LONGEST_HOLE_S, _LONGEST_KNOWN_HOLE_S = 60, 120, 1800


@dataclass(frozen=True)
class CellMatch:
    """How well the twin's cell fits a recording.

    Attributes:
        verdict: Whether it is the cell, the cell from another start, aged, or another cell.
        text: What does not fit, and what to do; empty when it fits.
    """

    verdict: Literal["fits", "start", "aged", "other"]
    text: str = ""


def refuse_impossible(recording: Recording, cell: CellModel) -> None:
    """Refuse a recording that cannot be of this cell, whatever its state and age.

    Args:
        recording: At 1 Hz.
        cell: Of the twin.

    Raises:
        ConfigurationError: The voltages or the charge are not those of the cell.
    """
    voltage_V = np.mean(recording.voltage_V, axis=1)
    current_A = np.nan_to_num(recording.current_A)
    low_V, high_V = float(cell.ocv_V[0]), float(cell.ocv_V[-1])
    flowing_A = _FLOWING_SHARE * float(np.max(np.abs(current_A)))
    hint = "name the cell that was recorded, or make its file with 'voltward identify'"
    for flows, outside, words in (
        (current_A < -flowing_A, voltage_V > high_V + _OUTSIDE_V, "above it while discharging"),
        (current_A > flowing_A, voltage_V < low_V - _OUTSIDE_V, "below it while charging"),
    ):
        wrong = flows & outside
        if int(np.sum(wrong)) > _OUTSIDE_SHARE * max(int(np.sum(flows)), 60):
            at = int(np.argmax(wrong))
            raise ConfigurationError(
                f"{recording.name}: not a recording of the cell {cell.name}: the voltage window "
                f"does not fit, {voltage_V[at]:.3f} V at {recording.time_s[at]:g} s",
                why=f"{cell.name} has {low_V:.3g} to {high_V:.3g} V at rest, and "
                f"{np.count_nonzero(wrong)} samples lie {words}",
                hint=hint,
            )
    step_s = np.diff(recording.time_s, prepend=recording.time_s[0])
    swing_Ah = float(np.ptp(np.cumsum(current_A * step_s))) / 3600.0
    most_Ah = cell.capacity_Ah * (_MORE_CHARGE + _OFFSET_C * recording.hours)
    if swing_Ah > most_Ah:
        raise ConfigurationError(
            f"{recording.name}: not a recording of the cell {cell.name}: the capacity does not "
            f"fit, {swing_Ah:.3g} Ah went through",
            why=f"{cell.name} holds {cell.capacity_Ah:.4g} Ah",
            hint=hint,
        )


def cell_match(
    recording: Recording,
    cell: CellModel,
    open_loop_V: Float[np.ndarray, "time cell"],
    initial_soc: float,
) -> CellMatch:
    """Return whether the recording fits the cell, by the open-loop twin.

    Args:
        recording: At 1 Hz, as it is.
        cell: Of the twin.
        open_loop_V: Recorded voltage less that of the twin that receives current and temperature.
        initial_soc: Where that twin began.

    Limits:
        The stated error is that of drives: what is recorded after the lowest charge is not judged,
        so neither are charges. Short recordings at rest say little: every cell of like voltage fits
        them.
    """
    voltage_V = np.mean(recording.voltage_V, axis=1)
    error_V = np.mean(open_loop_V, axis=1)
    step_s = np.diff(recording.time_s, prepend=recording.time_s[0])
    charge_Ah = np.cumsum(np.nan_to_num(recording.current_A) * step_s) / 3600.0
    soc = initial_soc + charge_Ah / cell.capacity_Ah
    counts = np.isfinite(error_V) & np.isfinite(voltage_V) & (soc > _LEAST_SOC)
    counts[_judged_length(recording, charge_Ah) :] = False
    if np.count_nonzero(counts) < _FEWEST_S:
        return CellMatch("fits")
    # 2. against the stated error
    stated_V = _stated_error_V(cell, float(np.median(recording.temperature_degC)))
    off_V = _rms(error_V[counts])
    if off_V <= max(_SUSPECT_TIMES * stated_V, _SUSPECT_V):
        return CellMatch("fits")
    # 3. another start, or another capacity and resistance
    some = np.flatnonzero(counts)[:: max(1, np.count_nonzero(counts) // _SAMPLES)]
    knots = np.linspace(0.0, 1.0, cell.ocv_V.size)

    def without_ocv(at_soc: Float[np.ndarray, "*row sample"]) -> Float[np.ndarray, "*row sample"]:
        return np.asarray(voltage_V[some] - np.interp(at_soc, knots, cell.ocv_V))

    overpotential_V = without_ocv(soc[some]) - error_V[some]
    start_left_V = _rms(without_ocv(soc[some] + _STARTS[:, None]) - overpotential_V)
    start = initial_soc + float(_STARTS[np.argmin(start_left_V)])
    scaled = without_ocv(initial_soc + (soc[some] - initial_soc) / _CAPACITIES[:, None])
    power = float(overpotential_V @ overpotential_V)
    factor = scaled @ overpotential_V / power if power > 0.0 else np.ones(_CAPACITIES.size)
    left_V = _rms(scaled - factor[:, None] * overpotential_V)
    best = int(np.argmin(left_V))
    capacity, resistance = float(_CAPACITIES[best]), float(factor[best])
    least_V = max(_LEFT_TIMES * stated_V, _LEFT_V)
    stated = f", and its file states {1e3 * stated_V:.0f} mV" if cell.error_V else ""
    intro = f"the open-loop twin of {cell.name} is {1e3 * off_V:.0f} mV off{stated}"
    aged = (
        left_V[best] <= least_V
        and _AGED_CAPACITY[0] <= capacity <= _AGED_CAPACITY[1]
        and _AGED_RESISTANCE[0] <= resistance <= _AGED_RESISTANCE[1]
    )
    least_start_V = float(np.min(start_left_V))
    if least_start_V <= (left_V[best] if aged else least_V) and 0.0 <= start <= 1.05:
        return CellMatch(
            "start",
            f"{intro}; a state of charge of {start:.2f} at the start fits, in place of "
            f"{initial_soc:.2f}: check --initial-soc",
        )
    if aged:
        return CellMatch(
            "aged",
            f"{intro}; with {capacity:.0%} of its capacity and {resistance:.1f} times its "
            "resistance it fits: an aged cell, or one of another type with a like curve; expect "
            "false alarms, or make its own file with 'voltward identify'",
        )
    return CellMatch("other", f"{intro}; {_misfits(capacity, resistance, left_V[best], least_V)}")


def _judged_length(recording: Recording, charge_Ah: Float[np.ndarray, " time"]) -> int:
    """Return how many samples are judged: to the lowest charge, before it is no longer known."""
    read = np.all(np.isfinite(recording.voltage_V), axis=1)
    begin = int(np.argmax(read))
    missing_s = np.cumsum(~read[begin:])
    hole_s = missing_s - np.maximum.accumulate(np.where(read[begin:], missing_s, 0))
    if recording.soc is None:
        long = hole_s > _LONGEST_HOLE_S
    else:
        current_A = np.abs(np.nan_to_num(recording.current_A[begin:]))
        rest = current_A < _FLOWING_SHARE * np.max(current_A)
        long = (hole_s > _LONGEST_KNOWN_HOLE_S) & ~rest
    length = begin + int(np.argmax(long)) if np.any(long) else read.size
    return int(np.argmin(charge_Ah[:length])) + 1 if length else 0


def _misfits(capacity: float, resistance: float, left_V: float, least_V: float) -> str:
    """Return what does not fit, and what to do."""
    found = []
    if left_V > least_V:
        found.append(f"the voltage curve ({1e3 * left_V:.0f} mV remain whatever the other two are)")
    if not _AGED_CAPACITY[0] <= capacity <= _AGED_CAPACITY[1]:
        found.append(f"the capacity (about {capacity:.0%} of it)")
    if resistance > 0.0 and not _AGED_RESISTANCE[0] <= resistance <= _AGED_RESISTANCE[1]:
        found.append(f"the resistance (about {resistance:.1f} times it)")
    return (
        f"it looks like another cell by {', '.join(found)}. Its alarms say nothing of the "
        "detectors: name the cell that was recorded, or make its file with 'voltward identify'"
    )


def _stated_error_V(cell: CellModel, temperature_degC: float) -> float:
    if not cell.error_V:
        return _UNKNOWN_ERROR_V
    return float(np.interp(temperature_degC, cell.error_degC, cell.error_V))


def _rms(values: Float[np.ndarray, "*row sample"]) -> Float[np.ndarray, "*row"]:
    return np.asarray(np.sqrt(np.mean(values**2, axis=-1)))
