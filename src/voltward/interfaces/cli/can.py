"""`voltward can`: filters of CAN logs, from a file or standard input to standard output.

A log is read frame by frame. What is no data frame is left out, named on standard error, and ends
nothing; a log of which nothing is a frame is refused.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import click
from cantools.database import Database

from voltward.core.errors import ConfigurationError, GateFailedError, NothingRanError
from voltward.interfaces.cli.can_records import (
    frame_record,
    head_record,
    logged_frame,
    record_of,
    record_text,
)
from voltward.interfaces.cli.output import detail, message
from voltward.physical.can import secured_frame
from voltward.physical.can.candump import LoggedFrame, format_line
from voltward.physical.can.database import read_database, shipped_database
from voltward.physical.can.frame import Frame
from voltward.physical.can.log_file import STANDARD_INPUT, buffered_head, read_log
from voltward.physical.can.log_lines import LeftOut, lines_of
from voltward.physical.can.named_signals import DecodedFrame, decode_frame
from voltward.physical.can.parameter_group import GLOBAL_ADDRESS, parameter_groups
from voltward.physical.can.secured_profile import (
    SECURED_IDENTIFIER_OFFSET,
    profile_named,
)

TABLE_ROW = "{:>17}  {:>8}  {:<28}  {:<24}  {:>16}  {}"
REMARKS_SHOWN = 20
KEY_FILE_BYTES = 4096


def decode(log: Path, dbc: Path | None, *, lenient: bool, j1939: bool, as_json: bool) -> None:
    """Print a line for each signal of each frame."""
    database = _database(dbc, lenient=lenient)
    groups = parameter_groups(database.messages, every=j1939)
    if not as_json:
        click.echo(TABLE_ROW.format("time_s", "id", "message", "signal", "value", "unit").rstrip())
    with _opened(log) as (source, left_out):
        for logged in read_log(source, left_out.name, left_out):
            decoded = decode_frame(database, logged.frame, groups, with_texts=not as_json)
            if as_json:
                _print_json(frame_record(logged, decoded))
            else:
                _print_table(logged, decoded)


def encode(records: Path, dbc: Path | None, channel: str, *, lenient: bool) -> None:
    """Print a candump line for each record."""
    database = _database(dbc, lenient=lenient)
    with _opened(records) as (source, left_out):
        buffered, head = buffered_head(source)
        damaged = LeftOut(left_out.name, detail)
        for number, text in lines_of(buffered, head, damaged, mended=False):
            _refuse_damaged(damaged)
            if not text.strip():
                continue
            try:
                _check_encoding(text)
                logged = logged_frame(database, record_of(text, channel))
            except ConfigurationError as error:
                raise ConfigurationError(
                    f"{left_out.name}: line {number}: {error.what}", why=error.why, hint=error.hint
                ) from error
            _print(format_line(logged))
        _refuse_damaged(damaged)


def authenticate(
    log: Path, key_file: Path, profile: str, freshness: int, *, secured_identifiers: bool
) -> None:
    """Print each frame with its freshness value and authenticator."""
    key, chosen = _key(key_file), profile_named(profile)
    used: Counter[tuple[bool, int]] = Counter()
    refused: list[ConfigurationError] = []
    with _opened(log) as (source, left_out):
        for logged in read_log(source, left_out.name, left_out):
            sender = (logged.frame.extended, logged.frame.identifier)
            value = freshness + used[sender] if chosen.freshness_bits else 0
            try:
                plain = logged.frame
                if secured_identifiers:
                    plain = _with_secured_identifier(plain)
                secured = secured_frame.authenticate(plain, key, value, chosen)
            except ConfigurationError as error:
                if chosen.freshness_bits and value >= 1 << chosen.freshness_bits:
                    raise
                refused.append(error)
                continue
            used[sender] += 1
            _print(format_line(replace(logged, frame=secured)))
    if refused:
        first = refused[0]
        raise ConfigurationError(
            f"{left_out.name}: {len(refused)} of {left_out.frames} frames were left out: "
            f"{first.what}",
            why=first.why,
            hint=first.hint,
        )


def verify(
    log: Path,
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
    with _opened(log) as (source, left_out):
        for logged in read_log(source, left_out.name, left_out):
            sender = (logged.frame.extended, logged.frame.identifier)
            verdict = secured_frame.verify(
                logged.frame, key, known.get(sender, last_freshness), chosen, window
            )
            known[sender] = verdict.freshness
            reasons[str(verdict.reason)] += 1
            if as_json:
                said = {
                    "accepted": verdict.accepted,
                    "reason": str(verdict.reason),
                    "freshness": verdict.freshness,
                }
                _print_json({**head_record(logged), **said})
            else:
                _print(
                    f"({logged.timestamp_s:.6f}) {logged.channel} {_identifier(logged.frame)} "
                    f"{verdict.reason} freshness={verdict.freshness}"
                )
    if left_out.unreadable:
        # Nothing says that a line that cannot be read held no frame.
        reasons["unreadable"] += left_out.unreadable
    _conclude(left_out.name, reasons)


def _conclude(name: str, reasons: Counter[str]) -> None:
    frames = reasons.total()
    rejected = frames - reasons["accepted"]
    if frames == 0:
        raise NothingRanError(
            f"{name}: no frame to verify",
            hint="give a log of secured frames as LOG or on standard input",
        )
    if rejected:
        causes = (f"{count} {reason}" for reason, count in sorted(reasons.items()))
        raise GateFailedError(
            f"{name}: {rejected} of {frames} frames rejected", why=", ".join(causes)
        )


@contextmanager
def _opened(log: Path) -> Iterator[tuple[BinaryIO, LeftOut]]:
    """Open a log, with the account of what is left out of it."""
    if str(log) == "-":
        if sys.stdin is None:
            raise ConfigurationError("standard input is closed", hint="give a file as LOG")
        yield sys.stdin.buffer, LeftOut(STANDARD_INPUT, message)
        return
    try:
        file = log.open("rb")
    except OSError as error:
        raise ConfigurationError(f"{log}: cannot be read: {error.strerror or error}") from error
    with file:
        yield file, LeftOut(str(log), message)


def _database(dbc: Path | None, *, lenient: bool) -> Database:
    if dbc is None:
        return shipped_database()
    loaded = read_database(dbc, lenient=lenient)
    for remark in loaded.remarks[:REMARKS_SHOWN]:
        message(f"{dbc}: {remark}")
    if len(loaded.remarks) > REMARKS_SHOWN:
        message(f"{dbc}: {len(loaded.remarks)} such lines in all")
    return loaded.database


def _key(key_file: Path) -> bytes:
    try:
        with key_file.open("rb") as file:
            text = file.read(KEY_FILE_BYTES + 1).decode("ascii")
    except OSError as error:
        why = error.strerror or str(error)
        raise ConfigurationError(f"{key_file}: cannot be read: {why}") from error
    except UnicodeDecodeError:
        text = ""
    try:
        return secured_frame.key_from_hexadecimal(text.strip())
    except ConfigurationError as error:
        raise ConfigurationError(
            f"{key_file}: is not an AES-128 key", why="32 hexadecimal digits are needed"
        ) from error


def _with_secured_identifier(frame: Frame) -> Frame:
    try:
        return replace(frame, identifier=frame.identifier + SECURED_IDENTIFIER_OFFSET)
    except ValueError as error:
        raise ConfigurationError(
            f"identifier {frame.identifier:#x} has no secured variant",
            why=str(error),
            hint="leave --secured-identifiers out",
        ) from error


def _check_encoding(text: str) -> None:
    """Refuse a line with bytes that are not UTF-8.

    Raises:
        ConfigurationError: With the first of them and its place.
    """
    for column, character in enumerate(text, start=1):
        if "\udc80" <= character <= "\udcff":
            raise ConfigurationError(
                f"column {column}: byte {ord(character) - 0xDC00:#x} is not UTF-8",
                why="JSON is UTF-8; a file of an older program may be Latin-1 or cp1252",
                hint="convert the file with: iconv -f CP1252 -t UTF-8 FILE",
            )


def _refuse_damaged(damaged: LeftOut) -> None:
    """Refuse records of which a part cannot be read: nothing says what it would have sent."""
    if damaged.unreadable:
        raise ConfigurationError(
            f"{damaged.name}: {damaged.first}",
            why="nothing says which frames the part that cannot be read would have sent",
            hint="correct the line, or make the file anew",
        )


def _identifier(frame: Frame) -> str:
    return f"{frame.identifier:0{8 if frame.extended else 3}X}"


def _print_table(logged: LoggedFrame, decoded: DecodedFrame | None) -> None:
    if decoded is None:
        _print_row(logged, "(unknown)", "data", logged.frame.data.hex(), "")
        return
    name, address = decoded.message, decoded.address
    if address is not None:
        name += f" from {address.source:02X}"
        if address.destination not in {None, GLOBAL_ADDRESS}:
            name += f" to {address.destination:02X}"
    if not decoded.signals:
        _print_row(logged, name, "(no signals)", logged.frame.data.hex(), "")
    for signal, value in decoded.signals.items():
        text = "not available" if value is None else decoded.texts.get(signal, str(value))
        note = f"({decoded.notes[signal]})" if signal in decoded.notes else ""
        _print_row(logged, name, signal, text, f"{decoded.units[signal]} {note}".strip())


def _print_row(logged: LoggedFrame, name: str, signal: str, value: str, unit: str) -> None:
    time_s = f"{logged.timestamp_s:.6f}"
    row = TABLE_ROW.format(time_s, _identifier(logged.frame), name, signal, value, unit).rstrip()
    # Texts of a DBC may hold what moves the cursor.
    _print(row if row.isprintable() else repr(row)[1:-1])


def _print_json(record: dict[str, Any]) -> None:
    _print(record_text(record, ascii_only=not _encoding().lower().startswith("utf")))


def _encoding() -> str:
    return getattr(sys.stdout, "encoding", None) or "utf-8"


def _print(line: str) -> None:
    """Print a line; characters that the encoding of standard output lacks become escapes."""
    encoding = _encoding()
    click.echo(line.encode(encoding, "backslashreplace").decode(encoding))
