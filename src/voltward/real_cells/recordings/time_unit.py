"""The unit of a time whose column names none: a count since 1970 or 1900, seconds, or asked."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import Float

from voltward.core.errors import ConfigurationError
from voltward.real_cells.recordings.column_map import ColumnEntry
from voltward.real_cells.recordings.column_name import column_name
from voltward.real_cells.recordings.known_columns import DATES

# Seconds since 1970 from the year 2001 to 2128; in the other units as many times more.
_SINCE_1970 = (1e9, 5e9)
_COUNTS = {1.0: "seconds", 1e-3: "milliseconds", 1e-6: "microseconds", 1e-9: "nanoseconds"}
# Days since 1900 as a workbook counts them, from the year 1982 to 2064.
_WORKBOOK_DAYS, _DAY_S = (30_000.0, 60_000.0), 86_400.0
# A recorder writes every so many seconds, or so many times a second in 1, 2, 5 steps; steps that
# are longer or odd are rather of another unit (assumptions).
_LONG_STEP, _SHORT_STEP = 50.0, 0.2
_ROUND = 0.02


def counted_since(
    entry: ColumnEntry, values: Float[np.ndarray, " time"]
) -> tuple[ColumnEntry, tuple[str, ...]]:
    """Return the entry of a time that counts from a fixed day, and a note; else as it is.

    Args:
        entry: Without a scale.
        values: Numbers of the column that are finite.
    """
    for scale, unit in _COUNTS.items():
        if _SINCE_1970[0] < values[0] * scale < _SINCE_1970[1]:
            note = f"column '{entry.column}' counts {unit} since 1970"
            return replace(entry, scale=scale), (note,)
    steps = np.diff(values)
    step = float(np.median(steps[steps > 0.0])) if np.any(steps > 0.0) else 1.0
    dated = column_name(entry.column).stem in DATES.split(", ")
    days = _WORKBOOK_DAYS[0] < values[0] < _WORKBOOK_DAYS[1] and step < _SHORT_STEP
    if days and (dated or not _is_rate(step)):
        note = f"column '{entry.column}' counts days since 1900, as a workbook does"
        return replace(entry, scale=_DAY_S), (note,)
    return entry, ()


def judged_unit(
    path: Path, values: Float[np.ndarray, " time"], entry: ColumnEntry
) -> tuple[str, ...]:
    """Return the note that a time is taken for seconds.

    Args:
        path: For messages.
        values: As written.
        entry: Of the column, whose name has no unit.

    Raises:
        ConfigurationError: The steps look like those of another unit.
    """
    steps = np.diff(values[np.isfinite(values)])
    step = float(np.median(steps[steps > 0.0])) if np.any(steps > 0.0) else 1.0
    others: tuple[tuple[str, float], ...]
    if step >= _LONG_STEP and (step % 60.0 != 0.0 or step % 100.0 == 0.0):
        others = (("milliseconds", 1e-3),)
    elif step < _SHORT_STEP and not _is_rate(step):
        others = (("minutes", 60.0), ("hours", 3600.0), ("days", _DAY_S))
    else:
        return (f"column '{entry.column}' is a time without a unit: taken for seconds",)
    texts = [f"{entry.then(scale).text('time_s')} for {unit}" for unit, scale in others]
    raise ConfigurationError(
        f"{path}: column '{entry.column}' is a time without a unit, and steps by {step:.4g} from "
        "row to row",
        why=f"in seconds that is unusual; it may be in {' or '.join(unit for unit, _ in others)}",
        hint="write the unit behind the name, such as time_s; or in a column map: "
        + ", ".join([f"{entry.text('time_s')} for seconds", *texts]),
    )


def _is_rate(step: float) -> bool:
    """Return whether a step is 1, 2 or 5 times a power of ten."""
    figure = step / 10.0 ** np.floor(np.log10(step))
    return any(abs(figure / wanted - 1.0) < _ROUND for wanted in (1.0, 2.0, 5.0, 10.0))
