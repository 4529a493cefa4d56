"""Process: the pack network that joins the processes on it."""

import sys
from collections.abc import Mapping
from pathlib import Path

from voltward.physical.can.hub import HubServer
from voltward.ranges.live.links.control import Document
from voltward.ranges.live.links.role import Handler, serve


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
