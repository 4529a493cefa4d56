"""A recording: voltage, current and temperature of one cell, or of cells in series, over time."""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True)
class Recording:
    """Readings recorded by a cycler, a pack or a simulated cell.

    Attributes:
        name: Of the profile; the file's stem.
        time_s: From the start, rising; every whole second once regular.
        voltage_V: Of every cell in series.
        current_A: Through all of them; positive charges.
        temperature_degC: Of the case.
        soc: True state of charge as a fraction, where the recorder knows it.
        pack_voltage_V: A second meter over the whole string, where there is one.
        notes: What the reader repaired, assumed or recognised.
    """

    name: str
    time_s: Float[np.ndarray, " time"]
    voltage_V: Float[np.ndarray, "time cell"]
    current_A: Float[np.ndarray, " time"]
    temperature_degC: Float[np.ndarray, " time"]
    soc: Float[np.ndarray, " time"] | None = None
    pack_voltage_V: Float[np.ndarray, " time"] | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def cells(self) -> int:
        """Cells in series."""
        return int(self.voltage_V.shape[1])

    @property
    def hours(self) -> float:
        """Length in hours."""
        return float(self.time_s[-1] - self.time_s[0]) / 3600.0
