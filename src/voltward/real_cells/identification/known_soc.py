"""The true state of charge of recordings that have none: charge counted from a known start."""

from dataclasses import replace

import numpy as np

from voltward.core.errors import ConfigurationError
from voltward.real_cells.recordings.recording import Recording

# Charge efficiency, meter offset and the spread of capacities; more is another start or cell.
_BAND = (-0.08, 1.08)
# Over a longer step the current is not known, unless most steps are as long.
_LONGEST_STEP_S = 300.0


def with_soc(recording: Recording, capacity_Ah: float, initial_soc: float) -> Recording:
    """Return a recording with a state of charge: its own, or charge counted from the start.

    Args:
        recording: As read.
        capacity_Ah: Of the cell.
        initial_soc: At its first row.

    Raises:
        ConfigurationError: The counted charge leaves 0 to 1.

    Limits:
        Counted charge drifts with the offset of the current meter, and misses what moves in holes.
    """
    if recording.soc is not None:
        return recording
    time_s, current_A = recording.time_s, recording.current_A
    step_s = np.diff(time_s, prepend=time_s[0])
    step_s = np.minimum(step_s, max(_LONGEST_STEP_S, 2.0 * float(np.median(step_s))))
    mean_A = 0.5 * (current_A + np.concatenate([current_A[:1], current_A[:-1]]))
    soc = initial_soc + np.cumsum(mean_A * step_s) / 3600.0 / capacity_Ah
    if soc.min() < _BAND[0] or soc.max() > _BAND[1]:
        raise ConfigurationError(
            f"{recording.name}: from {100.0 * initial_soc:g} % on, its current leads to "
            f"{100.0 * soc.min():.0f} to {100.0 * soc.max():.0f} % of {capacity_Ah:.4g} Ah",
            why="identification needs the true state of charge of every recording",
            hint="give --initial-soc, a column soc or charge_Ah, or leave the recording out; "
            "--cut lowest-charge leaves out a recharge",
        )
    note = (
        f"state of charge counted from {100.0 * initial_soc:g} % at the start, {capacity_Ah:.4g} Ah"
    )
    return replace(recording, soc=soc, notes=(*recording.notes, note))
