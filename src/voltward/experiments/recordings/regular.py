"""One sample a second: means of faster samples, lines between slower ones, holes marked."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float

from voltward.experiments.recordings.finding import Finding
from voltward.experiments.recordings.quality import check_recording
from voltward.experiments.recordings.recording import Recording

# Slower than this on average, and most of the seconds are drawn, not measured.
_SLOW_S = 1.5


@dataclass(frozen=True)
class RegularRecording:
    """A recording at 1 Hz.

    Attributes:
        recording: Of every whole second from 0; holes are bridged by lines.
        valid: Where the samples can be trusted: outside holes and standing sensors.
        findings: What was noticed in the recording that it was made of.
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
        findings: On it; by default its quality is looked at here.

    Returns:
        Second k holds the mean of all samples from k to k + 1 s; a second without any lies on the
        line between its neighbours.

    Limits:
        A mean lags by half a second against a sample taken at its start. All channels lag alike.
        In seconds that are drawn, charge between two slow samples is that of a straight line.
    """
    if findings is None:
        findings = check_recording(recording)
    second = np.floor(recording.time_s + 1e-9).astype(np.int64)
    count = np.bincount(second)
    measured = np.flatnonzero(count)
    seconds = np.arange(count.size)

    def regular(values: Float[np.ndarray, " time"]) -> Float[np.ndarray, " second"]:
        means = np.bincount(second, values)[measured] / count[measured]
        return np.interp(seconds, measured, means)

    valid = np.ones(count.size, dtype=np.bool_)
    for finding in findings:
        for start_s, stop_s in finding.spans_s:
            # With the seconds at its ends: their means are of a part of them.
            valid[int(np.floor(start_s + 1e-9)) : int(np.floor(stop_s + 1e-9)) + 1] = False
    usual_s = float(np.median(np.diff(recording.time_s)))
    notes = recording.notes
    if usual_s > _SLOW_S:
        drawn = count.size - measured.size
        slow = (
            f"one sample in {usual_s:g} s: {drawn} of {count.size} seconds lie on lines between "
            "samples"
        )
        notes += (slow,)
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
