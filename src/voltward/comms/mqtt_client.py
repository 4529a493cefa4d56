"""One MQTT 5 session over paho: bounded waits, and no reconnecting without the caller.

1. Connect: TCP, TLS where it is set, and the check of the broker's certificate.
2. Read from the socket what was negotiated.
3. Wait for the broker's answer to CONNECT; anything but an acceptance is a `SessionRefusedError`.
4. From then on a thread of paho reads. Its callbacks record what arrived, under one condition that
   the caller's bounded waits listen to.
"""

import hashlib
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paho.mqtt.client import MQTT_ERR_SUCCESS, Client
from paho.mqtt.enums import CallbackAPIVersion, LogLevel, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from voltward.comms.authority import CertificateFiles

# Bounds of waiting; nothing in a run is timed by them.
KEEPALIVE_S = 60
HANDSHAKE_S = 10.0
CALLBACKS = ("on_connect", "on_disconnect", "on_publish", "on_subscribe", "on_message", "on_log")


class SessionRefusedError(Exception):
    """No session: the other side refused, or the check of its certificate failed.

    Args:
        reason: In the words of the side that refused.
        untrusted: Whether the other side's certificate was not valid.
    """

    def __init__(self, reason: str, *, untrusted: bool = False) -> None:
        super().__init__(reason)
        self.untrusted = untrusted


class _ClosingSocket(ssl.SSLSocket):
    """A socket that closes when its handshake fails; paho leaves it open."""

    def do_handshake(self, *arguments: bool, **named: bool) -> None:
        try:
            super().do_handshake(*arguments, **named)
        except OSError:
            self.close()
            raise


@dataclass(frozen=True)
class TlsSettings:
    """How a client uses TLS.

    Attributes:
        authority: Certificate of the authority that the broker must be signed by.
        verify: Whether the broker's certificate and name are checked.
        client: The client's own certificate, when it has one.
    """

    authority: Path
    verify: bool = True
    client: CertificateFiles | None = None

    def context(self) -> ssl.SSLContext:
        """Return the TLS 1.3 context."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.sslsocket_class = _ClosingSocket
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        if self.verify:
            context.load_verify_locations(self.authority)
        else:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if self.client is not None:
            context.load_cert_chain(self.client.certificate, self.client.key)
        return context


@dataclass(frozen=True)
class SessionFacts:
    """What was read from the open socket.

    Attributes:
        tls_version: As negotiated, for example "TLSv1.3"; empty without TLS.
        cipher: Name of the cipher suite; empty without TLS.
        peer_sha256: Digest of the certificate that the other side showed; empty without TLS.
    """

    tls_version: str = ""
    cipher: str = ""
    peer_sha256: str = ""


class MqttSession:
    """A session that stays broken when it breaks; the caller opens another.

    Args:
        identity: Client identifier.
        port: Port on 127.0.0.1.
        tls: TLS settings, or None for plain TCP.
        session_expiry_s: How long the broker keeps the session after it ends.
        resume: Whether to continue the session that the broker kept.
    """

    def __init__(
        self,
        identity: str,
        port: int,
        tls: TlsSettings | None = None,
        *,
        session_expiry_s: int = 0,
        resume: bool = False,
    ) -> None:
        self._changed = threading.Condition()
        self._reasons: dict[int, bool] = {}
        self._inbox: deque[bytes] = deque()
        self._connected: bool | None = None
        self._refusal = ""
        self._closed = False
        self.facts = SessionFacts()
        self._client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=identity,
            protocol=MQTTProtocolVersion.MQTTv5,
            reconnect_on_failure=False,
        )
        self._client.connect_timeout = HANDSHAKE_S
        self._client.max_inflight_messages_set(0)
        self._client.max_queued_messages_set(0)
        for name in CALLBACKS:
            setattr(self._client, name, getattr(self, f"_{name}"))
        if tls is not None:
            self._client.tls_set_context(tls.context())
        self._open(port, session_expiry_s, resume=resume)

    def _open(self, port: int, session_expiry_s: int, *, resume: bool) -> None:
        make_properties: Callable[[int], Properties] = Properties  # paho leaves it untyped
        properties = make_properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = session_expiry_s
        # 1.
        refusal, untrusted = "", False
        try:
            self._client.connect(
                "127.0.0.1",
                port,
                keepalive=KEEPALIVE_S,
                clean_start=not resume,
                properties=properties,
            )
        except OSError as error:
            refusal = error.strerror or str(error) or type(error).__name__
            untrusted = isinstance(error, ssl.SSLCertVerificationError)
        if refusal:
            self._refuse(refusal, untrusted=untrusted)
        # 2.
        opened = self._client.socket()
        if isinstance(opened, socket.socket):
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if isinstance(opened, ssl.SSLSocket):
            certificate = opened.getpeercert(binary_form=True) or b""
            cipher = opened.cipher()
            self.facts = SessionFacts(
                tls_version=opened.version() or "",
                cipher=cipher[0] if cipher else "",
                peer_sha256=hashlib.sha256(certificate).hexdigest(),
            )
        # 3.
        self._client.loop_start()
        if not self._wait(lambda: self._connected is not None, HANDSHAKE_S):
            self._refuse("no answer")
        if not self._connected:
            self._refuse(self._refusal or "connection closed")

    def _refuse(self, reason: str, *, untrusted: bool = False) -> None:
        self.close()
        raise SessionRefusedError(reason, untrusted=untrusted)

    @property
    def alive(self) -> bool:
        """Whether the session is open as far as this side knows."""
        return bool(self._connected)

    def subscribe(self, topic: str, timeout_s: float, *, own: bool = True) -> bool:
        """Subscribe with QoS 1 and return whether the broker granted it.

        Args:
            topic: To read.
            timeout_s: How long to wait for the answer.
            own: Whether the session gets its own messages too.
        """
        options = SubscribeOptions(qos=1, noLocal=not own)
        code, identifier = self._client.subscribe(topic, options=options)
        if code != MQTT_ERR_SUCCESS or identifier is None:
            return False
        return self.acknowledged(identifier, timeout_s) is True

    def publish(self, topic: str, payload: bytes) -> int:
        """Send with QoS 1 and return the packet identifier, without waiting."""
        return self._client.publish(topic, payload, qos=1).mid

    def acknowledged(self, identifier: int, timeout_s: float) -> bool | None:
        """Wait for the broker's answer to a packet.

        Returns:
            True when granted, False when denied, None when the session broke or time ran out.
        """
        self._wait(lambda: identifier in self._reasons or not self._connected, timeout_s)
        with self._changed:
            return self._reasons.pop(identifier, None)

    def receive(self, count: int, timeout_s: float) -> list[bytes]:
        """Return payloads in order of arrival, waiting until there are `count` of them."""
        self._wait(lambda: len(self._inbox) >= count or not self._connected, timeout_s)
        with self._changed:
            return [self._inbox.popleft() for _ in range(min(count, len(self._inbox)))]

    def wait_until_broken(self, timeout_s: float) -> bool:
        """Wait until this side has noticed that the connection is gone."""
        return self._wait(lambda: not self._connected, timeout_s)

    def close(self) -> None:
        """End the session and its thread."""
        if self._closed:
            return
        self._closed = True
        self._client.disconnect()
        self._client.loop_stop()
        self._connected = False
        # paho closes its wake-up sockets when it is collected; the callbacks would keep it alive.
        for name in CALLBACKS:
            setattr(self._client, name, None)
        del self._client

    def _wait(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        end = time.monotonic() + timeout_s
        with self._changed:
            return self._changed.wait_for(condition, max(0.0, end - time.monotonic()))

    # 4.
    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Record something, and wake the threads that wait for it."""
        with self._changed:
            yield
            self._changed.notify_all()

    def _on_connect(
        self, _client: Client, _data: Any, _flags: Any, reason: ReasonCode, _properties: Any
    ) -> None:
        with self._changing():
            self._connected = not reason.is_failure
            self._refusal = str(reason) if reason.is_failure else ""

    def _on_disconnect(
        self, _client: Client, _data: Any, _flags: Any, reason: ReasonCode, _properties: Any
    ) -> None:
        with self._changing():
            self._connected = False
            self._refusal = self._refusal or str(reason)

    def _on_publish(
        self, _client: Client, _data: Any, identifier: int, reason: ReasonCode, _properties: Any
    ) -> None:
        with self._changing():
            self._reasons[identifier] = not reason.is_failure

    def _on_subscribe(
        self, _client: Client, _data: Any, identifier: int, reasons: list[ReasonCode], _prop: Any
    ) -> None:
        with self._changing():
            self._reasons[identifier] = not any(reason.is_failure for reason in reasons)

    def _on_message(self, _client: Client, _data: Any, message: Any) -> None:
        with self._changing():
            self._inbox.append(bytes(message.payload))

    def _on_log(self, _client: Client, _data: Any, level: int, text: str) -> None:
        if level == LogLevel.MQTT_LOG_ERR:
            self._refusal = self._refusal or text
