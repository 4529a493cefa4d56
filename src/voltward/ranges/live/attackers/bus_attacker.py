"""Process: the attacker's node on the pack network; it listens, and forges when told to."""

import sys
from collections.abc import Mapping
from pathlib import Path

from voltward.ranges.live.attackers.forger import Forger, ForgerSettings
from voltward.ranges.live.links.bus_port import BusPort, telemetry_frames, telemetry_message
from voltward.ranges.live.links.control import Document
from voltward.ranges.live.links.role import Handler, serve
from voltward.ranges.live.links.uplink import WAIT_S

TAP = "can.up"


class BusAttackerRole:
    """Sends a changed copy of the telemetry right behind it, so that it is the one that counts.

    Args:
        hub: Socket of the CAN hub.
    """

    def __init__(self, hub: Path) -> None:
        self._port = BusPort(hub)
        self._forger: Forger | None = None

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """What it does for each request."""
        return {"configure": self._configure, "step": self._step}

    def _configure(self, request: Document) -> Document:
        settings, self._cells = request["forger"], request["cells"]
        self._forger = None if settings is None else Forger(ForgerSettings(**settings), (TAP,))
        return {}

    def _step(self, request: Document) -> Document:
        """Hear the tick's frames, and answer them."""
        frames = self._port.receive(request["frames"], WAIT_S)
        heard = telemetry_message(frames, self._cells)
        if self._forger is None or not heard.present:
            return {"frames": 0}
        forged = self._forger.forge(TAP, heard, request["tick"])
        return {"frames": 0 if forged is None else self._port.send(telemetry_frames(forged))}

    def close(self) -> None:
        """Leave the bus."""
        self._port.close()


if __name__ == "__main__":
    sys.exit(serve(BusAttackerRole))
