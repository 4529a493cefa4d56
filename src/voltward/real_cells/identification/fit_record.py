"""A recording thinned for fitting: dense where the cell is excited, sparse where it rests."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from voltward.core.errors import ConfigurationError
from voltward.real_cells.recordings.recording import Recording

# A change of current above this share of the capacity (in A per Ah) excites the cell.
_CHANGE_C = 0.007
_RELAXATION_S = 60.0
_REST_STEP_S = 30.0
# Pulse and slow tests say much about few states; a drive profile is what the twin will see.
_PULSE_WEIGHT = 0.3
# What makes a profile: this share of the samples soon after a change of current, as in a drive; or
# so many changes from one load to another, at so many loads, as in a discharge at random currents.
_PROFILE_SHARE, _SOON_S = 0.5, 10
_FEWEST_CHANGES, _FEWEST_LOADS, _LOAD_SHARE, _LOAD_S = 12, 5, 0.05, 3
_FULL_WEIGHT_SOC, _LOWEST_SOC, _LOW_WEIGHT = 0.12, 0.03, 0.3


@dataclass(frozen=True)
class FitRecord:
    """One recording as the fit sees it; every array is (step,).

    Attributes:
        name: Of the recording.
        elapsed_s: Since the step before.
        voltage_V: Of the cell.
        current_A: Mean over the step where the recording is dense; positive charges.
        temperature_degC: Of the case.
        soc: True state of charge.
        weight: Of the step in the fit.
        not_a_profile: Rules that keep it from being a profile, a drive or a discharge at random
            currents, each with the value that it has and the value needed; empty for a profile.
    """

    name: str
    elapsed_s: Float[np.ndarray, " step"]
    voltage_V: Float[np.ndarray, " step"]
    current_A: Float[np.ndarray, " step"]
    temperature_degC: Float[np.ndarray, " step"]
    soc: Float[np.ndarray, " step"]
    weight: Float[np.ndarray, " step"]
    not_a_profile: str

    @property
    def drive(self) -> bool:
        """Whether it is a profile: a drive, or a discharge at random currents."""
        return not self.not_a_profile

    @property
    def scored(self) -> np.ndarray:
        """Steps that errors are stated on: SoC above 0.12, outside holes."""
        return (self.soc > _FULL_WEIGHT_SOC) & (self.weight > 0.0)


def fit_record(recording: Recording, capacity_Ah: float, lag_s: float) -> FitRecord:
    """Return the recording as the fit sees it.

    Args:
        recording: Of one cell, with its true SoC.
        capacity_Ah: Of the cell, for what counts as a change of current.
        lag_s: By how much the voltage trails the current.

    Raises:
        ConfigurationError: It has several cells or no SoC.
    """
    if recording.soc is None or recording.cells != 1:
        raise ConfigurationError(
            f"{recording.name}: identification needs one cell and its state of charge",
            hint="give the recording a soc column, or a charge counter with --initial-soc",
        )
    time_s = recording.time_s
    current_A = np.interp(time_s - lag_s, time_s, recording.current_A)
    second = np.floor(time_s + 1e-6).astype(np.int64)
    seconds, place, count = np.unique(second, return_inverse=True, return_counts=True)

    def mean(values: Float[np.ndarray, " time"]) -> Float[np.ndarray, " second"]:
        return np.bincount(place, values) / count

    current = mean(current_A)
    excited = np.abs(np.diff(current, prepend=current[0])) > _CHANGE_C * capacity_Ah
    kept = _kept_seconds(seconds, excited)
    elapsed_s = np.diff(seconds[kept], prepend=seconds[0] - 1).astype(np.float64)
    soc = mean(recording.soc)[kept]
    recent = seconds - np.maximum.accumulate(np.where(excited, seconds, -(10**9)))
    not_a_profile = _failed_rules(current, float(np.mean(recent[kept] < _SOON_S)))
    weight = np.where(soc > _FULL_WEIGHT_SOC, 1.0, np.where(soc > _LOWEST_SOC, _LOW_WEIGHT, 0.0))
    # A hole without rest: what the current did there is not known, so that nothing is fitted to
    # the relaxation after it.
    jump = np.abs(np.diff(soc, prepend=soc[0]) - current[kept] * elapsed_s / 3600.0 / capacity_Ah)
    weight = weight * (jump < 0.002)
    if not_a_profile:
        weight = weight * _PULSE_WEIGHT * np.minimum(elapsed_s, 10.0)
    return FitRecord(
        recording.name,
        elapsed_s,
        mean(recording.voltage_V[:, 0])[kept],
        current[kept],
        mean(recording.temperature_degC)[kept],
        soc,
        weight,
        not_a_profile,
    )


def _failed_rules(current_A: Float[np.ndarray, " second"], soon: float) -> str:
    """Return the rules of a profile that a current fails, with got and needed; empty if it is one.

    Args:
        current_A: Of every second that was recorded.
        soon: Share of the kept samples that come soon after a change.
    """
    largest_A = float(np.max(np.abs(current_A)))
    level = np.round(current_A / max(_LOAD_SHARE * largest_A, 1e-9))
    edges = np.concatenate([[0], np.flatnonzero(np.diff(level)) + 1, [level.size]])
    loads = level[edges[:-1]][np.diff(edges) >= _LOAD_S]
    # By two levels at least: at constant voltage a current passes one after the other.
    stepped = np.abs(np.diff(loads)) >= 2
    changes = int(np.count_nonzero(stepped & (loads[1:] != 0) & (loads[:-1] != 0)))
    different = np.unique(loads[loads != 0]).size
    if soon > _PROFILE_SHARE or (changes >= _FEWEST_CHANGES and different >= _FEWEST_LOADS):
        return ""
    return (
        f"within {_SOON_S} s of a change of current: {soon:.0%} of the samples, needed more than "
        f"{_PROFILE_SHARE:.0%}; or changes from load to load without a rest: {changes}, needed "
        f"{_FEWEST_CHANGES}, and different loads: {different}, needed {_FEWEST_LOADS}"
    )


def _kept_seconds(seconds: np.ndarray, excited: np.ndarray) -> np.ndarray:
    """Return the indices of the seconds to keep: a rest is seen twice a minute."""
    last = np.maximum.accumulate(np.where(excited, seconds, -(10**9)))
    quiet = seconds - last > _RELAXATION_S
    ends = np.append(~quiet[1:], True)
    # Counting whole rest steps inside each quiet stretch keeps one second of each.
    step = np.floor(seconds / _REST_STEP_S)
    first = np.diff(step, prepend=step[0] - 1) > 0
    return np.flatnonzero(~quiet | first | ends)


def voltage_lag_s(recordings: Sequence[Recording]) -> float:
    """Return by how much the voltage readings trail the current readings.

    The lag, out of 0 to 0.5 s, at which changes of current explain changes of voltage best.
    Recordings slower than three samples a second say nothing and are left out.

    Limits:
        A recorder's skew and the cell's own double layer look alike here; both are undone.
    """
    lags_s = np.linspace(0.0, 0.5, 26)
    unexplained = np.zeros(lags_s.size)
    for recording in recordings:
        time_s = recording.time_s
        if np.median(np.diff(time_s)) > 0.34:
            continue
        grid_s = np.arange(time_s[0], min(time_s[-1], time_s[0] + 7200.0), 0.1)
        voltage = np.interp(grid_s, time_s, recording.voltage_V[:, 0])
        change_V = voltage[10:] - voltage[:-10]
        for index, lag_s in enumerate(lags_s):
            current = np.interp(grid_s - lag_s, time_s, recording.current_A)
            change_A = current[10:] - current[:-10]
            power = float(change_A @ change_A)
            if power > 0.0:
                unexplained[index] -= float(change_A @ change_V) ** 2 / power
    return float(lags_s[int(np.argmin(unexplained))]) if np.any(unexplained) else 0.0


def batch(records: Sequence[FitRecord]) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return the records side by side, padded: arrays (step, record), and the weights."""
    steps = max(record.voltage_V.size for record in records)
    names = ("elapsed_s", "voltage_V", "current_A", "temperature_degC", "soc")
    arrays = {name: np.zeros((steps, len(records))) for name in names}
    arrays["elapsed_s"] += 1.0
    weight = np.zeros((steps, len(records)))
    for column, record in enumerate(records):
        size = record.voltage_V.size
        for name in names:
            values = getattr(record, name)
            arrays[name][:size, column] = values
            if name not in ("current_A", "elapsed_s"):
                arrays[name][size:, column] = values[-1]
        weight[:size, column] = record.weight
    return arrays, weight
