"""Process: the cloud service with the twin."""

import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
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
from voltward.ranges.live.case.part import (
    DOWNLINK,
    UPLINK_SLOTS,
    LivePart,
    Mail,
    PartSettings,
    load_factory,
    mail_of,
)
from voltward.ranges.live.links import security
from voltward.ranges.live.links.control import Document
from voltward.ranges.live.links.role import Handler, serve
from voltward.ranges.live.links.sample import samples
from voltward.ranges.live.links.uplink import WAIT_S


class CloudRole:
    """Steps the cloud part: telemetry in, commands out.

    Args:
        hub: Socket of the CAN hub; the cloud is not on the bus.
    """

    _part: LivePart
    _inbox: Mail
    _out: Mail

    def __init__(self, hub: Path) -> None:
        self._hub = hub
        self._session: MqttSession | None = None

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """What it does for each request."""
        return {
            "configure": self._configure,
            "step": self._step,
            "publish": self._publish,
            "collect": self._collect,
            "finish": self._finish,
        }

    def _configure(self, request: Document) -> Document:
        settings = PartSettings(**request["part_settings"])
        self._cells = settings.cells
        self._topic = request["command_topic"]
        self._part = load_factory(request["part"])(settings)
        self._inbox = {name: silence(Kind.TELEMETRY, self._cells) for name in UPLINK_SLOTS}
        tls = security.from_request(request["tls"])
        self._session = MqttSession(request["identity"], request["port"], tls)
        if not self._session.subscribe(request["telemetry_topic"], WAIT_S):
            raise PermissionError("the broker does not let the cloud read telemetry")
        return {"session": asdict(self._session.facts)}

    def _open_session(self) -> MqttSession:
        if self._session is None:
            raise ConnectionError("the cloud has no session")
        return self._session

    def _step(self, request: Document) -> Document:
        self._out = self._part.step(request["tick"], self._inbox)
        return {"observed": self._part.observe()}

    def _publish(self, request: Document) -> Document:
        """Send the command of this tick, also when it is silence."""
        session = self._open_session()
        command = mail_of(self._out, DOWNLINK, Kind.COMMAND)
        payload = encode(Envelope(Kind.COMMAND, request["tick"], 0, command))
        granted = session.acknowledged(session.publish(self._topic, payload), WAIT_S)
        return {"delivered": int(granted is True), "commands": samples(Kind.COMMAND, [command])}

    def _collect(self, request: Document) -> Document:
        payloads = self._open_session().receive(request["telemetry"], WAIT_S)
        if len(payloads) < request["telemetry"]:
            raise TimeoutError(f"{len(payloads)} of {request['telemetry']} records arrived")
        arrived, dropped = _by_slot(payloads, self._cells)
        self._inbox = {
            name: _merged(arrived[slot], self._cells) for slot, name in enumerate(UPLINK_SLOTS)
        }
        received = [message for slot in sorted(arrived) for message in arrived[slot]]
        taken = list(self._inbox.values())
        return {
            "received": samples(Kind.TELEMETRY, received),
            "taken": samples(Kind.TELEMETRY, taken),
            "dropped": dropped,
        }

    def _finish(self, _request: Document) -> Document:
        self.close()
        return {}

    def close(self) -> None:
        """End the session."""
        if self._session is not None:
            self._session.close()
        self._session = None


def _by_slot(payloads: Sequence[bytes], cells: int) -> tuple[dict[int, list[Message]], int]:
    """Return the records of a tick by slot, and how many payloads were none of ours."""
    arrived: dict[int, list[Message]] = defaultdict(list)
    dropped = 0
    for payload in payloads:
        try:
            envelope = decode(payload)
        except PayloadError:
            dropped += 1
            continue
        message = envelope.message
        fits = envelope.kind == Kind.TELEMETRY and 0 <= envelope.slot < len(UPLINK_SLOTS)
        if not fits or any(len(values) != cells for values in message.wide):
            dropped += 1
        elif message.present:
            arrived[envelope.slot].append(message)
    return arrived, dropped


def _merged(messages: Sequence[Message], cells: int) -> Message:
    """Return what stands in a slot: of several the last, with their number."""
    if not messages:
        return silence(Kind.TELEMETRY, cells)
    return replace(messages[-1], copies=float(len(messages)))


if __name__ == "__main__":
    sys.exit(serve(CloudRole))
