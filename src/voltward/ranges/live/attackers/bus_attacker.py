"""The attacker's node on the pack network; it listens, and forges when the case says so."""

from contextlib import closing
from pathlib import Path

from voltward.comms.payload import Kind
from voltward.ranges.live.case.wire_attack import Forger, ForgerSettings
from voltward.ranges.live.links.control import Document, Role
from voltward.ranges.live.links.messages import BusMessages
from voltward.ranges.live.links.ports import BusPort

TAP = "can.up"


class BusAttackerRole(Role):
    """Sends a changed copy of the telemetry right behind it, so that the copy is the one used."""

    def __init__(self, hub: Path) -> None:
        super().__init__(hub)
        self._port = self.for_process.enter_context(closing(BusPort(hub)))
        self._forger: Forger | None = None

    def configure(self, forger: ForgerSettings | None, system: str) -> Document:
        """Take the attack of a case, or none; he knows the DBC of the bus."""
        self._bus = BusMessages.of(system)
        self._forger = None if forger is None else Forger(forger, (TAP,))
        return {}

    def step(self, tick: int, frames: int) -> Document:
        """Read the frames of the tick, and send forged ones."""
        heard = self._bus.message(Kind.TELEMETRY, self._port.receive(frames), tick)
        if self._forger is None or not heard.present:
            return {"frames": 0}
        forged = self._forger.forge(TAP, heard, tick)
        if forged is None:
            return {"frames": 0}
        return {"frames": self._port.send(self._bus.frames(Kind.TELEMETRY, forged))}
