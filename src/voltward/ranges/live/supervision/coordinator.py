"""Paces the ticks of a case and counts the messages; it holds no rules.

A process steps a tick only when its inbox of the tick before is complete: senders say how many
messages they sent, receivers wait for as many. The steps of a tick are those of `ranges.live`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from voltward.comms.broker import Broker
from voltward.comms.mqtt_client import TlsSettings
from voltward.ranges.live.case.load import part_settings, topics_of
from voltward.ranges.live.case.part import PartNames
from voltward.ranges.live.case.settings import Case, FromCatalogue, LiveSettings, Span
from voltward.ranges.live.case.uplink_security import CLOUD, ROGUE, Identities
from voltward.ranges.live.case.wire_attack import ForgerSettings, forger_settings
from voltward.ranges.live.links.control import Document
from voltward.ranges.live.links.ports import BrokerAccess
from voltward.ranges.live.supervision.accounting import Ledger
from voltward.ranges.live.supervision.fleet import RoleProcess

UNDISTURBED: Document = {"mode": "", "path": "answers", "severed": False}


@dataclass(frozen=True)
class CaseResult:
    """What a case gave.

    Attributes:
        case: Its settings.
        ledger: Accounting of its messages.
        refusal: The gateway's first reason for having no session.
        session: The gateway's last session.
        observed: What the man in the middle and the rogue observed, by role.
        broker_log: Text of the log of the case's broker, when it has ended.
    """

    case: Case
    ledger: Ledger
    refusal: str
    session: Document
    observed: Mapping[str, Document]
    broker_log: str = ""


class CaseRun:
    """One case on running processes and a running broker."""

    def __init__(
        self,
        settings: LiveSettings,
        case: Case,
        processes: Mapping[str, RoleProcess],
        broker: Broker,
    ) -> None:
        self._settings, self._case = settings, case
        self._processes = processes
        self._broker = broker
        self._part_settings = part_settings(settings, case)
        self._topics = topics_of(settings)
        self._man = settings.man_in_the_middle if case.man_in_the_middle else None
        self._rogue = settings.rogue if case.rogue is not None else None
        self._bus_attacker = settings.bus_attacker if case.bus_attacker else None
        self._refusal = ""
        self._session: Document = {"tls_version": "", "cipher": "", "peer_sha256": ""}

    def configure(self, identities: Identities, parts: PartNames) -> None:
        """Give every process what it needs for the case."""
        case, cells = self._case, self._part_settings.cells
        gateway_port = self._broker.port
        if self._man is not None:
            gateway_port = self._ask(
                "man_in_the_middle",
                "configure",
                plan=self._man,
                forger=self._forger("man_in_the_middle", self._man, self._man.rewriting),
                certificate=identities.attacker if case.tls else None,
                broker_port=self._broker.port,
            )["port"]
            self._processes["man_in_the_middle"].facts.ports.append(gateway_port)
        # All of these import and compile; they do it side by side.
        part = {"settings": self._part_settings}
        requests: dict[str, dict[str, Any]] = {
            "ecu": {"part": parts.vehicle, **part},
            "gateway": {
                "part": parts.gateway,
                "access": self._access(
                    self._settings.vehicle, gateway_port, identities.gateway_tls(case)
                ),
                **part,
            },
            "cloud": {
                "part": parts.cloud,
                "access": self._access(CLOUD, self._broker.port, identities.cloud_tls(case)),
                **part,
            },
            "bus_attacker": {"forger": None, "system": self._settings.system},
        }
        if self._bus_attacker is not None:
            forger = self._forger("bus_attacker", self._bus_attacker, self._bus_attacker)
            requests["bus_attacker"]["forger"] = forger
        if self._rogue is not None:
            requests["rogue"] = {
                "plan": self._rogue,
                "forger": self._forger("rogue", self._rogue, self._rogue),
                "access": self._access(ROGUE, self._broker.port, identities.rogue_tls(case)),
                "cells": cells,
            }
        answers = self._ask_all("configure", requests)
        self._note_tls("cloud", answers["cloud"]["session"]["tls_version"])
        for role in ("hub", *requests, *([] if self._man is None else ["man_in_the_middle"])):
            self._processes[role].facts.cases.append(case.name)

    def run(self) -> CaseResult:
        """Step all ticks and return the result."""
        ledger = Ledger()
        for tick in range(self._settings.ticks):
            mode, answers = self._tick(tick)
            # 8.
            ledger.note(tick, mode, answers)
        self._ask_all("finish", {role: {} for role in ("ecu", "gateway", "cloud")})
        observed = {}
        if self._man is not None:
            observed["man_in_the_middle"] = self._ask("man_in_the_middle", "finish")["observed"]
            self._note_tls("man_in_the_middle", observed["man_in_the_middle"]["client_tls"])
        if self._rogue is not None:
            observed["rogue"] = self._ask("rogue", "finish")["observed"]
            self._note_tls("rogue", observed["rogue"]["tls_version"])
        bus = self._ask("hub", "finish")
        if bus["dropped_frames"]:
            raise RuntimeError(f"the CAN hub dropped {bus['dropped_frames']} frames")
        ledger.malformed_frames += bus["malformed_frames"]
        self._note_tls("gateway", self._session["tls_version"])
        return CaseResult(self._case, ledger, self._refusal, self._session, observed)

    def _tick(self, tick: int) -> tuple[str, dict[str, Document]]:
        """Run one tick, and return what the man in the middle did and all answers, by role."""
        # 1. The man in the middle sets what the network does.
        network = UNDISTURBED
        if self._man is not None:
            network = self._ask("man_in_the_middle", "step", tick=tick)
        # 2. The rogue opens its session.
        listens = self._rogue is not None and self._ask("rogue", "arrive", tick=tick)["listens"]
        # 3. ECU, gateway and cloud step, send frames and publish records.
        path = {"path": network["path"], "severed": network["severed"]}
        steps = self._ask_all(
            "step",
            {"ecu": {"tick": tick}, "gateway": {"tick": tick, **path}, "cloud": {"tick": tick}},
        )
        gateway, delivered = steps["gateway"], steps["gateway"]["delivered"]
        if gateway["connected"]:
            self._session = gateway["session"]
        self._refusal = self._refusal or gateway["refusal"]
        # 4. The bus attacker reads the frames of the tick and sends forged ones.
        frames = {"ecu": steps["ecu"]["frames"], "gateway": gateway["frames"]}
        forged_frames = self._ask(
            "bus_attacker", "step", tick=tick, frames=frames["ecu"] + frames["gateway"]
        )["frames"]
        # 5. The rogue publishes a forged record.
        forged_records = 0
        if self._rogue is not None:
            heard = delivered if listens else 0
            forged_records = self._ask("rogue", "step", tick=tick, heard=heard)["delivered"]
        # 6. The cloud publishes its command.
        commands = self._ask("cloud", "publish", tick=tick)["delivered"]
        # 7. ECU, gateway and cloud collect what arrived.
        collected = self._ask_all(
            "collect",
            {
                "ecu": {"frames": frames["gateway"] + forged_frames},
                "gateway": {
                    "frames": frames["ecu"] + forged_frames,
                    "commands": commands if gateway["connected"] else 0,
                },
                "cloud": {"telemetry": delivered + forged_records},
            },
        )
        answers = {role: {**steps[role], **collected[role]} for role in steps}
        return network["mode"], answers

    def _access(self, identity: str, port: int, tls: TlsSettings | None) -> BrokerAccess:
        topics, vehicle = self._topics, self._settings.vehicle
        return BrokerAccess(
            identity, port, tls, topics.telemetry_of(vehicle), topics.command_of(vehicle)
        )

    def _forger(self, attacker: str, plan: FromCatalogue, span: Span) -> ForgerSettings:
        return forger_settings(attacker, plan, span, self._settings, self._part_settings.cells)

    def _ask(self, role: str, do: str, **values: Any) -> Document:
        return self._processes[role].ask(do, **values)

    def _ask_all(self, do: str, requests: Mapping[str, Mapping[str, Any]]) -> dict[str, Document]:
        """Ask several processes at once and wait for all of them."""
        for role, values in requests.items():
            self._processes[role].send(do, **values)
        return {role: self._processes[role].answer() for role in requests}

    def _note_tls(self, role: str, version: str) -> None:
        self._processes[role].facts.tls[self._case.name] = version
