"""`voltward can`: filters from standard input to standard output on candump lines."""

import json
from collections import Counter
from math import inf
from pathlib import Path
from typing import Any, TextIO

import click
from cantools.database import Database

from voltward.core.errors import ConfigurationError, GateFailedError, NothingRanError
from voltward.core.suggestion import nearest
from voltward.physical.can import secured_frame
from voltward.physical.can.candump import LoggedFrame, format_line, parse_lines
from voltward.physical.can.database import (
    decode_frame,
    encode_message,
    load_database,
    shipped_database,
)
from voltward.physical.can.frame import Frame
from voltward.physical.can.secured_profile import (
    SECURED_IDENTIFIER_OFFSET,
    profile_named,
)

RECORD_KEYS = ("message", "signals", "timestamp_s", "channel", "identifier")
TABLE_ROW = "{:>17}  {:>8}  {:<28}  {:<24}  {:>16}  {}"


def decode(log: TextIO, dbc: Path | None, *, as_json: bool) -> None:
    """Print a line for each signal of each frame."""
    database = _database(dbc)
    if not as_json:
        click.echo(TABLE_ROW.format("time_s", "id", "message", "signal", "value", "unit").rstrip())
    for logged in parse_lines(log):
        decoded, data = decode_frame(database, logged.frame), logged.frame.data.hex()
        if as_json:
            content: dict[str, Any] = {"message": None, "data": data}
            if decoded is not None:
                content = {"message": decoded.message, "signals": dict(decoded.signals)}
            _print_json({**_head(logged), **content})
        elif decoded is None:
            _print_row(logged, "(unknown)", "data", data, "")
        else:
            for name, value in decoded.signals.items():
                _print_row(logged, decoded.message, name, _value_text(value), decoded.units[name])


def encode(records: TextIO, dbc: Path | None, channel: str) -> None:
    """Print a candump line for each record."""
    database = _database(dbc)
    for number, text in enumerate(records, start=1):
        if not text.strip():
            continue
        record = _record(text, number)
        try:
            frame = encode_message(database, record["message"], record["signals"])
        except ConfigurationError as error:
            raise ConfigurationError(
                f"line {number}: {error.what}", why=error.why, hint=error.hint
            ) from error
        time_s = float(record.get("timestamp_s", 0.0))
        click.echo(format_line(LoggedFrame(time_s, record.get("channel", channel), frame)))


def authenticate(
    log: TextIO, key_file: Path, profile: str, freshness: int, *, secured_identifiers: bool
) -> None:
    """Print each frame with its freshness value and authenticator."""
    key, chosen = _key(key_file), profile_named(profile)
    used: Counter[tuple[bool, int]] = Counter()
    for logged in parse_lines(log):
        plain = _with_secured_identifier(logged.frame) if secured_identifiers else logged.frame
        sender = (plain.extended, plain.identifier)
        value = freshness + used[sender] if chosen.freshness_bits else 0
        used[sender] += 1
        secured = secured_frame.authenticate(plain, key, value, chosen)
        click.echo(format_line(LoggedFrame(logged.timestamp_s, logged.channel, secured)))


def verify(
    log: TextIO,
    key_file: Path,
    profile: str,
    last_freshness: int,
    window: int | None,
    *,
    as_json: bool,
) -> None:
    """Print the verdict on each frame."""
    key, chosen = _key(key_file), profile_named(profile)
    known: dict[tuple[bool, int], int] = {}
    reasons: Counter[str] = Counter()
    for logged in parse_lines(log):
        sender = (logged.frame.extended, logged.frame.identifier)
        verdict = secured_frame.verify(
            logged.frame, key, known.get(sender, last_freshness), chosen, window
        )
        known[sender] = verdict.freshness
        reasons[str(verdict.reason)] += 1
        record: dict[str, Any] = {
            **_head(logged),
            "accepted": verdict.accepted,
            "reason": str(verdict.reason),
            "freshness": verdict.freshness,
        }
        if as_json:
            _print_json(record)
        else:
            click.echo(
                f"({logged.timestamp_s:.6f}) {logged.channel} {_identifier(logged.frame)} "
                f"{verdict.reason} freshness={verdict.freshness}"
            )
    _conclude(reasons)


def _conclude(reasons: Counter[str]) -> None:
    frames = reasons.total()
    rejected = frames - reasons["accepted"]
    if frames == 0:
        raise NothingRanError(
            "no frame to verify", hint="give candump lines as LOG or standard input"
        )
    if rejected:
        causes = (f"{count} {reason}" for reason, count in sorted(reasons.items()))
        raise GateFailedError(f"{rejected} of {frames} frames rejected", why=", ".join(causes))


def _database(dbc: Path | None) -> Database:
    return shipped_database() if dbc is None else load_database(dbc)


def _key(key_file: Path) -> bytes:
    try:
        key = secured_frame.key_from_hexadecimal(key_file.read_text().strip())
    except (OSError, UnicodeDecodeError, ConfigurationError) as error:
        raise ConfigurationError(
            f"{key_file}: is not an AES-128 key", why="32 hexadecimal digits are needed"
        ) from error
    return key


def _with_secured_identifier(frame: Frame) -> Frame:
    try:
        return Frame(
            frame.identifier + SECURED_IDENTIFIER_OFFSET, frame.data, frame.extended, frame.fd
        )
    except ValueError as error:
        raise ConfigurationError(
            f"identifier {frame.identifier:#x} has no secured variant", why=str(error)
        ) from error


def _record(text: str, number: int) -> dict[str, Any]:
    try:
        record = json.loads(text)
    except json.JSONDecodeError as error:
        raise ConfigurationError(f"line {number}: not JSON: {text.strip()!r}") from error
    if not isinstance(record, dict) or not isinstance(record.get("message"), str):
        raise ConfigurationError(
            f"line {number}: names no message: {text.strip()!r}",
            why='a line has the form {"message": NAME, "signals": {...}}',
        )
    if not isinstance(record.get("signals"), dict):
        raise ConfigurationError(f"line {number}: 'signals' must be an object")
    for key in record:
        if key not in RECORD_KEYS:
            raise ConfigurationError(
                f"line {number}: unknown key '{key}'", hint=nearest(key, RECORD_KEYS)
            )
    time_s = record.get("timestamp_s", 0.0)
    if isinstance(time_s, bool) or not isinstance(time_s, int | float) or not 0 <= time_s < inf:
        raise ConfigurationError(f"line {number}: 'timestamp_s' must be a number of seconds")
    channel = record.get("channel", "vcan0")
    if not isinstance(channel, str) or len(channel.split()) != 1:
        raise ConfigurationError(f"line {number}: 'channel' must be one word, got {channel!r}")
    return record


def _head(logged: LoggedFrame) -> dict[str, Any]:
    return {
        "timestamp_s": logged.timestamp_s,
        "channel": logged.channel,
        "identifier": logged.frame.identifier,
    }


def _identifier(frame: Frame) -> str:
    return f"{frame.identifier:0{8 if frame.extended else 3}X}"


def _value_text(value: float | str | None) -> str:
    if value is None:
        return "not available"
    return value if isinstance(value, str) else f"{value:.10g}"


def _print_row(logged: LoggedFrame, message: str, signal: str, value: str, unit: str) -> None:
    time_s = f"{logged.timestamp_s:.6f}"
    row = TABLE_ROW.format(time_s, _identifier(logged.frame), message, signal, value, unit)
    click.echo(row.rstrip())


def _print_json(record: dict[str, Any]) -> None:
    click.echo(json.dumps(record, ensure_ascii=False))
