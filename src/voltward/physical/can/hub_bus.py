"""python-can back end `voltward-hub`: a node on a hub's bus."""

import contextlib
import select
import socket
import threading
import time
from pathlib import Path
from typing import Any

from can import (
    BusABC,
    CanInitializationError,
    CanOperationError,
    CanProtocol,
    CanTimeoutError,
    Message,
)

from voltward.physical.can.hub import socket_address
from voltward.physical.can.message import RECORD_BYTES, pack, pack_hello, unpack

CONNECT_WAIT_S = 5.0


class HubBus(BusABC):
    """A node on the bus of a hub; use as `can.Bus(interface="voltward-hub", channel=PATH)`.

    One thread may send while another receives.

    Args:
        channel: Path of the hub's socket.
        receive_own_messages: Whether sent messages come back, in the bus's order.
        preserve_timestamps: Keep the sender's time stamp (a simulated time); else the time of
            sending is set.
        connect_timeout_s: How long to wait for the hub to accept the node.
        **kwargs: Of `can.BusABC`, such as `can_filters`.

    Raises:
        can.CanInitializationError: No hub answers there.
    """

    def __init__(
        self,
        channel: str,
        *,
        receive_own_messages: bool = False,
        preserve_timestamps: bool = False,
        connect_timeout_s: float = CONNECT_WAIT_S,
        **kwargs: Any,
    ) -> None:
        self._path = str(channel)
        self._preserve_timestamps = preserve_timestamps
        self._partial = bytearray()
        self._sending = threading.Lock()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._join(connect_timeout_s, wants_own=receive_own_messages)
        except OSError as error:
            self._socket.close()
            raise CanInitializationError(f"no hub answers at {self._path}: {error}") from error
        self._can_protocol = CanProtocol.CAN_FD
        self.channel_info = f"hub {self._path}"
        super().__init__(channel=self._path, **kwargs)

    def send(self, msg: Message, timeout: float | None = None) -> None:
        """Send one message to all other nodes.

        Args:
            msg: What to send.
            timeout: How long to wait for space, in seconds; None waits without limit.

        Raises:
            can.CanTimeoutError: There was no space in time; nothing was sent.
            can.CanOperationError: The bus is closed or the hub is gone.
        """
        self._check_open()
        record = pack(msg, msg.timestamp if self._preserve_timestamps else time.time())
        with self._sending:
            try:
                self._send_whole(record, timeout)
            except CanTimeoutError:  # an OSError too, as a TimeoutError
                raise
            except OSError as error:
                raise CanOperationError(f"the hub at {self._path} is gone: {error}") from error

    def shutdown(self) -> None:
        """Leave the bus; may be called again."""
        super().shutdown()
        with contextlib.suppress(OSError):  # the hub left first
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def fileno(self) -> int:
        """Return the descriptor that becomes readable with each message."""
        return self._socket.fileno()

    def _join(self, timeout_s: float, *, wants_own: bool) -> None:
        self._socket.settimeout(timeout_s)
        with socket_address(Path(self._path)) as address:
            self._socket.connect(address)
        self._socket.sendall(pack_hello(wants_own=wants_own))
        answer = 0
        while answer < RECORD_BYTES:  # the hub answers when this node is on the bus
            chunk = self._socket.recv(RECORD_BYTES - answer)
            if not chunk:
                raise ConnectionError("the hub closed the connection")
            answer += len(chunk)
        self._socket.setblocking(False)

    def _recv_internal(self, timeout: float | None) -> tuple[Message | None, bool]:
        self._check_open()
        deadline = None if timeout is None else time.monotonic() + timeout
        try:
            while len(self._partial) < RECORD_BYTES:
                try:
                    # One record at a time, so that `fileno` stays readable while messages wait.
                    chunk = self._socket.recv(RECORD_BYTES - len(self._partial))
                except BlockingIOError:
                    if not self._wait(select.POLLIN, deadline):
                        return None, False
                    continue
                if not chunk:
                    raise CanOperationError(f"the hub at {self._path} is gone")
                self._partial += chunk
        except OSError as error:
            raise CanOperationError(f"the hub at {self._path} is gone: {error}") from error
        record = bytes(self._partial)
        self._partial.clear()
        return unpack(record, self._path), False

    def _send_whole(self, record: bytes, timeout: float | None) -> None:
        deadline = None if timeout is None else time.monotonic() + timeout
        rest = record
        while rest:
            try:
                rest = rest[self._socket.send(rest) :]
            except BlockingIOError as error:
                # A begun record is finished despite the timeout: half of one breaks the stream.
                begun = len(rest) < len(record)
                if not self._wait(select.POLLOUT, None if begun else deadline):
                    raise CanTimeoutError(f"no space on {self._path} for {timeout} s") from error

    def _wait(self, event: int, deadline: float | None) -> bool:
        poller = select.poll()
        poller.register(self._socket, event)
        left_ms = None if deadline is None else max(0.0, deadline - time.monotonic()) * 1000.0
        return bool(poller.poll(left_ms))

    def _check_open(self) -> None:
        if self._socket.fileno() < 0:
            raise CanOperationError("the bus is shut down")
