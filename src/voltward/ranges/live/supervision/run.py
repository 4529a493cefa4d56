"""A whole live run: processes, broker, cases, and the folder that they leave."""

import csv
import io
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

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
from voltward.ranges.configuration.system import load_system
from voltward.ranges.live.case.load import cells_of
from voltward.ranges.live.case.part import PartNames
from voltward.ranges.live.case.settings import Case, LiveSettings
from voltward.ranges.live.supervision.coordinator import ROLES, CaseResult, CaseRun
from voltward.ranges.live.supervision.fleet import Fleet
from voltward.ranges.live.supervision.identities import make_identities
from voltward.ranges.live.supervision.ledger import TickRow
from voltward.ranges.live.supervision.outcome import first_alarm, physical_outcome
from voltward.ranges.live.supervision.report import LiveReport, Verdict
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


@dataclass(frozen=True)
class _Finished:
    """A case, its broker's log, and when its attack began."""

    result: CaseResult
    broker_log: str
    attack: str
    attack_tick: int


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
        progress: Told the name of each case at its start.
        replacing: Told of each file of another hand that is replaced; None refuses to.

    Raises:
        EnvironmentLacksError: Mosquitto is not installed, or drops messages.
        ConfigurationError: The folder for the results cannot be made, or a file of another hand
            stands where a result would.
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
    # A short path of its own: a Unix socket's path has at most 107 bytes.
    with tempfile.TemporaryDirectory(prefix="voltward-") as temporary:
        with Fleet(Path(temporary)) as fleet:
            probe = _checked_queue(fleet)
            finished = _run_cases(settings, fleet, parts, progress)
        left_running = fleet.left_running()
    files = {_log_name(done.result.case): done.broker_log for done in finished}
    files[TICKS] = _ticks_csv([done.result for done in finished])
    files[PHYSICS] = _physics_csv([done.result for done in finished])
    for name, text in files.items():
        owned.write(out / name, text.encode())
    report = LiveReport.model_validate(
        {
            "title": settings.title,
            "seed": settings.seed,
            "ticks": settings.ticks,
            "tick_s": settings.tick_s,
            "system": settings.system,
            "duty": settings.duty,
            "controls": settings.controls,
            "cells": cells_of(load_system(settings.system)),
            "wall_s": round(time.monotonic() - started, 3),
            "broker": {
                "program": str(program),
                "version": mosquitto_version(),
                "queue": asdict(probe),
            },
            "cases": [_case_document(done) for done in finished],
            "processes": [asdict(facts) for facts in fleet.processes],
            "left_running": left_running,
            "files": {name: sha256_of(out / name) for name in files},
        }
    )
    owned.write(out / REPORT, pretty_json(report.model_dump(mode="json")).encode())
    return LiveResult(report, out)


def _run_cases(
    settings: LiveSettings, fleet: Fleet, parts: PartNames, progress: Progress
) -> list[_Finished]:
    identities = make_identities(fleet.folder, settings.vehicle)
    # The hub first: the others join it when they start.
    processes = {**fleet.start(ROLES[:1]), **fleet.start(ROLES[1:])}
    topics = settings.topics.topic_map()
    finished = []
    for case in settings.case:
        progress(case.name)
        folder = fleet.folder / "brokers" / case.name
        demands = identities.broker_settings(case, topics, settings.vehicle, folder)
        broker, facts = fleet.start_broker(demands, case.name)
        case_run = CaseRun(settings, case, processes, broker)
        case_run.configure(identities, parts)
        result = case_run.run()
        fleet.stop_broker(broker, facts)
        finished.append(
            _Finished(result, broker.log(), settings.attack_of(case), settings.attack_tick(case))
        )
    return finished


def _checked_queue(fleet: Fleet) -> QueueProbe:
    """Return how the broker queues, found out on a broker of its own.

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
            hint="install another version; 2.0.16 is known to be wrong",
        )
    return probe


def _case_document(done: _Finished) -> dict[str, object]:
    result = done.result
    case, figures = result.case, result.ledger.figures()
    return {
        "case": case.name,
        "tls": case.tls,
        "verify_broker": case.verify_broker,
        "client_certificates": case.client_certificates,
        "attack": done.attack,
        "goal_reached": figures.forged_received > 0,
        "verdict": _verdict(done, forged=figures.forged_received),
        "refusal": result.refusal,
        "figures": asdict(figures),
        "session": dict(result.session),
        "broker_refusals": refusals(done.broker_log),
        "man_in_the_middle": result.observed.get("man_in_the_middle"),
        "rogue": result.observed.get("rogue"),
        "alarm_tick": first_alarm(result.ledger.observations, done.attack_tick),
        "outcome": physical_outcome(result.ledger.observations, done.attack_tick),
    }


def _verdict(done: _Finished, *, forged: int) -> Verdict:
    if not done.attack:
        return "no attack"
    return "reached" if forged else "stopped"


def _ticks_csv(results: list[CaseResult]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    columns = [column.name for column in fields(TickRow)]
    writer.writerow(["case", *columns])
    for result in results:
        for row in result.ledger.rows:
            writer.writerow([result.case.name, *(getattr(row, column) for column in columns)])
    return text.getvalue()


def _physics_csv(results: list[CaseResult]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = list(results[0].ledger.observations[0])
    writer.writerow(["case", "tick", *names])
    for result in results:
        for tick, row in enumerate(result.ledger.observations):
            writer.writerow([result.case.name, tick, *(repr(row[name]) for name in names)])
    return text.getvalue()
