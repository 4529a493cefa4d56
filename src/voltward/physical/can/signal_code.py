"""The code of a signal: unit, scale, range and "not available" as the DBC and the map say them."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import ceil, floor, isfinite, nextafter
from typing import Literal

from cantools.database.can import Message, Signal

from voltward.core.errors import ConfigurationError
from voltward.documents.settings_table import Name, settings_table
from voltward.physical.can.bus_fields import Field
from voltward.physical.can.frame import CLASSIC_LENGTH_MAXIMUM, FD_LENGTHS
from voltward.physical.can.wire_scale import WireScale

# Named values that mean "no value", as DBC files call them, in lower case.
_ABSENT_WORDS = {
    *("not_available", "notavailable", "not available", "na", "n/a", "sna", "invalid", "undefined"),
    *("signal_not_available", "signal not available", "no_value", "unknown", "error"),
}
_ONE = (Fraction(1), Fraction(0))
_MILLI, _KILO = (Fraction(1, 1000), Fraction(0)), (Fraction(1000), Fraction(0))
_MEGA = (Fraction(10**6), Fraction(0))
_PERCENT = (Fraction(1, 100), Fraction(0))
_KELVIN = (Fraction(1), Fraction("-273.15"))
_FAHRENHEIT = (Fraction(5, 9), Fraction(-160, 9))
MOST_BITS = 63  # counts are 64-bit integers in the programs of both ranges
# Assumption: no quantity of a pack has a step or an offset beyond these.
_LEAST_STEP, _GREATEST = Fraction(1, 10**15), Fraction(10**15)
# Units of a DBC for each unit of a field: factor and shift that make ours of it.
UNITS: Mapping[str, Mapping[str, tuple[Fraction, Fraction]]] = {
    "V": {"V": _ONE, "Volt": _ONE, "mV": _MILLI, "kV": _KILO},
    "A": {"A": _ONE, "Amp": _ONE, "Ampere": _ONE, "mA": _MILLI},
    "Ah": {"Ah": _ONE, "mAh": _MILLI, "As": (Fraction(1, 3600), Fraction(0))},
    "kohm": {
        **dict.fromkeys(("kohm", "kOhm", "kΩ", "kΩ"), _ONE),
        **dict.fromkeys(("ohm", "Ohm", "Ω", "Ω"), _MILLI),
        **dict.fromkeys(("Mohm", "MOhm", "MΩ", "MΩ"), _KILO),
    },
    "degC": {
        **dict.fromkeys(("degC", "°C", "ºC", "deg C", "C", "Celsius"), _ONE),
        **dict.fromkeys(("K", "degK", "Kelvin"), _KELVIN),
        **dict.fromkeys(("degF", "°F", "ºF", "deg F", "F", "Fahrenheit"), _FAHRENHEIT),
    },
    "W": {"W": _ONE, "kW": _KILO, "MW": _MEGA},
    "1": {"1": _ONE, "-": _ONE, "%": _PERCENT},
}


@settings_table
class SignalEntry:
    """The signal of a field, where its name alone does not say enough.

    Attributes:
        signal: `Message.Signal` of the DBC.
        unit: In place of the DBC's unit.
        positive: When the number of a current or power is positive.
    """

    signal: Name
    unit: str = ""
    positive: Literal["charging", "discharging"] = "charging"


def code_of(
    message: Message, signal: Signal, entry: SignalEntry, field: Field, place: str
) -> WireScale:
    """Return the code of a signal in the unit of the field that it carries.

    Args:
        message: Of the DBC.
        signal: Of the message.
        entry: What the map says of it.
        field: That it carries.
        place: Names the entry in messages.

    Raises:
        ConfigurationError: It cannot carry the field.
    """
    name = f"{message.name}.{signal.name}"
    if signal.conversion.is_float or len(signal.multiplexer_ids or ()) > 1:
        kind = "a floating-point" if signal.conversion.is_float else "a several times multiplexed"
        raise ConfigurationError(
            f"{place}: {name} is {kind} signal", why="signals are integers with a scale"
        )
    if signal.is_multiplexer:
        raise ConfigurationError(
            f"{place}: {name} is a multiplexer", why="its value is set by the signals it switches"
        )
    _check_numbers(message, signal, f"{place}: {name}")
    if field.unit in {"count", "state", "flag"}:
        return _coded(signal, field, name, place)
    unit = entry.unit or (signal.unit or "").strip() or field.unit
    if unit not in UNITS[field.unit]:
        raise ConfigurationError(
            f"{place}: {name} is in '{unit}'",
            why=f"allowed are {', '.join(UNITS[field.unit])}",
            hint="correct 'unit' in the map; left out, the unit of the DBC counts"
            if entry.unit
            else "name a signal in one of these units, or correct the unit in the DBC",
        )
    if entry.positive == "discharging" and field.unit not in {"A", "W"}:
        raise ConfigurationError(
            f"{place}: positive = 'discharging'", why="only currents and powers have a direction"
        )
    factor, shift = UNITS[field.unit][unit]
    sign = -1 if entry.positive == "discharging" else 1
    scale, offset = _exact(signal.conversion.scale), _exact(signal.conversion.offset)
    low, high, absent = _counts(signal, scale, offset, f"{place}: {name}")
    return WireScale(
        step=float(sign * scale * factor),
        raw_minimum=low,
        raw_maximum=high,
        raw_absent=absent,
        offset=float(sign * (offset * factor + shift)),
    )


def _coded(signal: Signal, field: Field, name: str, place: str) -> WireScale:
    """Return the raw numbers of a flag, a count or a state."""
    if (signal.conversion.scale, signal.conversion.offset) != (1, 0):
        raise ConfigurationError(
            f"{place}: {name} has a scale or an offset",
            why="a flag, a count or a state is sent as it is, with scale 1 and offset 0",
        )
    low, high, absent = _counts(signal, Fraction(1), Fraction(0), f"{place}: {name}")
    if field.unit == "flag":
        return WireScale(1.0, 0, 1, absent if absent not in {0, 1} else 0)
    if field.states is not None:
        known = named_values(signal)
        missing = [str(state.name).lower() for state in field.states]
        missing = [word for word in missing if word not in known]
        if missing:
            raise ConfigurationError(
                f"{place}: {name} has no value named {', '.join(missing)}",
                why="a state is sent by its name among the signal's values",
            )
    return WireScale(1.0, low, high, absent)


def _check_numbers(message: Message, signal: Signal, place: str) -> None:
    """Refuse a signal whose numbers, bits or frame no bus or program of ours can carry."""
    if signal.length > MOST_BITS:
        raise ConfigurationError(
            f"{place} has {signal.length} bits",
            why=f"a signal that carries a field has 1 to {MOST_BITS} bits",
            hint="name a shorter signal, or leave the field out of the map",
        )
    allowed = FD_LENGTHS if message.is_fd else range(CLASSIC_LENGTH_MAXIMUM + 1)
    if message.length not in allowed:
        kind = "CAN FD" if message.is_fd else "classic"
        raise ConfigurationError(
            f"{place}: message {message.name} has {message.length} bytes",
            why=f"a {kind} frame has one of these lengths: {', '.join(map(str, allowed))}",
            hint="correct the length in the DBC"
            if message.is_fd or message.length not in FD_LENGTHS
            else "mark the message as CAN FD in the DBC, by the attribute VFrameFormat",
        )
    conversion = signal.conversion
    for what, number, least, greatest in (
        ("factor", conversion.scale, _LEAST_STEP, _GREATEST),
        ("offset", conversion.offset, 0, _GREATEST),
        ("minimum", signal.minimum or 0, 0, None),
        ("maximum", signal.maximum or 0, 0, None),
    ):
        is_finite = isinstance(number, int) or isfinite(number)
        if is_finite and least <= abs(_exact(number)) <= (greatest or abs(_exact(number))):
            continue
        shown = number if isinstance(number, float) or abs(number) <= _GREATEST else "above 1e15"
        raise ConfigurationError(
            f"{place} has the {what} {shown}",
            why="a factor has an amount of 1e-15 to 1e15, an offset of up to 1e15, and limits are "
            "finite",
            hint=f"correct the {what} of the signal in the DBC",
        )
    low, high = signal.minimum, signal.maximum
    if low is not None and high is not None and low > high:
        raise ConfigurationError(
            f"{place} has the minimum {low} above its maximum {high}",
            why="nothing lies between them",
            hint="exchange the two limits of the signal in the DBC",
        )


def _exact(number: float) -> Fraction:
    """Return a number as it was written in the file: 0.1 is a tenth."""
    return Fraction(str(number))


def named_values(signal: Signal) -> dict[str, int]:
    """Return the counts that a signal has names for, by the name in lower case."""
    return {str(text).lower(): int(raw) for raw, text in (signal.choices or {}).items()}


def named_absent(signal: Signal) -> list[int]:
    """Return the counts that a signal names as "not available", in the words of many DBCs."""
    return [raw for text, raw in named_values(signal).items() if text in _ABSENT_WORDS]


def _counts(signal: Signal, scale: Fraction, offset: Fraction, place: str) -> tuple[int, int, int]:
    """Return the lowest and highest count of values, and the one for "not available"."""
    bottom = -(1 << (signal.length - 1)) if signal.is_signed else 0
    top = bottom + (1 << signal.length) - 1
    low, high = bottom, top
    if signal.minimum is not None and signal.maximum is not None:
        ends: Sequence[Fraction] = sorted(
            (_exact(end) - offset) / scale for end in (signal.minimum, signal.maximum)
        )
        if ends[0] < ends[1]:
            low, high = max(bottom, ceil(ends[0])), min(top, floor(ends[1]))
            if low >= high:
                raise ConfigurationError(
                    f"{place} has the limits {signal.minimum} to {signal.maximum}, and its "
                    f"{signal.length} bits hold no two values between them",
                    why=f"counts are {bottom} to {top}, with factor {float(scale):g} and offset "
                    f"{float(offset):g}",
                    hint="correct the limits, the factor or the offset of the signal in the DBC",
                )
    absent = next((raw for raw in named_absent(signal) if not low < raw < high), None)
    if absent is None:
        absent = top if top > high else min(low, bottom)
    elif absent == high:
        high -= 1
    elif absent == low:
        low += 1
    return _towards_zero(low), _towards_zero(high), absent


def _towards_zero(count: int) -> int:
    """Return the nearest count towards 0 that floating point holds, through which counts pass."""
    near = float(count)
    return int(nextafter(near, 0.0)) if abs(int(near)) > abs(count) else int(near)
