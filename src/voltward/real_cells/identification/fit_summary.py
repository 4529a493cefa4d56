"""The fit in plain numbers: errors by recording and temperature, and what was fitted."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from voltward.real_cells.identification.identify import Identification, RecordFit
from voltward.real_cells.identification.layout import Group, Layout, circuit_layout
from voltward.real_cells.identification.model_error import temperature_groups
from voltward.real_cells.identification.physical_range import POOR_V

SCHEMA_VERSION = 1
# What the groups of the layout hold: how a number becomes the quantity, and its unit.
_LOGARITHMS = {
    "series_ohm": "ohm",
    "fast_ohm": "ohm",
    "slow_ohm": "ohm",
    "diffusion_ohm": "ohm",
    "fast_s": "s",
    "slow_s": "s",
    "diffusion_s": "s",
    "hysteresis": "V",
    "hysteresis_rate": "1",
}


def fit_summary(
    found: Identification, *, track: str, notes: Mapping[str, Sequence[str]] | None = None
) -> dict[str, Any]:
    """Return the fit as a JSON document.

    Args:
        found: The identification.
        track: Which truth the recordings are.
        notes: Notes of the reader, by name of recording.
    """
    cell, notes = found.cell, notes or {}
    return {
        "schema_version": SCHEMA_VERSION,
        "track": track,
        "cell": cell.name,
        "chemistry": cell.chemistry,
        "source": cell.source,
        "assumed": list(found.facts.assumed),
        "capacity_Ah": cell.capacity_Ah,
        "slow_discharge": found.curve.name,
        "slow_discharge_degC": found.curve.temperature_degC,
        "current_lag_s": cell.current_lag_s,
        "converged": found.solution.converged,
        "rounds": found.solution.rounds,
        "doubts": [
            {"text": finding.text, "grave": finding.severity == "error"}
            for finding in found.findings
        ],
        "usable": not found.errors,
        "poor_above_mV": 1e3 * POOR_V,
        "model_error": {
            "temperature_degC": list(cell.error_degC),
            "voltage_mV": [1e3 * value for value in cell.error_V],
            "correlation_s": cell.error_s,
        },
        "recordings": [_recording(fit, notes.get(fit.name, ())) for fit in found.fits],
        "temperatures": temperature_rows(found.fits),
        "fitted": fitted_rows(found),
    }


def _recording(fit: RecordFit, notes: Sequence[str]) -> dict[str, Any]:
    record = fit.record
    error_V = fit.error_V[record.scored]
    some = bool(error_V.size)
    return {
        "recording": fit.name,
        "temperature_degC": fit.temperature_degC,
        "held_out": fit.held_out,
        "drive": record.drive,
        "hours": float(np.sum(record.elapsed_s)) / 3600.0,
        "samples": int(np.count_nonzero(record.scored)),
        "voltage_rmse_mV": 1e3 * fit.rmse_V if some else None,
        "voltage_bias_mV": 1e3 * float(np.mean(error_V)) if some else None,
        "voltage_worst_mV": 1e3 * float(np.max(np.abs(error_V))) if some else None,
        "poor": some and fit.rmse_V > POOR_V,
        "notes": list(notes),
    }


def temperature_rows(fits: Sequence[RecordFit]) -> list[dict[str, Any]]:
    """Return one row for every temperature: errors of fitted, held-out and other recordings."""
    rows = []
    for group in temperature_groups([fit.temperature_degC for fit in fits]):
        inside = [fits[index] for index in group]
        rows.append(
            {
                "temperature_degC": float(np.mean([fit.temperature_degC for fit in inside])),
                "drive_fitted_mV": _together_mV(inside, held_out=False, drive=True),
                "drive_held_out_mV": _together_mV(inside, held_out=True, drive=True),
                "pulse_and_slow_mV": _together_mV(inside, held_out=None, drive=False),
                "recordings": len(inside),
            }
        )
    return rows


def _together_mV(fits: Sequence[RecordFit], *, held_out: bool | None, drive: bool) -> float | None:
    errors = [
        fit.error_V[fit.record.scored]
        for fit in fits
        if fit.record.drive == drive and held_out in (None, fit.held_out)
    ]
    joined = np.concatenate(errors) if errors else np.zeros(0)
    return 1e3 * float(np.sqrt(np.mean(joined**2))) if joined.size else None


def fitted_rows(found: Identification) -> list[dict[str, Any]]:
    """Return what was fitted: every group of numbers, what was expected and what was found."""
    layout: Layout = circuit_layout(found.cell.capacity_Ah)
    rows, start = [], 0
    for group in layout.groups:
        values = found.solution.vector[start : start + group.size]
        start += group.size
        rows.append(_group(group, values))
    return rows


def _group(group: Group, values: np.ndarray) -> dict[str, Any]:
    """Return one group; a logarithm is stated as the quantity, its width as a factor."""
    unit = _LOGARITHMS.get(group.name)
    row: dict[str, Any] = {"name": group.name, "numbers": group.size, "smooth": group.bend > 0.0}
    if unit is not None:
        expected, found = np.exp(group.mean), np.exp(values)
        row |= {"unit": unit, "width_is": "factor", "width": float(np.exp(group.width))}
    else:
        scale, unit = _linear(group.name)
        expected, found = scale * group.mean, scale * values
        row |= {"unit": unit, "width_is": "standard deviation", "width": scale * group.width}
    row |= {
        "expected": float(expected),
        "lowest": float(np.min(found)),
        "highest": float(np.max(found)),
    }
    return row


def _linear(name: str) -> tuple[float, str]:
    if name == "ocv_V":
        return 1e3, "mV"
    if name == "entropy_mV_per_K":
        return 1.0, "mV/K"
    if name.endswith("_curve"):
        return 1e6, "K^2"
    return 1e3, "K"
