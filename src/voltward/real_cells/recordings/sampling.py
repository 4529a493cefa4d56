"""How densely a recording was sampled, and what is left of it at one sample a second."""

from dataclasses import replace

import numpy as np

from voltward.real_cells.recordings.recording import Recording

_DENSE_S = 0.5


def is_sparse(recording: Recording) -> bool:
    """Return whether a recording has about one sample a second, or fewer.

    What the current does between two such samples is unknown, and a model errs by it.
    """
    return bool(np.median(np.diff(recording.time_s)) > _DENSE_S)


def one_a_second(recording: Recording) -> Recording:
    """Return the first sample of every second, as a slower recorder would have left it."""
    _, first = np.unique(np.floor(recording.time_s + 1e-9), return_index=True)

    def kept(values: np.ndarray | None) -> np.ndarray | None:
        return None if values is None else values[first]

    return replace(
        recording,
        time_s=recording.time_s[first],
        voltage_V=recording.voltage_V[first],
        current_A=recording.current_A[first],
        temperature_degC=recording.temperature_degC[first],
        soc=kept(recording.soc),
        pack_voltage_V=kept(recording.pack_voltage_V),
    )
