"""Process: the gateway, between the pack network and the broker."""

import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from voltward.comms.payload import (
    Envelope,
    Kind,
    Message,
    PayloadError,
    decode,
    encode,
    silence,
)
from voltward.ranges.live.case.part import (
    BUS_DOWN,
    BUS_UP,
    DOWNLINK,
    LINK,
    UPLINK_SLOTS,
    LinkFacts,
    LivePart,
    Mail,
    PartSettings,
    load_factory,
    mail_of,
)
from voltward.ranges.live.links import security
from voltward.ranges.live.links.bus_port import (
    BusPort,
    command_frames,
    telemetry_message,
)
from voltward.ranges.live.links.control import Document
from voltward.ranges.live.links.role import Handler, serve
from voltward.ranges.live.links.sample import samples
from voltward.ranges.live.links.uplink import WAIT_S, NetworkPath, Opening, Uplink


class GatewayRole:
    """Steps the gateway part: bus telemetry to the uplink, commands to the bus.

    Args:
        hub: Socket of the CAN hub.
    """

    _part: LivePart
    _inbox: Mail
    _uplink: Uplink

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
        self._topic = request["telemetry_topic"]
        self._part = load_factory(request["part"])(settings)
        tls = security.from_request(request["tls"])
        self._verifies = tls is not None and tls.verify
        self._uplink = Uplink(request["identity"], request["port"], tls, request["command_topic"])
        self._inbox = {
            BUS_UP: silence(Kind.TELEMETRY, self._cells),
            DOWNLINK: silence(Kind.COMMAND),
        }
        return {}

    def _step(self, request: Document) -> Document:
        tick, path = request["tick"], NetworkPath(request["path"])
        opening = self._uplink.open(path, severed=request["severed"])
        link = LinkFacts(
            can_send=opening.can_send,
            answered=self._uplink.connected or opening.untrusted,
            verified=self._uplink.connected and self._verifies,
        )
        out = self._part.step(tick, {**self._inbox, LINK: link.as_message()})
        slots = [mail_of(out, name, Kind.TELEMETRY, self._cells) for name in UPLINK_SLOTS]
        return {
            "frames": self._port.send(command_frames(mail_of(out, BUS_DOWN, Kind.COMMAND))),
            "delivered": opening.delivered + self._publish(tick, slots, opening, path),
            "published": samples(Kind.TELEMETRY, slots) if opening.can_send else [],
            "connected": self._uplink.connected,
            "refusal": opening.refusal,
            "session": asdict(self._uplink.facts),
            "observed": self._part.observe(),
        }

    def _publish(self, tick: int, slots: list[Message], opening: Opening, path: NetworkPath) -> int:
        """Send every slot, also the silent ones; nothing while the link cannot carry it."""
        if not opening.can_send:
            return 0
        payloads = [
            encode(Envelope(Kind.TELEMETRY, tick, number, message))
            for number, message in enumerate(slots)
        ]
        return self._uplink.send(self._topic, payloads, path)

    def _collect(self, request: Document) -> Document:
        command = silence(Kind.COMMAND)
        for payload in self._uplink.commands(request["commands"]):
            command = _later(command, payload)
        frames = self._port.receive(request["frames"], WAIT_S)
        self._inbox = {BUS_UP: telemetry_message(frames, self._cells), DOWNLINK: command}
        return {"bus": samples(Kind.TELEMETRY, [self._inbox[BUS_UP]])}

    def _finish(self, _request: Document) -> Document:
        self._uplink.close()
        return {}

    def close(self) -> None:
        """Leave the bus and the broker."""
        self._port.close()
        if hasattr(self, "_uplink"):
            self._uplink.close()


def _later(command: Message, payload: bytes) -> Message:
    """Return the command of a payload when it is one, else the one before."""
    try:
        envelope = decode(payload)
    except PayloadError:
        return command
    arrived = envelope.message
    return arrived if envelope.kind == Kind.COMMAND and arrived.present else command


if __name__ == "__main__":
    sys.exit(serve(GatewayRole))
