"""Names by which recorders call the quantities of a recording, the better one first."""

from collections.abc import Sequence
from dataclasses import dataclass

from voltward.real_cells.recordings.column_name import ColumnName, column_name

# Of each quantity: its dimension, and groups of names without their unit; a later group is taken
# only where no earlier one is there. Sources: exports of the makers that have a column map, drive
# cycles of PyBaMM, the Battery Data Format (battery-data-alliance/battery-data-format).
TIME = (
    "test time, total time, run time, cumulative time, elapsed time, prog time, program time, "
    "programmdauer, testtime, abs time, test"
)
PLAIN_TIME = "time, t, zeit, tempo, temps, timestamp, time stamp, unix time, epoch"
DATES = (
    "date time, datetime, date and time, real time, realtime, absolute time, dpt time, date, "
    "date time iso string, system time, record time"
)
VOLTAGE = (
    "voltage, cell voltage, terminal voltage, volts, volt, voltage v, ecell, ewe ece, potential, "
    "u, spannung, tension, cell voltage 1"
)
TEMPERATURE = (
    "temperature, temp, cell temperature, cell temp, battery temperature, battery temp, "
    "surface temperature, surface temperature t1, case temperature, t1, temp 1, temperature 1, "
    "aux temperature 1, aux temperature, temperatur, t"
)
# Of the second kind only with a unit of time: a step may be its number.
STEP_TIME = "step time, steptime, t step, relative time, schrittdauer"
STEP_TIME_WITH_UNIT = "step, time in step"
KNOWN: dict[str, tuple[str, tuple[str, ...]]] = {
    "time_s": ("time", (TIME, PLAIN_TIME, DATES)),
    "voltage_V": (
        "voltage",
        (
            VOLTAGE,
            "v, e, vcell, u1, voltage measured, ewe",
        ),
    ),
    "current_A": (
        "current",
        (
            "current, cell current, amps, i, cur, strom, courant",
            "current measured, curr, amp",
        ),
    ),
    "temperature_degC": (
        "temperature",
        (
            TEMPERATURE,
            "temperature t1, surface temperature 1, tcell, cell temperature 1",
        ),
    ),
    "power_W": ("power", ("power, p, leistung, puissance", "power demand, load")),
    "speed_mps": ("speed", ("speed, velocity, vehicle speed, v, geschwindigkeit, vitesse",)),
    "state": (
        "none",
        (
            "step type, state, md, step name, status, zustand, steptype",
            "command, instruction name, mode, work mode, type",
        ),
    ),
}


@dataclass(frozen=True)
class Match:
    """A column that may hold a quantity.

    Attributes:
        column: Its number.
        group: 0 for the best names.
        name: Taken apart.
    """

    column: int
    group: int
    name: ColumnName


def matches(quantity: str, names: Sequence[ColumnName]) -> list[Match]:
    """Return the columns that may hold a quantity, the best first.

    Args:
        quantity: Such as "voltage_V", or "state".
        names: Of all columns.
    """
    dimension, groups = KNOWN[quantity]
    found = []
    for column, name in enumerate(names):
        for group, stems in enumerate(groups):
            if name.stem in stems.split(", ") and _fits(dimension, name):
                found.append(Match(column, group, name))
                break
    return sorted(found, key=lambda match: (match.group, match.column))


def step_times(names: Sequence[ColumnName]) -> list[Match]:
    """Return the columns that hold the time since the start of a step."""
    with_unit = f"{STEP_TIME}, {STEP_TIME_WITH_UNIT}".split(", ")
    return [
        Match(column, 0, name)
        for column, name in enumerate(names)
        if (name.stem in with_unit and name.unit is not None and _fits("time", name))
        or (name.stem in STEP_TIME.split(", ") and name.unit is None)
    ]


def known_count(written: Sequence[str], units: Sequence[str]) -> int:
    """Return how many quantities the names of a header stand for."""
    below = [*units, *[""] * (len(written) - len(units))] if units else [""] * len(written)
    names = [column_name(name, unit) for name, unit in zip(written, below, strict=False)]
    return sum(bool(matches(quantity, names)) for quantity in KNOWN) + bool(step_times(names))


def _fits(dimension: str, name: ColumnName) -> bool:
    """Return whether the unit of a name is one of a dimension; none fits where words say it."""
    if name.unit is None:
        # A letter alone says what it is only together with its unit.
        return len(name.stem) > 1
    if dimension == "time":
        return name.unit.dimension in {"time", "clock"}
    return name.unit.dimension in {dimension, "none"}
