"""`voltward run`: one scenario or a campaign, from a file, from flags, or from both."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from voltward.assurance.tara.checks.loading import load_model
from voltward.assurance.tara.model.model_folder import model_folder
from voltward.core.errors import ConfigurationError, ExitCode, NothingRanError
from voltward.core.files import checked_name
from voltward.core.input_file import read_json
from voltward.core.termination import StoppedError, ended_by_signals
from voltward.interfaces.cli.output import (
    SCHEMA_VERSION,
    console,
    emit,
    emit_json,
    header,
    leave,
    message,
    naming,
    progress_bar,
)
from voltward.interfaces.report import write_report
from voltward.interfaces.risk_lines import print_risk_lines
from voltward.interfaces.risk_record import risk_counts, write_risk
from voltward.interfaces.table import print_matrix, print_safety_line, print_written
from voltward.ranges.campaign.campaign import run_campaign
from voltward.ranges.configuration.campaign_file import CampaignSettings, load_campaign
from voltward.ranges.configuration.stack_changes import number
from voltward.results.folder_ownership import Replacing
from voltward.results.gate import judge
from voltward.results.run_folder import RunFolder, finished_run
from voltward.results.run_layout import REPORT_FILE, RISK_FILE

NO_MODEL = "none"


def run_selection(
    file: Path | None,
    attacks: tuple[str, ...],
    stacks: tuple[str, ...],
    changes: tuple[str, ...],
    out: Path | None,
    *,
    resume: bool,
    force: bool,
    no_report: bool,
    tara: str,
    as_json: bool,
    **flags: Any,
) -> None:
    """Run what was selected, and print the table of the run folder."""
    if file is None and not attacks:
        raise ConfigurationError(
            "nothing was selected",
            why="a run needs a campaign file or an attack",
            hint="voltward run --attack all, or see 'voltward attacks list'",
        )
    settings = load_campaign(
        file,
        {
            **flags,
            "attacks": read_attack_options(attacks) if attacks else None,
            "stacks": list(stacks) if stacks else None,
            "set": changes or None,
        },
    )
    folder = out or Path("out") / checked_name(settings.name, "--name")
    model = "" if tara == NO_MODEL else tara
    if model:
        # Before the campaign: a fault of the model must not cost a run.
        load_model(model_folder(model))
    _execute(
        settings,
        folder,
        model,
        naming(force=force),
        resume=resume,
        report=not no_report,
        as_json=as_json,
    )


@contextmanager
def _resumable() -> Iterator[None]:
    """Say how to go on where SIGINT or SIGTERM stops a run."""
    try:
        with ended_by_signals():
            yield
    except (KeyboardInterrupt, StoppedError) as error:
        raise StoppedError(
            signal.SIGTERM if isinstance(error, StoppedError) else signal.SIGINT,
            why="finished parts are kept",
            hint="continue with the same command and --resume",
        ) from error


def _execute(
    settings: CampaignSettings,
    out: Path,
    model: str,
    replacing: Replacing | None,
    *,
    resume: bool,
    report: bool,
    as_json: bool,
) -> None:
    size = (
        f"{len(settings.attacks)} attacks x {len(settings.stacks)} stacks x {settings.seed_words}"
    )
    header(settings.seed, settings.config_sha256, size)
    duty, system = settings.load_duty(), settings.load_system()
    message(
        f" plant      {system.pack.series}s{system.pack.parallel}p of {system.cell}, "
        f"duty {duty.name}, {duty.duration_s:g} s, tick {duty.tick_s:g} s, link {system.link.name}"
    )
    finished = finished_run(out, settings.config_sha256) if resume else None
    wanted = {RISK_FILE} if model else set()
    wanted |= {REPORT_FILE} if report else set()
    if finished is not None and wanted <= set(finished.run["files"]):
        message(f"already finished: {out}; nothing is changed")
        risk = read_json(out / RISK_FILE) if model else None
    else:
        with _resumable(), progress_bar() as progress:
            if finished is None:
                run_campaign(settings, out, progress, resume=resume, replacing=replacing)
            risk = write_risk(out, model, replacing=replacing) if model else None
            if report:
                progress("report", 0, 1)
                write_report(out, replacing)
                progress("report", 1, 1)
        finished = None
    folder = RunFolder.open(out)
    rows = folder.matrix()
    if not rows:
        raise NothingRanError(f"{out}: no case was run", hint="widen the selection")
    verdict = judge(settings.gate, rows) if settings.gate else None
    if as_json:
        emit_json(
            {
                "schema_version": SCHEMA_VERSION,
                "out": str(out),
                "run": dict(folder.run),
                "matrix": rows,
                "gate": verdict.as_document() if verdict else None,
                "risk": risk_counts(risk) if risk else None,
            }
        )
    else:
        screen = console()
        print_matrix(rows, screen)
        print_safety_line(rows, folder.cases(), settings.stacks[-1].name, screen)
        if verdict:
            emit(f'{"PASS" if verdict.passed else "FAIL"}    gate "{verdict.expression}"')
        if risk:
            print_risk_lines(risk, screen)
        if finished is None:
            names = ("run.json", *sorted(folder.run["files"]))
            print_written(out, [out / name for name in names], screen)
        else:
            emit(f"already finished: {out}; nothing is changed")
        emit(
            f"next    voltward runs show {out} | voltward evidence sign {out} --key KEY --out PACK"
        )
    if verdict and not verdict.passed:
        leave(ExitCode.GATE_FAILED, f"gate failed: {verdict.reason}", why=verdict.expression)


def read_attack_options(options: tuple[str, ...]) -> Any:
    """Return what `--attack` options ask for, in the form of a campaign file.

    Args:
        options: Texts "id" or "id:param=value,param=value"; "all" stands for every
            attack, "of-duty" for those that are meant for the duty.

    Raises:
        ConfigurationError: The form is wrong.
    """
    if options in {("all",), ("of-duty",)}:
        return options[0]
    entries: list[Any] = []
    for option in options:
        name, colon, rest = option.partition(":")
        table: dict[str, Any] = {"id": name}
        for part in rest.split(",") if colon else ():
            key, equals, value = part.partition("=")
            if not (equals and key):
                raise ConfigurationError(
                    f"--attack {option}: cannot read '{part}'",
                    why="allowed is ID:param=value,param=value",
                )
            table[key] = number(value, f"--attack {name}: {key}")
        entries.append(table)
    return entries
