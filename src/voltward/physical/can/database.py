"""DBC files: loading them, and messages by name with named signals.

1. A database is the project's own pack network or a user's file, loaded strictly.
2. `encode_message` checks message, signals and values against it, and packs a frame.
3. `decode_frame` unpacks a frame into named signals; what is not in the frame is None.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path

import cantools
from cantools.database import Database, DecodeError, EncodeError
from cantools.database.can import Message

from voltward.core.errors import ConfigurationError
from voltward.core.suggestion import nearest
from voltward.physical.can.frame import Frame

NOT_AVAILABLE = "not_available"

SignalValue = float | int | str | None


@dataclass(frozen=True)
class DecodedFrame:
    """A frame with the names of a DBC.

    Args:
        message: Name of the message.
        signals: Value by signal; a text for a named value, None where it is not available.
        units: Unit by signal, empty where it has none.
    """

    message: str
    signals: Mapping[str, SignalValue]
    units: Mapping[str, str]


@cache
def shipped_database() -> Database:
    """Return the project's own pack network."""
    with as_file(files("voltward").joinpath("data", "dbc", "voltward.dbc")) as path:
        return load_database(path)


def load_database(path: Path) -> Database:
    """Load a DBC file strictly: overlapping or overlong signals are refused.

    Raises:
        ConfigurationError: The file cannot be read or is not a valid DBC.
    """
    try:
        database = cantools.database.load_file(path, database_format="dbc", strict=True)
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (cantools.Error, ValueError) as error:
        raise ConfigurationError(
            f"{path}: not a valid DBC file: {error}",
            hint="signals must not overlap nor exceed their message",
        ) from error
    if not isinstance(database, Database):
        raise ConfigurationError(f"{path}: not a CAN database")
    return database


def message_named(database: Database, name: str) -> Message:
    """Return a message of a DBC.

    Raises:
        ConfigurationError: No message has that name.
    """
    try:
        return database.get_message_by_name(name)
    except KeyError:
        names = [message.name for message in database.messages]
        raise ConfigurationError(f"no message '{name}'", hint=nearest(name, names)) from None


def encode_message(database: Database, name: str, signals: Mapping[str, SignalValue]) -> Frame:
    """Return the frame of a message; None stands for "not available".

    A signal that is left out is sent as "not available" where the DBC has that value; else it is
    an error.

    Args:
        database: A loaded DBC.
        name: Of the message.
        signals: Value by signal, in the DBC's units.

    Raises:
        ConfigurationError: A message, signal or value that the DBC does not have.
    """
    message = message_named(database, name)
    known = {signal.name: signal for signal in message.signals}
    choices = {
        key: {str(text) for text in (signal.choices or {}).values()}
        for key, signal in known.items()
    }
    values: dict[str, float | int | str] = {
        key: NOT_AVAILABLE
        for key, texts in choices.items()
        if NOT_AVAILABLE in texts and not known[key].multiplexer_ids
    }
    for signal_name, value in signals.items():
        where = f"{name}.{signal_name}"
        if signal_name not in known:
            raise ConfigurationError(f"no signal '{where}'", hint=nearest(signal_name, known))
        used = NOT_AVAILABLE if value is None else value
        if isinstance(used, str) and used not in choices[signal_name]:
            raise ConfigurationError(
                f"{where} has no value '{used}'",
                why=f"named values: {', '.join(sorted(choices[signal_name])) or 'none'}",
            )
        values[signal_name] = used
    try:
        data = message.encode(values, strict=True)
        return Frame(message.frame_id, data, message.is_extended_frame, message.is_fd)
    except (EncodeError, ValueError, OverflowError, TypeError) as error:
        raise ConfigurationError(f"{name} cannot be encoded: {error}") from error


def decode_frame(database: Database, frame: Frame) -> DecodedFrame | None:
    """Return a frame with the names of a DBC, or None when no message has its identifier.

    Signals beyond the end of a short frame are None.
    """
    message = _message_of(database, frame)
    if message is None:
        return None
    try:
        found = message.decode(frame.data, allow_truncated=True)
    except (DecodeError, EncodeError, KeyError):
        found = {}  # a multiplexer value that the DBC does not know
    signals: dict[str, SignalValue] = {}
    for signal in message.signals:
        value = found.get(signal.name) if isinstance(found, dict) else None
        if value is None:
            if not signal.multiplexer_ids:
                signals[signal.name] = None
            continue
        if isinstance(value, int | float):
            signals[signal.name] = value
        else:
            signals[signal.name] = None if str(value) == NOT_AVAILABLE else str(value)
    units = {signal.name: signal.unit or "" for signal in message.signals}
    return DecodedFrame(message.name, signals, units)


def _message_of(database: Database, frame: Frame) -> Message | None:
    try:
        message = database.get_message_by_frame_id(frame.identifier)
    except KeyError:
        return None
    return message if message.is_extended_frame == frame.extended else None
