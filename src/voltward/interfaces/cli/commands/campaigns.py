"""`voltward run`, `runs` and `plant`: simulate, and look at what was simulated."""

from pathlib import Path

import click

from voltward.interfaces.cli.commands.deferred import CommandGroup, DeferredCommand
from voltward.interfaces.cli.commands.options import (
    ANY_PATH,
    FOLDER_TO_WRITE,
    REFERENCE_SYSTEM,
    WORKED_MODEL,
    columns_option,
    force_option,
    json_option,
    level_option,
    root_option,
    tick_option,
)


@click.command("run", cls=DeferredCommand, work="run:run_selection")
@click.argument("file", type=ANY_PATH, required=False)
@click.option(
    "--attack",
    "attacks",
    multiple=True,
    metavar="ID[:param=value,...]",
    help="An attack, 'all', or 'of-duty' for those that are meant for the duty; may be given "
    "again.",
)
@click.option("--stack", "stacks", multiple=True, help="A defence stack; may be given again.")
@click.option("--controls", metavar="+a,-b", help="Add and remove controls in every stack.")
@click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="control.param=value",
    help="Set a parameter of a control; may be given again.",
)
@click.option("--duty", help="Shipped name, duty file, or recorded profile.")
@click.option(
    "--level",
    "duty_level",
    type=click.Choice(["cell", "pack"]),
    help="Whether a recorded profile has the current of a cell or of the pack.",
)
@click.option("--cell", help="Shipped name or file.")
@click.option("--link", help="Shipped name or file.")
@click.option("--system", help="Your own system file, or a shipped name.")
@click.option("--cloud/--no-cloud", default=None, help="With or without the cloud half.")
@click.option(
    "--seeds",
    "--worlds",
    type=int,
    help="Number of runs, or of drawn worlds, of each attack under each stack.",
)
@click.option(
    "--world",
    metavar="NAME[,factor=value...]",
    help="Worlds to draw from: a shipped name or a file, with factors to fix; 'fixed' draws none.",
)
@click.option("--seed", type=int, help="The first seed; that of the draw of worlds.")
@click.option("--keep", type=click.Choice(["all", "worst", "none"]), help="Which traces are kept.")
@click.option("--gate", metavar="EXPR", help='Such as "goal_share(full)<=0.05"; exit 3 if not.')
@tick_option
@click.option("--chunk", type=int, help="Number of runs that are computed together.")
@click.option("--workers", type=int, help="Number of processes; by default one for each core.")
@click.option("--name", help="Name of the campaign.")
@click.option("--out", type=FOLDER_TO_WRITE, help="Folder to write; by default out/NAME.")
@click.option("--resume", is_flag=True, help="Keep the finished parts of an interrupted run.")
@click.option(
    "--force",
    is_flag=True,
    help="Write into a folder with other files; each one that is replaced is named.",
)
@click.option("--no-report", is_flag=True, help="Write no report and no figures.")
@click.option(
    "--tara",
    metavar="MODEL",
    default=WORKED_MODEL,
    show_default=True,
    help="Model folder or shipped model to rate by this run; 'none' rates nothing.",
)
@json_option
def run_command() -> None:
    """Run a scenario or a campaign. Options come from FILE, from flags, or both: flags win.

    Without a FILE at least one --attack is needed. The folder holds report.html, matrix.csv,
    cases.csv, cases.parquet, run.json, risk.json, events.jsonl, traces and figures. An earlier run
    there is replaced; files that no run wrote, or that were changed since, are not.

    Examples:
        voltward run examples/demo.toml --out out/demo
        voltward run --attack voltage-bias:bias_V=-0.02 --stack none --stack full --seeds 4
    """


@click.group("runs", cls=CommandGroup)
def runs_group() -> None:
    """List, show and compare finished runs.

    Examples:
        voltward runs list
        voltward runs compare before after
    """


@runs_group.command("list", work="runs:list_finished")
@root_option
@json_option
def list_command() -> None:
    """List the runs below a folder; a damaged one is named as such.

    Examples:
        voltward runs list
        voltward runs list --root elsewhere --json
    """


@runs_group.command("show", work="runs:show_run")
@click.argument("run", metavar="RUN")
@root_option
@json_option
def show_command() -> None:
    """Show one run: a folder, or its name below the root.

    Examples:
        voltward runs show demo
        voltward runs show out/demo --json
    """


@runs_group.command("compare", work="runs:compare_runs")
@click.argument("before", metavar="BEFORE")
@click.argument("after", metavar="AFTER")
@root_option
@json_option
def compare_command() -> None:
    """Compare the tables of two runs row by row.

    Examples:
        voltward runs compare before after
        voltward runs compare out/before out/after --json
    """


@click.command("plant", cls=DeferredCommand, work="plant:run_plant")
@click.option("--duty", default="commute-and-charge", show_default=True, help="Name or file.")
@level_option
@columns_option
@click.option("--cell", default="", help="Name or file; replaces the system's.")
@click.option("--system", default=REFERENCE_SYSTEM, show_default=True, help="Name or file.")
@tick_option
@click.option(
    "--out",
    type=FOLDER_TO_WRITE,
    default=Path("out/plant"),
    show_default=True,
    help="Folder for the trace.",
)
@force_option
@json_option
def plant_command() -> None:
    """Run the plant without cloud and attack on a duty. Writes its trace, trace.parquet.

    Examples:
        voltward plant --duty overnight-standby
        voltward plant --duty drive.csv --level cell --system reference-lfp --out out/drive
    """
