"""`voltward identify`: a parameter file, and a report on it, from recordings of a cell."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from voltward.core.errors import ExitCode
from voltward.interfaces.cli.output import (
    columns,
    emit,
    emit_json,
    force_option,
    json_option,
    leave,
    message,
    plain,
    progress_bar,
    refuse_existing,
)
from voltward.interfaces.fit_files import fit_paths, write_fit
from voltward.real_cells.identification.fit_summary import fit_summary
from voltward.real_cells.identification.identified_files import (
    CellWords,
    FileReading,
    identify_files,
)
from voltward.real_cells.recordings.column_map import Cut
from voltward.real_cells.replay.scores import TRACKS

_HEAD = ("recording", "degC", "part", "error", "worst", "")
# The fit stops by itself, most often after 6 to 15 rounds; the bar needs a length.
_ROUNDS_SHOWN = 40
_REPORT = "voltward.interfaces.report.fit_report"
_CUTS: dict[str, Cut] = {"none": "none", "lowest-charge": "lowest charge"}
_ABOVE_ZERO = click.FloatRange(min=0.0, min_open=True)


@click.command("identify")
@click.argument("data", nargs=-1, required=True)
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Parameter file to write, .toml; the report stands beside it.",
)
@click.option(
    "--check",
    "checks",
    multiple=True,
    metavar="DATA",
    help="Held out of the fit; gives the stated model error. May be given again.",
)
@click.option("--name", help="Of the cell; by default that of the file.")
@click.option("--chemistry", default="lithium-ion", show_default=True, help="In words.")
@click.option(
    "--source",
    default="recordings of the user",
    show_default=True,
    help="Where the recordings come from, with licence and attribution.",
)
@click.option(
    "--columns",
    "column_map",
    metavar="NAME_OR_FILE",
    help="Column map of foreign files; by default their own names, or a shipped map that fits.",
)
@click.option(
    "--capacity",
    "capacity_Ah",
    type=_ABOVE_ZERO,
    metavar="AH",
    help="By default what the slow discharge took.",
)
@click.option(
    "--initial-soc",
    type=click.FloatRange(0.0, 1.0),
    help="At the first row of every recording without a column soc; by default 1, full.",
)
@click.option(
    "--cut",
    type=click.Choice(list(_CUTS)),
    default="none",
    show_default=True,
    help="lowest-charge ends a recording where its charge counter reads lowest: no recharge.",
)
@click.option(
    "--temperature",
    "temperature_degC",
    type=float,
    help="Assumed, in degC, where the data have none.",
)
@click.option("--heat-capacity", type=_ABOVE_ZERO, metavar="J_PER_K", help="Of one cell.")
@click.option("--surface", type=_ABOVE_ZERO, metavar="M2", help="Outer surface of one cell.")
@click.option("--volume", type=_ABOVE_ZERO, metavar="M3", help="Of one cell.")
@click.option(
    "--track",
    type=click.Choice(TRACKS),
    default=TRACKS[0],
    show_default=True,
    help="Which truth the data are; written beside every figure.",
)
@force_option
@json_option
def identify_command(
    data: tuple[str, ...],
    out: Path,
    checks: tuple[str, ...],
    name: str | None,
    chemistry: str,
    source: str,
    column_map: str | None,
    capacity_Ah: float | None,
    initial_soc: float | None,
    cut: str,
    temperature_degC: float | None,
    heat_capacity: float | None,
    surface: float | None,
    volume: float | None,
    track: str,
    *,
    force: bool,
    as_json: bool,
) -> None:
    """Fit the cell model to recordings of one cell: DATA are files, folders or patterns.

    Wanted are a slow discharge (such as C/20), drive profiles and pulses, best at several
    temperatures. Files that --check names are held out, also where DATA names them. Heat capacity,
    surface and volume are those of an 18650 scaled by capacity unless given. Writes OUT,
    OUT.report.html and OUT.report.json (without .toml); a fit that did not converge or left the
    physical range is written too, marked, and leaves with code 3.
    """
    for path in fit_paths(out):
        refuse_existing(path, force=force)
    words = CellWords(name or out.stem, chemistry, source, heat_capacity, surface, volume)
    reading = FileReading(column_map or "", capacity_Ah, initial_soc, _CUTS[cut], temperature_degC)
    with progress_bar() as progress:
        files = identify_files(data, checks, words, reading, progress)
    found = files.found
    summary = plain(fit_summary(found, track=track, notes=files.notes))
    written = write_fit(out, found, summary)
    if as_json:
        emit_json({**summary, "written": [str(path) for path in written]})
    else:
        _show(summary, written, assumed_full=files.assumed_full)
    if found.grave:
        leave(
            ExitCode.GATE_FAILED,
            f"{out}: the fit is not sound",
            why="; ".join(doubt.text for doubt in found.found if doubt.grave),
            hint="the files are written and say so; see the report, then repair the recordings",
        )


def _show(summary: dict[str, Any], written: Sequence[Path], *, assumed_full: bool) -> None:
    emit(columns([_row(row) for row in summary["recordings"]], _HEAD))
    said: dict[str, list[str]] = {}
    for row in summary["recordings"]:
        for note in row["notes"]:
            said.setdefault(note, []).append(row["recording"])
    for note, names in said.items():
        where = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
        message(f"note    {where}: {note}")
    if assumed_full:
        message("note    recordings without a state of charge were taken to start full")
    for doubt in summary["doubts"]:
        emit(f"doubt   {doubt['text']}")
    emit(
        f"{summary['cell']}: {summary['capacity_Ah']:.4g} Ah, track {summary['track']}, "
        f"{summary['rounds']} rounds, {'converged' if summary['converged'] else 'not converged'}"
    )
    for path in written:
        emit(f"wrote {path}")


def _row(row: dict[str, Any]) -> tuple[str, ...]:
    return (
        row["recording"],
        f"{row['temperature_degC']:.1f}",
        "held out" if row["held_out"] else "fit",
        _millivolts(row["voltage_rmse_mV"]),
        _millivolts(row["voltage_worst_mV"]),
        "poor" if row["poor"] else "",
    )


def _millivolts(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} mV"
