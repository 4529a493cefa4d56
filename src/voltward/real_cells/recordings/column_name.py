"""A column's name taken apart: what it names, and the unit that it is in."""

import re
from dataclasses import dataclass

# Text that stands for a unit: dimension, factor and shift to the unit that Voltward uses.
_TIME = {
    "s": 1.0,
    "sec": 1.0,
    "secs": 1.0,
    "second": 1.0,
    "seconds": 1.0,
    "ms": 1e-3,
    "msec": 1e-3,
    "millisecond": 1e-3,
    "milliseconds": 1e-3,
    "us": 1e-6,
    "µs": 1e-6,
    "μs": 1e-6,
    "min": 60.0,
    "mins": 60.0,
    "minute": 60.0,
    "minutes": 60.0,
    "h": 3600.0,
    "hr": 3600.0,
    "hrs": 3600.0,
    "hour": 3600.0,
    "hours": 3600.0,
    "std": 3600.0,
    "d": 86400.0,
    "day": 86400.0,
    "days": 86400.0,
}
_VOLTAGE = {"v": 1.0, "volt": 1.0, "volts": 1.0, "mv": 1e-3, "uv": 1e-6, "µv": 1e-6, "kv": 1e3}
_CURRENT = {
    "a": 1.0,
    "amp": 1.0,
    "amps": 1.0,
    "ampere": 1.0,
    "amperes": 1.0,
    "ma": 1e-3,
    "ua": 1e-6,
    "µa": 1e-6,
    "μa": 1e-6,
    "ka": 1e3,
}
_CHARGE = {"ah": 1.0, "a.h": 1.0, "mah": 1e-3, "ma.h": 1e-3, "µah": 1e-6, "uah": 1e-6}
_SPEED = {
    "m/s": 1.0,
    "mps": 1.0,
    "km/h": 1.0 / 3.6,
    "kmh": 1.0 / 3.6,
    "kph": 1.0 / 3.6,
    "kmph": 1.0 / 3.6,
    # The international mile of 1609.344 m.
    "mph": 0.44704,
    "mi/h": 0.44704,
}
# Small letters would take MW for mW.
_POWER = {"W": 1.0, "watt": 1.0, "watts": 1.0, "kW": 1e3, "KW": 1e3, "mW": 1e-3, "MW": 1e6}
_TEMPERATURE = {
    "c": (1.0, 0.0),
    "degc": (1.0, 0.0),
    "celsius": (1.0, 0.0),
    "k": (1.0, -273.15),
    "kelvin": (1.0, -273.15),
    "f": (1.0 / 1.8, -32.0 / 1.8),
    "degf": (1.0 / 1.8, -32.0 / 1.8),
    "fahrenheit": (1.0 / 1.8, -32.0 / 1.8),
}
# What a signal of no unit, a ratio or a clock of hours and minutes is marked with.
_NO_UNIT = frozenset({"1", "-", "%", "#", "none", "cnt", "n/a"})
# No column has a longer name; patterns are slow on long text.
_LONGEST = 120
_CLOCK = re.compile(r"h+ ?:|hh:mm|h:min|\bhms\b")
_ENCLOSED = re.compile(r"^(?P<stem>.*?)\s*[\[({]\s*(?P<unit>[^\[\](){}]*?)\s*[\])}](?:_\d+)?\s*$")
_SLASHED = re.compile(r"^(?P<stem>.+?)\s*/\s*(?P<unit>\S.*?)\s*$")
_ENDING = re.compile(r"^(?P<stem>.+)[_ ](?P<unit>[^_ ]+)$")


@dataclass(frozen=True)
class Unit:
    """A unit and how its numbers become those of the unit that Voltward uses.

    Attributes:
        text: As written.
        dimension: Such as "voltage"; "clock" for hours, minutes and seconds with colons.
        factor: Multiplies.
        shift: Added afterwards.
    """

    text: str
    dimension: str
    factor: float = 1.0
    shift: float = 0.0


@dataclass(frozen=True)
class ColumnName:
    """A name without its unit.

    Attributes:
        written: As in the file.
        stem: Small letters, words parted by single spaces.
        unit: None where the file names none.
    """

    written: str
    stem: str
    unit: Unit | None


def unit_of(text: str) -> Unit | None:
    """Return the unit that a text stands for; None when it is none that is known."""
    bare = text.strip().strip("[](){}").strip()
    if _CLOCK.search(bare.lower()):
        return Unit(bare, "clock")
    if bare in _POWER:
        return Unit(bare, "power", _POWER[bare])
    small = bare.lower().replace("℃", "°c").replace("℉", "°f")
    # A degree sign in any encoding is one or two odd letters before C, F or K.
    degrees = re.fullmatch(r"(?:deg\.?|[^a-z0-9]{1,2})\s*([cfk])", small)
    small = degrees[1] if degrees else small.replace(" ", "")
    for dimension, table in (
        ("time", _TIME),
        ("voltage", _VOLTAGE),
        ("current", _CURRENT),
        ("charge", _CHARGE),
        ("speed", _SPEED),
    ):
        if small in table:
            return Unit(bare, dimension, table[small])
    if small in _TEMPERATURE:
        return Unit(bare, "temperature", *_TEMPERATURE[small])
    return Unit(bare, "none") if small in _NO_UNIT else None


def column_name(written: str, unit_below: str = "") -> ColumnName:
    """Return a name taken apart.

    Args:
        written: As in the header.
        unit_below: From a row of units, where there is one.
    """
    text = written.strip().lstrip("#~").strip().strip('"')
    if len(text) > _LONGEST:
        return ColumnName(written, "", None)
    below = unit_of(unit_below) if unit_below.strip() else None
    for pattern in (_ENCLOSED, _SLASHED, _ENDING):
        found = pattern.match(text)
        unit = unit_of(found["unit"]) if found and found["stem"].strip() else None
        # A number at the end counts columns.
        if found and unit is not None and not (pattern is _ENDING and unit.dimension == "none"):
            return ColumnName(written, _stem(found["stem"]), below or unit)
    if below is not None:
        return ColumnName(written, _stem(text), below)
    # Amps and Volts are names and units at once; a letter alone is not.
    alone = unit_of(text) if len(text) > 2 and text.isalpha() else None
    return ColumnName(written, _stem(text), alone if alone and alone.dimension != "clock" else None)


def is_unit(text: str) -> bool:
    """Return whether a text can stand in a row of units."""
    if len(text) > _LONGEST:
        return False
    return (
        not text.strip()
        or unit_of(text) is not None
        or bool(re.fullmatch(r"[\[({].{0,12}[\])}]", text.strip()))
    )


def _stem(text: str) -> str:
    # "TestTime" is two words, "T1" one.
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    words = re.sub(r"[^\w]+|_", " ", parted.lower()).split()
    return " ".join(words)
