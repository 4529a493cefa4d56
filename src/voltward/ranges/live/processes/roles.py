"""The honest roles: bus hub, ECU, gateway and cloud, each in a process of its own.

ECU, gateway and cloud each step one part of the system. In every tick they get two requests:

1. `step`: the part advances on its inbox of the tick before; what it sends goes out.
2. `collect`: what the others sent is received, as many messages as the coordinator says, and
   becomes the inbox of the next tick.

The cloud has a third one between them, `publish`: its command goes out when all else is sent.
"""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from voltward.comms.mqtt_client import MqttSession
from voltward.comms.payload import (
    Envelope,
    Kind,
    Message,
    PayloadError,
    decode,
    encode,
    silence,
)
from voltward.physical.can.hub import HubServer
from voltward.ranges.live.case.part import (
    BUS_DOWN,
    BUS_UP,
    DOWNLINK,
    LINK,
    UPLINK_SLOTS,
    LinkFacts,
    LivePart,
    Mail,
    PartFactory,
    PartSettings,
    mail_of,
)
from voltward.ranges.live.links.control import Document, Role, load_object
from voltward.ranges.live.links.messages import BusMessages, samples
from voltward.ranges.live.links.ports import (
    WAIT_S,
    BrokerAccess,
    BusPort,
    NetworkPath,
    Opening,
    Uplink,
    receive_all,
)


class HubRole(Role):
    """Serves the bus until the process ends."""

    def __init__(self, hub: Path) -> None:
        super().__init__(hub)
        self._server = self.for_process.enter_context(HubServer(hub))
        self._malformed = 0

    def finish(self) -> Document:
        """Return how many frames of the case did not get through the hub."""
        before, self._malformed = self._malformed, self._server.malformed
        return {
            "dropped_frames": self._server.dropped,
            "malformed_frames": self._malformed - before,
        }


class _PartRole(Role):
    """Holds a part of the system with its inbox."""

    _part: LivePart
    _inbox: Mail
    _cells: int
    _bus: BusMessages
    _tick: int

    def _take_part(self, name: str, settings: PartSettings, inbox: Mail) -> None:
        factory: PartFactory = load_object(name)
        self._part, self._inbox, self._cells = factory(settings), inbox, settings.cells
        self._bus, self._tick = BusMessages.of(settings.system), -1


class EcuRole(_PartRole):
    """Steps the vehicle: telemetry out to the bus, commands in from it."""

    def __init__(self, hub: Path) -> None:
        super().__init__(hub)
        self._port = self.for_process.enter_context(closing(BusPort(hub)))

    def configure(self, part: str, settings: PartSettings) -> Document:
        """Make the vehicle of a case."""
        self._take_part(part, settings, {BUS_DOWN: silence(Kind.COMMAND)})
        return {}

    def step(self, tick: int) -> Document:
        """Step the vehicle and send its telemetry."""
        self._tick = tick
        out = self._part.step(tick, self._inbox)
        frames = self._bus.frames(Kind.TELEMETRY, mail_of(out, BUS_UP, Kind.TELEMETRY))
        # What the bus carries is quantised; later parts are compared with that.
        carried = self._bus.message(Kind.TELEMETRY, frames, tick)
        return {
            "frames": self._port.send(frames),
            "made": samples(Kind.TELEMETRY, [carried]),
            "observed": self._part.observe(),
        }

    def collect(self, frames: int) -> Document:
        """Receive the command of the tick."""
        command = self._bus.message(Kind.COMMAND, self._port.receive(frames), self._tick)
        self._inbox = {BUS_DOWN: command}
        return {"commands": samples(Kind.COMMAND, [command])}


class GatewayRole(_PartRole):
    """Steps the gateway: telemetry from the bus to the uplink, commands to the bus."""

    _uplink: Uplink
    _verifies: bool

    def __init__(self, hub: Path) -> None:
        super().__init__(hub)
        self._port = self.for_process.enter_context(closing(BusPort(hub)))

    def configure(self, part: str, settings: PartSettings, access: BrokerAccess) -> Document:
        """Make the gateway of a case; it connects in its first tick."""
        inbox = {
            BUS_UP: silence(Kind.TELEMETRY, settings.cells),
            DOWNLINK: silence(Kind.COMMAND),
        }
        self._take_part(part, settings, inbox)
        self._verifies = access.tls is not None and access.tls.verify
        self._uplink = self.for_case.enter_context(closing(Uplink(access)))
        return {}

    def step(self, tick: int, path: NetworkPath, *, severed: bool) -> Document:
        """Step the gateway, send its command on the bus and its records to the broker."""
        self._tick = tick
        opening = self._uplink.open(path, severed=severed)
        link = LinkFacts(
            can_send=opening.can_send,
            answered=self._uplink.connected or opening.untrusted,
            verified=self._uplink.connected and self._verifies,
        )
        out = self._part.step(tick, {**self._inbox, LINK: link.as_message()})
        command = mail_of(out, BUS_DOWN, Kind.COMMAND)
        slots = [mail_of(out, name, Kind.TELEMETRY, self._cells) for name in UPLINK_SLOTS]
        return {
            "frames": self._port.send(self._bus.frames(Kind.COMMAND, command)),
            "delivered": opening.delivered + self._publish(tick, slots, opening, path),
            "published": samples(Kind.TELEMETRY, slots) if opening.can_send else [],
            "connected": self._uplink.connected,
            "refusal": opening.refusal,
            "session": self._uplink.facts,
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
        return self._uplink.send(payloads, path)

    def collect(self, frames: int, commands: int) -> Document:
        """Receive the telemetry of the bus and the last command of the broker."""
        command = silence(Kind.COMMAND)
        for payload in self._uplink.commands(commands):
            command = _later(command, payload)
        before = self._port.unreadable
        received = self._port.receive(frames)
        telemetry = self._bus.message(Kind.TELEMETRY, received, self._tick)
        self._inbox = {BUS_UP: telemetry, DOWNLINK: command}
        return {
            "bus": samples(Kind.TELEMETRY, [telemetry]),
            "unreadable_frames": self._port.unreadable - before,
        }


class CloudRole(_PartRole):
    """Steps the cloud service with the twin: telemetry in, commands out."""

    _out: Mail
    _topic: str
    _session: MqttSession

    def configure(self, part: str, settings: PartSettings, access: BrokerAccess) -> Document:
        """Make the cloud of a case and open its session."""
        inbox = {name: silence(Kind.TELEMETRY, settings.cells) for name in UPLINK_SLOTS}
        self._take_part(part, settings, inbox)
        self._topic = access.command_topic
        self._session = self.for_case.enter_context(closing(access.session()))
        if not self._session.subscribe(access.telemetry_topic, WAIT_S):
            raise PermissionError("the broker does not let the cloud read telemetry")
        return {"session": self._session.facts}

    def step(self, tick: int) -> Document:
        """Step the cloud."""
        self._out = self._part.step(tick, self._inbox)
        return {"observed": self._part.observe()}

    def publish(self, tick: int) -> Document:
        """Send the command of this tick, also when it is silence."""
        command = mail_of(self._out, DOWNLINK, Kind.COMMAND)
        payload = encode(Envelope(Kind.COMMAND, tick, 0, command))
        number = self._session.publish(self._topic, payload)
        return {"delivered": int(self._session.acknowledged(number, WAIT_S) is True)}

    def collect(self, telemetry: int) -> Document:
        """Receive the records of the tick."""
        arrived, foreign = _by_slot(receive_all(self._session, telemetry), self._cells)
        self._inbox = {
            name: _merged(arrived[slot], self._cells) for slot, name in enumerate(UPLINK_SLOTS)
        }
        received = [message for slot in sorted(arrived) for message in arrived[slot]]
        return {
            "received": samples(Kind.TELEMETRY, received),
            "taken": samples(Kind.TELEMETRY, list(self._inbox.values())),
            "foreign": foreign,
        }


def _by_slot(payloads: Sequence[bytes], cells: int) -> tuple[dict[int, list[Message]], int]:
    """Return the records of a tick by slot, and the number of foreign payloads."""
    arrived: dict[int, list[Message]] = defaultdict(list)
    foreign = 0
    for payload in payloads:
        try:
            envelope = decode(payload)
        except PayloadError:
            foreign += 1
            continue
        message = envelope.message
        fits = envelope.kind == Kind.TELEMETRY and 0 <= envelope.slot < len(UPLINK_SLOTS)
        if not fits or any(len(values) != cells for values in message.wide):
            foreign += 1
        elif message.present:
            arrived[envelope.slot].append(message)
    return arrived, foreign


def _merged(messages: Sequence[Message], cells: int) -> Message:
    """Return the content of a slot: of several messages the last, with their number."""
    if not messages:
        return silence(Kind.TELEMETRY, cells)
    return replace(messages[-1], copies=float(len(messages)))


def _later(command: Message, payload: bytes) -> Message:
    """Return the command in a payload when there is one, else the one before."""
    try:
        envelope = decode(payload)
    except PayloadError:
        return command
    arrived = envelope.message
    return arrived if envelope.kind == Kind.COMMAND and arrived.present else command
