"""Process: the man in the middle between gateway and broker."""

import asyncio
import sys
import threading
from collections.abc import Coroutine, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from voltward.comms.interceptor import Interceptor, Mode
from voltward.comms.payload import Envelope, Kind, PayloadError, decode, encode
from voltward.experiments.live import security
from voltward.experiments.live.change import changed
from voltward.experiments.live.control import Document
from voltward.experiments.live.role import Handler, serve
from voltward.experiments.live.settings import Change, ManInTheMiddle
from voltward.experiments.live.uplink import WAIT_S, NetworkPath

Result = TypeVar("Result")
PATHS = {Mode.DROP: NetworkPath.CLOSES, Mode.DELAY: NetworkPath.HOLDS}


class ManInTheMiddleRole:
    """Runs the interceptor on an event loop of its own.

    Args:
        hub: Socket of the CAN hub; he is not on the bus.
    """

    _plan: ManInTheMiddle

    def __init__(self, hub: Path) -> None:
        self._hub = hub
        self._interceptor: Interceptor | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="interceptor")
        self._thread.start()

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """What it does for each request."""
        return {"configure": self._configure, "step": self._step, "finish": self._finish}

    def _run(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(WAIT_S)

    def _configure(self, request: Document) -> Document:
        self._plan = ManInTheMiddle.model_validate(request["plan"])
        certificate = request["certificate"]
        self._interceptor = Interceptor(
            "127.0.0.1",
            request["broker_port"],
            None if certificate is None else security.certificate_from_request(certificate),
            lambda _topic, payload: rewritten(payload, self._plan.change),
        )
        return {"port": self._run(self._interceptor.start())}

    def _step(self, request: Document) -> Document:
        mode = self._plan.mode_at(request["tick"])
        severed = self._interceptor is not None and self._run(self._interceptor.set_mode(mode))
        path = PATHS.get(mode, NetworkPath.ANSWERS)
        return {"mode": mode, "path": path, "severed": severed}

    def _finish(self, _request: Document) -> Document:
        observed: Document = {}
        if self._interceptor is not None:
            self._run(self._interceptor.stop())
            observed = asdict(self._interceptor.observed)
        self._interceptor = None
        return {"observed": observed}

    def close(self) -> None:
        """Stop the interceptor and its loop."""
        self._finish({})
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


def rewritten(payload: bytes, change: Change) -> bytes:
    """Return a telemetry payload with its values changed, and anything else as it is."""
    try:
        envelope = decode(payload)
    except PayloadError:
        return payload
    if envelope.kind != Kind.TELEMETRY or not envelope.message.present:
        return payload
    message = changed(envelope.message, change)
    return encode(Envelope(envelope.kind, envelope.tick, envelope.slot, message))


if __name__ == "__main__":
    sys.exit(serve(ManInTheMiddleRole))
