"""Records to frames of a bus and back, packed by its DBC as its signal map says.

1. To encode, values become counts, and the DBC packs the counts of each message into frames: one
   frame, or one for each multiplexer value that carries a mapped signal.
2. To decode, the DBC unpacks each frame into counts; those of all frames together become values.

A decoded value equals `wire_scale.quantise` exactly. A secured variant is decoded like its plain
message; `secured_frame` checks it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from cantools.database import DecodeError
from cantools.database.can import Message, Signal

from voltward.physical.can.bus_fields import COMMAND, FAULTS, TELEMETRY, Field
from voltward.physical.can.frame import Frame
from voltward.physical.can.pack_telemetry import GatewayCommand, PackFault, PackTelemetry
from voltward.physical.can.secured_profile import SECURED_IDENTIFIER_OFFSET
from voltward.physical.can.signal_code import named_absent
from voltward.physical.can.signal_map import MappedSignal, SignalMap, shipped_map
from voltward.physical.can.wire_scale import from_raw, to_raw

Key = tuple[str, str]  # message, signal
Counts = Mapping[Key, int]


@dataclass(frozen=True, eq=False)
class Codec:
    """Encodes and decodes what a bus carries.

    Args:
        wire: The DBC and its signal map.
    """

    wire: SignalMap

    def encode_telemetry(self, telemetry: PackTelemetry) -> list[Frame]:
        """Return the frames of one set: cells first, the message that completes the set last.

        Frames of cells without any value are left out; values saturate at the ends of the wire's
        range; faults or a sequence of None are sent as 0.

        Raises:
            ValueError: More cells than the network has room for.
        """
        cells: dict[Key, int] = {}
        empty = set()
        for field, signals in self.wire.cells.items():
            values = getattr(telemetry, field)
            if len(values) > len(signals):
                raise ValueError(f"{len(values)} cells, the network has room for {len(signals)}")
            for index, found in enumerate(signals):
                value = values[index] if index < len(values) else float("nan")
                cells[_key(found)] = int(to_raw(value, found.scale))
                if value != value:  # noqa: PLR0124
                    empty.add(_key(found))
        scalars = {
            _key(found): _count_of(_telemetry_value(telemetry, name), found, TELEMETRY[name])
            for name, found in self.wire.telemetry.items()
        }
        return self._frames({**cells, **scalars}, self.wire.telemetry, empty)

    def encode_command(self, command: GatewayCommand) -> list[Frame]:
        """Return the frames of a command of the cloud."""
        counts = {
            _key(found): _count_of(getattr(command, name), found, COMMAND[name])
            for name, found in self.wire.command.items()
        }
        return self._frames(counts, self.wire.command, set())

    def decode_telemetry(self, frames: Iterable[Frame], cells: int) -> PackTelemetry:
        """Return what frames say; what did not arrive is NaN or None.

        Args:
            frames: In order of arrival; of equal ones the last counts; foreign frames are ignored.
            cells: How many cells the pack has.
        """
        counts = self._counts(frames)
        values: dict[str, Any] = {
            name: _value_of(counts.get(_key(found)), found, TELEMETRY[name])
            for name, found in self.wire.telemetry.items()
        }
        flags = {name: values.pop(name) for name in FAULTS if name in values}
        if flags and None not in flags.values():
            values["faults"] = PackFault(0)
            for name, on in flags.items():
                values["faults"] |= FAULTS[name] if on else PackFault(0)
        for field, signals in self.wire.cells.items():
            absent = signals[0].scale.raw_absent
            raw = [counts.get(_key(found), absent) for found in signals[:cells]]
            read = [float(value) for value in from_raw(raw, signals[0].scale)]
            values[field] = (*read, *[float("nan")] * (cells - len(read)))
        return PackTelemetry(**values)

    def decode_command(self, frames: Iterable[Frame]) -> GatewayCommand:
        """Return the command in frames; what did not arrive is NaN or None."""
        counts = self._counts(frames)
        return GatewayCommand(
            **{
                name: _value_of(counts.get(_key(found)), found, COMMAND[name])
                for name, found in self.wire.command.items()
            }
        )

    def copies(self, frames: Iterable[Frame], fields: Mapping[str, MappedSignal]) -> int:
        """Return how many sets of some fields are among frames."""
        message = self.wire.counted(fields)
        identifiers = self._by_identifier
        found = [identifiers.get((frame.identifier, frame.extended)) for frame in frames]
        return sum(item is not None and item[1] == message.name for item in found)

    def _frames(
        self, counts: Counts, fields: Mapping[str, MappedSignal], empty: set[Key]
    ) -> list[Frame]:
        last = self.wire.counted(fields).name
        names = list(dict.fromkeys(message for message, _ in counts))
        names.sort(key=lambda name: name == last)
        frames = []
        for name in names:
            message = self.wire.database.get_message_by_name(name)
            for choice, branch in _branches(message):
                mapped = [key for key in counts if key[0] == name and key[1] in branch]
                if not mapped or empty.issuperset(mapped):
                    continue
                raw = {
                    signal.name: counts.get((name, signal.name), _idle(signal))
                    for signal in branch.values()
                } | choice
                data = message.encode(raw, scaling=False, strict=False)
                frames.append(
                    Frame(message.frame_id, data, message.is_extended_frame, message.is_fd)
                )
        return frames

    def _counts(self, frames: Iterable[Frame]) -> dict[Key, int]:
        counts: dict[Key, int] = {}
        for frame in frames:
            known = self._by_identifier.get((frame.identifier, frame.extended))
            if known is None:
                continue
            message, name = known
            try:
                raw = message.decode(
                    frame.data, scaling=False, decode_choices=False, allow_truncated=True
                )
            except DecodeError:  # a multiplexer value that the DBC does not have
                continue
            named = raw if isinstance(raw, dict) else {}
            counts |= {
                (name, signal): count for signal, count in named.items() if isinstance(count, int)
            }
        return counts

    @cached_property
    def _by_identifier(self) -> dict[tuple[int, bool], tuple[Message, str]]:
        """Return message and plain name by identifier, secured variants among them."""
        fields = (*self.wire.telemetry.values(), *self.wire.command.values())
        wide = (found for signals in self.wire.cells.values() for found in signals)
        names = {found.message.name for found in (*fields, *wide)}
        known = {}
        for message in self.wire.database.messages:
            plain = message.name.removeprefix("Secured_")
            if message.name in names or plain in names:
                known[message.frame_id, message.is_extended_frame] = (message, plain)
        return known


@cache
def shipped_codec() -> Codec:
    """Return the codec of the project's own pack network, for as many cells as it has room for."""
    return Codec(shipped_map())


def secured_identifier(identifier: int) -> int:
    """Return the identifier under which the shipped DBC describes a message's secured variant."""
    return identifier + SECURED_IDENTIFIER_OFFSET


def _key(found: MappedSignal) -> Key:
    return found.message.name, found.signal.name


def _branches(message: Message) -> list[tuple[dict[str, int], dict[str, Signal]]]:
    """Return the frames that a message has: multiplexer value, and the signals beside it."""
    switch = next((signal for signal in message.signals if signal.is_multiplexer), None)
    if switch is None:
        return [({}, {signal.name: signal for signal in message.signals})]
    values = sorted({value for item in message.signals for value in item.multiplexer_ids or ()})
    return [
        (
            {switch.name: value},
            {
                item.name: item
                for item in message.signals
                if not item.multiplexer_ids or value in item.multiplexer_ids
            },
        )
        for value in values
    ]


def _idle(signal: Signal) -> int:
    """Return what is sent of a signal that carries no field: not available, its start, or 0."""
    absent = named_absent(signal)
    return absent[0] if absent else int(signal.raw_initial or 0)


def _telemetry_value(telemetry: PackTelemetry, name: str) -> Any:
    if name in FAULTS:
        return FAULTS[name] in (telemetry.faults or PackFault(0))
    return getattr(telemetry, name)


def _count_of(value: Any, found: MappedSignal, field: Field) -> int:
    """Return the count of a value of a record; None and NaN are not available."""
    if field.unit == "count":
        return (value or 0) & ((1 << found.signal.length) - 1)
    if field.unit in {"flag", "state"}:
        if value is None:
            return found.scale.raw_absent
        return int(value) if field.states is None else found.raw_state(value)
    return int(to_raw(value, found.scale))


def _value_of(count: int | None, found: MappedSignal, field: Field) -> Any:
    """Return the value of a count in a record, None or NaN where there is none."""
    if field.unit == "count":
        return count
    if field.unit == "flag":
        return bool(count) if count in {0, 1} else None
    if field.states is not None:
        return next((state for state in field.states if found.raw_state(state) == count), None)
    return float(from_raw(found.scale.raw_absent if count is None else count, found.scale))
