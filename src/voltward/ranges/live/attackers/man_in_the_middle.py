"""Process: the man in the middle between gateway and broker."""

import asyncio
import sys
import threading
from collections.abc import Coroutine, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, TypeVar

from voltward.comms.interceptor import Interceptor, Mode
from voltward.comms.payload import Kind, PayloadError, decode, encode
from voltward.ranges.live.attackers.forger import Forger, ForgerSettings
from voltward.ranges.live.case.settings import ManInTheMiddle
from voltward.ranges.live.links import security
from voltward.ranges.live.links.control import Document
from voltward.ranges.live.links.role import Handler, serve
from voltward.ranges.live.links.uplink import WAIT_S, NetworkPath

Result = TypeVar("Result")
TAPS = {Kind.TELEMETRY: "mqtt.up", Kind.COMMAND: "mqtt.down"}
PATHS = {Mode.DROP: NetworkPath.CLOSES, Mode.DELAY: NetworkPath.HOLDS}


class ManInTheMiddleRole:
    """Runs the interceptor on an event loop of its own.

    Args:
        hub: Socket of the CAN hub; he is not on the bus.
    """

    _plan: ManInTheMiddle
    _forger: Forger
    _tick: int

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
        self._forger = Forger(ForgerSettings(**request["forger"]), tuple(TAPS.values()))
        self._tick = -1
        certificate = request["certificate"]
        self._interceptor = Interceptor(
            "127.0.0.1",
            request["broker_port"],
            None if certificate is None else security.certificate_from_request(certificate),
            lambda _topic, payload: rewritten(payload, self._forger, self._tick),
        )
        return {"port": self._run(self._interceptor.start())}

    def _step(self, request: Document) -> Document:
        self._tick = request["tick"]
        mode = self._plan.mode_at(self._tick)
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


def rewritten(payload: bytes, forger: Forger, tick: int) -> bytes:
    """Return a payload as the attacker sends it on, and what he leaves alone as it is."""
    try:
        envelope = decode(payload)
    except PayloadError:
        return payload
    if not envelope.message.present:
        return payload
    forged = forger.forge(TAPS[envelope.kind], envelope.message, tick)
    return payload if forged is None else encode(replace(envelope, message=forged))


if __name__ == "__main__":
    sys.exit(serve(ManInTheMiddleRole))
