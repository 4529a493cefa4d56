"""Process: the pack network that joins the processes on it."""

import sys
from collections.abc import Mapping
from pathlib import Path

from voltward.experiments.live.control import Document
from voltward.experiments.live.role import Handler, serve
from voltward.physical.can.hub import HubServer


class HubRole:
    """Serves the bus until it is told to stop.

    Args:
        hub: Socket to listen on.
    """

    def __init__(self, hub: Path) -> None:
        self._server = HubServer(hub)
        self._server.start()

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """What it does for each request."""
        return {"finish": self._finish}

    def _finish(self, _request: Document) -> Document:
        return {"dropped_frames": self._server.dropped}

    def close(self) -> None:
        """Close the bus."""
        self._server.stop()


if __name__ == "__main__":
    sys.exit(serve(HubRole))
