"""`voltward identify`, `calibrate`, `import-bpx`, `replay`, `benchmark`: cells, recordings."""

from pathlib import Path

import click

from voltward.interfaces.cli.commands.deferred import CommandGroup, DeferredCommand
from voltward.interfaces.cli.commands.options import (
    ANY_PATH,
    FILE_TO_WRITE,
    FOLDER_TO_WRITE,
    cell_option,
    chemistry_option,
    columns_option,
    force_option,
    json_option,
    temperature_option,
    track_option,
)

_SHARE = click.FloatRange(0.0, 1.0)
_ABOVE_ZERO = click.FloatRange(min=0.0, min_open=True)


@click.command("identify", cls=DeferredCommand, work="identify:identify_cell")
@click.argument("data", nargs=-1, required=True)
@click.option(
    "--out",
    required=True,
    type=FILE_TO_WRITE,
    help="Parameter file to write, .toml; the report is written beside it.",
)
@click.option(
    "--check",
    "checks",
    multiple=True,
    metavar="DATA",
    help="Held out of the fit; gives the stated model error. May be given again.",
)
@click.option("--name", help="Name of the cell; by default that of the file.")
@chemistry_option
@click.option(
    "--source",
    default="recordings of the user",
    show_default=True,
    help="Where the recordings come from, with licence and attribution.",
)
@columns_option
@click.option(
    "--capacity",
    "capacity_Ah",
    type=_ABOVE_ZERO,
    metavar="AH",
    help="By default the charge of the slow discharge.",
)
@click.option(
    "--initial-soc",
    type=_SHARE,
    help="At the first row of every recording without a column soc; by default 1, full.",
)
@click.option(
    "--cut",
    type=click.Choice(["none", "lowest-charge"]),
    default="none",
    show_default=True,
    help="lowest-charge ends a recording where its charge counter is lowest: no recharge.",
)
@temperature_option
@click.option("--heat-capacity", type=_ABOVE_ZERO, metavar="J_PER_K", help="Of one cell.")
@click.option("--surface", type=_ABOVE_ZERO, metavar="M2", help="Outer surface of one cell.")
@click.option("--volume", type=_ABOVE_ZERO, metavar="M3", help="Of one cell.")
@track_option
@force_option
@json_option
def identify_command() -> None:
    """Fit the cell model to recordings of one cell. DATA are files, folders or patterns.

    Needed are a slow discharge (such as C/20), drive profiles and pulses, best at several
    temperatures. Files that --check names are held out, also where DATA names them. Heat capacity,
    surface and volume are those of an 18650 scaled by capacity unless given. Writes OUT,
    OUT.report.html and OUT.report.json (without .toml); a fit that did not converge or left the
    physical range is written too, marked, and the exit code is 3.

    Examples:
        voltward identify recordings/ --check drive_3.csv --out my-cell.toml
        voltward identify slow.csv drive.csv --columns our-cycler.toml --out my-cell.toml --force
    """


@click.command("calibrate", cls=DeferredCommand, work="calibrate:calibrate_cell")
@click.argument("data", nargs=-1, required=True)
@cell_option
@click.option(
    "--fit",
    "fit",
    multiple=True,
    required=True,
    metavar="DATA",
    help="Recordings that the cell was identified from: the usual sizes of residuals are theirs.",
)
@click.option(
    "--out", type=FILE_TO_WRITE, help="By default beside the cell file, where a replay finds it."
)
@click.option(
    "--initial-soc",
    type=_SHARE,
    default=1.0,
    show_default=True,
    help="At the first row of every recording without a column soc.",
)
@columns_option
@temperature_option
@click.option("--source", default="", help="Name of the recordings, written into the file.")
@force_option
def calibrate_command() -> None:
    """Set the thresholds of a cell's detectors. DATA are clean recordings.

    DATA are files, folders or patterns; none may be a recording of --fit, nor of another cell. A
    threshold is half as high again as the largest clean score; temperatures and low SoC have
    thresholds of their own, and so have recordings of one sample a second.

    Examples:
        voltward calibrate clean/ --fit recordings/ --cell my-cell.toml
        voltward calibrate clean.csv --fit drive.csv --cell my-cell.toml --columns our.toml
    """


@click.command("import-bpx", cls=DeferredCommand, work="import_bpx:import_bpx")
@click.argument("file", type=ANY_PATH)
@click.option("--out", required=True, type=FILE_TO_WRITE, help="Parameter file to write, .toml.")
@click.option(
    "--temperatures",
    "temperatures",
    multiple=True,
    default=("25,10,0",),
    show_default=True,
    help="Temperatures of the tests in degC, with commas; may be given again.",
)
@chemistry_option
@force_option
@json_option
def import_bpx_command() -> None:
    """Fit a cell to virtual tests of a BPX FILE.

    PyBaMM's Doyle-Fuller-Newman model of the cell in FILE goes through pulses at every 5 % of
    charge, a C/20 cycle and two drives at every temperature; two more drives take no part in the
    fit and give its error. Needs the extra `truth`.

    Examples:
        voltward import-bpx cell.json --out my-cell.toml
        voltward import-bpx cell.json --temperatures 25,10,0,-10 --out my-cell.toml --force
    """


@click.command("replay", cls=DeferredCommand, work="replay:replay_recordings")
@click.argument("data", nargs=-1, required=True)
@cell_option
@click.option(
    "--inject",
    "injections",
    multiple=True,
    metavar="WHAT",
    help="Such as voltage=bias:20mV@600, current=gain:0.02@600-1200, "
    "voltage=replay:60,cells=1-3@900, or a sensor attack: voltage-bias:bias_V=0.02@600. "
    "Numbers without a unit are in V, A, K or s; times count from the first sample. May be given "
    "again; all act in one run.",
)
@click.option(
    "--initial-soc",
    type=_SHARE,
    help="At the first sample; by default the column soc, else read from a rested first voltage.",
)
@columns_option
@temperature_option
@click.option(
    "--detector",
    "detectors",
    multiple=True,
    help="A control of `voltward defences list` that watches readings; may be given again.",
)
@track_option
@click.option(
    "--trace",
    type=FILE_TO_WRITE,
    metavar="OUT",
    help="Series to .parquet or .csv, a picture to .png; several profiles add their names.",
)
@force_option
@json_option
def replay_command() -> None:
    """Replay recordings, with or without injected sensor values.

    DATA are files, folders or patterns: text tables, workbooks or Parquet with time, voltage of the
    cell (or of each cell), current, temperature and optionally state of charge. A recording of
    another cell than --cell is refused or gets a warning. Errors of the twin count above 12 % SoC.
    The recording cannot react: of an attack that would also change the current, only the sensor
    part is shown.

    Examples:
        voltward replay drive.csv --cell reference-nmc
        voltward replay drive.csv --cell my-cell.toml --inject voltage=bias:0.020@600
    """


@click.group("benchmark", cls=CommandGroup)
def benchmark_group() -> None:
    """Measure the detectors.

    Examples:
        voltward benchmark detection --quick
        voltward benchmark detection --data recordings --out out/detection
    """


@benchmark_group.command("detection", work="benchmark:benchmark_detection")
@click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="Folder with the recordings of known cells, for the tracks composed and measured.",
)
@click.option(
    "--out",
    type=FOLDER_TO_WRITE,
    metavar="DIR",
    help="Write benchmark.json, benchmark.md and a picture here.",
)
@click.option(
    "--seeds",
    type=click.IntRange(min=1),
    help="Scored recordings of the matched track at each temperature; 200 by default.",
)
@click.option("--quick", is_flag=True, help="Few seeds and 25 degC only: under a minute.")
@force_option
@json_option
def detection_command() -> None:
    """Inject biases of several sizes and count what is found.

    The table says how many, how soon and at how many false alarms. Rows are magnitude, temperature
    and truth track. A row that cannot be run says why.

    Examples:
        voltward benchmark detection --quick
        voltward benchmark detection --data recordings --out out/detection
    """
