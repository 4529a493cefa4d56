"""A man in the middle between a client and a broker, both on 127.0.0.1.

1. A client connects. In mode `drop` it gets no answer; else a connection to the broker is opened.
   Rewriting needs plain text: where there is TLS, the client gets an impersonated broker with a
   certificate of its own.
2. What the client sends is relayed, held back (`delay`) or rewritten.
3. What the broker sends is relayed or rewritten.
4. A change of mode lets held bytes go, or cuts connections, so that the client connects again.
"""

import asyncio
import contextlib
import ipaddress
import ssl
from dataclasses import dataclass, field
from enum import StrEnum

from voltward.comms.authority import CertificateFiles
from voltward.comms.mqtt_packet import PacketError, PacketSplitter, Rewrite, rewrite_publish
from voltward.core.errors import ConfigurationError

CHUNK_BYTES = 65536
HANDSHAKE_S = 10.0


class Mode(StrEnum):
    """What is done with the traffic of the client; that of the broker is relayed or rewritten."""

    PASSTHROUGH = "passthrough"
    DROP = "drop"
    DELAY = "delay"
    REWRITE = "rewrite"


@dataclass
class Observations:
    """What the man in the middle did and observed.

    Attributes:
        rewritten: PUBLISH packets of the client changed.
        rewritten_back: PUBLISH packets to the client changed.
        severed: Connections that were cut.
        refused_handshakes: Clients that refused the certificate.
        held_bytes_peak: Most bytes held back at a time.
        client_tls: TLS version negotiated with the client; empty without.
        broker_tls: TLS version negotiated with the broker; empty without.
    """

    rewritten: int = 0
    rewritten_back: int = 0
    severed: int = 0
    refused_handshakes: int = 0
    held_bytes_peak: int = 0
    client_tls: str = ""
    broker_tls: str = ""


@dataclass(eq=False)
class _Relay:
    """One connection of the client with its counterpart at the broker."""

    client: asyncio.StreamWriter
    broker: asyncio.StreamWriter
    readable: bool
    packets: PacketSplitter = field(default_factory=PacketSplitter)
    packets_back: PacketSplitter = field(default_factory=PacketSplitter)
    held: bytearray = field(default_factory=bytearray)


def checked_loopback(address: str) -> str:
    """Return an address of 127.0.0.0/8.

    Raises:
        ConfigurationError: Any other address, or a name.
    """
    with contextlib.suppress(ipaddress.AddressValueError):
        if ipaddress.IPv4Address(address).is_loopback:
            return address
    raise ConfigurationError(
        f"the interceptor may not connect to '{address}'",
        why="it attacks loopback only",
        hint="use 127.0.0.1",
    )


class Interceptor:
    """Listens on a free port of 127.0.0.1 and relays between its clients and a broker.

    Args:
        broker_host: Address of the broker, on loopback.
        broker_port: Its port.
        certificate: Of the impersonated broker, for TLS; None where the client speaks plain MQTT.
        rewrite: From topic and payload to the new payload in mode `rewrite`, in both directions.

    Raises:
        ConfigurationError: The broker is not on loopback.
    """

    def __init__(
        self,
        broker_host: str,
        broker_port: int,
        certificate: CertificateFiles | None,
        rewrite: Rewrite,
    ) -> None:
        self._address = checked_loopback(broker_host), broker_port
        self._certificate = certificate
        self._rewrite = rewrite
        self._mode = Mode.PASSTHROUGH
        self._relays: set[_Relay] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.observed = Observations()

    async def start(self) -> int:
        """Listen, and return the port."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def set_mode(self, mode: Mode) -> bool:
        """Change the mode, and return whether connections were cut for it.

        Held bytes go on in their order when the mode is no longer `delay` and nothing is cut.
        """
        # 4.
        before, self._mode = self._mode, mode
        cut = mode != before and self._must_sever(before, mode) and bool(self._relays)
        for relay in list(self._relays):
            if cut:
                await self._sever(relay)
            elif mode != Mode.DELAY and relay.held:
                held, relay.held = bytes(relay.held), bytearray()
                await self._forward(relay, held)
        return cut

    async def stop(self) -> None:
        """Stop listening and close every connection."""
        if self._server is not None:
            self._server.close()
        for relay in list(self._relays):
            await self._sever(relay)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._server is not None:
            await self._server.wait_closed()

    def _must_sever(self, before: Mode, mode: Mode) -> bool:
        """Return whether a change cuts: to drop, or so that the client meets another TLS peer."""
        terminates = self._certificate is not None and Mode.REWRITE in (before, mode)
        return mode == Mode.DROP or terminates

    async def _accept(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        try:
            await self._serve(reader, client)
        finally:
            await _close(client)

    async def _serve(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        # 1.
        if self._mode == Mode.DROP:
            return
        terminates = self._mode == Mode.REWRITE and self._certificate is not None
        if terminates and not await self._impersonate_broker(client):
            return
        upstream = await self._reach_broker(with_tls=terminates)
        if upstream is None:
            return
        broker_reader, broker = upstream
        relay = _Relay(client, broker, readable=terminates or self._certificate is None)
        self._relays.add(relay)
        back = asyncio.create_task(self._pump_back(broker_reader, relay))
        try:
            await self._pump(reader, relay)
        finally:
            self._relays.discard(relay)
            back.cancel()
            await asyncio.gather(back, return_exceptions=True)
            await _close(broker)

    async def _impersonate_broker(self, client: asyncio.StreamWriter) -> bool:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        if self._certificate is not None:
            context.load_cert_chain(self._certificate.certificate, self._certificate.key)
        try:
            await client.start_tls(context, ssl_handshake_timeout=HANDSHAKE_S)
        except (OSError, ssl.SSLError):
            self.observed.refused_handshakes += 1
            return False
        self.observed.client_tls = _tls_version(client)
        return True

    async def _reach_broker(
        self, *, with_tls: bool
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        context = None
        if with_tls:
            # Without a check of the broker, and without a certificate that it would accept.
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        host, port = self._address
        try:
            reader, writer = await asyncio.open_connection(host, port, ssl=context)
        except OSError:
            return None
        self.observed.broker_tls = _tls_version(writer) or self.observed.broker_tls
        return reader, writer

    async def _pump(self, reader: asyncio.StreamReader, relay: _Relay) -> None:
        # 2.
        with contextlib.suppress(OSError, PacketError):
            while chunk := await reader.read(CHUNK_BYTES):
                if self._mode == Mode.DELAY or relay.held:
                    relay.held += chunk
                    peak = max(self.observed.held_bytes_peak, len(relay.held))
                    self.observed.held_bytes_peak = peak
                else:
                    await self._forward(relay, chunk)

    async def _forward(self, relay: _Relay, chunk: bytes) -> None:
        passed, changed = self._passed(relay, relay.packets, chunk)
        self.observed.rewritten += changed
        relay.broker.write(passed)
        await relay.broker.drain()

    async def _pump_back(self, reader: asyncio.StreamReader, relay: _Relay) -> None:
        # 3.
        with contextlib.suppress(OSError, PacketError):
            while chunk := await reader.read(CHUNK_BYTES):
                passed, changed = self._passed(relay, relay.packets_back, chunk)
                self.observed.rewritten_back += changed
                relay.client.write(passed)
                await relay.client.drain()
        await _close(relay.client)

    def _passed(self, relay: _Relay, splitter: PacketSplitter, chunk: bytes) -> tuple[bytes, int]:
        """Return what is sent on for a chunk, and how many packets of it were changed."""
        if not relay.readable:
            return chunk, 0
        packets = splitter.feed(chunk)
        sent = packets
        if self._mode == Mode.REWRITE:
            sent = [rewrite_publish(packet, self._rewrite) for packet in packets]
        changed = sum(new != old for new, old in zip(sent, packets, strict=True))
        return b"".join(sent), changed

    async def _sever(self, relay: _Relay) -> None:
        self.observed.severed += 1
        self._relays.discard(relay)
        relay.held.clear()
        # Both sides get a reset at once, and nothing that was in transit arrives late.
        relay.client.transport.abort()
        relay.broker.transport.abort()


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError, ssl.SSLError):
        await writer.wait_closed()


def _tls_version(writer: asyncio.StreamWriter) -> str:
    session = writer.get_extra_info("ssl_object")
    return (session.version() or "") if session is not None else ""
