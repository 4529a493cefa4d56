"""The signal map of a bus: which signal of a DBC carries which field, and the code that follows.

1. A map names a signal of the DBC for fields of `bus_fields`; the values per cell are named by a
   pattern.
2. `read_map` looks every signal up, refuses what does not fit, and takes the code of each from the
   DBC (`signal_code`).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from fnmatch import fnmatchcase
from functools import cache, partial
from typing import Annotated

from cantools.database import Database
from cantools.database.can import Message, Signal

from voltward.core.errors import ConfigurationError
from voltward.core.suggestion import nearest
from voltward.documents.settings_table import LIST, TABLE, TEXT, Name, by_kind, settings_table
from voltward.documents.toml_document import check_document, data_folder, read_document
from voltward.physical.can.bus_fields import CELL_FIELDS, COMMAND, TELEMETRY, Field
from voltward.physical.can.database import shipped_database
from voltward.physical.can.pack_telemetry import NETWORK_CELLS
from voltward.physical.can.signal_code import SignalEntry, code_of, named_values
from voltward.physical.can.wire_scale import WireScale

_CELL = re.compile(r"\{cell(?::0([1-9]))?\}")
Entry = Annotated[
    Annotated[Name, TEXT] | Annotated[tuple[Name, ...], LIST] | Annotated[SignalEntry, TABLE],
    by_kind("Message.Signal, a list of them for the cells, or a table with signal"),
]
Entries = Mapping[str, Entry]


@settings_table
class _MapDocument:
    """A map as its file holds it."""

    telemetry: Entries
    command: Entries


@dataclass(frozen=True, eq=False)
class MappedSignal:
    """A signal that carries a field.

    Attributes:
        message: Of the DBC.
        signal: Of the message.
        scale: Its code in the unit of the field; of a count or a state its raw numbers.
    """

    message: Message
    signal: Signal
    scale: WireScale

    @property
    def name(self) -> str:
        """Return the name as a map writes it."""
        return f"{self.message.name}.{self.signal.name}"

    def raw_state(self, state: IntEnum) -> int:
        """Return the count of a state, by its name among the signal's values.

        Raises:
            KeyError: The signal has no value of that name.
        """
        return named_values(self.signal)[state.name.lower()]


@dataclass(frozen=True, eq=False)
class SignalMap:
    """A DBC with the signals of all mapped fields.

    Attributes:
        database: The DBC.
        telemetry: Signal of each field but those per cell.
        cells: Signals of each field per cell, in the order of the cells.
        command: Signal of each field.
    """

    database: Database
    telemetry: Mapping[str, MappedSignal]
    cells: Mapping[str, tuple[MappedSignal, ...]]
    command: Mapping[str, MappedSignal]

    @property
    def cell_count(self) -> int:
        """Return how many cells the bus has room for."""
        return min(len(signals) for signals in self.cells.values())

    @property
    def telemetry_scales(self) -> Mapping[str, WireScale]:
        """Return the code of each telemetry field that the bus carries."""
        one_cell = {name: signals[0].scale for name, signals in self.cells.items()}
        return one_cell | {name: found.scale for name, found in self.telemetry.items()}

    @property
    def command_scales(self) -> Mapping[str, WireScale]:
        """Return the code of each command field that the bus carries."""
        return {name: found.scale for name, found in self.command.items()}

    def counted(self, fields: Mapping[str, MappedSignal]) -> Message:
        """Return the message that is sent last: its copies are the copies of the whole set."""
        first = fields.get("sequence") or next(iter(fields.values()))
        plain = [first, *fields.values()]
        return next(found.message for found in plain if not found.signal.multiplexer_ids)


def read_map(
    database: Database, telemetry: Entries, command: Entries, cells: int, where: str
) -> SignalMap:
    """Return the signal map of a DBC.

    Args:
        database: The DBC.
        telemetry: Field to signal.
        command: Field to signal.
        cells: How many cells the pack has.
        where: Names the tables in messages.

    Raises:
        ConfigurationError: A field or signal does not exist, is used twice, or does not fit; or a
            field is missing without which the loop cannot work.
    """
    signals: dict[str, dict[str, MappedSignal]] = {"telemetry": {}, "command": {}}
    per_cell: dict[str, tuple[MappedSignal, ...]] = {}
    for table, entries, known in (
        ("telemetry", telemetry, TELEMETRY),
        ("command", command, COMMAND),
    ):
        for name, entry in entries.items():
            place = f"{where}.{table}.{name}"
            if name not in known:
                raise ConfigurationError(
                    f"{place}: there is no such field",
                    why=f"allowed are {', '.join(known)}",
                    hint=nearest(name, known),
                )
            if table == "telemetry" and name in CELL_FIELDS:
                per_cell[name] = _cell_signals(database, entry, known[name], cells, place)
            elif isinstance(entry, tuple | list):
                raise ConfigurationError(
                    f"{place}: a list of signals", why="one signal carries this field"
                )
            else:
                signals[table][name] = _signal(database, entry, known[name], place)
        for name, field in known.items():
            if field.needed and name not in entries:
                raise ConfigurationError(
                    f"{where}.{table}.{name} is missing",
                    why=f"the loop cannot work without it: {field.needed}",
                    hint=f'name the signal: {name} = "Message.Signal"',
                )
    found = SignalMap(database, signals["telemetry"], per_cell, signals["command"])
    _check_once(found, where)
    for table, fields in signals.items():
        if all(item.signal.multiplexer_ids for item in fields.values()):
            raise ConfigurationError(
                f"{where}.{table}: every mapped message is multiplexed",
                why="a receiver takes the plain message that is sent last as the end of a set",
            )
    return found


@cache
def shipped_entries() -> tuple[Entries, Entries]:
    """Return the map of the project's own pack network: telemetry and command."""
    path = data_folder() / "dbc" / "voltward.toml"
    document = check_document(_MapDocument, read_document(path), str(path))
    return document.telemetry, document.command


@cache
def shipped_map() -> SignalMap:
    """Return the project's own pack network, with all cells that it has room for."""
    return read_map(shipped_database(), *shipped_entries(), NETWORK_CELLS, "can")


def uncarried(found: SignalMap) -> Iterator[tuple[str, Field]]:
    """Yield each field that the ranges compute and no signal carries, as "telemetry.soc"."""
    for table, known, carried in (
        ("telemetry", TELEMETRY, {*found.telemetry, *found.cells}),
        ("command", COMMAND, set(found.command)),
    ):
        for name, field in known.items():
            if field.computed and name not in carried:
                yield f"{table}.{name}", field


def _check_once(found: SignalMap, where: str) -> None:
    users: dict[str, str] = {}
    single = [
        *((f"telemetry.{name}", item) for name, item in found.telemetry.items()),
        *((f"command.{name}", item) for name, item in found.command.items()),
    ]
    wide = [
        (f"telemetry.{name} of cell {cell}", item)
        for name, items in found.cells.items()
        for cell, item in enumerate(items, start=1)
    ]
    for user, item in (*single, *wide):
        if item.name in users:
            raise ConfigurationError(
                f"{where}.{user}: the signal {item.name} carries {users[item.name]} already",
                why="one signal carries one field",
                hint="write {cell} where the names of the cells' signals differ"
                if " of cell " in user
                else "",
            )
        users[item.name] = user


def _cell_signals(
    database: Database, entry: Entry, field: Field, cells: int, place: str
) -> tuple[MappedSignal, ...]:
    """Return the signals of the cells, up to the first that the DBC does not have."""
    if isinstance(entry, tuple | list):
        found = [_signal(database, name, field, place) for name in entry]
    else:
        pattern = entry.signal if isinstance(entry, SignalEntry) else entry
        found = []
        for cell in range(1, cells + 1):
            name = _CELL.sub(partial(_numbered, cell), pattern)
            if "{" in name or "}" in name:
                raise ConfigurationError(
                    f"{place}: cannot read the pattern '{pattern}'",
                    why="{cell} stands for the number of a cell from 1, {cell:02} for two digits",
                )
            if cell > 1 and (name == pattern or not _has_signal(database, name)):
                break
            found.append(_signal(database, _replaced(entry, name), field, place, pattern))
    scales = {item.scale for item in found}
    if len(scales) != 1:
        raise ConfigurationError(
            f"{place}: the signals of the cells have {len(scales)} different codes",
            why="all cells of a pack are rounded alike",
        )
    return tuple(found)


def _numbered(cell: int, place: re.Match[str]) -> str:
    return f"{cell:0{place[1] or 1}d}"


def _replaced(entry: Entry, name: str) -> Entry:
    if isinstance(entry, SignalEntry):
        return SignalEntry(signal=name, unit=entry.unit, positive=entry.positive)
    return name


def _messages(database: Database, pattern: str) -> list[Message]:
    return [message for message in database.messages if fnmatchcase(message.name, pattern)]


def _has_signal(database: Database, name: str) -> bool:
    pattern, _, signal = name.partition(".")
    return any(
        signal in {item.name for item in message.signals}
        for message in _messages(database, pattern)
    )


def _nearest_pattern(pattern: str, names: list[str]) -> str:
    """Return which pattern may be meant by one that fits no signal, empty where none is near."""
    firsts = [name for name in names if re.search(r"(?<!\d)0*1(?!\d)", name)]
    wanted = _CELL.sub("1", pattern.partition(".")[2])
    hint = nearest(wanted, firsts) if "{" in pattern else ""
    first = next((name for name in firsts if f"'{name}'" in hint), "")
    place = re.search(r"(?<!\d)(0*)1(?!\d)", first)
    if place is None:
        return ""
    digits = f":0{len(place[0])}" if place[1] else ""
    likely = f"{first[: place.start()]}{{cell{digits}}}{first[place.end() :]}"
    return f"did you mean '{likely}'? the first cell has '{first}'"


def _signal(
    database: Database, entry: Entry, field: Field, place: str, cell_pattern: str = ""
) -> MappedSignal:
    """Look a signal up, and take its code from the DBC."""
    full = SignalEntry(signal=entry) if isinstance(entry, str) else entry
    assert isinstance(full, SignalEntry)  # noqa: S101
    pattern, dot, name = full.signal.partition(".")
    if not dot:
        raise ConfigurationError(
            f"{place}: got '{full.signal}'", why="allowed is Message.Signal, with a point between"
        )
    messages = _messages(database, pattern)
    if not messages:
        raise ConfigurationError(
            f"{place}: the DBC has no message '{pattern}'",
            hint=nearest(pattern, [message.name for message in database.messages]),
        )
    found = [
        (message, signal)
        for message in messages
        for signal in message.signals
        if signal.name == name
    ]
    if len(found) != 1:
        names = sorted({signal.name for message in messages for signal in message.signals})
        raise ConfigurationError(
            f"{place}: {'several messages have' if found else 'there is no'} '{full.signal}'",
            why=f"messages of that name: {', '.join(message.name for message in messages)}",
            hint="name the message in full"
            if found
            else _nearest_pattern(cell_pattern, names) or nearest(name, names),
        )
    message, signal = found[0]
    key = (message.frame_id, message.is_extended_frame)
    for other in database.messages:
        if other is not message and (other.frame_id, other.is_extended_frame) == key:
            raise ConfigurationError(
                f"{place}: messages {message.name} and {other.name} have the identifier "
                f"{message.frame_id:#x}",
                why="a receiver cannot tell their frames apart",
                hint="give each message of the DBC its own identifier",
            )
    return MappedSignal(message, signal, code_of(message, signal, full, field, place))
