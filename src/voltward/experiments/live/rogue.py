"""Process: a publisher that is no vehicle and sends telemetry in a vehicle's name."""

import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from voltward.comms.mqtt_client import MqttSession, SessionFacts, SessionRefusedError
from voltward.comms.payload import Envelope, Kind, Message, encode, silence
from voltward.experiments.live import security
from voltward.experiments.live.control import Document
from voltward.experiments.live.role import Handler, serve
from voltward.experiments.live.settings import Rogue
from voltward.experiments.live.uplink import WAIT_S


class RogueRole:
    """Tries to publish one forged record a tick.

    Args:
        hub: Socket of the CAN hub; it is not on the bus.
    """

    _plan: Rogue

    def __init__(self, hub: Path) -> None:
        self._hub = hub
        self._session: MqttSession | None = None

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """What it does for each request."""
        return {"configure": self._configure, "step": self._step, "finish": self._finish}

    def _configure(self, request: Document) -> Document:
        self._plan = Rogue.model_validate(request["plan"])
        self._cells, self._port = request["cells"], request["port"]
        self._topic = request["telemetry_topic"]
        self._tls = security.from_request(request["tls"])
        self._facts = SessionFacts()
        self._published = self._granted = self._denied = self._refused = 0
        self._refusal = ""
        return {}

    def _step(self, request: Document) -> Document:
        if not self._plan.covers(request["tick"]):
            return {"delivered": 0}
        session = self._connect()
        if session is None:
            self._refused += 1
            return {"delivered": 0}
        payload = encode(
            Envelope(Kind.TELEMETRY, request["tick"], 0, self._forged(request["tick"]))
        )
        answer = session.acknowledged(session.publish(self._topic, payload), WAIT_S)
        self._published += 1
        self._granted += answer is True
        self._denied += answer is False
        return {"delivered": int(answer is True)}

    def _connect(self) -> MqttSession | None:
        if self._session is not None and self._session.alive:
            return self._session
        try:
            self._session = MqttSession("rogue-publisher", self._port, self._tls)
        except SessionRefusedError as error:
            self._refusal = self._refusal or str(error)
            return None
        self._facts = self._session.facts
        return self._session

    def _forged(self, tick: int) -> Message:
        """Return a record with the same plausible reading in every cell, and the rest zero."""
        cells = (
            np.full(self._cells, self._plan.voltage_V),
            np.full(self._cells, self._plan.temperature_degC),
        )
        scalars = silence(Kind.TELEMETRY).scalars
        return Message(cells, scalars, present=True, sequence=tick, sent_tick=tick)

    def _finish(self, _request: Document) -> Document:
        self.close()
        return {
            "observed": {
                "published": self._published,
                "granted": self._granted,
                "denied": self._denied,
                "refused": self._refused,
                "refusal": self._refusal,
                "tls_version": self._facts.tls_version,
            }
        }

    def close(self) -> None:
        """End the session."""
        if self._session is not None:
            self._session.close()
        self._session = None


if __name__ == "__main__":
    sys.exit(serve(RogueRole))
