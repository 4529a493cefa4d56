"""Where a replay begins: the state of charge at the first sample, and how it is known."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from voltward.core.errors import ConfigurationError
from voltward.physical.cell import CellModel
from voltward.real_cells.recordings.recording import Recording

# A current below this share of an hour's counts as rest; a voltage this far outside the
# open-circuit curve cannot be one at rest (both are assumptions).
_REST_C_RATE = 0.02
_OUTSIDE_V = 0.05


@dataclass(frozen=True)
class Start:
    """The start of a replay.

    Attributes:
        twin_soc: Where the twin begins, one for each cell.
        true_soc: Where counting begins when the recording has no SoC of its own.
        note: How it is known.
    """

    twin_soc: Float[np.ndarray, " cell"]
    true_soc: float
    note: str


def find_start(recording: Recording, cell: CellModel, initial_soc: float | None) -> Start:
    """Return the start: as given, else the recording's own, else taken from the rested voltage.

    Args:
        recording: At 1 Hz.
        cell: Source of the open-circuit voltage.
        initial_soc: As given by the user, 0 to 1.

    Raises:
        ConfigurationError: The start cannot be determined.

    Limits:
        The voltage of a rested cell says little on a flat curve, and nothing about the rest's
        length: a recording that begins soon after a load starts a few points off.
    """
    cells = recording.cells
    if initial_soc is not None:
        return Start(np.full(cells, initial_soc), initial_soc, "")
    if recording.soc is not None and np.isfinite(recording.soc[0]):
        first = float(recording.soc[0])
        return Start(np.full(cells, first), first, "")
    current_A, voltage_V = float(recording.current_A[0]), recording.voltage_V[0]
    if not abs(current_A) <= _REST_C_RATE * cell.capacity_Ah:
        raise ConfigurationError(
            f"{recording.name}: the state of charge at the start is not known",
            why=f"there is no column soc, and the first sample is not at rest: {current_A:g} A",
            hint="give --initial-soc, a fraction such as 1.0 for a full cell",
        )
    if not np.all(np.isfinite(voltage_V)):
        raise ConfigurationError(
            f"{recording.name}: the state of charge at the start is not known",
            why="there is no column soc, and the first voltage cannot be trusted",
            hint="give --initial-soc, a fraction such as 1.0 for a full cell",
        )
    low_V, high_V = float(cell.ocv_V[0]), float(cell.ocv_V[-1])
    if not np.all((voltage_V > low_V - _OUTSIDE_V) & (voltage_V < high_V + _OUTSIDE_V)):
        raise ConfigurationError(
            f"{recording.name}: the first voltage, {_voltage_list(voltage_V)} V, is not that of a "
            f"rested {cell.name}",
            why=f"its open-circuit voltage runs from {low_V:g} to {high_V:g} V",
            hint="give --initial-soc, or the cell that was recorded",
        )
    read = np.array([cell.soc_at(float(value)) for value in voltage_V])
    mean = float(np.mean(read))
    note = f"start SoC {mean:.4f} taken from the first voltage, assumed to be rested"
    return Start(read, mean, note)


def true_soc(recording: Recording, cell: CellModel, start: Start) -> Float[np.ndarray, " time"]:
    """Return the recording's SoC, or the charge counted by its own current sensor."""
    if recording.soc is not None and np.all(np.isfinite(recording.soc)):
        return recording.soc
    step_s = np.diff(recording.time_s, prepend=recording.time_s[0])
    charge_Ah = np.cumsum(np.nan_to_num(recording.current_A) * step_s) / 3600.0
    return np.asarray(start.true_soc + charge_Ah / cell.capacity_Ah, dtype=np.float64)


def _voltage_list(values: Float[np.ndarray, " cell"]) -> str:
    shown = ", ".join(f"{value:.3f}" for value in values[:3])
    return shown + (", ..." if values.shape[0] > 3 else "")
