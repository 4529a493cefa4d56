"""`live.json`: what ran, what it measured, and that nothing was left running.

What a part of the run measures by itself is reported in its own words: sessions and queue of the
broker, the interceptor and the rogue publisher are the dataclasses of those parts.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from voltward.comms.broker import QueueProbe
from voltward.comms.interceptor import Observations
from voltward.comms.mqtt_client import SessionFacts
from voltward.ranges.live.attackers.rogue import RogueObservations

LIVE_VERSION: Literal[1] = 1
Verdict = Literal["no attack", "reached", "stopped"]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ProcessReport(BaseModel):
    """One process that was started."""

    model_config = ConfigDict(extra="forbid")  # filled while the process runs

    role: str
    pid: int
    cases: list[str] = Field(default=[], description="cases that it took part in")
    ports: list[int] = Field(default=[], description="TCP ports of 127.0.0.1 that it listened on")
    tls: dict[str, str] = Field(
        default={}, description="TLS version by case, read from the socket; '' for none"
    )
    exit_code: int | None = Field(default=None, description="negative for a signal")


class BrokerReport(_Section):
    """The broker program."""

    program: str
    version: str
    queue: QueueProbe = Field(description="probe of the queue for a subscriber who is away")


class Figures(_Section):
    """Accounting of messages in a case."""

    made: int = Field(description="records that the ECU put on the bus")
    published: int = Field(description="records that the gateway handed to its uplink")
    received: int = Field(description="honest records that reached the cloud, each counted once")
    forged_received: int = Field(
        description="records at the cloud whose content the ECU never put on the bus"
    )
    duplicates: int = Field(description="honest records that arrived once more")
    lost: int = Field(
        description="sequence numbers missing at the cloud before the last one received there"
    )
    waiting_at_end: int = Field(description="records made after the last one received")
    in_order: bool = Field(description="honest records arrived in the order of making")
    backlog_peak: int = Field(description="most records made and not yet received, at a time")
    backlog_at_end: int = Field(description="records made and not received after the last tick")
    sessions_refused: int = Field(description="ticks in which the gateway got no session")
    commands_received: int = Field(description="commands that reached the vehicle")
    foreign_payloads: int = Field(description="payloads at the cloud that are not records")
    malformed_frames: int = Field(description="frames on the bus dropped as unreadable")


class CaseReport(_Section):
    """One case."""

    case: str
    tls: bool
    verify_broker: bool
    client_certificates: bool
    attack: str = Field(description="ids of the catalogue, joined by '+'; '' for none")
    goal_reached: bool = Field(description="a record that the ECU never sent reached the cloud")
    verdict: Verdict = Field(description="whether the attacker's forgeries got to the cloud")
    refusal: str = Field(description="the gateway's first reason for having no session, or ''")
    figures: Figures
    session: SessionFacts = Field(description="the gateway's last session, with whichever peer")
    broker_refusals: dict[str, int] = Field(description="from the broker's log, with how often")
    man_in_the_middle: Observations | None
    rogue: RogueObservations | None
    alarm_tick: int | None = Field(description="first alarm from the attack on, if any")
    outcome: dict[str, float] = Field(description="of pack and twin, by name with unit")


class LiveReport(_Section):
    """A live run with all its cases."""

    schema_version: Literal[1] = LIVE_VERSION
    title: str
    seed: int
    ticks: int
    tick_s: float
    system: str
    duty: str
    controls: tuple[str, ...]
    cells: int
    wall_s: float
    broker: BrokerReport
    cases: tuple[CaseReport, ...]
    processes: tuple[ProcessReport, ...]
    left_running: tuple[int, ...]
    files: dict[str, str] = Field(description="SHA-256 of the other files of the folder")
