"""The bus of a system: its DBC and signal map, checked, and how well they suit the pack.

1. `dbc_file` finds the DBC: a shipped name, or the user's file.
2. `bus_of` reads it strictly, and looks up the signals of the map; without a map it is that of the
   shipped network, which the DBC must then hold.
3. `bus_warnings` says what is not carried, saturates or is coarse, and what follows.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path

from cantools.database import Database

from voltward.core.errors import ConfigurationError
from voltward.core.files import canonical_json, sha256_of
from voltward.core.suggestion import nearest
from voltward.documents.toml_document import adapter, data_folder
from voltward.physical.can.bus_fields import CELL_FIELDS
from voltward.physical.can.database import load_database
from voltward.physical.can.signal_code import SignalEntry
from voltward.physical.can.signal_map import (
    Entries,
    SignalMap,
    read_map,
    shipped_entries,
    uncarried,
)
from voltward.ranges.configuration.system_settings import SystemSettings

# A step of the wire above this hides what the cloud judges by (assumption: the accuracy of common
# cell monitors and shunts, and 1 % of the state of charge).
_COARSE = {
    "telemetry.voltage_V": 0.005,
    "telemetry.temperature_degC": 1.0,
    "telemetry.current_A": 0.5,
    "telemetry.pack_voltage_V": 1.0,
    "telemetry.soc": 0.01,
    "command.charge_limit_A": 1.0,
    "command.target_soc": 0.01,
}
# A number that comes round sooner than this many records is taken for another (assumption: the
# longest outage that a store bridges in a demonstration is 4 minutes of one record a second).
_FEWEST_COUNTS = 256
_DOCUMENT = "docs/howto/your-own-system.md"


def dbc_file(system: SystemSettings) -> Path:
    """Return the file that describes the system's bus.

    Raises:
        ConfigurationError: There is none.
    """
    name = system.can.dbc
    shipped = {path.stem: path for path in (data_folder() / "dbc").glob("*.dbc")}
    path = shipped.get(name, Path(name))
    if not path.is_file():
        raise ConfigurationError(
            f"can.dbc = '{name}': there is no such file",
            why=f"it is a file beside the system file, or one of: {', '.join(sorted(shipped))}",
            hint="" if path.suffix else nearest(name, shipped),
        )
    return path


def dbc_identity(system: SystemSettings) -> str:
    """Return what stands for the bus in digests: a shipped name, or the digest of the content."""
    digest = sha256_of(dbc_file(system))
    shipped = sorted((data_folder() / "dbc").glob("*.dbc"))
    return next((file.stem for file in shipped if sha256_of(file) == digest), digest)


def bus_of(system: SystemSettings) -> SignalMap:
    """Return the DBC and signal map of a system.

    Raises:
        ConfigurationError: The DBC cannot be read, or the map does not fit it.
    """
    can = system.can
    path = dbc_file(system)
    own = "" if not (can.telemetry or can.command) else _entries_json(can.telemetry, can.command)
    return _read(str(path), sha256_of(path), own, system.pack.cells)


def _entries_json(telemetry: Entries, command: Entries) -> str:
    tables = {"telemetry": telemetry, "command": command}
    return canonical_json({name: _plain(table) for name, table in tables.items()})


def _plain(table: Entries) -> dict[str, object]:
    return {
        name: asdict(entry) if isinstance(entry, SignalEntry) else entry
        for name, entry in table.items()
    }


@cache
def _read(path: str, _digest: str, own: str, cells: int) -> SignalMap:
    database = load_database(Path(path))
    if own:
        tables = adapter(dict[str, Entries]).validate_json(own)
        return _own_map(path, database, tables, cells)
    try:
        return read_map(database, *shipped_entries(), cells, "can")
    except ConfigurationError as error:
        raise ConfigurationError(
            f"can.dbc = '{path}' has other messages than the shipped network, and no map says "
            "which of its signals to use",
            why=error.what.removeprefix("can."),
            hint="name the signals in [can.telemetry] and [can.command], as in " + _DOCUMENT,
        ) from error


def _own_map(path: str, database: Database, tables: Mapping[str, Entries], cells: int) -> SignalMap:
    try:
        return read_map(database, tables["telemetry"], tables["command"], cells, "can")
    except ConfigurationError as error:
        is_shipped = Path(path).parent == data_folder() / "dbc"
        raise ConfigurationError(
            f"{error.what} (DBC {path})",
            why=error.why,
            hint="no dbc = is given in [can], so the shipped network counts; if the map is of your "
            'own file, name it there: dbc = "own.dbc"'
            if is_shipped and "the DBC has no message" in error.what
            else error.hint,
        ) from error


def bus_warnings(system: SystemSettings) -> Iterator[str]:
    """Yield a sentence for each field that the bus of a system carries badly or not at all."""
    bus = bus_of(system)
    for place, field in uncarried(bus):
        yield f"can.{place} is not sent: {field.without}"
    if bus.cell_count < system.pack.cells:
        yield (
            f"can.telemetry has signals for {bus.cell_count} of {system.pack.cells} cells: the "
            "virtual range rounds the others alike, and a live run is refused"
        )
    codes = {
        **{f"telemetry.{name}": scale for name, scale in bus.telemetry_scales.items()},
        **{f"command.{name}": scale for name, scale in bus.command_scales.items()},
    }
    for place, (low, high) in _wanted(system).items():
        if place not in codes:
            continue
        lowest, highest = codes[place].span
        if lowest > low or highest < high:
            yield (
                f"can.{place}: the signal carries {lowest:g} to {highest:g}, the system needs "
                f"{low:g} to {high:g}: what lies beyond arrives as the nearest end"
            )
    for place, coarse in _COARSE.items():
        if place in codes and abs(codes[place].step) > coarse * (1.0 + 1e-9):
            yield (
                f"can.{place}: a step of {abs(codes[place].step):g} is coarser than {coarse:g}: "
                "detectors see the steps as changes"
            )
    for table, fields in (("telemetry", bus.telemetry), ("command", bus.command)):
        number = fields.get("sequence")
        if number is not None and 1 << number.signal.length < _FEWEST_COUNTS:
            yield (
                f"can.{table}.sequence: {number.name} comes round after "
                f"{1 << number.signal.length} records: after a longer gap an old record looks new"
            )
    yield from _wrong_senders(bus)


def _wanted(system: SystemSettings) -> Mapping[str, tuple[float, float]]:
    """Return the range of each field that the system can reach before it protects itself."""
    limits, pack = system.limits.maximum, system.pack
    return {
        "telemetry.voltage_V": (limits.voltage_low_V, limits.voltage_high_V),
        "telemetry.temperature_degC": (
            limits.temperature_low_degC,
            limits.temperature_high_degC,
        ),
        "telemetry.current_A": (-limits.discharge_current_A, limits.charge_current_A),
        "telemetry.pack_voltage_V": (
            pack.series * limits.voltage_low_V,
            pack.series * limits.voltage_high_V,
        ),
        "telemetry.soc": (0.0, 1.0),
        "telemetry.isolation_kohm": (0.0, pack.isolation_kohm),
        "command.charge_limit_A": (0.0, system.charging.current_A),
        "command.target_soc": (0.0, 1.0),
        "command.derate": (0.0, 1.0),
    }


def _wrong_senders(bus: SignalMap) -> Iterator[str]:
    """Yield a sentence where one node sends both ways, or does not hear what is meant for it."""
    up = {name: found.message for name, found in bus.telemetry.items()}
    up |= {name: found[0].message for name, found in bus.cells.items() if name in CELL_FIELDS}
    senders = {sender for message in up.values() for sender in message.senders}
    for name, found in bus.command.items():
        both = senders.intersection(found.message.senders)
        if both:
            yield (
                f"can.command.{name}: {found.message.name} is sent by {', '.join(sorted(both))}, "
                "which sends telemetry too: a command comes from another node"
            )
        elif senders and found.signal.receivers and not senders & set(found.signal.receivers):
            yield (
                f"can.command.{name}: {found.name} is received by "
                f"{', '.join(found.signal.receivers)}, not by {', '.join(sorted(senders))}, which "
                "sends the telemetry"
            )
