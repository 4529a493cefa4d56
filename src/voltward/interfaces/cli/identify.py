"""`voltward identify`: a parameter file, and a report on it, from recordings of a cell."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from voltward.core.errors import ExitCode
from voltward.interfaces.cli.output import (
    columns,
    emit,
    emit_json,
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

_HEAD = ("recording", "degC", "part", "error", "worst", "")
_CUTS: dict[str, Cut] = {"none": "none", "lowest-charge": "lowest charge"}


def identify_cell(
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
    """Fit a cell, write parameter file and report, and print the error of each recording."""
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
        _show(summary, written, remarks=files.remarks)
    if found.errors:
        leave(
            ExitCode.GATE_FAILED,
            f"{out}: the fit is not sound",
            why="; ".join(found.errors),
            hint="the files are written and marked; see the report, then correct the recordings",
        )


def _show(summary: dict[str, Any], written: Sequence[Path], *, remarks: Sequence[str]) -> None:
    emit(columns([_row(row) for row in summary["recordings"]], _HEAD))
    notes: dict[str, list[str]] = {}
    for row in summary["recordings"]:
        for note in row["notes"]:
            notes.setdefault(note, []).append(row["recording"])
    for note, names in notes.items():
        where = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
        message(f"note    {where}: {note}")
    for remark in remarks:
        message(f"note    {remark}")
    for finding in summary["doubts"]:
        emit(f"{'error' if finding['grave'] else 'warning':8}{finding['text']}")
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
