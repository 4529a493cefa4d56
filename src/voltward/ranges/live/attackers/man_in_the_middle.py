"""The man in the middle between gateway and broker.

1. `configure` starts the interceptor; the gateway connects to its port in place of the broker's.
2. `step` sets what it does in a tick: relay, drop, delay or rewrite. The coordinator gets what that
   means for the network, and whether connections were cut.
3. In mode `rewrite`, the forger changes each payload that passes.
"""

import asyncio
import threading
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from voltward.comms.authority import CertificateFiles
from voltward.comms.interceptor import Interceptor, Mode
from voltward.comms.payload import Kind, PayloadError, decode, encode
from voltward.ranges.live.case.settings import ManInTheMiddle
from voltward.ranges.live.case.wire_attack import Forger, ForgerSettings
from voltward.ranges.live.links.control import Document, Role
from voltward.ranges.live.links.ports import WAIT_S, NetworkPath

Result = TypeVar("Result")
TAPS = {Kind.TELEMETRY: "mqtt.up", Kind.COMMAND: "mqtt.down"}
PATHS = {Mode.DROP: NetworkPath.CLOSES, Mode.DELAY: NetworkPath.HOLDS}


class ManInTheMiddleRole(Role):
    """Runs the interceptor on an event loop in a thread."""

    _plan: ManInTheMiddle
    _interceptor: Interceptor

    def __init__(self, hub: Path) -> None:
        super().__init__(hub)
        self._tick = -1
        self._loop = asyncio.new_event_loop()
        thread = threading.Thread(target=self._loop.run_forever, name="interceptor")
        thread.start()
        self.for_process.callback(self._loop.close)
        self.for_process.callback(thread.join)
        self.for_process.callback(self._loop.call_soon_threadsafe, self._loop.stop)

    def configure(
        self,
        plan: ManInTheMiddle,
        forger: ForgerSettings,
        certificate: CertificateFiles | None,
        broker_port: int,
    ) -> Document:
        """Start an interceptor, and return the port on which it listens."""
        rewriter = Forger(forger, tuple(TAPS.values()))
        self._plan, self._tick = plan, -1
        self._interceptor = Interceptor(
            "127.0.0.1",
            broker_port,
            certificate,
            lambda _topic, payload: rewritten(payload, rewriter, self._tick),
        )
        port = self._run(self._interceptor.start())
        self.for_case.callback(lambda: self._run(self._interceptor.stop()))
        return {"port": port}

    def step(self, tick: int) -> Document:
        """Set what is done in a tick."""
        self._tick = tick
        mode = self._plan.mode_at(tick)
        severed = self._run(self._interceptor.set_mode(mode))
        return {"mode": mode, "path": PATHS.get(mode, NetworkPath.ANSWERS), "severed": severed}

    def finish(self) -> Document:
        """Stop the interceptor, and return what it observed."""
        super().finish()
        return {"observed": self._interceptor.observed}

    def _run(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(WAIT_S)


def rewritten(payload: bytes, forger: Forger, tick: int) -> bytes:
    """Return a payload as the attacker sends it on; what the attack does not change stays."""
    try:
        envelope = decode(payload)
    except PayloadError:
        return payload
    if not envelope.message.present:
        return payload
    forged = forger.forge(TAPS[envelope.kind], envelope.message, tick)
    return payload if forged is None else encode(replace(envelope, message=forged))
