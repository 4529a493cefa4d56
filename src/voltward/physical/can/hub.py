"""The hub: one bus for many processes, on a Unix socket.

1. A client connects and sends a greeting; the hub answers with one, and from then on the client
   receives what others send.
2. Each record that a client sends is checked; one that no bus carries is dropped and counted in
   `malformed`.
3. A record goes to the queues of all other clients, in one order that all of them see. A client
   that does not read loses its oldest waiting records beyond `QUEUE_FRAMES`, counted in `dropped`.
4. Queues are sent as far as the sockets take them.

Run it in a thread (`HubServer`) or as a process: `python -m voltward.physical.can.hub --socket
PATH`. Limits: no arbitration, bit rate or error counters (`bus_model` has them).
"""

import argparse
import os
import selectors
import signal
import socket
import stat
import sys
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Self

from voltward.core.errors import ConfigurationError
from voltward.physical.can.message import (
    HELLO,
    RECORD_BYTES,
    WANTS_OWN,
    flags_of,
    is_carried,
    marked_own,
    pack_hello,
)

ADDRESS_BYTES = 107  # of a Unix socket's path, less the closing zero
CLIENTS_MAXIMUM = 64
QUEUE_FRAMES = 65_536
RECORDS_AT_ONCE = 512
READ_BYTES = RECORD_BYTES * RECORDS_AT_ONCE
STOP_WAIT_S = 5.0


@contextmanager
def socket_address(path: Path) -> Iterator[str]:
    """Give the address of a Unix socket, also where its path is longer than an address may be.

    A long path is reached through the open folder, whose name under /proc is short.

    Args:
        path: Of the socket.

    Raises:
        OSError: The folder does not exist or may not be read.
    """
    if len(os.fsencode(path)) <= ADDRESS_BYTES:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


@dataclass
class _Client:
    """One connection.

    Attributes:
        connection: Its socket.
        inbox: Bytes of a record that is not complete.
        waiting: Records that wait to be sent.
        sending: Rest of the records that are being sent.
        joined: Whether it has sent its greeting.
        wants_own: Whether it receives its own records.
    """

    connection: socket.socket
    inbox: bytearray = field(default_factory=bytearray)
    waiting: deque[bytes] = field(default_factory=deque)
    sending: bytes = b""
    joined: bool = False
    wants_own: bool = False


class HubServer:
    """A hub in a thread, from `start` to `stop` or as a context manager.

    Args:
        path: Of the Unix socket; made with access for its owner only, removed at the end.

    Attributes:
        dropped: Records lost by clients that did not read.
        malformed: Records dropped because no bus carries such a frame.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.dropped = 0
        self.malformed = 0
        self._clients: dict[int, _Client] = {}
        self._thread: threading.Thread | None = None
        self._listener: socket.socket | None = None
        self._inode = 0
        self._selector: selectors.BaseSelector | None = None
        self._waker: socket.socket | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    @property
    def clients(self) -> int:
        """How many clients have joined."""
        return sum(client.joined for client in self._clients.copy().values())

    def start(self) -> None:
        """Listen; when this returns, clients can connect.

        Raises:
            ConfigurationError: The path is taken, too long or cannot be made.
        """
        if self._thread is not None:
            raise ConfigurationError(f"{self.path}: this hub is already running")
        self._listener = _listen(self.path)
        self._inode = self.path.stat().st_ino
        self._waker, wakened = socket.socketpair()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(wakened, selectors.EVENT_READ)
        self._thread = threading.Thread(
            target=self._serve,
            args=(self._selector, self._listener, wakened),
            name=f"hub {self.path.name}",
            daemon=True,
        )
        self._thread.start()

    def stop(self) -> None:
        """Close every socket and remove the path; harmless when not running."""
        if self._thread is None or self._waker is None:
            return
        self._waker.send(b"\0")
        self._thread.join(STOP_WAIT_S)
        self._waker.close()
        self._thread = None
        with suppress(FileNotFoundError):
            if self.path.stat().st_ino == self._inode:  # not one that was made after ours
                self.path.unlink()

    def _serve(
        self, selector: selectors.BaseSelector, listener: socket.socket, wakened: socket.socket
    ) -> None:
        try:
            while True:
                for key, events in selector.select():
                    if key.fileobj is wakened:
                        return
                    if key.fileobj is listener:
                        self._accept(selector, listener)
                    elif key.fd in self._clients:
                        self._attend(selector, self._clients[key.fd], events)
        finally:
            for client in self._clients.values():
                client.connection.close()
            self._clients.clear()
            listener.close()
            wakened.close()
            selector.close()

    def _accept(self, selector: selectors.BaseSelector, listener: socket.socket) -> None:
        with suppress(OSError):  # the client left before it was accepted
            connection, _ = listener.accept()
            if len(self._clients) == CLIENTS_MAXIMUM:
                connection.close()
                return
            connection.setblocking(False)
            self._clients[connection.fileno()] = _Client(connection)
            selector.register(connection, selectors.EVENT_READ)

    def _attend(self, selector: selectors.BaseSelector, client: _Client, events: int) -> None:
        if events & selectors.EVENT_WRITE:
            self._send(selector, client)
        if not events & selectors.EVENT_READ or client.connection.fileno() < 0:
            return
        try:
            chunk = client.connection.recv(READ_BYTES)
        except BlockingIOError:
            return
        except OSError:  # reset by the client
            chunk = b""
        if not chunk:
            self._leave(selector, client)
            return
        client.inbox += chunk
        while len(client.inbox) >= RECORD_BYTES:
            record = bytes(client.inbox[:RECORD_BYTES])
            del client.inbox[:RECORD_BYTES]
            self._take(client, record)
        for receiver in list(self._clients.values()):
            if receiver.waiting:
                self._send(selector, receiver)

    def _take(self, client: _Client, record: bytes) -> None:
        # 1.
        flags = flags_of(record)
        if flags & HELLO and not client.joined:
            client.joined, client.wants_own = True, bool(flags & WANTS_OWN)
            client.waiting.append(pack_hello(wants_own=client.wants_own))
            return
        # 2.
        if not is_carried(record):
            self.malformed += 1
            return
        # 3.
        for receiver in self._clients.values():
            if receiver is client:
                if client.wants_own:
                    self._queue(client, marked_own(record))
            elif receiver.joined:
                self._queue(receiver, record)

    def _queue(self, client: _Client, record: bytes) -> None:
        if len(client.waiting) == QUEUE_FRAMES:
            client.waiting.popleft()
            self.dropped += 1
        client.waiting.append(record)

    def _send(self, selector: selectors.BaseSelector, client: _Client) -> None:
        # 4.
        try:
            while client.sending or client.waiting:
                if not client.sending:
                    count = min(len(client.waiting), RECORDS_AT_ONCE)
                    client.sending = b"".join(client.waiting.popleft() for _ in range(count))
                client.sending = client.sending[client.connection.send(client.sending) :]
        except BlockingIOError:
            pass
        except OSError:  # reset by the client
            self._leave(selector, client)
            return
        more = bool(client.sending or client.waiting)
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if more else 0)
        selector.modify(client.connection, events)

    def _leave(self, selector: selectors.BaseSelector, client: _Client) -> None:
        del self._clients[client.connection.fileno()]
        selector.unregister(client.connection)
        client.connection.close()


def _listen(path: Path) -> socket.socket:
    with ExitStack() as unless_listening:
        listener = unless_listening.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
        try:
            _remove_abandoned(path)
            with socket_address(path) as address:
                listener.bind(address)
            path.chmod(0o600)
            listener.listen()
            listener.setblocking(False)
        except OSError as error:
            raise ConfigurationError(
                f"{path}: no socket can be made there: {error.strerror or error}",
                why="a Unix socket needs a writable folder and a name of at most 80 bytes",
            ) from error
        unless_listening.pop_all()
    return listener


def _remove_abandoned(path: Path) -> None:
    """Remove a socket without a listener; refuse a path that is in use."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise ConfigurationError(f"{path}: exists and is not a socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            with socket_address(path) as address:
                probe.connect(address)
        except ConnectionRefusedError:
            path.unlink()
            return
    raise ConfigurationError(f"{path}: another hub is listening there")


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; one line on standard output says when clients can connect."""
    parser = argparse.ArgumentParser(description="A CAN bus for processes on one machine.")
    parser.add_argument("--socket", type=Path, required=True, help="path of the Unix socket")
    path: Path = parser.parse_args(arguments).socket
    ended = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    try:
        with HubServer(path):
            sys.stdout.write(f"listening {path} {os.getpid()}\n")
            sys.stdout.flush()
            ended.wait()
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        return int(error.exit_code)
    return 0


if __name__ == "__main__":
    sys.exit(main())
