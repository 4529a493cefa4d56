"""Frames as messages with named signals, and back.

To decode:

1. The message is found by the identifier, else by the J1939 group.
2. A signal is there when it is not multiplexed, or its multiplexer has one of its values.
3. Its bits become a number, or a named value. What has no value has a note that says why.

To encode:

1. Names are checked. Of a frame that was received, only signals with another value are written.
2. Signals are written in the order of multiplexing; one that is there and was not given is sent as
   "not available", where the DBC has that value.
3. The signals are read again: two that share bits cannot both have been written.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Context, Decimal
from fractions import Fraction
from math import ceil, floor

from cantools.database import Database
from cantools.database.can import Message, Signal

from voltward.core.errors import ConfigurationError
from voltward.core.suggestion import nearest
from voltward.physical.can.database import message_named
from voltward.physical.can.frame import CLASSIC_LENGTH_MAXIMUM, Frame, fd_length_holding
from voltward.physical.can.parameter_group import J1939Address, ParameterGroups, address_of
from voltward.physical.can.signal_bits import end_byte, raw_value, with_raw_value

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


@dataclass(frozen=True)
class DecodedFrame:
    """A frame with the names of a DBC.

    Args:
        message: Name of the message.
        signals: Value by signal; a text for a named value, None where it is not available, an exact
            decimal number where the count is too large for floating point.
        units: Unit by signal, empty where it has none.
        texts: Exact decimal text of each number, by signal.
        notes: Why there is no value, or what is odd about it, by signal.
        address: Group and addresses of a J1939 message.
    """

    message: str
    signals: Mapping[str, SignalValue]
    units: Mapping[str, str]
    texts: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    address: J1939Address | None = None


def decode_frame(
    database: Database,
    frame: Frame,
    groups: ParameterGroups | None = None,
    *,
    with_texts: bool = False,
) -> DecodedFrame | None:
    """Return a frame with the names of a DBC, or None when no message is found.

    Args:
        database: A loaded DBC.
        frame: As received; signals beyond its end are None.
        groups: J1939 messages, which are also found under other senders and priorities.
        with_texts: Give the exact decimal text of numbers too.
    """
    # 1. Message.
    message = _message_of(database, frame, groups)
    if message is None:
        return None
    raws = {signal.name: raw_value(signal, frame.data) for signal in message.signals}
    signals: dict[str, SignalValue] = {}
    texts: dict[str, str] = {}
    notes: dict[str, str] = {}
    for signal in message.signals:
        # 2. Presence.
        if not _is_there(message, signal, raws):
            continue
        # 3. Value.
        name, raw = signal.name, raws[signal.name]
        signals[name], note = _value(signal, raw)
        if raw is not None and signal.is_multiplexer and not _is_listed(message, signal, raw):
            note = f"no signals of the DBC have the multiplexer value {raw}"
        if note:
            notes[name] = note
        if with_texts and raw is not None and not isinstance(signals[name], str | None):
            texts[name] = _text(signal, raw)
    return DecodedFrame(
        message.name,
        signals,
        {name: message.get_signal_by_name(name).unit or "" for name in signals},
        texts,
        notes,
        _address(message, frame, groups),
    )


def encode_message(
    database: Database,
    name: str,
    signals: Mapping[str, SignalValue],
    *,
    identifier: int | None = None,
    received: Frame | None = None,
) -> Frame:
    """Return the frame of a message; None stands for "not available".

    Args:
        database: A loaded DBC.
        name: Of the message.
        signals: Value by signal, in the DBC's units. One that is left out stays as it was received,
            else it is sent as "not available" where the DBC has that value; else it is an error.
        identifier: Another one of the same J1939 group.
        received: A frame of this message, of which the signals are to be changed.

    Raises:
        ConfigurationError: A message, signal or value that the DBC does not have.
    """
    # 1. Names; what changes.
    message = message_named(database, name, received.identifier if received else identifier)
    known = {signal.name: signal for signal in message.signals}
    for signal_name in signals:
        if signal_name not in known:
            raise ConfigurationError(
                f"no signal '{name}.{signal_name}'",
                why=f"signals of {name}: {_listed(known)}"
                if known
                else "this message has no signals",
                hint=nearest(signal_name, known) or "name one of its signals, or none",
            )
    data = bytes(message.length) if received is None else received.data
    before = {} if received is None else _signals_of(message, data)
    changed = {
        key: value
        for key, value in signals.items()
        if key not in before or not _is_same(before[key], value)
    }
    # 2. Bits.
    written: dict[str, float | None] = {}
    for signal in sorted(message.signals, key=lambda one: len(_above(message, one))):
        where = f"{name}.{signal.name}"
        if not _must_be_written(where, message, signal, data, changed, before):
            continue
        raw = _raw(where, signal, changed.get(signal.name), given=signal.name in changed)
        if signal.is_multiplexer and received is None and not _is_listed(message, signal, raw):
            raise ConfigurationError(
                f"{where}: no signals of the DBC have the value {raw}",
                hint="give a value of the multiplexer that the DBC lists",
            )
        try:
            data = with_raw_value(signal, raw, data)
        except ValueError as error:
            raise ConfigurationError(
                f"{where} cannot be encoded: {error}",
                why=f"it has {signal.length} bits, factor {signal.conversion.scale} and offset "
                f"{signal.conversion.offset}",
                hint="give a value whose raw value (value - offset) / factor fits",
            ) from error
        written[signal.name] = raw_value(signal, data)
    # 3. What was written is there.
    for key, raw_written in written.items():
        if raw_value(known[key], data) != raw_written:
            raise ConfigurationError(
                f"{name}.{key} shares bits with another signal that is given",
                why="in the DBC they overlap, and their values differ there",
                hint="give the data of a frame, and the signals that are to change",
            )
    try:
        return _frame(message, data, identifier, received)
    except ValueError as error:
        raise ConfigurationError(
            f"{name} cannot be encoded: {error}",
            why=f"the DBC gives it {message.length} bytes and the identifier {message.frame_id:#x}",
            hint="correct length, identifier or frame format of the message in the DBC",
        ) from error


def _must_be_written(
    where: str,
    message: Message,
    signal: Signal,
    data: bytes,
    changed: Mapping[str, SignalValue],
    before: Mapping[str, SignalValue],
) -> bool:
    """Return whether a signal is in a frame and has not its value there.

    Raises:
        ConfigurationError: It is to change, and is not in the frame.
    """
    raws = {one.name: raw_value(one, data) for one in _above(message, signal)}
    if _is_there(message, signal, raws):
        absent = signal.name not in before and end_byte(signal) <= len(data)
        return signal.name in changed or absent
    if changed.get(signal.name) is not None:
        parent = str(signal.multiplexer_signal)
        raise ConfigurationError(
            f"{where} is not in the frame while {parent} is {raws[parent]}",
            why="the DBC sends it with other values of this multiplexer",
            hint=f"leave it out, or give {parent} a value with which it is there",
        )
    return False


def _frame(message: Message, data: bytes, identifier: int | None, received: Frame | None) -> Frame:
    if received is not None:
        return Frame(received.identifier, data, received.extended, received.fd)
    fd = message.is_fd or len(data) > CLASSIC_LENGTH_MAXIMUM
    number = message.frame_id if identifier is None else identifier
    padded = data.ljust(fd_length_holding(len(data)), b"\0") if fd else data
    return Frame(number, padded, message.is_extended_frame, fd)


def _message_of(database: Database, frame: Frame, groups: ParameterGroups | None) -> Message | None:
    try:
        found = database.get_message_by_frame_id(frame.identifier, frame.extended)
    except KeyError:
        found = None
    if found is not None and found.is_extended_frame == frame.extended:
        return found
    return groups.message_of(frame.identifier) if groups and frame.extended else None


def _address(message: Message, frame: Frame, groups: ParameterGroups | None) -> J1939Address | None:
    if not frame.extended:
        return None
    address = address_of(frame.identifier)
    is_j1939 = message.protocol == "j1939" or (groups and message in groups.of(address.group))
    return address if is_j1939 else None


def _above(message: Message, signal: Signal) -> list[Signal]:
    """Return the multiplexers that a signal depends on, the nearest first."""
    above: list[Signal] = []
    while signal.multiplexer_ids and signal.multiplexer_signal:
        signal = message.get_signal_by_name(signal.multiplexer_signal)
        above.append(signal)
    return above


def _is_there(message: Message, signal: Signal, raws: Mapping[str, float | None]) -> bool:
    for parent in _above(message, signal):
        if raws[parent.name] not in (signal.multiplexer_ids or ()):
            return False
        signal = parent
    return True


def _is_listed(message: Message, multiplexer: Signal, raw: float) -> bool:
    """Return whether a DBC says which signals are there with a value of a multiplexer."""
    return raw in (multiplexer.conversion.choices or {}) or any(
        signal.multiplexer_signal == multiplexer.name and raw in (signal.multiplexer_ids or ())
        for signal in message.signals
    )


def _signals_of(message: Message, data: bytes) -> dict[str, SignalValue]:
    raws = {signal.name: raw_value(signal, data) for signal in message.signals}
    return {
        signal.name: _value(signal, raws[signal.name])[0]
        for signal in message.signals
        if _is_there(message, signal, raws)
    }


def _value(signal: Signal, raw: float | None) -> tuple[SignalValue, str]:
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


def _text(signal: Signal, raw: float) -> str:
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


def _is_same(before: SignalValue, value: object) -> bool:
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


def _raw(where: str, signal: Signal, value: SignalValue, *, given: bool) -> float:
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
            why=f"named values: {_listed(labels)}",
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
            why=f"named values: {_listed(labels)}",
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


def _listed(labels: Iterable[str]) -> str:
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
        below, above = (_text(signal, step) for step in (floor(exact), ceil(exact)))
        raise ConfigurationError(
            f"{where}: {value} lies between two steps of the signal",
            why=f"it is sent in steps of {signal.conversion.scale}",
            hint=f"the nearest values are {below} and {above}",
        )
    return raw
