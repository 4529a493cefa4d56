"""`live.json`: what ran, what it measured, and that nothing was left running."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

LIVE_VERSION: Literal[1] = 1
Verdict = Literal["no attack", "reached", "stopped"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ProcessReport(_Part):
    """One process that was started."""

    role: str
    pid: int
    cases: tuple[str, ...]
    ports: tuple[int, ...] = Field(description="TCP ports of 127.0.0.1 that it listened on")
    tls: dict[str, str] = Field(
        description="TLS version by case, read from the socket; '' for none"
    )
    exit_code: int | None


class SessionReport(_Part):
    """The gateway's last session with what answered as the broker."""

    tls_version: str
    cipher: str
    peer_sha256: str = Field(description="digest of the certificate that the peer showed")


class QueueReport(_Part):
    """Whether the broker keeps every message for a subscriber who is away."""

    sent: int
    received: int
    in_order: bool


class BrokerReport(_Part):
    """The broker program."""

    program: str
    version: str
    queue: QueueReport


class FiguresReport(_Part):
    """The books of a case."""

    made: int
    published: int
    received: int
    forged_received: int
    duplicates: int
    lost: int
    waiting_at_end: int
    in_order: bool
    backlog_peak: int
    backlog_at_end: int
    sessions_refused: int
    commands_received: int


class InterceptorReport(_Part):
    """What the man in the middle did and saw."""

    rewritten: int
    rewritten_back: int
    severed: int
    refused_handshakes: int
    held_bytes_peak: int
    client_tls: str
    broker_tls: str


class RogueReport(_Part):
    """What became of the rogue publisher."""

    published: int
    granted: int
    denied: int
    refused: int
    refusal: str
    tls_version: str


class CaseReport(_Part):
    """One case."""

    case: str
    tls: bool
    verify_broker: bool
    client_certificates: bool
    attack: str = Field(description="ids of the catalogue, joined by '+'; '' for none")
    goal_reached: bool = Field(description="a record that the ECU never sent reached the cloud")
    verdict: Verdict = Field(description="whether the attacker's forgeries got to the cloud")
    refusal: str = Field(description="the gateway's first reason for having no session, or ''")
    figures: FiguresReport
    session: SessionReport
    broker_refusals: dict[str, int] = Field(description="from the broker's log, with how often")
    man_in_the_middle: InterceptorReport | None
    rogue: RogueReport | None
    alarm_tick: int | None = Field(description="first alarm from the attack on, if any")
    outcome: dict[str, float] = Field(description="of pack and twin, by name with unit")


class LiveReport(_Part):
    """The whole run."""

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
