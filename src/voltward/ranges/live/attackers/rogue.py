"""Process: a client that is no vehicle and publishes telemetry in a vehicle's name."""

import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from voltward.comms.mqtt_client import MqttSession, SessionFacts, SessionRefusedError
from voltward.comms.payload import (
    Envelope,
    Kind,
    Message,
    PayloadError,
    decode,
    encode,
    silence,
)
from voltward.ranges.live.attackers.forger import Forger, ForgerSettings
from voltward.ranges.live.case.settings import Rogue
from voltward.ranges.live.links import security
from voltward.ranges.live.links.control import Document
from voltward.ranges.live.links.role import Handler, serve
from voltward.ranges.live.links.uplink import WAIT_S

TAP = "mqtt.up"
# The broker has acknowledged the records before; they need no longer to get here.
HEARING_S = 3.0


class RogueRole:
    """Publishes forged records, made from what it hears, or from nothing when it hears nothing.

    Args:
        hub: Socket of the CAN hub; it is not on the bus.
    """

    _plan: Rogue

    def __init__(self, hub: Path) -> None:
        self._hub = hub
        self._session: MqttSession | None = None
        self._listens = False

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """What it does for each request."""
        return {
            "configure": self._configure,
            "arrive": self._arrive,
            "step": self._step,
            "finish": self._finish,
        }

    def _configure(self, request: Document) -> Document:
        self._plan = Rogue.model_validate(request["plan"])
        self._cells, self._port = request["cells"], request["port"]
        self._topic = request["telemetry_topic"]
        self._forger = Forger(ForgerSettings(**request["forger"]), (TAP,))
        self._tls = security.from_request(request["tls"])
        self._facts = SessionFacts()
        self._published = self._granted = self._denied = self._refused = 0
        self._refusal = ""
        self._listens, self._may_read = False, True
        return {}

    def _arrive(self, request: Document) -> Document:
        """Get a session before the others publish, and try to listen."""
        if not self._plan.covers(request["tick"]):
            return {"listens": False}
        if self._session is None or not self._session.alive:
            self._connect()
        return {"listens": self._listens}

    def _step(self, request: Document) -> Document:
        """Publish one record when the attack acts in this tick."""
        if not self._plan.covers(request["tick"]):
            return {"delivered": 0}
        heard = self._hear(request["heard"])
        forged = self._forger.forge(TAP, heard or self._invented(request["tick"]), request["tick"])
        if forged is None:
            return {"delivered": 0}
        if self._session is None:
            return {"delivered": 0}
        # The gateway leaves the second place free unless a backlog drains.
        payload = encode(Envelope(Kind.TELEMETRY, request["tick"], 1, forged))
        answer = self._session.acknowledged(self._session.publish(self._topic, payload), WAIT_S)
        self._published += 1
        self._granted += answer is True
        self._denied += answer is False
        return {"delivered": int(answer is True)}

    def _connect(self) -> None:
        try:
            self._session = MqttSession("rogue-publisher", self._port, self._tls)
        except SessionRefusedError as error:
            self._refused += 1
            self._refusal = self._refusal or str(error)
            self._session, self._listens = None, False
            return
        self._facts = self._session.facts
        if self._may_read:
            self._listens = self._session.subscribe(self._topic, WAIT_S, own=False)

    def _hear(self, count: int) -> Message | None:
        """Return the first record of the tick, if one came."""
        if self._session is None or not self._listens:
            return None
        payloads = self._session.receive(count, HEARING_S)
        # Mosquitto grants every subscription; whoever may not read just hears nothing.
        self._may_read = self._listens = len(payloads) == count
        for payload in payloads:
            try:
                envelope = decode(payload)
            except PayloadError:
                continue
            if envelope.slot == 0 and envelope.message.present:
                return envelope.message
        return None

    def _invented(self, tick: int) -> Message:
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
