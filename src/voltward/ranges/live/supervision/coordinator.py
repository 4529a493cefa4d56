"""Paces the ticks of a case and counts the messages; it holds no rules.

A process steps a tick only when its inbox of the tick before is complete: senders say how many
messages they sent, receivers wait for as many.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from voltward.comms.broker import Broker
from voltward.core.capabilities import Capability
from voltward.ranges.live.attackers.forger import ForgerSettings
from voltward.ranges.live.case.catalogue_attack import wire_rows
from voltward.ranges.live.case.load import cells_of, system_and_duty
from voltward.ranges.live.case.part import PartNames, PartSettings
from voltward.ranges.live.case.proofs import uplink_controls
from voltward.ranges.live.case.settings import Case, FromCatalogue, LiveSettings, Span
from voltward.ranges.live.links import security
from voltward.ranges.live.links.control import Document
from voltward.ranges.live.supervision.fleet import RoleProcess
from voltward.ranges.live.supervision.identities import CLOUD, Identities
from voltward.ranges.live.supervision.ledger import Ledger

ROLES = ("hub", "ecu", "bus_attacker", "gateway", "cloud", "man_in_the_middle", "rogue")
UNDISTURBED: Document = {"mode": "", "path": "answers", "severed": False}


@dataclass(frozen=True)
class CaseResult:
    """What a case gave.

    Attributes:
        case: Its settings.
        ledger: Its books.
        refusal: The gateway's first reason for having no session.
        session: The gateway's last session.
        observed: What the man in the middle and the rogue saw, by role.
    """

    case: Case
    ledger: Ledger
    refusal: str
    session: Mapping[str, str]
    observed: Mapping[str, Document]


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
        system, _ = system_and_duty(settings.system, settings.duty, settings.tick_s)
        self._cells = cells_of(system)
        self._processes = processes
        self._broker = broker
        attackers = {
            "man_in_the_middle": case.man_in_the_middle,
            "rogue": case.rogue is not None,
        }
        self._attackers = {name for name, takes_part in attackers.items() if takes_part}
        self._refusal = ""
        self._session: Mapping[str, str] = {}

    def configure(self, identities: Identities, parts: PartNames) -> None:
        """Give every process what it needs for the case."""
        settings, case = self._settings, self._case
        topics = settings.topics.topic_map()
        telemetry_topic = topics.telemetry_of(settings.vehicle)
        command_topic = topics.command_of(settings.vehicle)
        part_settings = PartSettings(
            case=case.name,
            system=settings.system,
            duty=settings.duty,
            controls=[
                *settings.controls,
                *uplink_controls(
                    tls=case.tls,
                    verify_broker=case.verify_broker,
                    client_certificates=case.client_certificates,
                ),
            ],
            client_certificates=case.client_certificates,
            cells=self._cells,
            ticks=settings.ticks,
            tick_s=settings.tick_s,
            seed=settings.seed,
        ).as_request()
        common = {"part_settings": part_settings, "command_topic": command_topic}
        broker_port = self._broker.port
        gateway_port = broker_port
        if "man_in_the_middle" in self._attackers and settings.man_in_the_middle is not None:
            attacker = security.certificate_request(identities.attacker)
            gateway_port = self._ask(
                "man_in_the_middle",
                "configure",
                plan=settings.man_in_the_middle.model_dump(mode="json"),
                forger=self._forger(
                    "man_in_the_middle",
                    settings.man_in_the_middle,
                    settings.man_in_the_middle.rewriting,
                ),
                certificate=attacker if case.tls else None,
                broker_port=broker_port,
            )["port"]
            self._processes["man_in_the_middle"].facts.ports.append(gateway_port)
        if "rogue" in self._attackers and settings.rogue is not None:
            self._ask(
                "rogue",
                "configure",
                plan=settings.rogue.model_dump(mode="json"),
                forger=self._forger("rogue", settings.rogue, settings.rogue),
                port=broker_port,
                tls=security.as_request(identities.rogue_tls(case)),
                telemetry_topic=telemetry_topic,
                cells=self._cells,
            )
        attack = settings.bus_attacker if case.bus_attacker else None
        # These four import and compile; they do it side by side.
        requests: dict[str, dict[str, Any]] = {
            "ecu": {"part": parts.vehicle, **common},
            "gateway": {
                "part": parts.gateway,
                "identity": settings.vehicle,
                "port": gateway_port,
                "tls": security.as_request(identities.gateway_tls(case)),
                "telemetry_topic": telemetry_topic,
                **common,
            },
            "cloud": {
                "part": parts.cloud,
                "identity": CLOUD,
                "port": broker_port,
                "tls": security.as_request(identities.cloud_tls(case)),
                "telemetry_topic": telemetry_topic,
                **common,
            },
            "bus_attacker": {
                "forger": None if attack is None else self._forger("bus_attacker", attack, attack),
                "cells": self._cells,
            },
        }
        answers = self._ask_all("configure", requests)
        self._note_tls("cloud", answers["cloud"]["session"]["tls_version"])
        for role in ("hub", *requests, *self._attackers):
            self._processes[role].facts.cases.append(case.name)

    def _forger(self, attacker: str, plan: FromCatalogue, span: Span) -> Document:
        """Return what an attacker's process makes its forger from."""
        settings = self._settings
        rows, held = wire_rows(attacker, plan, span, self._cells, settings.tick_s)
        if attacker == "man_in_the_middle":
            # Whoever gets to rewrite has the plain text: he answered in the broker's place.
            held |= int(Capability.SESSION_TERMINATED)
        return ForgerSettings(rows.tolist(), held, settings.seed, self._cells).as_request()

    def run(self) -> CaseResult:
        """Step all ticks and return the result."""
        ledger = Ledger()
        for tick in range(self._settings.ticks):
            mode, answers = self._tick(tick)
            ledger.note(tick, mode, answers)
        self._ask_all("finish", {role: {} for role in ("ecu", "gateway", "cloud")})
        observed = {role: self._ask(role, "finish")["observed"] for role in sorted(self._attackers)}
        for role, seen in observed.items():
            self._note_tls(role, seen.get("client_tls", seen.get("tls_version", "")))
        dropped = self._ask("hub", "finish")["dropped_frames"]
        if dropped:
            raise RuntimeError(f"the CAN hub dropped {dropped} frames")
        self._note_tls("gateway", self._session.get("tls_version", ""))
        return CaseResult(self._case, ledger, self._refusal, self._session, observed)

    def _tick(self, tick: int) -> tuple[str, dict[str, Document]]:
        """Run one tick, and return what the man in the middle did and everyone's answers."""
        network = UNDISTURBED
        if "man_in_the_middle" in self._attackers:
            network = self._ask("man_in_the_middle", "step", tick=tick)
        rogue_listens = False
        if "rogue" in self._attackers:
            rogue_listens = self._ask("rogue", "arrive", tick=tick)["listens"]
        steps = self._ask_all(
            "step",
            {
                "ecu": {"tick": tick},
                "gateway": {"tick": tick, "path": network["path"], "severed": network["severed"]},
                "cloud": {"tick": tick},
            },
        )
        gateway = steps["gateway"]
        if gateway["connected"]:
            self._session = gateway["session"]
        self._refusal = self._refusal or gateway["refusal"]
        forged_frames = self._ask(
            "bus_attacker", "step", tick=tick, frames=steps["ecu"]["frames"] + gateway["frames"]
        )["frames"]
        forged_records = 0
        if "rogue" in self._attackers:
            heard_records = gateway["delivered"] if rogue_listens else 0
            forged_records = self._ask("rogue", "step", tick=tick, heard=heard_records)["delivered"]
        published = self._ask("cloud", "publish", tick=tick)
        heard = {"ecu": steps["ecu"]["frames"], "gateway": gateway["frames"], "bus": forged_frames}
        collected = self._ask_all(
            "collect",
            {
                "ecu": {"frames": heard["gateway"] + heard["bus"]},
                "gateway": {
                    "frames": heard["ecu"] + heard["bus"],
                    "commands": published["delivered"] if gateway["connected"] else 0,
                },
                "cloud": {"telemetry": gateway["delivered"] + forged_records},
            },
        )
        answers = {role: {**steps[role], **collected[role]} for role in steps}
        return network["mode"], answers

    def _ask(self, role: str, do: str, **values: Any) -> Document:
        return self._processes[role].ask(do, **values)

    def _ask_all(self, do: str, requests: Mapping[str, Mapping[str, Any]]) -> dict[str, Document]:
        """Ask several processes at once and wait for all of them."""
        for role, values in requests.items():
            self._processes[role].send(do, **values)
        return {role: self._processes[role].answer() for role in requests}

    def _note_tls(self, role: str, version: str) -> None:
        self._processes[role].facts.tls[self._case.name] = version
