"""A process's ports to bus and broker: what is sent is counted, what is received is waited for.

A tick of the uplink, which keeps every record until the broker has acknowledged it:

1. Notice a connection that was cut, and drop the session.
2. Open a session, unless the network holds everything back in this tick.
3. Send again what was not acknowledged in an earlier session, and wait for its acknowledgement.
4. Send the records of this tick, when nothing is left over and the network delivers.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from voltward.comms.mqtt_client import MqttSession, SessionFacts, SessionRefusedError, TlsSettings
from voltward.physical.can.frame import Frame
from voltward.physical.can.hub_bus import HubBus
from voltward.physical.can.message import from_message, to_message

WAIT_S = 20.0


class BusPort:
    """A node on the bus that exchanges data frames.

    Args:
        path: The hub's socket.

    Attributes:
        unreadable: Messages of the bus dropped because they are not data frames.
    """

    def __init__(self, path: Path) -> None:
        self._bus = HubBus(channel=str(path))
        self.unreadable = 0

    def send(self, frames: Sequence[Frame]) -> int:
        """Put frames on the bus and return how many."""
        for frame in frames:
            self._bus.send(to_message(frame))
        return len(frames)

    def receive(self, count: int) -> list[Frame]:
        """Return the next `count` frames of the others.

        Raises:
            TimeoutError: They did not come in time.
        """
        end = time.monotonic() + WAIT_S
        frames: list[Frame] = []
        while len(frames) < count:
            message = self._bus.recv(max(0.0, end - time.monotonic()))
            if message is None:
                raise TimeoutError(f"{len(frames)} of {count} frames arrived on the bus")
            try:
                frames.append(from_message(message))
            except ValueError:  # a remote or error frame, or one that no bus carries
                self.unreadable += 1
        return frames

    def close(self) -> None:
        """Leave the bus."""
        self._bus.shutdown()


@dataclass(frozen=True)
class BrokerAccess:
    """How a process reaches the broker.

    Attributes:
        identity: Client identifier.
        port: Where the broker is expected, on 127.0.0.1.
        tls: TLS settings, or None.
        telemetry_topic: Of the vehicle.
        command_topic: Of the vehicle.
    """

    identity: str
    port: int
    tls: TlsSettings | None
    telemetry_topic: str
    command_topic: str

    def session(self) -> MqttSession:
        """Open a session.

        Raises:
            SessionRefusedError: The other side, or the check of its certificate, refused.
        """
        return MqttSession(self.identity, self.port, self.tls)


class NetworkPath(StrEnum):
    """What the network between gateway and broker does in a tick.

    The coordinator sends it; on a real network, a time-out would show it.
    """

    ANSWERS = "answers"
    HOLDS = "holds"
    CLOSES = "closes"


@dataclass(frozen=True)
class Opening:
    """The uplink at the start of a tick.

    Attributes:
        can_send: A session is up and nothing is unacknowledged.
        delivered: Earlier messages that arrived now.
        refusal: Why there is no session; empty when there is one or none was tried.
        untrusted: Whether a peer answered whose certificate was not valid.
    """

    can_send: bool
    delivered: int = 0
    refusal: str = ""
    untrusted: bool = False


class Uplink:
    """Sends with QoS 1 and keeps every message until the broker has it.

    Args:
        access: Identity, port and TLS; records go to the topic of the telemetry, and commands are
            read from theirs.
    """

    def __init__(self, access: BrokerAccess) -> None:
        self._access = access
        self._session: MqttSession | None = None
        self._unacknowledged: list[tuple[bytes, int]] = []
        self.facts = SessionFacts()

    @property
    def connected(self) -> bool:
        """Whether a session is up."""
        return self._session is not None and self._session.alive

    def open(self, path: NetworkPath, *, severed: bool) -> Opening:
        """Prepare a tick.

        Args:
            path: What the network does in this tick.
            severed: Whether connections were cut since the last tick.
        """
        # 1.
        if self._session is not None and severed:
            self._session.wait_until_broken(WAIT_S)
        if not self.connected:
            self.close()
        if path == NetworkPath.HOLDS:
            return Opening(self.connected and not self._unacknowledged)
        # 2.
        refusal, untrusted = "", False
        again = self._session is None
        if again:
            refusal, untrusted = self._connect()
        # 3.
        waiting = len(self._unacknowledged)
        if self._session is not None and waiting:
            if again:
                kept, self._unacknowledged = self._unacknowledged, []
                self._publish([payload for payload, _ in kept])
            self._await_acknowledgements()
        delivered = waiting - len(self._unacknowledged)
        ready = self.connected and not self._unacknowledged and not delivered
        return Opening(ready, delivered, refusal, untrusted)

    def send(self, payloads: Sequence[bytes], path: NetworkPath) -> int:
        """Send and return how many the broker acknowledged in this tick."""
        # 4.
        self._publish(payloads)
        if path == NetworkPath.HOLDS:
            return 0
        self._await_acknowledgements()
        return len(payloads) - len(self._unacknowledged)

    def commands(self, count: int) -> list[bytes]:
        """Return commands as they came.

        Raises:
            TimeoutError: They did not come in time.
        """
        return receive_all(self._session, count) if count else []

    def close(self) -> None:
        """End the session."""
        if self._session is not None:
            self._session.close()
        self._session = None

    def _connect(self) -> tuple[str, bool]:
        """Open a session; else return why not, and whether the certificate was the reason."""
        try:
            session = self._access.session()
        except SessionRefusedError as error:
            return str(error), error.untrusted
        if not session.subscribe(self._access.command_topic, WAIT_S):
            session.close()
            return "the broker does not let the gateway read commands", False
        self._session, self.facts = session, session.facts
        return "", False

    def _publish(self, payloads: Sequence[bytes]) -> None:
        if self._session is None:
            raise ConnectionError("send without a session")
        topic = self._access.telemetry_topic
        self._unacknowledged += [(item, self._session.publish(topic, item)) for item in payloads]

    def _await_acknowledgements(self) -> None:
        """Drop what the broker has; what it did not acknowledge stays."""
        if self._session is None:
            return
        answers = [self._session.acknowledged(number, WAIT_S) for _, number in self._unacknowledged]
        if False in answers:
            topic = self._access.telemetry_topic
            raise PermissionError(f"the broker does not let the gateway write to {topic}")
        self._unacknowledged = [
            entry
            for entry, answer in zip(self._unacknowledged, answers, strict=True)
            if answer is None
        ]


def receive_all(session: MqttSession | None, count: int) -> list[bytes]:
    """Return the next `count` payloads of a session.

    Raises:
        TimeoutError: They did not come in time.
    """
    payloads = session.receive(count, WAIT_S) if session is not None else []
    if len(payloads) < count:
        raise TimeoutError(f"{len(payloads)} of {count} messages arrived from the broker")
    return payloads
