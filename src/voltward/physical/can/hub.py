"""The hub: one bus for many processes, on a Unix socket.

Every frame goes to all other clients, in one order that all of them see. Run it in a thread
(`HubServer`) or as a process: `python -m voltward.physical.can.hub --socket PATH`.

Limits: no arbitration, bit rate or error counters (`bus_model` has them). A client that does not
read loses its oldest waiting frames beyond `QUEUE_FRAMES`, counted in `dropped`.
"""

import argparse
import contextlib
import os
import selectors
import signal
import socket
import stat
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

from voltward.core.errors import ConfigurationError
from voltward.physical.can.hub_record import (
    HELLO,
    RECORD_BYTES,
    WANTS_OWN,
    flags_of,
    marked_own,
    pack_hello,
)

QUEUE_FRAMES = 65_536
READ_BYTES = RECORD_BYTES * 512
STOP_WAIT_S = 5.0


@dataclass
class _Client:
    """One connection: bytes of an unfinished record, and records that wait to be sent."""

    connection: socket.socket
    inbox: bytearray = field(default_factory=bytearray)
    outbox: bytearray = field(default_factory=bytearray)
    wants_own: bool = False
    joined: bool = False
    sent_of_first: int = 0


class HubServer:
    """A hub in a thread, from `start` to `stop` or as a context manager.

    Args:
        path: Of the Unix socket; made with access for its owner only, removed at the end.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.dropped = 0
        self._clients: dict[int, _Client] = {}
        self._thread: threading.Thread | None = None
        self._listener: socket.socket | None = None
        self._inode = 0
        self._selector: selectors.BaseSelector | None = None
        self._waker: socket.socket | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
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
        with contextlib.suppress(FileNotFoundError):
            if self.path.stat().st_ino == self._inode:  # not one that someone made after us
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
        with contextlib.suppress(OSError):  # the client left before it was let in
            connection, _ = listener.accept()
            connection.setblocking(False)
            self._clients[connection.fileno()] = _Client(connection)
            selector.register(connection, selectors.EVENT_READ)

    def _attend(self, selector: selectors.BaseSelector, client: _Client, events: int) -> None:
        try:
            if events & selectors.EVENT_WRITE:
                self._flush(selector, client)
            if events & selectors.EVENT_READ:
                chunk = client.connection.recv(READ_BYTES)
                if not chunk:
                    self._leave(selector, client)
                    return
                client.inbox += chunk
                self._take_records(selector, client)
        except BlockingIOError:
            return
        except OSError:  # reset by the client
            self._leave(selector, client)

    def _take_records(self, selector: selectors.BaseSelector, client: _Client) -> None:
        whole = len(client.inbox) - len(client.inbox) % RECORD_BYTES
        records = bytes(client.inbox[:whole])
        del client.inbox[:whole]
        for start in range(0, whole, RECORD_BYTES):
            self._take(client, records[start : start + RECORD_BYTES])
        for receiver in list(self._clients.values()):
            if receiver.outbox:
                try:
                    self._flush(selector, receiver)
                except OSError:
                    self._leave(selector, receiver)

    def _take(self, client: _Client, record: bytes) -> None:
        flags = flags_of(record)
        if flags & HELLO:
            client.wants_own = bool(flags & WANTS_OWN)
            client.joined = True
            client.outbox += pack_hello(wants_own=client.wants_own)
            return
        for receiver in self._clients.values():
            if receiver is client:
                if client.wants_own:
                    self._queue(client, marked_own(record))
            elif receiver.joined:
                self._queue(receiver, record)

    def _queue(self, client: _Client, record: bytes) -> None:
        client.outbox += record
        if len(client.outbox) > QUEUE_FRAMES * RECORD_BYTES:
            # The first record may be half sent: it stays, the one after it goes.
            first = RECORD_BYTES - client.sent_of_first if client.sent_of_first else 0
            del client.outbox[first : first + RECORD_BYTES]
            self.dropped += 1

    def _flush(self, selector: selectors.BaseSelector, client: _Client) -> None:
        with contextlib.suppress(BlockingIOError):
            while client.outbox:
                sent = client.connection.send(client.outbox[:READ_BYTES])
                del client.outbox[:sent]
                client.sent_of_first = (client.sent_of_first + sent) % RECORD_BYTES
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if client.outbox else 0)
        selector.modify(client.connection, events)

    def _leave(self, selector: selectors.BaseSelector, client: _Client) -> None:
        del self._clients[client.connection.fileno()]
        selector.unregister(client.connection)
        client.connection.close()


def _listen(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _remove_abandoned(path)
        listener.bind(str(path))
        path.chmod(0o600)
        listener.listen()
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise ConfigurationError(
            f"{path}: no socket can be made there: {error.strerror or error}",
            why="a Unix socket needs a writable folder and a path of at most 107 bytes",
        ) from error
    except ConfigurationError:
        listener.close()
        raise
    return listener


def _remove_abandoned(path: Path) -> None:
    """Remove a socket that nobody listens on; refuse a path that is in use."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise ConfigurationError(f"{path}: exists and is not a socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
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
