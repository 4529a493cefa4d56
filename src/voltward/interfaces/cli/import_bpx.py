"""`voltward import-bpx`: a parameter file from a BPX file, by virtual tests."""

from pathlib import Path

from voltward.core.errors import ConfigurationError
from voltward.interfaces.cli.output import (
    SCHEMA_VERSION,
    columns,
    emit,
    emit_json,
    message,
    progress_bar,
    refuse_existing,
)
from voltward.real_cells.electrochemical_truth.bpx_file import read_bpx
from voltward.real_cells.electrochemical_truth.extraction import extract
from voltward.real_cells.identification.cell_document import write_cell
from voltward.real_cells.identification.identify import Identification, RecordFit

_HEAD = ("recording", "degC", "held out", "error", "worst")
# The fit stops by itself, most often after 5 to 10 rounds; the bar needs a length.
_ROUNDS_SHOWN = 10


def import_bpx(
    file: Path,
    out: Path,
    temperatures: tuple[str, ...],
    chemistry: str,
    *,
    force: bool,
    as_json: bool,
) -> None:
    """Fit a cell to virtual tests, write it and print the error of each test."""
    if out.suffix.lower() != ".toml":
        raise ConfigurationError(f"--out {out}: a parameter file ends in .toml")
    refuse_existing(out, force=force)
    temperatures_degC = _numbers(temperatures)
    cell = read_bpx(file)
    message(f"read {file}: {cell.capacity_Ah:.3f} Ah, {cell.lowest_V:g} to {cell.highest_V:g} V")
    message(f"note    {cell.limits}")
    with progress_bar() as progress:
        found = extract(
            cell,
            temperatures_degC,
            chemistry=chemistry,
            progress=progress,
            fitting=lambda count, _error_V: progress(
                "fit", min(count, _ROUNDS_SHOWN), _ROUNDS_SHOWN
            ),
        )
    write_cell(out, found.cell)
    for finding in found.findings:
        message(f"{finding.severity:8}{finding.text}")
    if as_json:
        emit_json({"schema_version": SCHEMA_VERSION, **_document(found, out, cell.limits)})
        return
    emit(columns([_row(fit) for fit in found.fits], _HEAD))
    emit(f"wrote {out}")


def _numbers(texts: tuple[str, ...]) -> tuple[float, ...]:
    parts = [part.strip() for text in texts for part in text.split(",") if part.strip()]
    try:
        return tuple(dict.fromkeys(float(part) for part in parts))
    except ValueError as error:
        raise ConfigurationError(
            f"--temperatures {', '.join(texts)}: {error}", hint="such as --temperatures 25,10,0"
        ) from error


def _document(found: Identification, out: Path, limits: str) -> dict[str, object]:
    return {
        "out": str(out),
        "cell": found.cell.name,
        "capacity_Ah": found.cell.capacity_Ah,
        "limits": limits,
        "doubts": [finding.text for finding in found.findings],
        "track": "mismatched",
        "fits": [
            {
                "recording": fit.record.name,
                "temperature_degC": fit.temperature_degC,
                "held_out": fit.held_out,
                "voltage_rmse_mV": 1e3 * fit.rmse_V,
                "voltage_worst_mV": 1e3 * _worst_V(fit),
            }
            for fit in found.fits
        ],
    }


def _row(fit: RecordFit) -> tuple[str, ...]:
    return (
        fit.record.name,
        f"{fit.temperature_degC:g}",
        "yes" if fit.held_out else "",
        f"{1e3 * fit.rmse_V:.1f} mV",
        f"{1e3 * _worst_V(fit):.0f} mV",
    )


def _worst_V(fit: RecordFit) -> float:
    return float(abs(fit.error_V[fit.record.scored]).max())
