"""A client that is not a vehicle and publishes telemetry in a vehicle's name.

1. `arrive` opens a session before the others publish, and tries to listen.
2. `step` receives the honest records of the tick, or invents one when there are none.
3. The attack changes that record, and the result is published.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from voltward.comms.mqtt_client import MqttSession, SessionRefusedError
from voltward.comms.payload import (
    Envelope,
    Kind,
    Message,
    PayloadError,
    decode,
    encode,
    silence,
)
from voltward.ranges.live.case.settings import Rogue
from voltward.ranges.live.case.wire_attack import Forger, ForgerSettings
from voltward.ranges.live.links.control import Document, Role
from voltward.ranges.live.links.ports import WAIT_S, BrokerAccess

TAP = "mqtt.up"
# The broker has already acknowledged the records; they take no longer to arrive here.
RECEIVE_S = 3.0


@dataclass
class RogueObservations:
    """What became of the rogue publisher.

    Attributes:
        published: Records sent.
        granted: Records that the broker accepted.
        denied: Records that the broker refused.
        refused: Sessions that were refused.
        refusal: Reason of the first.
        tls_version: TLS version of its last session; empty without.
    """

    published: int = 0
    granted: int = 0
    denied: int = 0
    refused: int = 0
    refusal: str = ""
    tls_version: str = ""


class RogueRole(Role):
    """Publishes one forged record a tick."""

    _plan: Rogue
    _access: BrokerAccess
    _forger: Forger
    _cells: int

    def __init__(self, hub: Path) -> None:
        super().__init__(hub)
        self._session: MqttSession | None = None

    def configure(
        self, plan: Rogue, forger: ForgerSettings, access: BrokerAccess, cells: int
    ) -> Document:
        """Take the attack of a case."""
        self._plan, self._access, self._cells = plan, access, cells
        self._forger = Forger(forger, (TAP,))
        self._observed = RogueObservations()
        self._listens, self._may_read = False, True
        self.for_case.callback(self._disconnect)
        return {}

    def arrive(self, tick: int) -> Document:
        """Open a session before the others publish, and try to listen."""
        # 1.
        if not self._plan.covers(tick):
            return {"listens": False}
        if self._session is None or not self._session.alive:
            self._connect()
        return {"listens": self._listens}

    def step(self, tick: int, heard: int) -> Document:
        """Publish one record when the attack acts in this tick."""
        if not self._plan.covers(tick):
            return {"delivered": 0}
        # 2.
        record = self._received(heard) or self._uniform_record(tick)
        # 3.
        forged = self._forger.forge(TAP, record, tick)
        if forged is None or self._session is None:
            return {"delivered": 0}
        # The gateway leaves the second slot free unless a backlog drains.
        payload = encode(Envelope(Kind.TELEMETRY, tick, 1, forged))
        number = self._session.publish(self._access.telemetry_topic, payload)
        answer = self._session.acknowledged(number, WAIT_S)
        self._observed.published += 1
        self._observed.granted += answer is True
        self._observed.denied += answer is False
        return {"delivered": int(answer is True)}

    def finish(self) -> Document:
        """End the session, and return what became of the attack."""
        super().finish()
        return {"observed": self._observed}

    def _connect(self) -> None:
        self._disconnect()
        try:
            self._session = self._access.session()
        except SessionRefusedError as error:
            self._observed.refused += 1
            self._observed.refusal = self._observed.refusal or str(error)
            self._listens = False
            return
        self._observed.tls_version = self._session.facts.tls_version
        if self._may_read:
            self._listens = self._session.subscribe(self._access.telemetry_topic, WAIT_S, own=False)

    def _received(self, count: int) -> Message | None:
        """Return the first record of the tick, if one came."""
        if self._session is None or not self._listens:
            return None
        payloads = self._session.receive(count, RECEIVE_S)
        # Mosquitto grants every subscription; a client that may not read gets no message.
        self._may_read = self._listens = len(payloads) == count
        for payload in payloads:
            try:
                envelope = decode(payload)
            except PayloadError:
                continue
            if envelope.slot == 0 and envelope.message.present:
                return envelope.message
        return None

    def _uniform_record(self, tick: int) -> Message:
        """Return a record with the same plausible reading in every cell, and the rest zero."""
        cells = (
            np.full(self._cells, self._plan.voltage_V),
            np.full(self._cells, self._plan.temperature_degC),
        )
        scalars = silence(Kind.TELEMETRY).scalars
        return Message(cells, scalars, present=True, sequence=tick, sent_tick=tick)

    def _disconnect(self) -> None:
        if self._session is not None:
            self._session.close()
        self._session = None
