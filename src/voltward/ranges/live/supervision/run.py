"""A complete live run: processes, broker, cases, and the folder that they leave.

1. A private folder is made for keys, sockets and logs; it is removed however the run ends.
2. The broker program is tested: it must not lose messages that wait for a subscriber.
3. Certificates are made, and one process is started for each role.
4. Each case gets a broker of its own, and runs tick by tick (`coordinator`).
5. Everything is stopped, and what still runs is searched for.
6. Tables, the broker's logs and `live.json` are written.
"""

import csv
import io
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from voltward.comms.broker import (
    BrokerSettings,
    QueueProbe,
    mosquitto_program,
    mosquitto_version,
    probe_queue,
    refusals,
)
from voltward.comms.topics import TopicMap, access_for_all
from voltward.core.errors import EnvironmentLacksError
from voltward.core.files import pretty_json, sha256_of
from voltward.core.termination import ended_by_signals
from voltward.ranges.configuration.system import load_system
from voltward.ranges.live.case.load import topics_of
from voltward.ranges.live.case.part import PartNames
from voltward.ranges.live.case.settings import Case, LiveSettings
from voltward.ranges.live.case.uplink_security import make_identities
from voltward.ranges.live.supervision.accounting import TickRow, first_alarm, physical_outcome
from voltward.ranges.live.supervision.coordinator import CaseResult, CaseRun
from voltward.ranges.live.supervision.fleet import ROLES, Fleet
from voltward.ranges.live.supervision.report import (
    BrokerReport,
    CaseReport,
    LiveReport,
    Verdict,
)
from voltward.results.folder_ownership import OwnedFolder, Replacing

PROBE = "queue-probe"
REPORT, TICKS, PHYSICS = "live.json", "ticks.csv", "physics.csv"
Progress = Callable[[str], None]


@dataclass(frozen=True)
class LiveResult:
    """A finished run.

    Attributes:
        report: The content of `live.json`.
        folder: Where the files lie.
    """

    report: LiveReport
    folder: Path


def run_live(
    settings: LiveSettings,
    out: Path,
    parts: PartNames | None = None,
    progress: Progress = lambda _name: None,
    replacing: Replacing | None = None,
) -> LiveResult:
    """Run every case and write `live.json`, `ticks.csv`, `physics.csv` and the broker's logs.

    Args:
        settings: As read from the file.
        out: Folder for the results; made when absent.
        parts: Where the parts come from; the project's own when None.
        progress: Called with the name of each case at its start.
        replacing: Called with each replaced file that voltward did not write; None refuses to.

    Raises:
        EnvironmentLacksError: Mosquitto is not installed, or drops messages.
        StoppedError: The process got SIGTERM.
        ConfigurationError: The folder for the results cannot be made, or a file that
            voltward did not write stands where a result would.
    """
    program = mosquitto_program()
    with OwnedFolder(out, replacing=replacing) as owned:
        names = [_log_name(case) for case in settings.case]
        owned.refuse_strangers(out / name for name in (*names, TICKS, PHYSICS, REPORT))
        return _run_into(owned, program, settings, parts or PartNames(), progress)


def _log_name(case: Case) -> str:
    return f"logs/broker-{case.name}.log"


def _run_into(
    owned: OwnedFolder,
    program: Path,
    settings: LiveSettings,
    parts: PartNames,
    progress: Progress,
) -> LiveResult:
    out = owned.path
    started = time.monotonic()
    # 1.
    with ended_by_signals(), TemporaryDirectory(prefix="voltward-") as temporary:
        with Fleet(Path(temporary)) as fleet:
            # 2.
            probe = _checked_queue(fleet)
            finished = _run_cases(settings, fleet, parts, progress)
        # 5.
        left_running = fleet.left_running()
    # 6.
    files = {_log_name(done.case): done.broker_log for done in finished}
    files[TICKS] = _ticks_csv(finished)
    files[PHYSICS] = _physics_csv(finished)
    for name, text in files.items():
        owned.write(out / name, text.encode())
    report = LiveReport(
        title=settings.title,
        seed=settings.seed,
        ticks=settings.ticks,
        tick_s=settings.tick_s,
        system=settings.system,
        duty=settings.duty,
        controls=settings.controls,
        cells=load_system(settings.system).pack.cells,
        wall_s=round(time.monotonic() - started, 3),
        broker=BrokerReport(program=str(program), version=mosquitto_version(), queue=probe),
        cases=tuple(_case_report(settings, done) for done in finished),
        processes=tuple(fleet.processes),
        left_running=tuple(left_running),
        files={name: sha256_of(out / name) for name in files},
    )
    owned.write(out / REPORT, pretty_json(report.model_dump(mode="json")).encode())
    return LiveResult(report, out)


def _run_cases(
    settings: LiveSettings, fleet: Fleet, parts: PartNames, progress: Progress
) -> list[CaseResult]:
    # 3.
    identities = make_identities(fleet.folder, settings.vehicle)
    hub, *others = ROLES
    processes = {**fleet.start([hub]), **fleet.start(others)}
    finished = []
    # 4.
    topics = topics_of(settings)
    for case in settings.case:
        progress(case.name)
        folder = fleet.folder / "brokers" / case.name
        demands = identities.broker_settings(case, topics, settings.vehicle, folder)
        broker, facts = fleet.start_broker(demands, case.name)
        case_run = CaseRun(settings, case, processes, broker)
        case_run.configure(identities, parts)
        result = case_run.run()
        fleet.stop_broker(broker, facts)
        finished.append(replace(result, broker_log=broker.log()))
    return finished


def _checked_queue(fleet: Fleet) -> QueueProbe:
    """Return how the broker queues, measured on a broker started for it.

    Raises:
        EnvironmentLacksError: This Mosquitto drops messages.
    """
    topics = TopicMap()
    settings = BrokerSettings(fleet.folder / PROBE, access_for_all(topics))
    broker, facts = fleet.start_broker(settings, PROBE)
    probe = probe_queue(broker, topics.telemetry_of(PROBE))
    fleet.stop_broker(broker, facts)
    if not probe.lossless:
        raise EnvironmentLacksError(
            f"this Mosquitto loses messages: {probe.sent} queued, {probe.received} delivered",
            why="the live range needs 'max_queued_messages 0' to mean no bound",
            hint="install another version; 2.0.16 is known to have this fault",
        )
    return probe


def _case_report(settings: LiveSettings, result: CaseResult) -> CaseReport:
    case = result.case
    figures, observations = result.ledger.figures(), result.ledger.observations
    attack, attack_tick = settings.attack_of(case), settings.attack_tick(case)
    forged = figures.forged_received > 0
    reached: Verdict = "reached" if forged else "stopped"
    return CaseReport.model_validate(
        {
            "case": case.name,
            "tls": case.tls,
            "verify_broker": case.verify_broker,
            "client_certificates": case.client_certificates,
            "attack": attack,
            "goal_reached": forged,
            "verdict": reached if attack else "no attack",
            "refusal": result.refusal,
            "figures": figures,
            "session": result.session,
            "broker_refusals": refusals(result.broker_log),
            "man_in_the_middle": result.observed.get("man_in_the_middle"),
            "rogue": result.observed.get("rogue"),
            "alarm_tick": first_alarm(observations, attack_tick),
            "outcome": physical_outcome(observations, attack_tick),
        }
    )


def _ticks_csv(results: Sequence[CaseResult]) -> str:
    columns = [column.name for column in fields(TickRow)]
    rows = [
        [result.case.name, *(getattr(row, column) for column in columns)]
        for result in results
        for row in result.ledger.rows
    ]
    return _csv(["case", *columns], rows)


def _physics_csv(results: Sequence[CaseResult]) -> str:
    names = list(results[0].ledger.observations[0])
    rows = [
        [result.case.name, tick, *(repr(row[name]) for name in names)]
        for result in results
        for tick, row in enumerate(result.ledger.observations)
    ]
    return _csv(["case", "tick", *names], rows)


def _csv(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([head, *rows])
    return text.getvalue()
