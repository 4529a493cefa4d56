"""The signal map of a bus: which signal of a DBC carries which field, and the code that follows.

1. `TELEMETRY` and `COMMAND` list the fields that may be mapped, and what holds without each.
2. A map names a signal of the DBC for each of them; the values per cell are named by a pattern.
3. `read_map` looks every signal up, refuses what does not fit, and takes unit, scale and range of
   each from the DBC.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from fnmatch import fnmatchcase
from fractions import Fraction
from math import ceil, floor
from typing import Annotated, Literal

from cantools.database import Database
from cantools.database.can import Message, Signal

from voltward.core.errors import ConfigurationError
from voltward.core.suggestion import nearest
from voltward.documents.settings_table import LIST, TABLE, TEXT, Name, by_kind, settings_table
from voltward.documents.toml_document import check_document, data_folder, read_document
from voltward.physical.can.database import shipped_database
from voltward.physical.can.pack_telemetry import (
    NETWORK_CELLS,
    BmsState,
    ContactorState,
    PackFault,
)
from voltward.physical.can.wire_scale import WireScale

# Named values that mean "no value", as DBC files call them, in lower case.
_ABSENT_WORDS = {
    *("not_available", "notavailable", "not available", "na", "n/a", "sna", "invalid", "undefined"),
    *("signal_not_available", "signal not available", "no_value", "unknown", "error"),
}
_ONE = (Fraction(1), Fraction(0))
_MILLI, _KILO = (Fraction(1, 1000), Fraction(0)), (Fraction(1000), Fraction(0))
_MEGA = (Fraction(10**6), Fraction(0))
_PERCENT = (Fraction(1, 100), Fraction(0))
_KELVIN = (Fraction(1), Fraction("-273.15"))
# Units of a DBC for each unit of a field: factor and shift that make ours of it.
UNITS: Mapping[str, Mapping[str, tuple[Fraction, Fraction]]] = {
    "V": {"V": _ONE, "mV": _MILLI, "kV": _KILO},
    "A": {"A": _ONE, "mA": _MILLI},
    "Ah": {"Ah": _ONE, "mAh": _MILLI, "As": (Fraction(1, 3600), Fraction(0))},
    "kohm": {
        **dict.fromkeys(("kohm", "kOhm", "kΩ", "kΩ"), _ONE),
        **dict.fromkeys(("ohm", "Ohm", "Ω", "Ω"), _MILLI),
        **dict.fromkeys(("Mohm", "MOhm", "MΩ", "MΩ"), _KILO),
    },
    "degC": {**dict.fromkeys(("degC", "°C", "deg C", "C", "Celsius"), _ONE), "K": _KELVIN},
    "W": {"W": _ONE, "kW": _KILO, "MW": _MEGA},
    "1": {"1": _ONE, "-": _ONE, "%": _PERCENT},
}


@settings_table
class SignalEntry:
    """The signal of a field, where its name alone does not say enough.

    Attributes:
        signal: `Message.Signal` of the DBC.
        unit: In place of the DBC's unit.
        positive: When the number of a current or power is positive.
    """

    signal: Name
    unit: str = ""
    positive: Literal["charging", "discharging"] = "charging"


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


@dataclass(frozen=True)
class Field:
    """A field that a signal may carry.

    Attributes:
        unit: Its unit; "flag" is true or false, "count" a running number.
        needed: Why the loop cannot work without it; empty where it can.
        without: What holds when no signal carries it.
        instead: Value that the receiver takes then.
        states: Its named values, where it has some.
        computed: Whether the ranges compute it; else it is sent as not available.
    """

    unit: str
    needed: str = ""
    without: str = ""
    instead: float = 0.0
    states: type[IntEnum] | None = None
    computed: bool = True


def _never_computed(unit: str, states: type[IntEnum] | None = None) -> Field:
    return Field(unit, states=states, computed=False)


FAULTS: Mapping[str, PackFault] = {f"fault_{str(fault.name).lower()}": fault for fault in PackFault}
_TWIN = "the digital twin follows the pack by it"
_UNUSED = "the cloud gets 0, and nothing there reads it"
_NUMBER = "a receiver numbers records as they arrive, so that an old one looks like a new one"
TELEMETRY: Mapping[str, Field] = {
    "voltage_V": Field("V", _TWIN),
    "temperature_degC": Field("degC", _TWIN),
    "current_A": Field("A", _TWIN),
    "soc": Field("1", "the cloud compares it with the twin's"),
    "pack_voltage_V": Field("V", without=_UNUSED),
    "charge_counter_Ah": Field(
        "Ah", without="the cloud takes it that no charge passed while records were missing"
    ),
    "isolation_kohm": Field("kohm", without=_UNUSED),
    "charging": Field("flag", without="the cloud never looks for the charge watermark"),
    "sequence": Field("count", without=_NUMBER),
    "main_positive": _never_computed("state", ContactorState),
    "main_negative": _never_computed("state", ContactorState),
    "precharge": _never_computed("state", ContactorState),
    "bms_state": _never_computed("state", BmsState),
    **{name: _never_computed("flag") for name in FAULTS},
    "charge_limit_A": _never_computed("A"),
    "discharge_limit_A": _never_computed("A"),
}
COMMAND: Mapping[str, Field] = {
    "charge_limit_A": Field("A", "it is the cloud's charge plan"),
    "target_soc": Field("1", without="a session ends at the duty's target"),
    "charge_enable": Field("flag", without="the cloud cannot stop a session", instead=1.0),
    "conditioning_degC": Field(
        "degC", without="the cloud cannot ask for warm cells", instead=-100.0
    ),
    "derate": Field("1", without="the cloud and the gateway cannot derate"),
    "open_request": Field("flag", without="the cloud and the gateway cannot open the contactors"),
    "power_setpoint_W": Field("W", without="a grid service sets no power"),
    "sequence": Field("count", without=_NUMBER),
}
CELL_FIELDS = ("voltage_V", "temperature_degC")


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
        return _named_values(self.signal)[state.name.lower()]


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
            try:
                name = pattern.format(cell=cell)
            except (KeyError, IndexError, ValueError) as error:
                raise ConfigurationError(
                    f"{place}: cannot read the pattern '{pattern}'",
                    why="{cell} stands for the number of a cell from 1, {cell:02} for two digits",
                ) from error
            if cell > 1 and (name == pattern or not _has_signal(database, name)):
                break
            found.append(_signal(database, _replaced(entry, name), field, place))
    scales = {item.scale for item in found}
    if len(scales) != 1:
        raise ConfigurationError(
            f"{place}: the signals of the cells have {len(scales)} different codes",
            why="all cells of a pack are rounded alike",
        )
    return tuple(found)


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


def _signal(database: Database, entry: Entry, field: Field, place: str) -> MappedSignal:
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
            hint=nearest(name, names) if not found else "name the message in full",
        )
    message, signal = found[0]
    return MappedSignal(message, signal, _scale(message, signal, full, field, place))


def _scale(
    message: Message, signal: Signal, entry: SignalEntry, field: Field, place: str
) -> WireScale:
    name = f"{message.name}.{signal.name}"
    if signal.conversion.is_float or len(signal.multiplexer_ids or ()) > 1:
        kind = "a floating-point" if signal.conversion.is_float else "a several times multiplexed"
        raise ConfigurationError(
            f"{place}: {name} is {kind} signal", why="signals are integers with a scale"
        )
    if signal.is_multiplexer:
        raise ConfigurationError(
            f"{place}: {name} is a multiplexer", why="its value is set by the signals it switches"
        )
    if field.unit in {"count", "state", "flag"}:
        return _coded(signal, field, name, place)
    unit = entry.unit or (signal.unit or "").strip() or field.unit
    if unit not in UNITS[field.unit]:
        raise ConfigurationError(
            f"{place}: {name} is in '{unit}'",
            why=f"allowed are {', '.join(UNITS[field.unit])}",
            hint=f'say what it is: {{ signal = "{name}", unit = "{field.unit}" }}',
        )
    if entry.positive == "discharging" and field.unit not in {"A", "W"}:
        raise ConfigurationError(
            f"{place}: positive = 'discharging'", why="only currents and powers have a direction"
        )
    factor, shift = UNITS[field.unit][unit]
    sign = -1 if entry.positive == "discharging" else 1
    scale, offset = _exact(signal.conversion.scale), _exact(signal.conversion.offset)
    low, high, absent = _counts(signal, scale, offset)
    return WireScale(
        step=float(sign * scale * factor),
        raw_minimum=low,
        raw_maximum=high,
        raw_absent=absent,
        offset=float(sign * (offset * factor + shift)),
    )


def _coded(signal: Signal, field: Field, name: str, place: str) -> WireScale:
    """Return the raw numbers of a flag, a count or a state."""
    if (signal.conversion.scale, signal.conversion.offset) != (1, 0):
        raise ConfigurationError(
            f"{place}: {name} has a scale or an offset",
            why="a flag, a count or a state is sent as it is, with scale 1 and offset 0",
        )
    low, high, absent = _counts(signal, Fraction(1), Fraction(0))
    if field.unit == "flag":
        return WireScale(1.0, 0, 1, absent if absent not in {0, 1} else 0)
    if field.states is not None:
        known = _named_values(signal)
        missing = [str(state.name).lower() for state in field.states]
        missing = [word for word in missing if word not in known]
        if missing:
            raise ConfigurationError(
                f"{place}: {name} has no value named {', '.join(missing)}",
                why="a state is sent by its name among the signal's values",
            )
    return WireScale(1.0, low, high, absent)


def _exact(number: float) -> Fraction:
    """Return a number as it was written in the file: 0.1 is a tenth."""
    return Fraction(str(number))


def _named_values(signal: Signal) -> dict[str, int]:
    return {str(text).lower(): int(raw) for raw, text in (signal.choices or {}).items()}


def named_absent(signal: Signal) -> list[int]:
    """Return the counts that a signal names as "not available", in the words of many DBCs."""
    return [raw for text, raw in _named_values(signal).items() if text in _ABSENT_WORDS]


def _counts(signal: Signal, scale: Fraction, offset: Fraction) -> tuple[int, int, int]:
    """Return the lowest and highest count of values, and the one for "not available"."""
    bottom = -(1 << (signal.length - 1)) if signal.is_signed else 0
    top = bottom + (1 << signal.length) - 1
    low, high = bottom, top
    if signal.minimum is not None and signal.maximum is not None:
        ends: Sequence[Fraction] = sorted(
            (_exact(end) - offset) / scale for end in (signal.minimum, signal.maximum)
        )
        if ends[0] < ends[1]:
            low, high = max(bottom, ceil(ends[0])), min(top, floor(ends[1]))
    absent = next((raw for raw in named_absent(signal) if not low < raw < high), None)
    if absent is None:
        absent = top if top > high else bottom if bottom < low else low
    elif absent == high:
        high -= 1
    elif absent == low:
        low += 1
    return low, high, absent
