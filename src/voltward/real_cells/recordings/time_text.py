"""A column of text as times: durations with colons, times of day, dates in several orders.

1. Days, hours, minutes, seconds and the parts of a date are taken apart by one pattern each.
2. The order of day and month is that of the separator, or the only possible one, or the one in
   which the rows follow each other in days and not in months; else it is asked.
3. A time of day that passes midnight goes on; so does a local clock that is set back an hour.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow.compute as pc
from jaxtyping import Float

from voltward.core.errors import ConfigurationError

_CLOCK = (
    r"(?:(?P<days>\d+) ?(?:d|days?),? *|(?P<dashed>\d+)-)?"
    r"(?P<hours>\d+):(?P<minutes>\d{1,2})(?::(?P<seconds>\d{1,2}(?:[.,:]\d*)?))?"
    r" ?(?P<half>[AaPp]\.?[Mm]\.?)?"
)
_DATE = r"(?P<a>\d{1,4})(?P<mark>[-/.])(?P<b>\d{1,2})[-/.](?P<c>\d{1,4})"
_ZONE = r"(?P<zone>Z|[+-]\d\d:?\d\d)?"
_DURATION = rf"^\s*{_CLOCK}\s*$"
_STAMP = rf"^\s*{_DATE}(?:[T ,]+{_CLOCK} ?{_ZONE})?\s*$"
_HOUR_S, _DAY_S = 3600.0, 86400.0
# In one order of day and month rows are days apart, in the other a month or more.
_NEAR_S, _FAR_S = 3.0 * _DAY_S, 27.0 * _DAY_S


@dataclass(frozen=True)
class Times:
    """A column of text as times.

    Attributes:
        seconds: NaN where there is none; of dates since the first of them.
        kind: A duration since some start, a time of day, or a date.
        notes: What was taken for what.
    """

    seconds: Float[np.ndarray, " time"]
    kind: Literal["duration", "date"]
    notes: tuple[str, ...] = ()


def holds_times(text: Any) -> bool:
    """Return whether most fields of a column are durations with colons, or dates."""
    part = text[:1000]
    found = pc.or_(
        pc.match_substring_regex(part, _DURATION), pc.match_substring_regex(part, _STAMP)
    )
    filled = pc.not_equal(pc.utf8_trim_whitespace(part), "")
    return bool(2 * (pc.sum(found).as_py() or 0) > max(1, pc.sum(filled).as_py() or 0))


def clock_of_dates(dates: Any, clocks: Any) -> Any:
    """Return dates and times of day put together; None where they are not such.

    A time since the start of a test is none: it goes on where the date changes.

    Args:
        dates: Column of text.
        clocks: Column of text, of the same rows.
    """
    day = pc.match_substring_regex(dates, rf"^\s*{_DATE}\s*$")
    parts = pc.extract_regex(clocks, _DURATION)
    least = 0.99 * max(1, len(dates))
    if (pc.sum(day).as_py() or 0) < least or len(pc.drop_null(parts)) < least:
        return None
    seconds, days = _of_day(parts), _numbers(parts, "days") + _numbers(parts, "dashed")
    if np.nanmax(seconds) >= _DAY_S or np.nanmax(days) > 0.0:
        return None
    step_s = np.diff(seconds)
    ahead = step_s[step_s > 0.0]
    number = pc.dictionary_encode(pc.utf8_trim_whitespace(dates)).combine_chunks().indices
    turns = np.diff(number.to_numpy(zero_copy_only=False)) != 0
    usual_s = float(np.median(ahead)) if ahead.size else 1.0
    goes_on = turns & (step_s > 0.0) & (step_s <= 20.0 * usual_s)
    if np.any(goes_on) and seconds[0] <= max(60.0, 5.0 * usual_s):
        return None
    return pc.binary_join_element_wise(
        pc.utf8_trim_whitespace(dates), pc.utf8_trim_whitespace(clocks), " "
    )


def to_times(path: Path, name: str, text: Any) -> Times:
    """Return a column of text as seconds.

    Args:
        path: For messages.
        name: Of the column.
        text: Column of text that holds times.

    Raises:
        ConfigurationError: Day and month may be either of two fields, or minutes may be hours.
    """
    # 1. The parts.
    stamp = pc.extract_regex(text, _STAMP)
    if 2 * pc.count(stamp).as_py() > pc.count(pc.extract_regex(text, _DURATION)).as_py():
        return _dates(path, name, stamp)
    return _durations(path, name, pc.extract_regex(text, _DURATION))


def _part(parts: Any, key: str) -> Any:
    return pc.struct_field(parts, key)


def _numbers(parts: Any, key: str) -> Float[np.ndarray, " time"]:
    """Return a part as numbers: NaN where the whole does not match, 0 where the part is absent."""
    text = pc.replace_substring_regex(_part(parts, key), r"[,:]", ".")
    text = pc.if_else(pc.equal(text, ""), "0", text)
    return np.array(text.cast("float64").to_numpy(zero_copy_only=False), dtype=np.float64)


def _of_day(parts: Any) -> Float[np.ndarray, " time"]:
    seconds = (
        _numbers(parts, "hours") * _HOUR_S
        + _numbers(parts, "minutes") * 60.0
        + _numbers(parts, "seconds")
    )
    half = pc.utf8_lower(pc.utf8_slice_codeunits(_part(parts, "half"), 0, 1))
    hours = _numbers(parts, "hours")
    shift = np.where(_equal(half, "p") & (hours < 12.0), 12.0, 0.0)
    shift -= np.where(_equal(half, "a") & (hours == 12.0), 12.0, 0.0)
    return seconds + shift * _HOUR_S


def _equal(values: Any, text: str) -> Any:
    return np.array(
        pc.fill_null(pc.equal(values, text), fill_value=False).to_numpy(zero_copy_only=False), bool
    )


def _durations(path: Path, name: str, parts: Any) -> Times:
    found = pc.drop_null(_part(parts, "seconds"))
    if len(found) and pc.all(pc.equal(found, "")).as_py():
        raise ConfigurationError(
            f"{path}: column '{name}' has two figures, such as "
            f"'{pc.drop_null(_part(parts, 'hours'))[0].as_py()}:"
            f"{pc.drop_null(_part(parts, 'minutes'))[0].as_py()}'",
            why="they may be hours and minutes, or minutes and seconds",
            hint="export the time with hours, minutes and seconds, or in seconds",
        )
    days = _numbers(parts, "days") + _numbers(parts, "dashed")
    seconds = days * _DAY_S + _of_day(parts)
    # 3. Midnight.
    step_s = np.diff(seconds)
    passes = (step_s < -_DAY_S / 2.0) & (seconds[1:] < _DAY_S) & (seconds[:-1] < _DAY_S)
    # A step that lasted a day starts again too: at midnight the clock goes on by a usual step.
    ahead = step_s[step_s > 0.0]
    usual_s = float(np.median(ahead)) if ahead.size else 1.0
    late = step_s + _DAY_S <= max(60.0, 5.0 * usual_s)
    if np.any(passes & late) and np.nanmax(days) == 0.0 and np.nanmax(seconds) < _DAY_S:
        seconds = seconds + np.concatenate(([0.0], np.cumsum(passes & late) * _DAY_S))
        note = f"column '{name}' is a time of day and passes midnight: it goes on"
        return Times(seconds, "duration", (note,))
    return Times(seconds, "duration")


def _dates(path: Path, name: str, parts: Any) -> Times:
    first, second, third = (_numbers(parts, key) for key in ("a", "b", "c"))
    of_day = _of_day(parts) - _zone_s(parts)
    known = np.isfinite(first)
    # 2. Day and month.
    if np.nanmax(first) > 31.0:
        day, order = _days(first, second, third), ""
    else:
        day, order = _day_and_month(path, name, parts, (first, second, third), of_day)
    seconds = np.where(known, day * _DAY_S + of_day, np.nan)
    seconds = seconds - seconds[int(np.argmax(known))]
    notes: tuple[str, ...] = ()
    if order:
        notes = (f"column '{name}' is read as dates{order}",)
    # 3. A clock that is set back.
    zoned = pc.any(pc.not_equal(_part(parts, "zone"), "")).as_py()
    if zoned:
        return Times(seconds, "date", notes)
    seconds, again = _without_clock_change(seconds)
    if again:
        notes += (f"column '{name}' is set back an hour in {again} places: it goes on",)
    return Times(seconds, "date", notes)


def _day_and_month(
    path: Path, name: str, parts: Any, fields: tuple[Any, Any, Any], of_day: Any
) -> tuple[Any, str]:
    first, second, year = fields
    if _equal(_part(parts, "mark"), ".").any():
        return _days(year, second, first), ""
    if np.nanmax(first) > 12.0:
        return _days(year, second, first), ""
    if np.nanmax(second) > 12.0 or (
        np.ptp(first[np.isfinite(first)]) == 0.0 and np.ptp(second[np.isfinite(second)]) == 0.0
    ):
        return _days(year, first, second), ""
    month_first, day_first = _days(year, first, second), _days(year, second, first)
    leaps = [np.nanmax(np.abs(np.diff(day * _DAY_S + of_day))) for day in (month_first, day_first)]
    if leaps[0] < _NEAR_S and leaps[1] > _FAR_S:
        return month_first, " with the month before the day, in which the rows follow each other"
    if leaps[1] < _NEAR_S and leaps[0] > _FAR_S:
        return day_first, " with the day before the month, in which the rows follow each other"
    raise ConfigurationError(
        f"{path}: column '{name}' holds dates whose day and month may be either figure",
        why="no figure is above 12, and neither order makes the rows follow each other in days",
        hint="export dates as year-month-day, or name a column of elapsed time in a column map",
    )


def _days(year: Any, month: Any, day: Any) -> Float[np.ndarray, " time"]:
    """Return days since 1970; a year of two figures is of this century."""
    known = np.isfinite(year) & (month >= 1.0) & (month <= 12.0)
    full = np.where(year < 100.0, year + 2000.0, year)
    months = np.where(known, (full - 1970.0) * 12.0 + month - 1.0, 0.0).astype(np.int64)
    starts = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return np.where(known, starts + day - 1.0, np.nan)


def _zone_s(parts: Any) -> Float[np.ndarray, " time"]:
    """Return how far the clock of a stamp is ahead of universal time."""
    zone = pc.replace_substring(_part(parts, "zone"), ":", "")
    offset = pc.if_else(pc.match_substring_regex(zone, r"^[+-]\d{4}$"), zone, "+0000")
    text = pc.replace_substring_regex(offset, r"^\+", "")
    value = np.nan_to_num(
        np.array(pc.fill_null(text, "0000").cast("float64").to_numpy(zero_copy_only=False))
    )
    return np.sign(value) * (np.abs(value) // 100 * _HOUR_S + np.abs(value) % 100 * 60.0)


def _without_clock_change(
    seconds: Float[np.ndarray, " time"],
) -> tuple[Float[np.ndarray, " time"], int]:
    """Return times with an hour added from each place on where the clock was set back by one."""
    step_s = np.diff(seconds)
    ahead = step_s[step_s > 0.0]
    usual_s = float(np.median(ahead)) if ahead.size else 1.0
    back = (step_s <= -_HOUR_S + max(60.0, 5.0 * usual_s)) & (step_s >= -_HOUR_S - 60.0)
    count = int(np.count_nonzero(back))
    # Twice a year at most; more of them are steps of a test.
    if count == 0 or count > 1 + np.nanmax(seconds) / (180.0 * _DAY_S):
        return seconds, 0
    return seconds + np.concatenate(([0.0], np.cumsum(back) * _HOUR_S)), count
