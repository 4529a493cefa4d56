"""The books of a case: what was made, sent and received, compared afterwards."""

from dataclasses import dataclass, field
from typing import Any

from voltward.ranges.live.case.part import Observation

Sample = dict[str, Any]


@dataclass(frozen=True)
class Figures:
    """What the books say of the telemetry of a case.

    Attributes:
        made: Records that the ECU put on the bus.
        published: Records that the gateway handed to its uplink.
        received: Honest records that reached the cloud, each counted once.
        forged_received: Records at the cloud whose content the ECU never put on the bus.
        duplicates: Honest records that arrived once more.
        lost: Sequence numbers missing at the cloud before the last one received there.
        waiting_at_end: Records made after the last one received at the cloud.
        in_order: Whether honest records arrived in the order in which they were made.
        backlog_peak: Most records made and not yet received, at a time.
        backlog_at_end: That number after the last tick.
        sessions_refused: Ticks in which the gateway got no session.
        commands_received: Commands that reached the vehicle.
    """

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


@dataclass(frozen=True)
class TickRow:
    """One tick as the trace shows it; None where there was nothing."""

    tick: int
    mode: str
    connected: bool
    backlog: int
    made_sequence: int | None
    made_mean_voltage_V: float | None
    bus_copies: int
    received_sequence: int | None
    received_mean_voltage_V: float | None
    forged: int


@dataclass
class Ledger:
    """Collects the samples of each tick of a case."""

    rows: list[TickRow] = field(default_factory=list)
    observations: list[Observation] = field(default_factory=list)
    _made: list[int] = field(default_factory=list)
    _genuine: set[tuple[int, str]] = field(default_factory=set)
    _arrived: list[tuple[int, str]] = field(default_factory=list)
    _published: int = 0
    _refused: int = 0
    _commands: int = 0

    def note(self, tick: int, mode: str, answers: dict[str, Sample]) -> None:
        """Note a tick.

        Args:
            tick: Its number.
            mode: What the man in the middle did.
            answers: Answers of `ecu`, `gateway` and `cloud`, of all requests of the tick joined.
        """
        ecu, gateway, cloud = answers["ecu"], answers["gateway"], answers["cloud"]
        self.observations.append(
            {**ecu["observed"], **gateway["observed"], **cloud["observed"]},
        )
        made = ecu["made"]
        self._made += [item["sequence"] for item in made]
        self._genuine.update(_identity(item) for item in made)
        self._published += len(gateway["published"])
        arrived = [_identity(item) for item in cloud["received"]]
        self._arrived += arrived
        self._refused += bool(gateway["refusal"])
        self._commands += len(ecu["commands"])
        taken = cloud["taken"]
        self.rows.append(
            TickRow(
                tick=tick,
                mode=mode,
                connected=gateway["connected"],
                backlog=self._backlog(),
                made_sequence=made[0]["sequence"] if made else None,
                made_mean_voltage_V=made[0]["mean_voltage_V"] if made else None,
                bus_copies=int(gateway["bus"][0]["copies"]) if gateway["bus"] else 0,
                received_sequence=taken[-1]["sequence"] if taken else None,
                received_mean_voltage_V=taken[-1]["mean_voltage_V"] if taken else None,
                forged=sum(entry not in self._genuine for entry in arrived),
            )
        )

    def _backlog(self) -> int:
        return len(set(self._made) - {sequence for sequence, _ in self._arrived})

    def figures(self) -> Figures:
        """Return the figures of the case so far."""
        honest = [entry for entry in self._arrived if entry in self._genuine]
        first_arrivals = [sequence for sequence, _ in dict.fromkeys(honest)]
        arrived = {sequence for sequence, _ in self._arrived}
        last = max((s for s in self._made if s in arrived), default=-1)
        missing = [sequence for sequence in self._made if sequence not in arrived]
        backlog = [row.backlog for row in self.rows]
        return Figures(
            made=len(self._made),
            published=self._published,
            received=len(first_arrivals),
            forged_received=len(self._arrived) - len(honest),
            duplicates=len(honest) - len(first_arrivals),
            lost=sum(sequence < last for sequence in missing),
            waiting_at_end=sum(sequence > last for sequence in missing),
            in_order=first_arrivals == sorted(first_arrivals),
            backlog_peak=max(backlog, default=0),
            backlog_at_end=backlog[-1] if backlog else 0,
            sessions_refused=self._refused,
            commands_received=self._commands,
        )


def _identity(item: Sample) -> tuple[int, str]:
    return item["sequence"], item["digest"]
