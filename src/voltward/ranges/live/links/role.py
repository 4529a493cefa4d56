"""The main loop of every process of the range: answer the coordinator until it says stop."""

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from voltward.ranges.live.links.control import ControlLine, Document, LineClosedError

Handler = Callable[[Document], Document]


class Role(Protocol):
    """What a process does."""

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """What it does for each request."""
        ...

    def close(self) -> None:
        """Let go of sockets and threads."""
        ...


def serve(make_role: Callable[[Path], Role]) -> int:
    """Answer requests until `stop`, or until the coordinator is gone.

    Args:
        make_role: From the path of the hub's socket to the role.

    Returns:
        The exit code, 0. What fails ends the process with its traceback; the coordinator sees the
        line close and reads it.
    """
    parser = argparse.ArgumentParser(description="One process of a live range.")
    parser.add_argument("--control", type=int, required=True, help="descriptor of the control line")
    parser.add_argument("--hub", type=Path, required=True, help="socket of the CAN hub")
    arguments = parser.parse_args()
    line = ControlLine.from_descriptor(arguments.control)
    role = make_role(arguments.hub)
    try:
        line.send({"ready": True})
        while True:
            request = line.receive()
            if request["do"] == "stop":
                return 0
            line.send(role.handlers[request["do"]](request))
    except LineClosedError:
        return 0
    finally:
        role.close()
        line.close()
