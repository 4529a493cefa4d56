"""`voltward can`: filters from standard input to standard output on candump lines."""

import json
from collections import Counter
from importlib import import_module
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from voltward.core.errors import ConfigurationError, GateFailedError, NothingRanError
from voltward.core.suggestion import nearest
from voltward.physical.can.candump import LoggedFrame, format_line, parse_lines
from voltward.physical.can.frame import Frame
from voltward.physical.can.secured_profile import (
    PROFILES,
    SECURED_IDENTIFIER_OFFSET,
    profile_named,
)

if TYPE_CHECKING:
    from cantools.database import Database

RECORD_KEYS = ("message", "signals", "timestamp_s", "channel", "identifier")
TABLE_ROW = "{:>17}  {:>8}  {:<28}  {:<24}  {:>16}  {}"

log_argument = click.argument("log", type=click.File("r"), default="-")
dbc_option = click.option(
    "--dbc",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A DBC file in place of the shipped pack network.",
)
key_option = click.option(
    "--key-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="File with the AES-128 key: 32 hexadecimal digits.",
)
profile_option = click.option(
    "--profile",
    type=click.Choice(list(PROFILES)),
    default="1",
    show_default=True,
    help="SecOC profile, or 'wide' with a 64-bit authenticator.",
)


@click.group("can", context_settings={"help_option_names": ["-h", "--help"]})
def can_group() -> None:
    """Filter candump lines: read LOG or standard input, write standard output."""


@can_group.command()
@log_argument
@dbc_option
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object a line, not a table.")
def decode(log: TextIO, dbc: Path | None, *, as_json: bool) -> None:
    """Show frames as messages and signals in physical units."""
    database, decode_frame = _database(dbc), _module("database").decode_frame
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
                _print_row(logged, decoded.message, name, _shown(value), decoded.units[name])


@can_group.command()
@click.argument("records", type=click.File("r"), default="-")
@dbc_option
@click.option("--channel", default="vcan0", show_default=True, help="Where a record names none.")
def encode(records: TextIO, dbc: Path | None, channel: str) -> None:
    """Turn JSON lines {message, signals} into candump lines.

    A record may also have timestamp_s and channel; the output of `decode --json` is accepted.
    Signals that are left out or null are sent as not available.
    """
    database, encode_message = _database(dbc), _module("database").encode_message
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


@can_group.command()
@log_argument
@key_option
@profile_option
@click.option(
    "--freshness",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="First freshness value of each identifier; each frame adds one.",
)
@click.option(
    "--secured-identifiers",
    is_flag=True,
    help="Add 0x400 to each identifier, as the secured messages of the shipped DBC have it.",
)
def authenticate(
    log: TextIO, key_file: Path, profile: str, freshness: int, *, secured_identifiers: bool
) -> None:
    """Add a freshness value and an authenticator to frames."""
    key, chosen = _key(key_file), profile_named(profile)
    authenticate_frame = _module("secured_frame").authenticate
    used: Counter[tuple[bool, int]] = Counter()
    for logged in parse_lines(log):
        plain = _with_secured_identifier(logged.frame) if secured_identifiers else logged.frame
        sender = (plain.extended, plain.identifier)
        value = freshness + used[sender] if chosen.freshness_bits else 0
        used[sender] += 1
        secured = authenticate_frame(plain, key, value, chosen)
        click.echo(format_line(LoggedFrame(logged.timestamp_s, logged.channel, secured)))


@can_group.command()
@log_argument
@key_option
@profile_option
@click.option(
    "--last-freshness",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Freshness value of the last frame accepted before this log, of each identifier.",
)
@click.option(
    "--window",
    type=click.IntRange(min=1),
    help="Largest accepted step of the freshness value.  [default: 2^(bits sent)]",
)
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object a line.")
def verify(
    log: TextIO,
    key_file: Path,
    profile: str,
    last_freshness: int,
    window: int | None,
    *,
    as_json: bool,
) -> None:
    """Check secured frames; exit 3 when any is rejected."""
    key, chosen = _key(key_file), profile_named(profile)
    verify_frame = _module("secured_frame").verify
    known: dict[tuple[bool, int], int] = {}
    reasons: Counter[str] = Counter()
    for logged in parse_lines(log):
        sender = (logged.frame.extended, logged.frame.identifier)
        verdict = verify_frame(logged.frame, key, known.get(sender, last_freshness), chosen, window)
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


def _module(name: str) -> Any:
    """Import what needs cantools or cryptography when a filter runs, so that help is quick."""
    return import_module(f"voltward.physical.can.{name}")


def _database(dbc: Path | None) -> "Database":
    module = _module("database")
    database: Database = module.shipped_database() if dbc is None else module.load_database(dbc)
    return database


def _key(key_file: Path) -> bytes:
    try:
        key: bytes = _module("secured_frame").key_from_hexadecimal(key_file.read_text().strip())
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


def _shown(value: float | str | None) -> str:
    if value is None:
        return "not available"
    return value if isinstance(value, str) else f"{value:.10g}"


def _print_row(logged: LoggedFrame, message: str, signal: str, value: str, unit: str) -> None:
    time_s = f"{logged.timestamp_s:.6f}"
    row = TABLE_ROW.format(time_s, _identifier(logged.frame), message, signal, value, unit)
    click.echo(row.rstrip())


def _print_json(record: dict[str, Any]) -> None:
    click.echo(json.dumps(record, ensure_ascii=False))
