"""The control line: the coordinator asks a process, and the process answers.

1. `serve` is the main function of every process. It makes the role and reports that it is ready.
2. The coordinator sends a request: one JSON object a line, with the name under "do".
3. The method of the role with that name runs on the other values, checked and converted by its
   annotations. What it returns goes back as one JSON object a line.
4. The request "stop" ends the process.
5. When the coordinator is gone, the process ends at once, whatever it is doing, and removes the
   private folder of the run, which holds keys.
"""

import argparse
import importlib
import json
import os
import select
import shutil
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from pydantic import validate_call
from pydantic_core import to_json

Document = dict[str, Any]
READ_BYTES = 65536
HUB_SOCKET = "can.sock"


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
        self._received = bytearray()

    @classmethod
    def from_descriptor(cls, descriptor: int) -> Self:
        """Return the line on an inherited descriptor."""
        return cls(socket.socket(fileno=descriptor))

    def fileno(self) -> int:
        """Return the descriptor of this end."""
        return self._socket.fileno()

    def send(self, document: Mapping[str, Any]) -> None:
        """Send one document; dataclasses, models, paths and enumerations become JSON values.

        Raises:
            LineClosedError: The other end is gone.
        """
        try:
            self._socket.sendall(to_json(document, inf_nan_mode="constants") + b"\n")
        except OSError as error:
            raise LineClosedError from error

    def receive(self, timeout_s: float | None = None) -> Document:
        """Return the next document.

        Raises:
            LineClosedError: The other end is gone.
            SilentPeerError: Nothing came in time.
        """
        end = None if timeout_s is None else time.monotonic() + timeout_s
        while b"\n" not in self._received:
            left = None if end is None else max(0.0, end - time.monotonic())
            if not select.select([self._socket], [], [], left)[0]:
                raise SilentPeerError
            try:
                chunk = self._socket.recv(READ_BYTES)
            except OSError as error:
                raise LineClosedError from error
            if not chunk:
                raise LineClosedError
            self._received += chunk
        line, _, self._received = self._received.partition(b"\n")
        document: Document = json.loads(line)
        return document

    def close(self) -> None:
        """Close this end."""
        self._socket.close()


class Role:
    """What a process does: each public method but `close` answers the request of its name.

    Args:
        hub: Socket of the CAN hub.

    Attributes:
        for_process: What is open until the process ends.
        for_case: What is open until the case ends.
    """

    def __init__(self, hub: Path) -> None:
        self.hub = hub
        self.for_process = ExitStack()
        self.for_case = ExitStack()

    def finish(self) -> Document:
        """End the case: close what was opened for it."""
        self.for_case.close()
        return {}

    def close(self) -> None:
        """Close everything."""
        self.for_case.close()
        self.for_process.close()


def serve(line: ControlLine, role: Role) -> None:
    """Answer requests until "stop".

    A role that fails ends the process with its traceback; the coordinator finds the line closed and
    reads the traceback in the log of the process.
    """
    handlers = _handlers(role)
    # 1.
    line.send({"ready": True})
    while True:
        # 2.
        request = line.receive()
        name = request.pop("do")
        # 4.
        if name == "stop":
            return
        # 3.
        line.send(handlers[name](**request))


def main() -> int:
    """Serve the role named on the command line, and return the exit code 0."""
    parser = argparse.ArgumentParser(description="One process of a live range.")
    parser.add_argument("role", help="MODULE:CLASS of the role")
    parser.add_argument("--control", type=int, required=True, help="descriptor of the control line")
    parser.add_argument("--folder", type=Path, required=True, help="private folder of the run")
    arguments = parser.parse_args()
    line = ControlLine.from_descriptor(arguments.control)
    # 5.
    watch = threading.Thread(
        target=_end_with_the_coordinator, args=(line, arguments.folder), daemon=True
    )
    watch.start()
    role: Role = load_object(arguments.role)(arguments.folder / HUB_SOCKET)
    try:
        serve(line, role)
    except LineClosedError:
        watch.join()
    finally:
        role.close()
    return 0


def load_object(name: str) -> Any:
    """Return the function or class called `module:name`."""
    module, _, attribute = name.partition(":")
    return getattr(importlib.import_module(module), attribute)


def _handlers(role: Role) -> Mapping[str, Callable[..., Document]]:
    names = (name for name in dir(type(role)) if not name.startswith("_") and name != "close")
    return {name: validate_call(getattr(role, name)) for name in names}


def _end_with_the_coordinator(line: ControlLine, folder: Path) -> None:
    poller = select.poll()
    poller.register(line, select.POLLRDHUP)
    poller.poll()
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
