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

from collections.abc import Mapping
from dataclasses import dataclass, field

from cantools.database import Database
from cantools.database.can import Message, Signal

from voltward.core.errors import ConfigurationError
from voltward.core.suggestion import nearest
from voltward.physical.can.database import message_named
from voltward.physical.can.frame import CLASSIC_LENGTH_MAXIMUM, Frame, fd_length_holding
from voltward.physical.can.parameter_group import J1939Address, ParameterGroups, address_of
from voltward.physical.can.signal_bits import end_byte, raw_value, with_raw_value
from voltward.physical.can.signal_value import (
    SignalValue,
    is_same,
    listed,
    raw_of,
    text_of,
    value_of,
)


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
        signals[name], note = value_of(signal, raw)
        if raw is not None and signal.is_multiplexer and not _is_listed(message, signal, raw):
            note = f"no signals of the DBC have the multiplexer value {raw}"
        if note:
            notes[name] = note
        if with_texts and raw is not None and not isinstance(signals[name], str | None):
            texts[name] = text_of(signal, raw)
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
                why=f"signals of {name}: {listed(known)}"
                if known
                else "this message has no signals",
                hint=nearest(signal_name, known) or "name one of its signals, or none",
            )
    data = bytes(message.length) if received is None else received.data
    before = {} if received is None else _signals_of(message, data)
    changed = {
        key: value
        for key, value in signals.items()
        if key not in before or not is_same(before[key], value)
    }
    # 2. Bits.
    written: dict[str, float | None] = {}
    for signal in sorted(message.signals, key=lambda one: len(_above(message, one))):
        where = f"{name}.{signal.name}"
        if not _must_be_written(where, message, signal, data, changed, before):
            continue
        raw = raw_of(where, signal, changed.get(signal.name), given=signal.name in changed)
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
        signal.name: value_of(signal, raws[signal.name])[0]
        for signal in message.signals
        if _is_there(message, signal, raws)
    }
