"""`voltward identify`: a parameter file, and a report on it, from recordings of a cell."""

from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from voltward.core.errors import ConfigurationError, ExitCode
from voltward.core.files import pretty_json, write_text
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
from voltward.real_cells.identification.cell_document import write_cell
from voltward.real_cells.identification.cell_facts import cell_facts
from voltward.real_cells.identification.data_files import recording_files
from voltward.real_cells.identification.fit_summary import fit_summary
from voltward.real_cells.identification.identify import Identification, identify
from voltward.real_cells.identification.known_soc import with_soc
from voltward.real_cells.identification.open_circuit import slow_curve
from voltward.real_cells.recordings.column_map import ColumnMap, Cut, load_column_map
from voltward.real_cells.recordings.reading import read_recording
from voltward.real_cells.recordings.recording import Recording
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
    _require_parameter_file(out)
    for path in (out, *_beside(out)):
        refuse_existing(path, force=force)
    fitted, kept_out = _chosen(data, checks)
    mapped = load_column_map(column_map) if column_map else None
    start = _first(initial_soc, mapped.initial_soc if mapped else None)
    reader = _Reader(mapped, _CUTS[cut], temperature_degC, 1.0 if start is None else start)
    stated_Ah = _first(capacity_Ah, mapped.capacity_Ah if mapped else None)
    with progress_bar() as progress:
        raw = []
        for index, path in enumerate((*fitted, *kept_out)):
            progress("read", index, len(fitted) + len(kept_out))
            raw.append(reader.read(path))
        progress("read", len(raw), len(raw))
        curve = slow_curve(raw[: len(fitted)], stated_Ah)
        known = [
            replace(reader.known(recording, path, curve.capacity_Ah), name=called)
            for recording, path, called in zip(
                raw, (*fitted, *kept_out), _names((*fitted, *kept_out)), strict=True
            )
        ]
        facts = cell_facts(
            name or out.stem,
            chemistry,
            source,
            curve.capacity_Ah,
            heat_capacity_J_per_K=heat_capacity,
            surface_m2=surface,
            volume_m3=volume,
        )

        def advance(count: int, error_V: float) -> None:
            progress(f"fit: {1e3 * error_V:.1f} mV", count, max(count, _ROUNDS_SHOWN))

        found = identify(known[: len(fitted)], known[len(fitted) :], curve, facts, advance)
        progress("fit: done", found.solution.rounds, found.solution.rounds)
    notes = {recording.name: recording.notes for recording in known}
    summary = plain(fit_summary(found, track=track, notes=notes))
    written = _write(out, found, summary)
    if as_json:
        emit_json({**summary, "written": [str(path) for path in written]})
    else:
        _show(summary, written, assumed_full=start is None and reader.started_by_assumption)
    if found.grave:
        leave(
            ExitCode.GATE_FAILED,
            f"{out}: the fit is not sound",
            why="; ".join(doubt.text for doubt in found.found if doubt.grave),
            hint="the files are written and say so; see the report, then repair the recordings",
        )


def _require_parameter_file(out: Path) -> None:
    if out.suffix.lower() != ".toml":
        raise ConfigurationError(f"--out {out}: a parameter file ends in .toml")


def _first(*values: float | None) -> float | None:
    return next((value for value in values if value is not None), None)


def _chosen(data: Sequence[str], checks: Sequence[str]) -> tuple[list[Path], list[Path]]:
    """Return the files to fit and those to hold out; no file is both."""
    kept_out = recording_files(checks)
    known = {path.resolve() for path in kept_out}
    fitted = [path for path in recording_files(data) if path.resolve() not in known]
    if not fitted:
        raise ConfigurationError(
            "every recording is held out", why="DATA names no file that --check does not name"
        )
    return fitted, kept_out


def _names(paths: Sequence[Path]) -> list[str]:
    """Return what to call the files: with their folder where two have one name."""
    stems = [path.stem for path in paths]
    return [
        path.stem if stems.count(path.stem) == 1 else f"{path.resolve().parent.name}/{path.stem}"
        for path in paths
    ]


def _beside(out: Path) -> tuple[Path, Path]:
    """Return where the report on a parameter file stands, and its table."""
    return out.with_suffix(".report.html"), out.with_suffix(".report.json")


def _write(out: Path, found: Identification, summary: dict[str, Any]) -> list[Path]:
    """Write report and parameter file; the parameter file comes last, so that it has a report."""
    page, table = _beside(out)
    # Drawing libraries are loaded only now.
    report = import_module(_REPORT)
    report.write_fit_report(page, found, summary)
    write_text(table, pretty_json(summary))
    _, word, sentence = report.verdict(summary)
    head = [
        f"Identified from recordings, track {summary['track']}; report: {page.name}.",
        f"Fit {word}: {sentence}",
        *(f"Doubt: {doubt.text}." for doubt in found.found),
    ]
    remarks = dict.fromkeys(found.facts.assumed, "Assumption: an 18650 scaled by capacity.")
    remarks["capacity_Ah"] = f"Slow discharge {found.curve.name}."
    remarks["equivalent_18650"] = "By capacity, of 2.78 Ah each."
    remarks["model_error"] = "Open loop, root mean square above 12 % state of charge, " + (
        "on held-out drives." if any(fit.held_out for fit in found.fits) else "on fitted drives."
    )
    write_cell(out, found.cell, head=head, remarks=remarks)
    return [out, page, table]


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


class _Reader:
    """Reads files the same way twice: to find the capacity, then with a state of charge."""

    def __init__(
        self,
        column_map: ColumnMap | None,
        cut: Cut,
        temperature_degC: float | None,
        initial_soc: float,
    ) -> None:
        self._given: dict[str, Any] = {
            "column_map": column_map,
            "temperature_degC": temperature_degC,
        }
        self._cut = cut
        self._initial_soc = initial_soc
        self.started_by_assumption = False

    def read(self, path: Path, capacity_Ah: float | None = None) -> Recording:
        """Return a recording, with a state of charge where a capacity is given."""
        return read_recording(
            path,
            **self._given,
            cut=self._cut if self._cut != "none" else None,
            capacity_Ah=capacity_Ah,
            initial_soc=self._initial_soc,
        )

    def known(self, recording: Recording, path: Path, capacity_Ah: float) -> Recording:
        """Return a recording with its state of charge."""
        if recording.soc is not None:
            return recording
        self.started_by_assumption = True
        return with_soc(self.read(path, capacity_Ah), capacity_Ah, self._initial_soc)
