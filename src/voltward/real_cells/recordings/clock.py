"""The clock of a recording: order, double stamps, holes, and steps in a wrong unit."""

from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float, Int

from voltward.real_cells.recordings.column_map import ColumnEntry
from voltward.real_cells.recordings.finding import Finding, Span

# Between two samples further apart than this a cell's voltage cannot be drawn as a line: the slow
# polarisation of an 18650 settles in about two minutes (assumption; slow records sample at 60 s).
LONGEST_STEP_S = 120.0
# A shorter hole counts only where the samples around it are ten times as dense, and the current
# is not steady across it: testers sample rests and constant current slowly on purpose.
SHORTEST_HOLE_S = 10.0
_DENSER = 10.0
_STEADY_SHARE = 0.02
_NEIGHBOURS = 5
# A clock that jitters goes back by less than a step, and in few rows (assumptions).
LARGEST_JITTER_S = 2.0
_JITTER_SHARE = 0.05
# A tester that records on a change of the voltage leaves hours between samples: the current is the
# same before and after nearly all of them.
_STEADY_STEPS = 0.95
# What milliseconds at 10 Hz or less step by, and a change of the current (assumptions).
_MS_STEP, _CHANGING_SHARE = 100.0, 0.05
# So many equal rows in a row are not a doubled step (assumption).
_FROZEN_ROWS = 10
# Shorter than this there is nothing to fit and nothing to detect (assumption).
SHORTEST_S = 30.0
FEWEST_SAMPLES = 10


def without_restarts(time_s: Float[np.ndarray, " time"]) -> Float[np.ndarray, " time"]:
    """Return the time of steps put one behind the other: each begins where the last one ended."""
    ends = np.where(np.diff(time_s) < 0.0, time_s[:-1], 0.0)
    return time_s + np.concatenate(([0.0], np.cumsum(ends)))


def settled_order(
    time_s: Float[np.ndarray, " time"],
) -> tuple[Int[np.ndarray, " time"] | None, tuple[Finding, ...]]:
    """Return the order of the rows where the clock goes back by less than its usual step.

    Args:
        time_s: As recorded.

    Returns:
        Numbers of the rows in the order of time, None where nothing is to be sorted; a note.
    """
    step_s = np.diff(time_s)
    back = step_s < 0.0
    ahead_s = step_s[step_s > 0.0]
    if not back.any() or not ahead_s.size:
        return None, ()
    count = int(np.count_nonzero(back))
    bound_s = min(float(np.median(ahead_s)), LARGEST_JITTER_S)
    if -float(np.min(step_s)) >= bound_s or count > max(1.0, _JITTER_SHARE * step_s.size):
        return None, ()
    row = int(np.flatnonzero(back)[0])
    note = Finding(
        "note",
        f"time_s goes back a little at {_times(count)}, by {-float(np.min(step_s)):.3g} s at most, "
        f"first after row {row + 1}",
        f"less than the usual step and {LARGEST_JITTER_S:g} s: the rows were sorted by time",
    )
    return np.argsort(time_s, kind="stable"), (note,)


def check_order(time_s: Float[np.ndarray, " time"], entry: ColumnEntry) -> tuple[Finding, ...]:
    """Return a refusal when the time runs backwards or never advances."""
    step_s = np.diff(time_s)
    back = np.flatnonzero(step_s < 0.0)
    if back.size:
        row = int(back[0])
        # A step begins near 0; a clock that was set back does not.
        usual_s = float(np.median(step_s[step_s > 0.0])) if np.any(step_s > 0.0) else 1.0
        restarts = np.count_nonzero(
            time_s[back + 1] <= min(float(time_s[0]), LONGEST_STEP_S) + max(1.0, 2.0 * usual_s)
        )
        stated = replace(entry, restarts=True).text("time_s")
        return (
            Finding(
                "refuse",
                f"time_s runs backwards at {_times(back.size)}, first from {time_s[row]:g} s to "
                f"{time_s[row + 1]:g} s after row {row + 1}",
                "a recording is one stretch of rising time",
                f"'{entry.column}' starts again: name the column of the total time in a column "
                "map; or state that it is the time of steps that follow one another without a "
                f"pause: {stated}"
                if restarts
                else "split the file where the clock was set",
            ),
        )
    if time_s.size > 1 and time_s[-1] == time_s[0]:
        return (Finding("refuse", f"time_s is {time_s[0]:g} s in every row"),)
    return ()


def merge_same_time(
    time_s: Float[np.ndarray, " time"], values: Float[np.ndarray, "time column"]
) -> tuple[Float[np.ndarray, " time"], Float[np.ndarray, "time column"], tuple[Finding, ...]]:
    """Return rows with rising time: rows of one time stamp become their mean.

    Args:
        time_s: Never falling.
        values: All other columns.

    Returns:
        Time, columns, and a note when rows were merged.
    """
    step_s = np.diff(time_s)
    same = step_s == 0.0
    if not same.any():
        return time_s, values, ()
    identical = same & np.all(np.diff(values, axis=0) == 0.0, axis=1)
    first = np.concatenate(([True], ~same))
    group = np.cumsum(first) - 1
    count = np.bincount(group)
    merged = np.add.reduceat(values, np.flatnonzero(first), axis=0) / count[:, None]
    row = int(np.flatnonzero(same)[0])
    # The longest run of repeated rows: the reach of the running count since its last reset.
    running = np.cumsum(identical)
    longest = int(np.max(running - np.maximum.accumulate(np.where(identical, 0, running))))
    note = Finding(
        "note",
        f"{np.count_nonzero(same)} of {time_s.size} rows repeat the time stamp before them "
        f"({np.count_nonzero(identical)} of them repeat the whole row), first at {time_s[row]:g} s",
        "rows of one time stamp were merged into their mean",
        f"the recorder froze for {longest} rows; that may show as a hole"
        if longest >= _FROZEN_ROWS
        else "",
    )
    return time_s[first], merged, (note,)


def check_length(time_s: Float[np.ndarray, " time"], entry: ColumnEntry) -> tuple[Finding, ...]:
    """Return a refusal of a recording that is too short."""
    length_s = float(time_s[-1] - time_s[0])
    if time_s.size >= FEWEST_SAMPLES and length_s >= SHORTEST_S:
        return ()
    return (
        Finding(
            "refuse",
            f"too short: {time_s.size} samples over {length_s:g} s",
            f"allowed are {FEWEST_SAMPLES} samples and {SHORTEST_S:g} s or more",
            f"if the time is in hours: {entry.then(3600.0).text('time_s')}"
            if time_s.size >= FEWEST_SAMPLES
            else "record longer",
        ),
    )


def check_steps(
    time_s: Float[np.ndarray, " time"],
    current_A: Float[np.ndarray, " time"],
    entry: ColumnEntry,
) -> tuple[Finding, ...]:
    """Return refusals of time steps that are in another unit, throughout or from one row on."""
    step_s = np.diff(time_s)
    usual_s = float(np.median(step_s))
    change = _change_of_unit(time_s, step_s)
    # Whole hundreds under a current that changes from row to row are rather milliseconds.
    size_A = float(np.max(np.abs(current_A)))
    changing = float(np.mean(np.abs(np.diff(current_A)) > _CHANGING_SHARE * size_A))
    thousandths = usual_s >= _MS_STEP and usual_s % _MS_STEP == 0.0 and changing > 0.5
    if change or (usual_s <= LONGEST_STEP_S and not thousandths):
        return change
    if _is_slow(time_s, current_A):
        return (
            Finding(
                "note",
                f"time_s steps by {usual_s:g} s from sample to sample, under a current that hardly "
                "changes: taken for a slow test",
                "the voltage between two samples is drawn as a line",
                f"if the time is in milliseconds: {entry.then(1e-3).text('time_s')}"
                if entry.scale == 1.0 and np.all(step_s == np.floor(step_s))
                else "",
            ),
        )
    return (
        Finding(
            "refuse",
            f"time_s steps by {usual_s:g} s from sample to sample",
            f"allowed are {LONGEST_STEP_S:g} s where the current changes: a cell changes faster "
            "than that",
            f"if the time is in milliseconds: {entry.then(1e-3).text('time_s')}",
        ),
    )


def _is_slow(time_s: Float[np.ndarray, " time"], current_A: Float[np.ndarray, " time"]) -> bool:
    """Return whether samples are far apart because nothing changes between them."""
    step_s = np.diff(time_s)
    long = step_s > LONGEST_STEP_S
    if np.sum(step_s[long]) < 0.5 * (time_s[-1] - time_s[0]):
        return False
    steady = np.abs(np.diff(current_A)) <= _STEADY_SHARE * float(np.max(np.abs(current_A)))
    return bool(np.mean(steady[long]) >= _STEADY_STEPS)


# Where steps alternate between long and short, no unit changed; checking each would take minutes.
_MOST_CHANGES = 20


def _change_of_unit(
    time_s: Float[np.ndarray, " time"], step_s: Float[np.ndarray, " step"]
) -> tuple[Finding, ...]:
    """Find one place where all steps become a thousand times as long, or as short."""
    size = np.log10(np.maximum(step_s, 1e-9))
    # One stray step, such as the jump where the clock's own unit changes, is not evidence.
    ordered = np.sort(size)
    low, high = ordered[min(1, size.size - 1)], ordered[max(size.size - 2, 0)]
    if high - low < 2.5:
        return ()
    long = size > (high + low) / 2.0
    change = np.flatnonzero(np.diff(long.astype(np.int8)))
    if change.size > _MOST_CHANGES:
        return ()
    # One stray step, such as the jump at the change itself, is not a second change.
    for row in change:
        before, after = step_s[: row + 1], step_s[row + 2 :]
        if min(before.size, after.size) < 5:
            continue
        ratio = float(np.median(after) / np.median(before))
        uniform = all(
            np.mean((part > np.median(part) / 3.0) & (part < np.median(part) * 3.0)) > 0.95
            for part in (before, after)
        )
        thousand = 900.0 < ratio < 1100.0 or 900.0 < 1.0 / ratio < 1100.0
        if uniform and thousand:
            return (
                Finding(
                    "refuse",
                    f"time_s changes its unit after row {row + 2}, at {time_s[row + 1]:g} s: steps "
                    f"of {np.median(before):g} become steps of {np.median(after):g}",
                    "the factor is 1000: one part is in seconds, the other in milliseconds",
                    "bring both parts to one unit, or split the file there",
                ),
            )
    return ()


def holes(
    time_s: Float[np.ndarray, " time"], current_A: Float[np.ndarray, " time"]
) -> Bool[np.ndarray, " step"]:
    """Return which steps are holes, in which the state of the cell is unknown.

    Args:
        time_s: Rising.
        current_A: At those times.

    Returns:
        One flag for every step between two samples.
    """
    step_s = np.diff(time_s)
    found = step_s > LONGEST_STEP_S
    if np.any(found) and _is_slow(time_s, current_A):
        found &= np.abs(np.diff(current_A)) > _STEADY_SHARE * float(np.max(np.abs(current_A)))
    span_A = float(np.ptp(current_A))
    for row in np.flatnonzero((step_s > SHORTEST_HOLE_S) & ~found):
        around = np.concatenate((step_s[max(0, row - _NEIGHBOURS) : row], step_s[row + 1 :][:5]))
        if around.size == 0 or step_s[row] < _DENSER * np.max(around):
            continue
        near_A = current_A[max(0, row - _NEIGHBOURS + 1) : row + 1 + _NEIGHBOURS]
        found[row] = np.ptp(near_A) > _STEADY_SHARE * span_A
    return found


def check_holes(
    time_s: Float[np.ndarray, " time"], current_A: Float[np.ndarray, " time"]
) -> tuple[Finding, ...]:
    """Return a note with place and length of every hole."""
    rows = np.flatnonzero(holes(time_s, current_A))
    if rows.size == 0:
        return ()
    spans: tuple[Span, ...] = tuple(
        (float(time_s[row]), float(time_s[row + 1])) for row in rows.tolist()
    )
    shown = ", ".join(f"{stop - start:.0f} s from {start:.0f} s on" for start, stop in spans[:3])
    more = f" and {len(spans) - 3} more" if len(spans) > 3 else ""
    return (
        Finding(
            "note",
            f"holes in time: {shown}{more}",
            "charge cannot be counted over a hole, so nothing is scored in it and the state of "
            "charge behind it is known only where the recorder kept it",
            spans_s=spans,
        ),
    )


def _times(count: int) -> str:
    return "one place" if count == 1 else f"{count} places"
