"""One sample a second: means of faster samples, or of lines between slower ones; holes marked."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int

from voltward.real_cells.recordings.finding import Finding
from voltward.real_cells.recordings.quality import check_recording
from voltward.real_cells.recordings.recording import Recording

# Slower than this on average, and a second has no mean of its own samples.
_SPARSE_S = 0.5
# Slower than this, and most of the seconds are drawn, not measured.
_SLOW_S = 1.5
# Changes from sample to sample above this share of the current's root mean square are not steady
# (assumption).
_STEADY_SHARE = 0.1


@dataclass(frozen=True)
class RegularRecording:
    """A recording at 1 Hz.

    Attributes:
        recording: Of every whole second from 0; holes are bridged by lines.
        valid: Where the samples can be trusted: outside holes and stuck sensors.
        findings: Findings on the recording that it was made from.
    """

    recording: Recording
    valid: Bool[np.ndarray, " time"]
    findings: tuple[Finding, ...]

    @property
    def valid_hours(self) -> float:
        """Hours that can be scored."""
        return float(np.count_nonzero(self.valid)) / 3600.0


def to_one_hertz(
    recording: Recording, findings: tuple[Finding, ...] | None = None
) -> RegularRecording:
    """Return a recording with one sample in every second.

    Args:
        recording: At its own rate, with rising time from 0.
        findings: On it; by default its quality is checked here.

    Returns:
        Second k holds the mean of all samples from k to k + 1 s; a second without any lies on the
        line between its neighbours. Of samples further apart than half a second, it holds the
        mean from k - 1 to k s of the line through them: single samples of a moving current say
        little about the second before them, and a mean of lines keeps current and voltage alike.

    Limits:
        A mean leads or lags by half a second against a single sample. All channels do so alike.
        Charge between two slow samples is that of a straight line.
    """
    if findings is None:
        findings = check_recording(recording)
    second = np.floor(recording.time_s + 1e-9).astype(np.int64)
    count = np.bincount(second)
    measured = np.flatnonzero(count)
    seconds = np.arange(count.size)
    usual_s = float(np.median(np.diff(recording.time_s)))
    sparse = usual_s > _SPARSE_S

    def regular(values: Float[np.ndarray, " time"]) -> Float[np.ndarray, " second"]:
        if sparse:
            return _means_of_lines(recording.time_s, values, seconds)
        means = np.bincount(second, values)[measured] / count[measured]
        return np.interp(seconds, measured, means)

    valid = np.ones(count.size, dtype=np.bool_)
    for finding in findings:
        for start_s, stop_s in finding.spans_s:
            # With the seconds at its ends: their means are of a part of them.
            last = np.ceil(stop_s - 1e-9) if sparse else np.floor(stop_s + 1e-9)
            valid[int(np.floor(start_s + 1e-9)) : int(last) + 1] = False
    notes = recording.notes
    if usual_s > _SLOW_S:
        drawn = count.size - measured.size
        slow = (
            f"one sample in {usual_s:g} s: {drawn} of {count.size} seconds lie on lines between "
            "samples"
        )
        notes += (slow,)
    elif sparse and _is_unsteady(recording.current_A):
        restless = (
            f"one sample in {usual_s:g} s of a current that changes faster: what it did between "
            "samples is not known, so errors and false alarms grow; record faster, or set "
            "thresholds on such recordings with 'voltward calibrate'"
        )
        notes += (restless,)
    made = replace(
        recording,
        time_s=seconds.astype(np.float64),
        voltage_V=np.stack([regular(column) for column in recording.voltage_V.T], axis=1),
        current_A=regular(recording.current_A),
        temperature_degC=regular(recording.temperature_degC),
        soc=None if recording.soc is None else regular(recording.soc),
        pack_voltage_V=None
        if recording.pack_voltage_V is None
        else regular(recording.pack_voltage_V),
        notes=notes,
    )
    return RegularRecording(made, valid, findings)


def _means_of_lines(
    time_s: Float[np.ndarray, " time"],
    values: Float[np.ndarray, " time"],
    seconds: Int[np.ndarray, " second"],
) -> Float[np.ndarray, " second"]:
    """Return the mean of the line through the samples over the second before each whole second."""
    knots_s = np.union1d(time_s, seconds)
    line = np.interp(knots_s, time_s, values)
    area = np.concatenate(([0.0], np.cumsum(0.5 * (line[1:] + line[:-1]) * np.diff(knots_s))))
    means = np.diff(area[np.searchsorted(knots_s, seconds)])
    # There is nothing before the first sample.
    return np.concatenate((line[:1], means))


def _is_unsteady(current_A: Float[np.ndarray, " time"]) -> bool:
    change_A = float(np.sqrt(np.mean(np.diff(current_A) ** 2)))
    return change_A > _STEADY_SHARE * float(np.sqrt(np.mean(current_A**2)))
