"""A column's name taken apart: what it names, and the unit that it is in."""

import re
from dataclasses import dataclass

# Text that stands for a unit: dimension, factor and shift to the unit that Voltward uses.
_FACTORS: dict[str, dict[float, str]] = {
    "time": {
        1.0: "s sec secs second seconds",
        1e-3: "ms msec millisecond milliseconds",
        1e-6: "us µs μs",
        60.0: "min mins minute minutes",
        3600.0: "h hr hrs hour hours std",
        86400.0: "d day days",
    },
    "voltage": {1.0: "v volt volts", 1e-3: "mv", 1e-6: "uv µv", 1e3: "kv"},
    "current": {1.0: "a amp amps ampere amperes", 1e-3: "ma", 1e-6: "ua µa μa", 1e3: "ka"},
    "charge": {1.0: "ah a.h", 1e-3: "mah ma.h", 1e-6: "µah uah"},
    # The international mile of 1609.344 m.
    "speed": {1.0: "m/s mps", 1.0 / 3.6: "km/h kmh kph kmph km/hr kmhr", 0.44704: "mph mi/h"},
    "temperature": {1.0: "c degc celsius"},
}
_UNITS = {
    text: (dimension, factor)
    for dimension, factors in _FACTORS.items()
    for factor, texts in factors.items()
    for text in texts.split()
}
# Small letters would take MW for mW.
_POWER = {
    "W": 1.0,
    "watt": 1.0,
    "watts": 1.0,
    "w": 1.0,
    "kW": 1e3,
    "KW": 1e3,
    "kw": 1e3,
    "mW": 1e-3,
    "MW": 1e6,
}
_SHIFTED = {
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
    if small in _UNITS:
        return Unit(bare, *_UNITS[small])
    if small in _SHIFTED:
        return Unit(bare, "temperature", *_SHIFTED[small])
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
