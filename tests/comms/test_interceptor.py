import asyncio

import pytest

from voltward.comms.interceptor import Interceptor, Mode, checked_loopback
from voltward.core.errors import ConfigurationError

WAIT_S = 5.0


@pytest.mark.parametrize("address", ["192.0.2.1", "0.0.0.0", "localhost", "::1", "10.0.0.1", ""])
def test_he_connects_to_loopback_only(address):
    with pytest.raises(ConfigurationError, match="interceptor"):
        checked_loopback(address)
    with pytest.raises(ConfigurationError):
        Interceptor(address, 1, None, lambda _topic, payload: payload)


def test_loopback_is_allowed():
    assert checked_loopback("127.0.0.1") == "127.0.0.1"


async def between(scenario):
    """Run a scenario between a client and an echoing server, with him in the middle."""

    async def echo(reader, writer):
        while chunk := await reader.read(100):
            writer.write(chunk)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    interceptor = Interceptor("127.0.0.1", port, None, lambda _topic, payload: payload.upper())
    reader, writer = await asyncio.open_connection("127.0.0.1", await interceptor.start())
    try:
        async with asyncio.timeout(WAIT_S):
            await scenario(interceptor, reader, writer)
    finally:
        writer.close()
        await interceptor.stop()
        server.close()
        await server.wait_closed()


PUBLISH = b"\x30\x06\x00\x01t\x00ab"
PING = b"\xc0\x00"


def test_held_bytes_go_on_in_order_when_he_lets_go():
    async def scenario(interceptor, reader, writer):
        writer.write(PING)
        assert await reader.readexactly(2) == PING
        await interceptor.set_mode(Mode.DELAY)
        writer.write(PUBLISH)
        writer.write(PING)
        await writer.drain()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.readexactly(1), 0.2)
        assert not await interceptor.set_mode(Mode.PASSTHROUGH)
        assert await reader.readexactly(len(PUBLISH + PING)) == PUBLISH + PING

    asyncio.run(between(scenario))


def test_he_rewrites_what_is_published():
    async def scenario(interceptor, reader, writer):
        await interceptor.set_mode(Mode.REWRITE)
        writer.write(PING + PUBLISH)
        assert await reader.readexactly(len(PING + PUBLISH)) == PING + PUBLISH[:-2] + b"AB"
        assert interceptor.observed.rewritten == 1
        assert interceptor.observed.rewritten_back == 0

    asyncio.run(between(scenario))


def test_he_cuts_to_drop():
    async def scenario(interceptor, reader, writer):
        writer.write(PING)
        await reader.readexactly(2)
        assert await interceptor.set_mode(Mode.DROP)
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await reader.readexactly(1)

    asyncio.run(between(scenario))


def test_he_rewrites_on_the_way_back_too():
    async def scenario(interceptor, reader, writer):
        interceptor._rewrite = lambda _topic, payload: payload + b"!"
        await interceptor.set_mode(Mode.REWRITE)
        writer.write(PUBLISH)
        assert await reader.readexactly(len(PUBLISH) + 2) == b"\x30\x08\x00\x01t\x00ab!!"
        assert (interceptor.observed.rewritten, interceptor.observed.rewritten_back) == (1, 1)

    asyncio.run(between(scenario))
