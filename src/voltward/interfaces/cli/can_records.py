"""Frames as JSON records: what `can decode --json` writes and `can encode` reads.

A record has the data of its frame. So a frame comes back as it was, with bits that no signal holds
and values that the DBC does not allow, and a signal that is given another value changes its bits.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any

from cantools.database import Database

from voltward.core.errors import ConfigurationError
from voltward.core.suggestion import nearest
from voltward.physical.can.candump import BIT_RATE_SWITCH, LoggedFrame
from voltward.physical.can.database import message_named
from voltward.physical.can.frame import (
    CLASSIC_LENGTH_MAXIMUM,
    EXTENDED_IDENTIFIER_MAXIMUM,
    STANDARD_IDENTIFIER_MAXIMUM,
    Frame,
)
from voltward.physical.can.named_signals import DecodedFrame, encode_message
from voltward.physical.can.parameter_group import address_of, with_addresses

FORM = 'a line has the form {"message": NAME, "signals": {...}}, or has "data" and "identifier"'
LATEST_S = 1e15  # beyond it a stamp in floating point has no decimals
LONGEST_NUMBER = 100  # digits; an exact value has up to 80
_NULL = type(None)
_WORDS: Mapping[type, str] = {
    int: "a whole number",
    bool: "true or false",
    str: "a text",
    dict: "an object",
    list: "a list",
    _NULL: "null",
}
# Keys and what they may be; what `decode` says beside the frame is not looked at.
_KEYS: Mapping[str, tuple[type, ...]] = {
    "message": (str, _NULL),
    "signals": (dict,),
    "timestamp_s": (int, float, Decimal),
    "channel": (str,),
    "identifier": (int,),
    "extended": (bool,),
    "fd": (bool,),
    "fd_flags": (int,),
    "data": (str,),
    "pgn": (int,),
    "source_address": (int,),
    "destination_address": (int, _NULL),
    "notes": (dict,),
}


def head_record(logged: LoggedFrame) -> dict[str, Any]:
    """Return when, where and under which identifier a frame was seen."""
    return {
        "timestamp_s": logged.timestamp_s,
        "channel": logged.channel,
        "identifier": logged.frame.identifier,
    }


def frame_record(logged: LoggedFrame, decoded: DecodedFrame | None) -> dict[str, Any]:
    """Return the record of a frame."""
    frame = logged.frame
    record = {**head_record(logged), "extended": frame.extended, "fd": frame.fd}
    if frame.fd:
        record["fd_flags"] = logged.fd_flags
    record["message"] = decoded and decoded.message
    if decoded is not None:
        record["signals"] = dict(decoded.signals)
        if decoded.notes:
            record["notes"] = dict(decoded.notes)
        if decoded.address is not None:
            record["pgn"] = decoded.address.group
            record["source_address"] = decoded.address.source
            record["destination_address"] = decoded.address.destination
    record["data"] = frame.data.hex()
    return record


def record_text(record: Mapping[str, Any], *, ascii_only: bool) -> str:
    """Return a record as JSON on one line, with exact numbers in all their digits.

    Args:
        record: Texts, numbers, objects and null.
        ascii_only: Write all other characters as escapes.
    """
    parts = []
    for key, value in record.items():
        if isinstance(value, dict):
            text = record_text(value, ascii_only=ascii_only)
        elif isinstance(value, Decimal):
            text = f"{value:f}" if abs(value.adjusted()) < LONGEST_NUMBER else f"{value}"
        else:
            text = json.dumps(value, ensure_ascii=ascii_only, allow_nan=False)
        parts.append(f"{json.dumps(key, ensure_ascii=ascii_only)}: {text}")
    return f"{{{', '.join(parts)}}}"


def record_of(text: str, channel: str) -> dict[str, Any]:
    """Return the record in a line, with its keys checked.

    Args:
        text: The line.
        channel: Of a record that names none.

    Raises:
        ConfigurationError: It is no record.
    """
    try:
        record = json.loads(text, object_pairs_hook=_without_duplicates, parse_float=_number)
    except ValueError as error:
        raise ConfigurationError(f"not JSON: {_shown(text)}", why=str(error), hint=FORM) from error
    except RecursionError as error:
        raise ConfigurationError(
            "JSON nested too deeply", why="a record has two levels", hint=FORM
        ) from error
    if not isinstance(record, dict):
        raise ConfigurationError(
            f"names no message: {_shown(text)}", why="it is not a JSON object", hint=FORM
        )
    for key, value in record.items():
        if key not in _KEYS:
            raise ConfigurationError(
                f"unknown key '{key}'",
                why=f"known are {', '.join(_KEYS)}",
                hint=nearest(key, _KEYS),
            )
        is_other_bool = isinstance(value, bool) and bool not in _KEYS[key]
        if not isinstance(value, _KEYS[key]) or is_other_bool:
            kind = _WORDS.get(_KEYS[key][0], "a number") if float not in _KEYS[key] else "a number"
            raise ConfigurationError(
                f"'{key}' must be {kind}, got {_shown(value)}",
                why=f"it is {_WORDS.get(type(value), 'a number')}",
                hint="write the number without quotation marks" if isinstance(value, str) else FORM,
            )
    record = {"timestamp_s": 0.0, "channel": channel, "message": None, **record}
    _check_record(record, text)
    return record


def logged_frame(database: Database, record: Mapping[str, Any]) -> LoggedFrame:
    """Return the frame of a record.

    Raises:
        ConfigurationError: The DBC has not what the record names, or it does not fit.
    """
    name, identifier = record["message"], record.get("identifier")
    received: Frame | None = None
    try:
        if "data" in record:
            received = _received(database, record)
        if name is None and received is not None:
            frame = received
        else:
            signals = record.get("signals", {})
            frame = encode_message(
                database, name, signals, identifier=identifier, received=received
            )
        frame = replace(frame, identifier=_addressed(frame, record))
    except ValueError as error:
        raise ConfigurationError(
            f"not a frame: {error}",
            why="a frame has an identifier of 11 or 29 bits and 0 to 8 bytes, with CAN FD up to 64",
            hint='give "data" as pairs of hexadecimal digits, or leave it out and give "signals"',
        ) from error
    flags = record.get("fd_flags", BIT_RATE_SWITCH)
    if not 0 <= flags <= 15:
        raise ConfigurationError(
            f"'fd_flags' must be 0 to 15, got {flags}",
            why="1 is the bit rate switch, 2 the error state",
            hint="leave 'fd_flags' out where you do not need it",
        )
    return LoggedFrame(float(record["timestamp_s"]), record["channel"], frame, flags)


def _check_record(record: Mapping[str, Any], text: str) -> None:
    if not abs(record["timestamp_s"]) <= LATEST_S:
        raise ConfigurationError(
            f"'timestamp_s' must be a number of seconds, got {_shown(record['timestamp_s'])}",
            why=f"a log has times of up to {LATEST_S:.0e} s",
            hint="give seconds since 1970 or since the start, as in 12.5",
        )
    channel = record["channel"]
    if len(channel.split()) != 1 or not channel.isprintable():
        raise ConfigurationError(
            f"'channel' must be one word of characters that print, got {channel[:80]!a}",
            why="a line of a log has the channel between spaces",
            hint="name it as the interface is named, as in can0",
        )
    if record["message"] is None and not record.keys() >= {"data", "identifier"}:
        raise ConfigurationError(
            f"names no message: {_shown(text)}", why="nothing says which frame it is", hint=FORM
        )
    if not record.keys() & {"data", "signals"}:
        raise ConfigurationError(
            "'signals' must be an object", why="the record has neither signals nor data", hint=FORM
        )


def _received(database: Database, record: Mapping[str, Any]) -> Frame:
    """Return the frame that a record gives by its data."""
    data, identifier = bytes.fromhex(record["data"]), record.get("identifier")
    extended = isinstance(identifier, int) and identifier > STANDARD_IDENTIFIER_MAXIMUM
    fd = len(data) > CLASSIC_LENGTH_MAXIMUM
    if record["message"] is not None:
        message = message_named(database, record["message"], identifier)
        extended, fd = message.is_extended_frame, message.is_fd or fd
        identifier = message.frame_id if identifier is None else identifier
    extended, fd = record.get("extended", extended), record.get("fd", fd)
    return Frame(int(identifier or 0), data, extended, fd)


def _addressed(frame: Frame, record: Mapping[str, Any]) -> int:
    """Return the identifier with the J1939 addresses of a record."""
    source, destination = record.get("source_address"), record.get("destination_address")
    if (source, destination, record.get("pgn")) == (None, None, None):
        return frame.identifier
    if not frame.extended or frame.identifier > EXTENDED_IDENTIFIER_MAXIMUM:
        raise ConfigurationError(
            "J1939 addresses need an identifier of 29 bits",
            why=f"the frame has the identifier {frame.identifier:#x} of 11 bits",
            hint="leave pgn, source_address and destination_address out",
        )
    group = address_of(frame.identifier).group
    if record.get("pgn", group) != group:
        raise ConfigurationError(
            f"pgn {_shown(record['pgn'])} is not that of the message, {group}",
            why="the group of a message follows from its identifier",
            hint=f"leave pgn out, or write {group}",
        )
    try:
        return with_addresses(frame.identifier, source, destination)
    except ValueError as error:
        raise ConfigurationError(
            f"not a J1939 address: {error}",
            why="addresses are 0 to 255, and only messages for one node have a destination",
            hint="correct source_address or destination_address, or leave them out",
        ) from error


def _number(text: str) -> float | Decimal:
    """Return a JSON number with a point: as floating point where that holds all its digits."""
    value = float(text)
    try:
        exact = Decimal(text)
    except InvalidOperation:  # an exponent of more digits than any number needs
        return value
    is_moderate = abs(exact.adjusted()) < LONGEST_NUMBER and len(text) < LONGEST_NUMBER
    return exact if is_moderate and exact != Decimal(repr(value)) else value


def _without_duplicates(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"'{next(k for k in keys if keys.count(k) > 1)}' appears twice")
    return record


def _shown(value: object) -> str:
    text = value.strip() if isinstance(value, str) else value
    shown = repr(text) if not isinstance(text, int) or abs(text) < 10**80 else "a longer number"
    return shown if len(shown) <= 80 else shown[:80] + "..."
