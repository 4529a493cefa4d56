"""`voltward live`: the same functions in separate processes, over a real bus and a real broker."""

import signal
from pathlib import Path

from voltward.core.termination import StoppedError
from voltward.interfaces.cli.output import (
    Progress,
    columns,
    detail,
    emit,
    emit_json,
    message,
    naming,
    progress_bar,
)
from voltward.ranges.live.case.load import load_settings
from voltward.ranges.live.case.settings import LiveSettings
from voltward.ranges.live.supervision.report import CaseReport, LiveReport
from voltward.ranges.live.supervision.run import run_live

HEAD = ("case", "forged", "lost", "refused", "tls", "backlog", "alarm", "twin error", "verdict")
NOTE = (
    "forged: records that the cloud accepted and the ECU never sent; refused: handshakes that "
    "the gateway aborted + what the broker refused; backlog: most records waiting at a time; "
    "alarm: first tick with an alarm; twin error: largest error of the twin's SoC from the attack "
    "on; reached: forged records got to the cloud"
)
_BEGINNING = "live: starting the processes, compiling (up to a minute the first time)"


def run_cases(file: Path, out: Path, *, force: bool, as_json: bool) -> None:
    """Run the cases of a file and print a line for each."""
    settings = load_settings(file)
    with progress_bar() as advance:
        done = iter(range(len(settings.case)))
        advance(_BEGINNING, 0, len(settings.case))
        try:
            result = run_live(
                settings,
                out,
                progress=lambda _name: _advance(advance, next(done), len(settings.case)),
                replacing=naming(force=force),
            )
        except KeyboardInterrupt as error:
            raise StoppedError(signal.SIGINT) from error
    if as_json:
        emit_json(result.report.model_dump(mode="json"))
        return
    _show(result.report)
    names = ("live.json", "ticks.csv", "physics.csv", "logs")
    message("written: " + ", ".join(str(out / name) for name in names))


def _advance(advance: Progress, done: int, total: int) -> None:
    """Move the bar; the first case waits for the processes to compile their parts."""
    advance("live" if done else _BEGINNING, done, total)


def print_schema(subject: str) -> None:
    """Print the JSON Schema of the report or of the file."""
    if subject == "live.json":
        emit_json(LiveReport.model_json_schema(mode="serialization"))
    else:
        emit_json(LiveSettings.model_json_schema())


def _show(report: LiveReport) -> None:
    """Print a row for each case, and the processes."""
    emit(columns([_row(case) for case in report.cases], HEAD))
    emit(NOTE)
    for case in report.cases:
        for reason in _refusals(case):
            emit(f"{case.case}: {reason}")
    emit(
        f"{len(report.processes)} processes started, left running: {len(report.left_running)}; "
        f"{report.broker.program} {report.broker.version}; {report.wall_s:.1f} s"
    )
    for process in report.processes:
        ports = ",".join(str(port) for port in process.ports) or "-"
        detail(
            f"{process.role:<18} pid {process.pid:<8} ports {ports:<18} exit {process.exit_code}"
        )


def _row(case: CaseReport) -> tuple[str, ...]:
    figures = case.figures
    at_broker = sum(case.broker_refusals.values())
    man = case.man_in_the_middle
    by_gateway = 0 if man is None else man.refused_handshakes
    return (
        case.case,
        str(figures.forged_received),
        str(figures.lost),
        f"{by_gateway} + {at_broker}",
        case.session.tls_version or "none",
        str(figures.backlog_peak),
        "-" if case.alarm_tick is None else str(case.alarm_tick),
        f"{case.outcome['twin_soc_error_pct']:.2f} %",
        case.verdict,
    )


def _refusals(case: CaseReport) -> list[str]:
    """Return why sessions and records were refused, in the words of gateway and broker."""
    reasons = [f"the broker refused: {text} ({n}x)" for text, n in case.broker_refusals.items()]
    if case.refusal:
        ticks = case.figures.sessions_refused
        reasons.insert(0, f"no session in {ticks} ticks; first reason: {case.refusal}")
    return reasons
