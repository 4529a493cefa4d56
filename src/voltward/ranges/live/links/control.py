"""The coordinator's line to a process: one JSON document a line, over a socket pair."""

import json
import select
import socket
import time
from typing import Any, Self

Document = dict[str, Any]
READ_BYTES = 65536


class LineClosedError(Exception):
    """The other end is gone."""


class SilentPeerError(Exception):
    """The other end did not answer in time."""


class ControlLine:
    """One end of the line.

    Args:
        end: A connected stream socket; the line owns it.
    """

    def __init__(self, end: socket.socket) -> None:
        self._socket = end
        self._rest = bytearray()

    @classmethod
    def from_descriptor(cls, descriptor: int) -> Self:
        """Return the line on an inherited descriptor."""
        return cls(socket.socket(fileno=descriptor))

    def send(self, document: Document) -> None:
        """Send one document.

        Raises:
            LineClosedError: The other end is gone.
        """
        try:
            self._socket.sendall(json.dumps(document).encode() + b"\n")
        except OSError as error:
            raise LineClosedError from error

    def receive(self, timeout_s: float | None = None) -> Document:
        """Return the next document.

        Raises:
            LineClosedError: The other end is gone.
            SilentPeerError: Nothing came in time.
        """
        end = None if timeout_s is None else time.monotonic() + timeout_s
        while b"\n" not in self._rest:
            left = None if end is None else max(0.0, end - time.monotonic())
            if not select.select([self._socket], [], [], left)[0]:
                raise SilentPeerError
            try:
                chunk = self._socket.recv(READ_BYTES)
            except OSError as error:
                raise LineClosedError from error
            if not chunk:
                raise LineClosedError
            self._rest += chunk
        line, _, rest = bytes(self._rest).partition(b"\n")
        self._rest = bytearray(rest)
        document: Document = json.loads(line)
        return document

    def close(self) -> None:
        """Close this end."""
        self._socket.close()
