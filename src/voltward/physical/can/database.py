"""DBC files: loading them, and finding messages.

1. The file is read in its encoding, and bounded.
2. `dbc_file` reads and checks its statements, cantools makes messages of them.
3. Signals that overlap or exceed their message are found.
4. A fault refuses the file, with its line. With `lenient` it is named, and left out.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import NoReturn

import cantools
from cantools.database import Database
from cantools.database.can import Message

from voltward.core.errors import ConfigurationError
from voltward.core.suggestion import nearest
from voltward.physical.can.dbc_file import MOST_CHARACTERS, MOST_FAULTS, DbcFile, Fault
from voltward.physical.can.dbc_statements import dbc_text, shown
from voltward.physical.can.parameter_group import address_of

LARGEST_FILE_BYTES = 16_000_000  # assumption: those in use have up to 6 MB
FAULTS_SHOWN = 5
LENIENT_HINT = "correct the file; `voltward can` reads it with --lenient, without what is faulty"
# What cantools logs of files is named by `DbcFile`.
logging.getLogger("cantools").addHandler(logging.NullHandler())


@dataclass(frozen=True)
class LoadedDatabase:
    """A DBC, and what there is to say about its file.

    Args:
        database: For cantools.
        remarks: What was left out, or is odd, each with its line.
    """

    database: Database
    remarks: tuple[str, ...]


@cache
def shipped_database() -> Database:
    """Return the project's own pack network, with its comments and senders."""
    with as_file(files("voltward").joinpath("data", "dbc", "voltward.dbc")) as path:
        database = cantools.database.load_file(path, database_format="dbc")
    if not isinstance(database, Database):
        raise ConfigurationError("the shipped DBC is not of a CAN network")
    return database


def load_database(path: Path, *, lenient: bool = False) -> Database:
    """Load a DBC file.

    Args:
        path: Of the file.
        lenient: Leave faulty statements out; keep signals that overlap or exceed their message.

    Raises:
        ConfigurationError: The file cannot be read, or is faulty; the lines of faults are named.
    """
    return read_database(path, lenient=lenient).database


def read_database(path: Path, *, lenient: bool = False) -> LoadedDatabase:
    """Load a DBC file, and say what was left out or is odd.

    Args:
        path: Of the file.
        lenient: As for `load_database`.

    Raises:
        ConfigurationError: As for `load_database`.
    """
    # 1. Text.
    text = dbc_text(_content(path))
    # 2. Statements and messages.
    dbc = DbcFile(text)
    if not dbc.statements:
        _refuse_other_format(path, text)
    if dbc.faults and (len(dbc.faults) > MOST_FAULTS or not dbc.messages):
        raise ConfigurationError(
            f"{path}: not a valid DBC file: {dbc.faults[0]}",
            why=f"{len(dbc.faults)} faults, and {len(dbc.messages)} messages that can be read",
            hint="is it a DBC file?",
        )
    if dbc.is_too_large:
        raise ConfigurationError(
            f"{path}: describes more messages and signals than are read",
            why=f"its statements on frames have more than {MOST_CHARACTERS} characters",
            hint="split the file, for instance by bus",
        )
    try:
        database = cantools.database.load_string(dbc.plain(), database_format="dbc", strict=False)
    except (cantools.Error, ValueError) as error:
        raise ConfigurationError(f"{path}: not a valid DBC file: {error}") from error
    if not isinstance(database, Database):
        raise ConfigurationError(f"{path}: not a CAN database")
    # 3. Layouts.
    faults = sorted([*dbc.faults, *_layout_faults(dbc, database)])
    # 4. Faults.
    if faults and not lenient:
        others = [str(fault) for fault in faults[1:FAULTS_SHOWN]]
        if len(faults) > FAULTS_SHOWN:
            others.append(f"{len(faults)} faults in all")
        raise ConfigurationError(
            f"{path}: not a valid DBC file: {faults[0]}",
            why="; ".join(others),
            hint=LENIENT_HINT,
        )
    return LoadedDatabase(database, tuple(str(remark) for remark in sorted(faults + dbc.remarks)))


def message_named(database: Database, name: str, identifier: int | None = None) -> Message:
    """Return a message of a DBC.

    Args:
        database: A loaded DBC.
        name: Of the message.
        identifier: Its own, or one of the same J1939 group; None for its own.

    Raises:
        ConfigurationError: No message has that name, or none of those has that identifier.
    """
    try:
        message = database.get_message_by_name(name)
    except KeyError:
        names = [message.name for message in database.messages]
        raise ConfigurationError(
            f"no message '{name}'",
            why=f"the DBC has {len(names)} messages",
            hint=nearest(name, names) or "name a message of the DBC, or give the DBC by --dbc",
        ) from None
    if identifier is None or message.frame_id == identifier:
        return message
    others = [other for other in database.messages if other.name == name]
    for other in others:
        if other.frame_id == identifier:
            return other
    group = address_of(identifier).group if 0 <= identifier < 1 << 29 else None
    for other in others:
        if other.is_extended_frame and address_of(other.frame_id).group == group:
            return other
    raise ConfigurationError(
        f"message '{name}' has not the identifier {identifier:#x}",
        why=f"in the DBC it has {message.frame_id:#x}",
        hint="leave 'identifier' out to send the message under its own",
    )


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror or error}") from error
    if len(content) > LARGEST_FILE_BYTES:
        raise ConfigurationError(
            f"{path}: has more than {LARGEST_FILE_BYTES // 1_000_000} MB",
            why="a DBC of a whole vehicle has less than half of that",
            hint="is it a log in place of a DBC file?",
        )
    return content


def _refuse_other_format(path: Path, text: str) -> NoReturn:
    first = next((line for line in text.splitlines() if line.strip()), "")
    why = f"the first line is {shown(first)}" if first else "it is empty"
    hint = "a DBC file begins with VERSION, NS_ or BU_ and has a BO_ for each message"
    if first.lstrip().startswith(("<", "FormatVersion")):
        hint = f"other formats of cantools become a DBC by: cantools convert {path.name} own.dbc"
    raise ConfigurationError(
        f"{path}: not a valid DBC file: it has no DBC statement", why=why, hint=hint
    )


def _layout_faults(dbc: DbcFile, database: Database) -> Iterator[Fault]:
    """Yield what overlaps or exceeds its message, the first of each message."""
    for source, message in zip(dbc.messages, database.messages, strict=True):
        try:
            message.refresh(strict=True)
        except cantools.Error as error:
            text = str(error).rstrip(".")
            named = [s for s in source.signals.values() if f" {s.name} " in f"{text} "]
            yield Fault(max((s.line for s in named), default=source.line), text)
