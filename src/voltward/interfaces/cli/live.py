"""`voltward live`: the same functions in separate processes, over a real bus and a real broker."""

from pathlib import Path

import click

from voltward.experiments.live.report import CaseReport, LiveReport
from voltward.experiments.live.run import run_live
from voltward.experiments.live.settings import LiveSettings, load_settings
from voltward.interfaces.cli.output import (
    columns,
    detail,
    emit,
    emit_json,
    json_option,
    message,
    progress_bar,
)

HEAD = ("case", "forged", "honest", "lost", "backlog", "tls", "refused")
NOTE = (
    "forged: records at the cloud that the ECU never sent; honest: records that arrived unchanged; "
    "backlog: most records waiting at a time"
)


@click.group("live")
def live_group() -> None:
    """Run cases on loopback with real processes, CAN frames, TLS and MQTT."""


@live_group.command("run")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("out/live"),
    show_default=True,
    help="Folder for live.json, ticks.csv and the broker's logs.",
)
@json_option
def live_run(file: Path, out: Path, *, as_json: bool) -> None:
    """Run every case of FILE and stop everything that was started."""
    settings = load_settings(file)
    with progress_bar() as advance:
        done = iter(range(len(settings.case)))
        result = run_live(
            settings,
            out,
            progress=lambda _name: advance("live", next(done), len(settings.case)),
        )
    if as_json:
        emit_json(result.report.model_dump(mode="json"))
        return
    _show(result.report)
    message(f"written: {out / 'live.json'}, {out / 'ticks.csv'}, {out / 'logs'}")


@live_group.command("schema")
@click.option("--of", "subject", type=click.Choice(["file", "live.json"]), default="live.json")
def live_schema(subject: str) -> None:
    """Print the JSON Schema of live.json, or of the file of a run."""
    model = LiveReport if subject == "live.json" else LiveSettings
    emit_json(model.model_json_schema())


def _show(report: LiveReport) -> None:
    """Print a row for each case, and the processes."""
    emit(columns([_row(case) for case in report.cases], HEAD))
    emit(NOTE)
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
    refused = [f"broker: {text} ({count}x)" for text, count in case.broker_refusals.items()]
    if case.refusal:
        refused.insert(0, f"gateway: {case.refusal} ({figures.sessions_refused}x)")
    return (
        case.case,
        str(figures.forged_received),
        str(figures.received),
        str(figures.lost),
        str(figures.backlog_peak),
        case.session.tls_version or "none",
        "; ".join(refused) or "-",
    )
