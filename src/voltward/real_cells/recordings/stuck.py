"""Stuck sensors: saturated at an end of their range or frozen, while the cell changes."""

import numpy as np
from jaxtyping import Bool, Float

from voltward.real_cells.recordings.clock import holes
from voltward.real_cells.recordings.finding import Finding, Span
from voltward.real_cells.recordings.recording import Recording

# A run of equal values counts from four samples on, less its ends: voltage and current are seldom
# sampled at one instant. It is suspect only when the other quantity moves both ways under it: a
# held voltage has a falling current, a constant current a falling voltage, a rest a settling one.
_SHORTEST_RUN = 4
_STUCK_S = 10.0
# How far both ways, as shares of the whole span.
_SHARE_A = 0.10
_SHARE_V = 0.03
# More of the recording than this and it is refused (assumption); less is left out.
_REFUSED_SHARE = 0.05


def check_stuck(recording: Recording, resistance_ohm: float) -> tuple[Finding, ...]:
    """Return findings on readings that stay constant while the cell changes, with their spans.

    Args:
        recording: Of cells whose voltage moves with the current.
        resistance_ohm: From its steps; NaN where it has none.
    """
    time_s, current_A = recording.time_s, recording.current_A
    hole = holes(time_s, current_A)
    findings = []
    for cell in range(recording.cells):
        voltage_V = recording.voltage_V[:, cell]
        # A coarse meter stays constant under small currents.
        least_A = _SHARE_A * float(np.ptp(current_A))
        if resistance_ohm > 0.0:
            least_A = max(least_A, 2.0 * _resolution(voltage_V) / resistance_ohm)
        name = "voltage_V" if recording.cells == 1 else f"voltage_{cell + 1}_V"
        findings += _stuck_findings(
            time_s, hole, voltage_V, current_A, least_A, name, "V", "current"
        )
    mean_V = np.mean(recording.voltage_V, axis=1)
    least_V = _SHARE_V * float(np.ptp(mean_V))
    findings += _stuck_findings(
        time_s, hole, current_A, mean_V, least_V, "current_A", "A", "voltage"
    )
    if np.ptp(recording.temperature_degC) == 0.0:
        findings.append(
            Finding(
                "note",
                f"temperature_degC is {recording.temperature_degC[0]:g} throughout",
                "a sensor that is stuck, or an assumption of the recorder; no self-heating is seen",
            )
        )
    return tuple(findings)


def _stuck_findings(
    time_s: Float[np.ndarray, " time"],
    hole: Bool[np.ndarray, " step"],
    value: Float[np.ndarray, " time"],
    other: Float[np.ndarray, " time"],
    least: float,
    name: str,
    unit: str,
    other_name: str,
) -> list[Finding]:
    """Return findings on one quantity, held against another that should move it."""
    highest, lowest = float(np.max(value)), float(np.min(value))
    at_rest = f"{name} stays at 0 {unit}"
    places: dict[str, list[tuple[int, int]]] = {}
    for start, stop in _runs(value, hole):
        held = float(value[start])
        inner = lowest < held < highest
        if inner and time_s[stop - 1] - time_s[start] < _STUCK_S:
            continue
        if _smaller_travel(other[start + 1 : stop - 1]) <= least:
            continue
        if held == 0.0 and lowest < highest:
            # Nothing flows in a rest, so a hole that was filled with lines looks the same.
            what = at_rest
        elif inner or lowest == highest:
            what = f"{name} is stuck"
        else:
            end = "upper" if held == highest else "lower"
            what = f"{name} is saturated at its {end} end, {held:g} {unit}"
        places.setdefault(what, []).append((start, stop))
    return [
        _finding(time_s, found, what, other_name, may_refuse=what != at_rest)
        for what, found in places.items()
    ]


def _smaller_travel(values: Float[np.ndarray, " sample"]) -> float:
    """Return the smaller of the largest rise and the largest fall over a run."""
    rise = float(np.max(values - np.minimum.accumulate(values)))
    fall = float(np.max(np.maximum.accumulate(values) - values))
    return min(rise, fall)


def _finding(
    time_s: Float[np.ndarray, " time"],
    places: list[tuple[int, int]],
    what: str,
    other_name: str,
    *,
    may_refuse: bool,
) -> Finding:
    spans: tuple[Span, ...] = tuple(
        (float(time_s[start]), float(time_s[stop - 1])) for start, stop in places
    )
    lost_s = sum(stop - start for start, stop in spans)
    share = lost_s / float(time_s[-1] - time_s[0])
    refused = may_refuse and share > _REFUSED_SHARE
    return Finding(
        "refuse" if refused else "note",
        f"{what}: {lost_s:.0f} s in all ({100.0 * share:.1f} %), from {spans[0][0]:g} s on, "
        f"while the {other_name} moves both ways",
        f"allowed are {100.0 * _REFUSED_SHARE:g} % of a recording"
        if refused
        else "these stretches are left out",
        "record with a wider range, or cut the stretch out" if refused else "",
        spans_s=spans,
    )


def _runs(
    value: Float[np.ndarray, " time"], hole: Bool[np.ndarray, " step"]
) -> list[tuple[int, int]]:
    """Return start and stop (one behind) of the runs of equal values, none across a hole."""
    changes = np.flatnonzero((np.diff(value) != 0.0) | hole) + 1
    starts = np.concatenate(([0], changes))
    stops = np.concatenate((changes, [value.size]))
    long = stops - starts >= _SHORTEST_RUN
    return list(zip(starts[long].tolist(), stops[long].tolist(), strict=True))


def _resolution(value: Float[np.ndarray, " time"]) -> float:
    """Return the smallest change that the meter showed."""
    change = np.abs(np.diff(value))
    change = change[change > 0.0]
    return float(change.min()) if change.size else 0.0
