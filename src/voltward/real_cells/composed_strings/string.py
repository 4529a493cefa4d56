"""A string of cells in series from the record of one cell, its model and stated distributions."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from voltward.core.errors import ConfigurationError
from voltward.physical.cell import CellModel
from voltward.real_cells.composed_strings.circuit_run import circuit_run
from voltward.real_cells.composed_strings.spread import CellDraws, Spread
from voltward.real_cells.recordings.recording import Recording

TRACK = "composed"


def compose(
    recording: Recording,
    cell: CellModel,
    initial_soc: float,
    draws: CellDraws,
    spread: Spread,
    random: np.random.Generator,
) -> Recording:
    """Return a string that shares the record's current and temperature.

    A cell's voltage is that of the model with its own capacity, resistance and start, plus what
    the model did not explain of the record, plus its reading's offset and noise. A cell that does
    not differ, read without noise, has the record's voltage to the bit of rounding.

    Args:
        recording: Of one cell, at 1 Hz; NaN where it has no sound reading.
        cell: Identified from cells of its kind.
        initial_soc: Of the record.
        draws: The cells of the string.
        spread: For the noise of a reading.
        random: Draws that noise.

    Raises:
        ConfigurationError: The recording has more than one cell.

    Limits:
        Composed, not measured: cells age, warm and deviate here only as the distributions say, and
        all of them show the model's error at the same time.
    """
    if recording.cells != 1:
        raise ConfigurationError(
            f"{recording.name}: {recording.cells} cells; a string is composed from the record of "
            "one cell"
        )
    count = draws.offset_V.shape[0]
    # Column 0 is the nominal cell.
    soc = np.concatenate([[initial_soc], initial_soc + draws.soc_shift])
    resistance = np.concatenate([[1.0], draws.resistance_scale])
    capacity = np.concatenate([[1.0], draws.capacity_scale])
    current_A, temperature_degC = (
        _without_gaps(recording.current_A),
        _without_gaps(recording.temperature_degC),
    )
    modelled_V, _ = circuit_run(cell, current_A, temperature_degC, soc, resistance, capacity)
    error_V = recording.voltage_V - modelled_V[:, :1]
    noise_V = spread.noise_V * random.standard_normal((recording.time_s.shape[0], count))
    voltage_V = modelled_V[:, 1:] + error_V * draws.error_scale + draws.offset_V + noise_V
    note = (
        f"composed: {count} cells from the record of one, spread '{spread.name}'; "
        "its voltage was measured on none of them"
    )
    return replace(
        recording,
        name=f"{recording.name}-string",
        voltage_V=voltage_V,
        pack_voltage_V=None,
        notes=(*recording.notes, note),
    )


@dataclass(frozen=True)
class Deviation:
    """Deviation of the cells of strings from their median, compared with real cells.

    Attributes:
        smallest_mV: Root mean square of the nearest cell.
        median_mV: Of the middle cell.
        largest_mV: Of the furthest cell.
        seen_low_mV: Range of real cells.
        seen_high_mV: Upper end of that range.
    """

    smallest_mV: float
    median_mV: float
    largest_mV: float
    seen_low_mV: float
    seen_high_mV: float

    @property
    def typical(self) -> bool:
        """Whether the middle cell is within the range seen on real cells."""
        return self.seen_low_mV <= self.median_mV <= self.seen_high_mV

    def __str__(self) -> str:
        place = "within" if self.typical else "outside"
        return (
            f"cells deviate from their median by {self.smallest_mV:.2f} to "
            f"{self.largest_mV:.2f} mV (RMS; middle cell {self.median_mV:.2f} mV, {place} the "
            f"{self.seen_low_mV:g} to {self.seen_high_mV:g} mV seen on real cells)"
        )


def deviation_of(
    voltage_V: Float[np.ndarray, "time cell"], spread: Spread, scored: np.ndarray | None = None
) -> Deviation:
    """Return the deviation of cells from their median.

    Args:
        voltage_V: Of a string.
        spread: With the range seen.
        scored: Samples that count; all by default.
    """
    sound = np.all(np.isfinite(voltage_V), axis=1)
    chosen = voltage_V[sound if scored is None else sound & scored]
    apart_V = chosen - np.median(chosen, axis=1, keepdims=True)
    rms_mV = 1e3 * np.sqrt(np.mean(apart_V**2, axis=0))
    return Deviation(
        float(np.min(rms_mV)),
        float(np.median(rms_mV)),
        float(np.max(rms_mV)),
        spread.seen_low_mV,
        spread.seen_high_mV,
    )


def _without_gaps(values: Float[np.ndarray, " time"]) -> Float[np.ndarray, " time"]:
    known = np.flatnonzero(np.isfinite(values))
    return np.interp(np.arange(values.size), known, values[known])
