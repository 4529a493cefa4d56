"""Values of one signal: a raw number as a number, a named value or a text, and back, exactly.

What a 64-bit counter with a factor holds is exact in decimal digits; a value that lies between two
steps of a signal, or a name that several numbers bear, is refused.
"""

import math
from collections.abc import Iterable, Mapping
from decimal import Context, Decimal
from fractions import Fraction
from math import ceil, floor

from cantools.database.can import Signal

from voltward.core.errors import ConfigurationError
from voltward.core.suggestion import nearest

NOT_AVAILABLE = "not_available"
BEYOND = "the frame ends before it"
TOO_LARGE = "above the range of numbers"
NAMES_SHOWN = 20
# Exact for products of a 64-bit counter and a factor of 17 digits.
_EXACT = Context(prec=80)
_LONGEST_PLAIN = 40  # digits before or after the point; others are written with an exponent

LARGEST_EXACT = 1 << 53  # above it floating point does not hold every whole number
_ON_THE_GRID = Fraction(1, 10**6)  # of a step; what floating point rounds away comes on top

SignalValue = float | Decimal | str | None


def value_of(signal: Signal, raw: float | None) -> tuple[SignalValue, str]:
    """Return the value of a raw number, and a note when there is none."""
    if raw is None:
        return None, BEYOND
    if not isinstance(raw, int) and not math.isfinite(raw):
        return None, "not a number" if math.isnan(raw) else f"{'-' * (raw < 0)}infinite"
    try:
        value = signal.conversion.raw_to_scaled(raw)
    except OverflowError:
        return None, TOO_LARGE
    if isinstance(value, float) and isinstance(raw, int) and abs(raw) > LARGEST_EXACT:
        return _exact_value(signal, raw), ""
    if not isinstance(value, int | float):
        return (None if str(value) == NOT_AVAILABLE else str(value)), ""
    is_number = isinstance(value, int) or math.isfinite(value)
    return (value, "") if is_number else (None, TOO_LARGE)


def text_of(signal: Signal, raw: float) -> str:
    """Return a number with all its digits, and without those of binary fractions."""
    conversion = signal.conversion
    if conversion.is_float:
        value = raw * conversion.scale + conversion.offset
        return f"{value:.10g}" if signal.length <= 32 else repr(value)
    exact = _exact_value(signal, raw)
    if exact == exact.to_integral_value() and exact.adjusted() < _LONGEST_PLAIN:
        return str(int(exact))
    exact = _EXACT.normalize(exact)
    return f"{exact:f}" if abs(exact.adjusted()) < _LONGEST_PLAIN else f"{exact}"


def _exact_value(signal: Signal, raw: float) -> Decimal:
    scale, offset = (Decimal(repr(n)) for n in (signal.conversion.scale, signal.conversion.offset))
    return _EXACT.fma(Decimal(raw), scale, offset)


def is_same(before: SignalValue, value: object) -> bool:
    """Return whether a value is that of a received frame, exact or as the nearest float."""
    if isinstance(value, bool):
        return False
    if isinstance(before, Decimal) and isinstance(value, float):
        return float(before) == value
    return before == value


def _is_finite(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _labels(signal: Signal) -> dict[str, int]:
    return {str(text): number for number, text in (signal.conversion.choices or {}).items()}


def raw_of(where: str, signal: Signal, value: SignalValue, *, given: bool) -> float:
    """Return the raw number of a value; None stands for "not available"."""
    labels = _labels(signal)
    if not given and NOT_AVAILABLE not in labels:
        raise ConfigurationError(
            f"{where} is not given",
            why="the DBC has no value of it for 'not available'",
            hint=f'give it a value under "signals": "{signal.name}"',
        )
    if value is None or isinstance(value, str):
        return _named_raw(where, signal, labels, NOT_AVAILABLE if value is None else value)
    if not _is_finite(value):
        raise ConfigurationError(
            f"{where}: {value!r} is not a number, a named value or null",
            why=f"named values: {listed(labels)}",
            hint="give a finite number, as in 1.5, or one of these texts in quotation marks",
        )
    try:
        exact = _exact_raw(signal, value)
        tolerance = abs(signal.conversion.scale) * 1e-6
        low = -math.inf if signal.minimum is None else signal.minimum - tolerance
        high = math.inf if signal.maximum is None else signal.maximum + tolerance
    except (ZeroDivisionError, OverflowError, ValueError) as error:
        raise ConfigurationError(
            f"{where}: {value!r} cannot be encoded: {error}",
            why=f"the DBC has the factor {signal.conversion.scale} and the offset "
            f"{signal.conversion.offset}",
            hint="give a value in the range of the signal, or correct its factor in the DBC",
        ) from error
    if exact not in labels.values() and not low <= value <= high:
        allowed = f"{signal.minimum} to {signal.maximum}"
        raise ConfigurationError(
            f"{where}: {value} is outside its range",
            why=f"the DBC allows {allowed}",
            hint="give a value in this range, or the data of the frame in hexadecimal digits",
        )
    return _on_a_step(where, signal, value, exact)


def _named_raw(where: str, signal: Signal, labels: Mapping[str, int], label: str) -> int:
    if label not in labels:
        raise ConfigurationError(
            f"{where} has no value '{label}'",
            why=f"named values: {listed(labels)}",
            hint=nearest(label, labels) or "give a number without quotation marks",
        )
    choices: Mapping[int, object] = signal.conversion.choices or {}
    numbers = sorted(number for number, text in choices.items() if str(text) == label)
    if len(numbers) > 1 and label != NOT_AVAILABLE:
        raise ConfigurationError(
            f"{where}: '{label}' is the name of {' and of '.join(map(str, numbers))}",
            why="the DBC gives several numbers this name",
            hint="give the value as a number",
        )
    return labels[label]


def listed(labels: Iterable[str]) -> str:
    """Return named values in order, the first twenty of them."""
    names = sorted(labels)
    return (", ".join(names[:NAMES_SHOWN]) + ", ..." * (len(names) > NAMES_SHOWN)) or "none"


def _exact_raw(signal: Signal, value: float | Decimal) -> float | Fraction:
    """Return the raw number of a value before it is rounded."""
    conversion = signal.conversion
    if conversion.is_float:
        return conversion.numeric_scaled_to_raw(float(value))
    scale, offset = (Fraction(repr(n)) for n in (conversion.scale, conversion.offset))
    return (Fraction(repr(value) if isinstance(value, float) else value) - offset) / scale


def _on_a_step(
    where: str, signal: Signal, value: float | Decimal, exact: float | Fraction
) -> float:
    """Return the raw number of a value, which must lie on a step of the signal."""
    if not isinstance(exact, Fraction):
        return exact
    raw = round(exact)
    shift = Fraction(repr(signal.conversion.offset)) / Fraction(repr(signal.conversion.scale))
    lost = (abs(exact) + abs(shift)) / 10**15 if isinstance(value, float) else 0
    if abs(exact - raw) > _ON_THE_GRID + lost:
        below, above = (text_of(signal, step) for step in (floor(exact), ceil(exact)))
        raise ConfigurationError(
            f"{where}: {value} lies between two steps of the signal",
            why=f"it is sent in steps of {signal.conversion.scale}",
            hint=f"the nearest values are {below} and {above}",
        )
    return raw
