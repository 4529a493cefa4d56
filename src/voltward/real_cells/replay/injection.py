"""An injection on one signal as given to `--inject`: transforms, cells, times; both directions."""

import math
import re
from dataclasses import dataclass
from fractions import Fraction

from voltward.core.attack import FOREVER_S, Step
from voltward.core.capabilities import Capability
from voltward.core.errors import ConfigurationError
from voltward.core.suggestion import nearest

# Recordings are replayed at 1 Hz.
TICK_S = 1.0
# Signal to tap, field and unit of a change.
SIGNALS = {
    "voltage": ("cell.voltage", "voltage_V", "V"),
    "current": ("pack.current", "current_A", "A"),
    "temperature": ("cell.temperature", "temperature_degC", "K"),
}
# Transform to what its value means.
TRANSFORMS = {
    "bias": "added, in the signal's unit",
    "gain": "relative change: 0.01 adds one per cent",
    "ramp": "added for each second since the start",
    "noise": "standard deviation of added noise",
    "replay": "length in s of the stretch before the start that is repeated",
    "delay": "the signal comes that many seconds late",
    "swap": "each cell reports the one that many places on",
}
FORM = "SIGNAL=TRANSFORM:VALUE[,TRANSFORM:VALUE][,cells=1-3][@START[-STOP]]"
# Units that may follow a number, in the unit that it is kept in.
_MILLI, _MICRO = Fraction(1, 1000), Fraction(1, 1_000_000)
_UNITS: dict[str, dict[str, Fraction]] = {
    "V": {"V": Fraction(1), "mV": _MILLI, "uV": _MICRO},
    "A": {"A": Fraction(1), "mA": _MILLI},
    "K": {"K": Fraction(1), "mK": _MILLI, "degC": Fraction(1)},
    "s": {"s": Fraction(1), "ms": _MILLI, "min": Fraction(60), "h": Fraction(3600)},
    "1": {"%": Fraction(1, 100)},
    "places": {},
}
# The unit that a transform is kept in; the others have that of the signal.
_OWN_UNIT = {"gain": "1", "replay": "s", "delay": "s", "swap": "places"}
_NUMBER = r"(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
_TIME = rf"{_NUMBER}(?:s|min|h)?"
_TIMES = re.compile(rf"(?P<start>{_TIME})(?:-(?P<stop>{_TIME}))?")
_QUANTITY = re.compile(rf"(?P<number>[+-]?{_NUMBER}) ?(?P<unit>[A-Za-z%/]+)")
_CELLS = re.compile(r"(?P<first>\d+)(?:-(?P<last>\d+))?")


@dataclass(frozen=True)
class Injection:
    """A manipulation of one signal.

    Attributes:
        signal: A key of SIGNALS.
        transforms: Name and value, in the order written.
        cells: First and last cell touched, from 1 on; None is all of them.
        start_s: After the recording's first sample.
        stop_s: End, in the same seconds; FOREVER_S is the recording's end.
    """

    signal: str
    transforms: tuple[tuple[str, float], ...]
    cells: tuple[int, int] | None = None
    start_s: float = 0.0
    stop_s: float = FOREVER_S

    def __str__(self) -> str:
        parts = [f"{name}:{shortest(value)}" for name, value in self.transforms]
        if self.cells:
            parts.append(f"cells={self.cells[0]}-{self.cells[1]}")
        return f"{self.signal}={','.join(parts)}{written_times(self.start_s, self.stop_s)}"

    def steps(self, cells: int) -> tuple[Step, ...]:
        """Return the kernel's step for a recording with that number of cells in series.

        Raises:
            ConfigurationError: The named cells do not exist, or a swap has no second cell.
        """
        tap, field, _ = SIGNALS[self.signal]
        first, last = self.cells or (1, cells)
        if last > cells:
            raise ConfigurationError(
                f"--inject {self}: there is no cell {last}",
                why=f"the recording has {cells} cell{'s' if cells > 1 else ''} in series",
            )
        values = dict(self.transforms)
        check_swap(f"--inject {self}", int(values.get("swap", 0.0)), last - first + 1, cells)
        return (
            Step(
                name=str(self),
                tap=tap,
                field=field,
                start_s=self.start_s,
                duration_s=self.stop_s - self.start_s,
                needs=Capability.SENSOR_WIRING,
                gain=values.get("gain", 0.0),
                bias=values.get("bias", 0.0),
                ramp_per_s=values.get("ramp", 0.0),
                noise=values.get("noise", 0.0),
                window_s=values.get("replay", 0.0),
                delay_s=values.get("delay", 0.0),
                shift_cells=int(values.get("swap", 0.0)),
                first_cell=first - 1,
                cell_share=(last - first + 1) / cells,
            ),
        )


def parse_signal_injection(text: str) -> Injection:
    """Read an injection of the form FORM.

    Raises:
        ConfigurationError: The form, a name or a value is wrong.
    """
    head, start_s, stop_s = split_times(text)
    signal, _, body = head.partition("=")
    if signal not in SIGNALS:
        raise ConfigurationError(
            f"--inject {text}: there is no signal '{signal}'", hint=nearest(signal, SIGNALS)
        )
    transforms: list[tuple[str, float]] = []
    cells: tuple[int, int] | None = None
    for part in body.split(","):
        if part.startswith("cells="):
            if signal == "current":
                raise _form_error(text, "the current has no cells", "leave 'cells=' out")
            if cells:
                raise _form_error(text, "'cells=' appears twice", "once is allowed")
            cells = _read_cells(text, part.removeprefix("cells="))
            continue
        name, colon, value = part.partition(":")
        if name not in TRANSFORMS:
            raise ConfigurationError(
                f"--inject {text}: there is no transform '{name}'",
                why=f"allowed is {FORM}",
                hint=nearest(name, TRANSFORMS),
            )
        if not colon or name in dict(transforms):
            raise _form_error(text, f"'{part}' is not NAME:VALUE, each name once", f"{FORM}")
        transforms.append((name, _read_value(text, signal, name, value)))
    injection = Injection(signal, tuple(transforms), cells, start_s, stop_s)
    _check(text, injection)
    return injection


def _check(text: str, injection: Injection) -> None:
    values = dict(injection.transforms)
    if not values:
        raise _form_error(text, "nothing is changed", FORM)
    if "replay" in values and "delay" in values:
        raise _form_error(text, "replay and delay exclude each other", "give two injections")
    if "swap" in values and injection.signal == "current":
        raise _form_error(
            text, "there is one current, and nothing to swap it with", "leave swap out"
        )
    if values.get("replay", 0.0) > injection.start_s:
        raise _form_error(
            text,
            f"{values['replay']:g} s before the start are replayed, but it begins at "
            f"{injection.start_s:g} s",
            "begin later: @START of at least the window",
        )


def _read_value(text: str, signal: str, name: str, value: str) -> float:
    unit = _OWN_UNIT.get(name, SIGNALS[signal][2])
    number = _quantity(value, unit, per_s=name == "ramp")
    form = TRANSFORMS[name]
    if number is None:
        units = ", ".join(_UNITS[unit])
        shown = f"{units} per s, min or h" if name == "ramp" else units
        raise _form_error(
            text,
            f"{name}: '{value}' is not a number",
            f"{form}; a unit may follow: {shown}" if units else form,
        )
    if not math.isfinite(number):
        raise _form_error(text, f"{name}: '{value}' is not finite", form)
    if name in {"replay", "delay"} and number < 1.0:
        raise _form_error(text, f"{name}: got {number:g} s", "allowed is one second or more")
    if name == "noise" and number < 0.0:
        raise _form_error(text, f"{name}: got {number:g}", "a standard deviation is not negative")
    if name == "swap" and (number < 1.0 or number != int(number)):
        raise _form_error(text, f"{name}: got {number:g}", "allowed is a whole number of places")
    return number


def _quantity(value: str, unit: str, *, per_s: bool = False) -> float | None:
    """Return a number with or without a unit in the unit that it is kept in, None for neither."""
    try:
        return float(value)
    except ValueError:
        match = _QUANTITY.fullmatch(value)
    if match is None:
        return None
    written, slash, time = match["unit"].partition("/")
    known, per = _UNITS[unit], _UNITS["s"]
    if written not in known or bool(slash) != per_s or (per_s and time not in per):
        return None
    factor = known[written] / per[time] if per_s else known[written]
    return float(match["number"]) * factor.numerator / factor.denominator


def _read_cells(text: str, value: str) -> tuple[int, int]:
    match = _CELLS.fullmatch(value)
    first = int(match["first"]) if match else 0
    last = int(match["last"] or first) if match else 0
    if not 1 <= first <= last:
        raise _form_error(
            text, f"cannot read 'cells={value}'", "cells=2 or cells=1-3, counted from 1"
        )
    return first, last


def split_times(text: str) -> tuple[str, float, float]:
    """Return the text before the `@`, and start and stop in s.

    Raises:
        ConfigurationError: No time after the `@`, or the stop is not after the start.
    """
    head, at, times = text.partition("@")
    if not at:
        return head, 0.0, FOREVER_S
    form = "times are 0 or more, in s after the first sample: @600 or @600-1200, also @10min"
    match = _TIMES.fullmatch(times)
    if match is None:
        raise _form_error(text, f"cannot read the times '{times}'", form)
    start_s = _quantity(match["start"], "s") or 0.0
    stop_s = (_quantity(match["stop"], "s") or 0.0) if match["stop"] else FOREVER_S
    if not start_s < FOREVER_S:
        raise _form_error(text, f"starts at {start_s:g} s: no recording is as long", form)
    if not start_s < stop_s:
        raise _form_error(text, f"stops at {stop_s:g} s and starts at {start_s:g} s", "stop later")
    return head, start_s, min(stop_s, FOREVER_S)


def check_swap(label: str, places: int, chosen: int, cells: int) -> None:
    """Refuse a swap that leaves each cell with its own reading.

    Raises:
        ConfigurationError: One cell is chosen, or the places go once round all of them.
    """
    if places == 0 or places % chosen:
        return
    if chosen == 1:
        what, hint = "a swap needs two cells", "choose two or more with cells=1-2"
        if cells == 1:
            hint = "record a string, with voltage_1_V, voltage_2_V, ..."
    else:
        what = f"a swap by {places} places round {chosen} cells changes nothing"
        hint = f"choose 1 to {chosen - 1} places"
    raise ConfigurationError(
        f"{label}: {what}",
        why=f"{chosen} of the recording's {cells} cell{'s' if cells > 1 else ''} "
        f"{'are' if chosen > 1 else 'is'} chosen",
        hint=hint,
    )


def written_times(start_s: float, stop_s: float) -> str:
    """Return times as `split_times` reads them."""
    if stop_s >= FOREVER_S:
        return f"@{shortest(start_s)}" if start_s else ""
    return f"@{shortest(start_s)}-{shortest(stop_s)}"


def shortest(value: float) -> str:
    """Return the shortest text that reads back as the same number."""
    return str(int(value)) if value == int(value) and abs(value) < 1e9 else repr(value)


def _form_error(text: str, what: str, hint: str) -> ConfigurationError:
    return ConfigurationError(f"--inject {text}: {what}", hint=hint)
