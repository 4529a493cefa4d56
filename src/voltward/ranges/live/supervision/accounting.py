"""Accounting of messages (made, sent, received, lost), and what an attack did to pack and twin.

1. `Ledger.note` takes the answers of each tick: samples of messages and what the parts observed.
2. A message at the cloud is honest when the ECU put the same sequence and content on the bus.
3. `Ledger.figures` compares both ends over the case.
4. `physical_outcome` and `first_alarm` read what the parts observed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from voltward.ranges.live.case.part import Observation
from voltward.ranges.live.links.control import Document
from voltward.ranges.live.links.messages import Sample
from voltward.ranges.live.supervision.report import Figures

ALARM_SCORE = 1.0
_SCORES = ("bms_score", "gateway_score", "cloud_score")


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
    """Collects the samples of each tick of a case.

    Attributes:
        rows: The trace.
        observations: What the parts observed, one row a tick.
        malformed_frames: Frames that the hub or the gateway dropped as unreadable.
    """

    rows: list[TickRow] = field(default_factory=list)
    observations: list[Observation] = field(default_factory=list)
    malformed_frames: int = 0
    _made: list[int] = field(default_factory=list)
    _genuine: set[tuple[int, str]] = field(default_factory=set)
    _arrived: list[tuple[int, str]] = field(default_factory=list)
    _published: int = 0
    _refused: int = 0
    _commands: int = 0
    _foreign: int = 0

    def note(self, tick: int, mode: str, answers: Mapping[str, Document]) -> None:
        """Note a tick.

        Args:
            tick: Its number.
            mode: What the man in the middle did.
            answers: Of `ecu`, `gateway` and `cloud`, those to all requests of the tick in one.
        """
        # 1.
        ecu, gateway, cloud = answers["ecu"], answers["gateway"], answers["cloud"]
        self.observations.append({**ecu["observed"], **gateway["observed"], **cloud["observed"]})
        made: list[Sample] = ecu["made"]
        taken: list[Sample] = cloud["taken"]
        # 2.
        self._made += [item["sequence"] for item in made]
        self._genuine.update(_identity(item) for item in made)
        arrived = [_identity(item) for item in cloud["received"]]
        self._arrived += arrived
        self._published += len(gateway["published"])
        self._refused += bool(gateway["refusal"])
        self._commands += len(ecu["commands"])
        self._foreign += cloud["foreign"]
        self.malformed_frames += gateway["unreadable_frames"]
        self.rows.append(
            TickRow(
                tick=tick,
                mode=mode,
                connected=gateway["connected"],
                backlog=len(set(self._made) - {sequence for sequence, _ in self._arrived}),
                made_sequence=made[0]["sequence"] if made else None,
                made_mean_voltage_V=made[0]["mean_voltage_V"] if made else None,
                bus_copies=int(gateway["bus"][0]["copies"]) if gateway["bus"] else 0,
                received_sequence=taken[-1]["sequence"] if taken else None,
                received_mean_voltage_V=taken[-1]["mean_voltage_V"] if taken else None,
                forged=sum(entry not in self._genuine for entry in arrived),
            )
        )

    def figures(self) -> Figures:
        """Return the figures of the case so far."""
        # 3.
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
            foreign_payloads=self._foreign,
            malformed_frames=self.malformed_frames,
        )


def physical_outcome(rows: Sequence[Observation], attack_tick: int) -> dict[str, float]:
    """Return the outcome of a case, by name with unit.

    Args:
        rows: The values of all parts, one row a tick.
        attack_tick: Errors count from here on, 0 in a case without attack.
    """
    # 4.
    last, after = rows[-1], rows[attack_tick:]
    return {
        "bms_soc": last["bms_soc"],
        "bms_soc_error_pct": max(_error_pct(row, "bms_soc") for row in after),
        "peak_current_A": max(row["true_current_A"] for row in rows),
        "peak_temperature_degC": max(row["true_temperature_max_degC"] for row in rows),
        "peak_voltage_V": max(row["true_voltage_max_V"] for row in rows),
        "plated_charge_mAh": last["plated_charge_mAh"],
        "queued_records_peak": max(row["queued_records"] for row in rows),
        "true_soc": last["true_soc"],
        "twin_soc": last["twin_soc"],
        "twin_soc_error_pct": max(_error_pct(row, "twin_soc") for row in after),
    }


def first_alarm(rows: Sequence[Observation], attack_tick: int) -> int | None:
    """Return the first tick from the attack on in which a detector was in alarm, if any."""
    for tick, row in enumerate(rows):
        if tick >= attack_tick and max(row[name] for name in _SCORES) > ALARM_SCORE:
            return tick
    return None


def _error_pct(row: Observation, name: str) -> float:
    return 100.0 * abs(row[name] - row["true_soc"])


def _identity(item: Sample) -> tuple[int, str]:
    return item["sequence"], item["digest"]
