"""Process: the vehicle with its ECU, on the pack network."""

import sys
from collections.abc import Mapping
from pathlib import Path

from voltward.comms.payload import Kind, silence
from voltward.ranges.live.case.part import (
    BUS_DOWN,
    BUS_UP,
    LivePart,
    Mail,
    PartSettings,
    load_factory,
    mail_of,
)
from voltward.ranges.live.links.bus_port import (
    BusPort,
    command_message,
    telemetry_frames,
    telemetry_message,
)
from voltward.ranges.live.links.control import Document
from voltward.ranges.live.links.role import Handler, serve
from voltward.ranges.live.links.sample import samples
from voltward.ranges.live.links.uplink import WAIT_S


class EcuRole:
    """Steps the vehicle part: telemetry out to the bus, commands in from it.

    Args:
        hub: Socket of the CAN hub.
    """

    _part: LivePart
    _inbox: Mail

    def __init__(self, hub: Path) -> None:
        self._port = BusPort(hub)

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """What it does for each request."""
        return {
            "configure": self._configure,
            "step": self._step,
            "collect": self._collect,
            "finish": self._finish,
        }

    def _configure(self, request: Document) -> Document:
        settings = PartSettings(**request["part_settings"])
        self._cells = settings.cells
        self._part = load_factory(request["part"])(settings)
        self._inbox = {BUS_DOWN: silence(Kind.COMMAND)}
        return {}

    def _step(self, request: Document) -> Document:
        out = self._part.step(request["tick"], self._inbox)
        frames = telemetry_frames(mail_of(out, BUS_UP, Kind.TELEMETRY))
        # What the bus carries is quantised; that is what later parts are compared with.
        carried = telemetry_message(frames, self._cells)
        return {
            "frames": self._port.send(frames),
            "made": samples(Kind.TELEMETRY, [carried]),
            "observed": self._part.observe(),
        }

    def _collect(self, request: Document) -> Document:
        self._inbox = {BUS_DOWN: command_message(self._port.receive(request["frames"], WAIT_S))}
        return {"commands": samples(Kind.COMMAND, [self._inbox[BUS_DOWN]])}

    def _finish(self, _request: Document) -> Document:
        return {}

    def close(self) -> None:
        """Leave the bus."""
        self._port.close()


if __name__ == "__main__":
    sys.exit(serve(EcuRole))
