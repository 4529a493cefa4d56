"""The gateway's way to the broker: a session, and what was sent but not acknowledged yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from voltward.comms.mqtt_client import MqttSession, SessionFacts, SessionRefusedError, TlsSettings

WAIT_S = 20.0


class NetworkPath(StrEnum):
    """What the network between gateway and broker does in a tick.

    It is told by the coordinator; on a real network a time-out would tell it.
    """

    ANSWERS = "answers"
    HOLDS = "holds"
    CLOSES = "closes"


@dataclass(frozen=True)
class Opening:
    """The uplink at the start of a tick.

    Attributes:
        can_send: A session is up and nothing is unacknowledged.
        refusal: Why there is no session; empty when there is one or none was tried.
        untrusted: Somebody answered and his certificate was not good.
        delivered: Earlier messages that arrived now.
    """

    can_send: bool
    refusal: str
    untrusted: bool
    delivered: int


class Uplink:
    """Sends with QoS 1 and keeps every message until the broker has it.

    Args:
        identity: Client identifier.
        port: Where the broker is expected, on 127.0.0.1.
        tls: TLS settings, or None.
        listen: Topic of the commands.
    """

    def __init__(self, identity: str, port: int, tls: TlsSettings | None, listen: str) -> None:
        self._identity, self._port, self._tls, self._listen = identity, port, tls, listen
        self._session: MqttSession | None = None
        self._unacknowledged: list[tuple[str, bytes, int]] = []
        self.facts = SessionFacts()

    @property
    def connected(self) -> bool:
        """Whether a session is up."""
        return self._session is not None and self._session.alive

    def open(self, path: NetworkPath, *, severed: bool) -> Opening:
        """Get ready for a tick: notice a cut, reconnect, and bring unacknowledged messages over.

        Args:
            path: What the network does in this tick.
            severed: Whether connections were cut since the last tick.
        """
        refusal, untrusted = "", False
        if self._session is not None and severed:
            self._session.wait_until_broken(WAIT_S)
        if self._session is not None and not self._session.alive:
            self._session.close()
            self._session = None
        if path == NetworkPath.HOLDS:
            can_send = self.connected and not self._unacknowledged
            return Opening(can_send=can_send, refusal="", untrusted=False, delivered=0)
        again = self._session is None
        if again:
            refusal, untrusted = self._connect()
        waiting = len(self._unacknowledged)
        if self._session is not None and waiting:
            if again:
                self._resend()
            self._await_acknowledgements()
        delivered = waiting - len(self._unacknowledged)
        ready = self.connected and not self._unacknowledged and not delivered
        return Opening(can_send=ready, refusal=refusal, untrusted=untrusted, delivered=delivered)

    def send(self, topic: str, payloads: Sequence[bytes], path: NetworkPath) -> int:
        """Send and return how many the broker acknowledged in this tick."""
        if self._session is None:
            raise ConnectionError("send without a session")
        for payload in payloads:
            number = self._session.publish(topic, payload)
            self._unacknowledged.append((topic, payload, number))
        if path == NetworkPath.HOLDS:
            return 0
        self._await_acknowledgements()
        return len(payloads) - len(self._unacknowledged)

    def commands(self, count: int) -> list[bytes]:
        """Return commands as they came.

        Raises:
            TimeoutError: They did not come in time.
        """
        if not count:
            return []
        payloads = self._session.receive(count, WAIT_S) if self._session is not None else []
        if len(payloads) < count:
            raise TimeoutError(f"{len(payloads)} of {count} commands arrived")
        return payloads

    def close(self) -> None:
        """End the session."""
        if self._session is not None:
            self._session.close()
        self._session = None

    def _connect(self) -> tuple[str, bool]:
        """Open a session; else return why not, and whether the certificate was to blame."""
        try:
            session = MqttSession(self._identity, self._port, self._tls)
        except SessionRefusedError as error:
            return str(error), error.untrusted
        if not session.subscribe(self._listen, WAIT_S):
            session.close()
            return "the broker does not let us read commands", False
        self._session, self.facts = session, session.facts
        return "", False

    def _resend(self) -> None:
        if self._session is not None:
            self._unacknowledged = [
                (topic, payload, self._session.publish(topic, payload))
                for topic, payload, _ in self._unacknowledged
            ]

    def _await_acknowledgements(self) -> None:
        if self._session is None:
            return
        waiting = []
        for entry in self._unacknowledged:
            answer = self._session.acknowledged(entry[2], WAIT_S)
            if answer is False:
                raise PermissionError(f"the broker does not let us write to {entry[0]}")
            if answer is None:
                waiting.append(entry)
        self._unacknowledged = waiting
