"""A process's place on the pack network: messages to frames, and frames counted."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from voltward.comms.payload import Kind, Message, silence
from voltward.core.taps import COMMAND_SCALARS, TELEMETRY_SCALARS
from voltward.physical.can.codec import (
    decode_command,
    decode_telemetry,
    encode_command,
    encode_telemetry,
)
from voltward.physical.can.database import shipped_database
from voltward.physical.can.frame import Frame
from voltward.physical.can.hub_bus import HubBus
from voltward.physical.can.message import from_message, to_message
from voltward.physical.can.pack_telemetry import GatewayCommand, PackTelemetry

_FLAGS = {"charging", "charge_enable", "open_request"}


class BusPort:
    """A node on the hub.

    Args:
        path: The hub's socket.
    """

    def __init__(self, path: Path) -> None:
        self._bus = HubBus(channel=str(path))

    def send(self, frames: Sequence[Frame]) -> int:
        """Put frames on the bus and return how many."""
        for frame in frames:
            self._bus.send(to_message(frame))
        return len(frames)

    def receive(self, count: int, timeout_s: float) -> list[Frame]:
        """Return the next `count` frames of the others.

        Raises:
            TimeoutError: They did not come in time.
        """
        end = time.monotonic() + timeout_s
        frames: list[Frame] = []
        while len(frames) < count:
            message = self._bus.recv(max(0.0, end - time.monotonic()))
            if message is None:
                raise TimeoutError(f"{len(frames)} of {count} frames arrived on the bus")
            frames.append(from_message(message))
        return frames

    def close(self) -> None:
        """Leave the bus."""
        self._bus.shutdown()


def telemetry_frames(message: Message) -> list[Frame]:
    """Return the frames of a telemetry message; none for silence."""
    if not message.present:
        return []
    voltage_V, temperature_degC = message.wide
    scalars = _named(TELEMETRY_SCALARS, message)
    return encode_telemetry(
        PackTelemetry(
            voltage_V=tuple(voltage_V.tolist()),
            temperature_degC=tuple(temperature_degC.tolist()),
            sequence=message.sequence,
            **scalars,
        )
    )


def telemetry_message(frames: Sequence[Frame], cells: int) -> Message:
    """Return the telemetry in a tick's frames; of two alike the later counts."""
    copies = _count(frames, "Pack_State")
    if not copies:
        return silence(Kind.TELEMETRY, cells)
    telemetry = decode_telemetry(frames, cells)
    sequence = telemetry.sequence or 0
    return Message(
        (np.array(telemetry.voltage_V), np.array(telemetry.temperature_degC)),
        _values(TELEMETRY_SCALARS, telemetry),
        present=True,
        sequence=sequence,
        sent_tick=sequence,
        copies=float(copies),
    )


def command_frames(message: Message) -> list[Frame]:
    """Return the frame of a command; none for silence."""
    if not message.present:
        return []
    command = GatewayCommand(sequence=message.sequence, **_named(COMMAND_SCALARS, message))
    return [encode_command(command)]


def command_message(frames: Sequence[Frame]) -> Message:
    """Return the command in a tick's frames; of two the later counts."""
    identifier = _identifier("Gateway_Command")
    found = [frame for frame in frames if frame.identifier == identifier]
    if not found:
        return silence(Kind.COMMAND)
    command = decode_command(found[-1])
    sequence = command.sequence or 0
    return Message(
        (),
        _values(COMMAND_SCALARS, command),
        present=True,
        sequence=sequence,
        sent_tick=sequence,
        copies=float(len(found)),
    )


def _named(fields: Sequence[str], message: Message) -> dict[str, Any]:
    named: dict[str, Any] = {}
    for field, value in zip(fields, message.scalars.tolist(), strict=True):
        named[field] = _as_flag(value) if field in _FLAGS else value
    return named


def _as_flag(value: float) -> bool | None:
    return None if np.isnan(value) else bool(value)


def _values(fields: Sequence[str], record: object) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    values = [getattr(record, field) for field in fields]
    return np.array([np.nan if value is None else float(value) for value in values])


def _count(frames: Sequence[Frame], name: str) -> int:
    identifier = _identifier(name)
    return sum(frame.identifier == identifier for frame in frames)


def _identifier(name: str) -> int:
    return int(shipped_database().get_message_by_name(name).frame_id)
