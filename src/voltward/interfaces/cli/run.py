"""`voltward run`: one scenario or a campaign, from a file, from flags, or from both."""

import json
from pathlib import Path
from typing import Any

import click

from voltward.assurance.tara.checks.loading import load_model
from voltward.assurance.tara.model.model_folder import WORKED_MODEL, model_folder
from voltward.core.errors import ConfigurationError, ExitCode, NothingRanError
from voltward.interfaces.cli.output import (
    SCHEMA_VERSION,
    console,
    emit,
    emit_json,
    header,
    json_option,
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


@click.command("run")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option(
    "--attack",
    "attacks",
    multiple=True,
    metavar="ID[:param=value,...]",
    help="An attack, or 'all'; may be given again.",
)
@click.option("--stack", "stacks", multiple=True, help="A defence stack; may be given again.")
@click.option("--controls", metavar="+a,-b", help="Add and take away controls in every stack.")
@click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="control.param=value",
    help="Set a parameter of a control; may be given again.",
)
@click.option("--duty", help="Shipped name, duty file, or recorded profile.")
@click.option("--level", "duty_level", type=click.Choice(["cell", "pack"]), help="Of the profile.")
@click.option("--cell", help="Shipped name or file.")
@click.option("--link", help="Shipped name or file.")
@click.option("--system", help="Your own system file, or a shipped name.")
@click.option("--cloud/--no-cloud", default=None, help="With or without the cloud half.")
@click.option("--seeds", type=int, help="Runs of each attack and stack.")
@click.option("--seed", type=int, help="The first seed.")
@click.option("--keep", type=click.Choice(["all", "worst", "none"]), help="Which traces are kept.")
@click.option("--gate", metavar="EXPR", help='Such as "goal_share(full)<=0.05"; exit 3 if not.')
@click.option("--tick", "tick_s", type=float, help="Tick in s; replaces the duty's.")
@click.option("--chunk", type=int, help="Runs computed together.")
@click.option("--workers", type=int, help="Processes.")
@click.option("--name", help="Of the campaign.")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Folder; by default out/NAME."
)
@click.option("--resume", is_flag=True, help="Keep the finished parts of an interrupted run.")
@click.option(
    "--force",
    is_flag=True,
    help="Write also where other files stand; each one that is replaced is named.",
)
@click.option("--no-report", is_flag=True, help="Leave report and figures out.")
@click.option(
    "--tara",
    metavar="MODEL",
    default=WORKED_MODEL,
    show_default=True,
    help="Model folder or shipped model to rate by this run; 'none' leaves the rating out.",
)
@json_option
def run_command(
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
    """Run a scenario or a campaign, from FILE, from flags, or from both: flags win.

    Without a FILE at least one --attack is needed. The folder holds report.html, matrix.csv,
    cases.csv, cases.parquet, run.json, risk.json, events.jsonl, traces and figures. An earlier run
    there is replaced; files that no run wrote, or that were changed since, are not.
    """
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
    folder = out or Path("out") / settings.name
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
        risk = json.loads((out / RISK_FILE).read_text(encoding="utf-8")) if model else None
    else:
        with progress_bar() as progress:
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
        print_safety_line(rows, settings.stacks[-1].name, screen)
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
