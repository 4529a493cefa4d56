"""Process: the attacker's node on the pack network; it listens, and forges when told to."""

import sys
from collections.abc import Mapping
from pathlib import Path

from voltward.comms.payload import Kind, Message, silence
from voltward.experiments.live.bus_port import BusPort, telemetry_frames, telemetry_message
from voltward.experiments.live.change import changed
from voltward.experiments.live.control import Document
from voltward.experiments.live.role import Handler, serve
from voltward.experiments.live.settings import BusAttacker
from voltward.experiments.live.uplink import WAIT_S


class BusAttackerRole:
    """Sends changed copies of the telemetry that it heard in the last tick.

    Args:
        hub: Socket of the CAN hub.
    """

    _attack: BusAttacker | None
    _heard: Message

    def __init__(self, hub: Path) -> None:
        self._port = BusPort(hub)

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """What it does for each request."""
        return {"configure": self._configure, "step": self._step, "collect": self._collect}

    def _configure(self, request: Document) -> Document:
        attack = request["attack"]
        self._attack = None if attack is None else BusAttacker.model_validate(attack)
        self._cells = request["cells"]
        self._heard = silence(Kind.TELEMETRY, self._cells)
        return {}

    def _step(self, request: Document) -> Document:
        if self._attack is None or not self._attack.covers(request["tick"]):
            return {"frames": 0}
        return {
            "frames": self._port.send(telemetry_frames(changed(self._heard, self._attack.change)))
        }

    def _collect(self, request: Document) -> Document:
        frames = self._port.receive(request["frames"], WAIT_S)
        self._heard = telemetry_message(frames, self._cells)
        return {"heard": len(frames)}

    def close(self) -> None:
        """Leave the bus."""
        self._port.close()


if __name__ == "__main__":
    sys.exit(serve(BusAttackerRole))
