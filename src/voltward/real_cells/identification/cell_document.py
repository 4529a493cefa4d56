"""A cell as a parameter file: every field of the model, tables no longer than they need be."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from voltward.core.files import write_text
from voltward.documents.toml_writer import toml_text
from voltward.physical.cell import CellModel, TemperatureLaw

# A tenth of a millivolt over the whole range needs five digits; six leave room for sums.
_DIGITS = 6
_OCV_DECIMALS = 5


def write_cell(
    path: Path,
    cell: CellModel,
    *,
    head: Sequence[str] = (),
    remarks: Mapping[str, str] | None = None,
) -> None:
    """Write a parameter file, whole or not at all.

    Args:
        path: Where to; its folder is made when absent.
        cell: With plain numbers.
        head: Lines of comment at the top.
        remarks: Comment above a key.
    """
    write_text(path, cell_document(cell, head=head, remarks=remarks))


def cell_document(
    cell: CellModel, *, head: Sequence[str] = (), remarks: Mapping[str, str] | None = None
) -> str:
    """Return the TOML text of a cell, as `load_cell` reads it.

    Args:
        cell: With plain numbers.
        head: Lines of comment at the top.
        remarks: Comment above a key.

    Limits:
        Numbers are rounded to 6 significant digits, open-circuit voltages to 10 uV.
    """
    document: dict[str, Any] = {
        "name": cell.name,
        "chemistry": cell.chemistry,
        "capacity_Ah": _rounded(cell.capacity_Ah),
        "tables_capacity_Ah": _rounded(cell.capacity_Ah),
        "ocv_V": [round(value, _OCV_DECIMALS) for value in _shortest(cell.ocv_V).tolist()],
    }
    if cell.entropy_V_per_K is not None:
        document["entropy_V_per_K"] = _table(cell.entropy_V_per_K)
    branches = ["series", "fast", "slow", *([] if cell.diffusion_ohm is None else ["diffusion"])]
    document |= {f"{name}_ohm": _table(getattr(cell, f"{name}_ohm")) for name in branches}
    document |= {f"{name}_s": _rounded(getattr(cell, f"{name}_s")) for name in branches[1:]}
    if any(cell.time_slopes_K):
        document["time_slopes_K"] = [_rounded(slope) for slope in cell.time_slopes_K]
    document |= {
        "charge_transfer": bool(cell.charge_transfer),
        "hysteresis_V": _rounded(float(cell.hysteresis_V)),
        "hysteresis_rate": _rounded(cell.hysteresis_rate),
        "current_lag_s": _rounded(cell.current_lag_s),
        "heat_capacity_J_per_K": _rounded(cell.heat_capacity_J_per_K),
        "surface_m2": _rounded(cell.surface_m2),
        "volume_m3": _rounded(cell.volume_m3),
        "equivalent_18650": _rounded(cell.equivalent_18650),
        "source": cell.source,
    }
    document |= {f"{name}_law": _law(getattr(cell, f"{name}_law")) for name in branches}
    if cell.error_degC:
        document["model_error"] = {
            "temperature_degC": [_rounded(value) for value in cell.error_degC],
            "voltage_V": [_rounded(value) for value in cell.error_V],
            "correlation_s": _rounded(cell.error_s),
        }
    return toml_text(document, head=head, remarks=remarks)


def _shortest(table: np.ndarray) -> np.ndarray:
    """Return the fewest uniform knots whose lines go through all knots of a table."""
    values = np.asarray(table, dtype=np.float64)
    last = values.size - 1
    close = 1e-9 * float(np.max(np.abs(values)))
    for intervals in range(1, last):
        if last % intervals == 0:
            some = values[:: last // intervals]
            knots = np.arange(values.size) * (intervals / last)
            if np.max(np.abs(np.interp(knots, np.arange(some.size), some) - values)) <= close:
                return some
    return values


def _table(table: np.ndarray) -> list[float]:
    return [_rounded(value) for value in _shortest(table)]


def _law(law: TemperatureLaw) -> dict[str, Any]:
    slopes = np.asarray(law.a_K)
    slope = _rounded(slopes) if slopes.ndim == 0 else [_rounded(value) for value in slopes]
    return {"a_K": slope, "b_K2": _rounded(law.b_K2)}


def _rounded(value: Any) -> float:
    return float(f"{float(value):.{_DIGITS}g}")
