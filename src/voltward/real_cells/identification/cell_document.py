"""A cell as a parameter file: every field of the model, tables no longer than they need be."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from voltward.core.files import write_text
from voltward.physical.cell import CellModel, TemperatureLaw

# A tenth of a millivolt over the whole range needs five digits; six leave room for sums.
_DIGITS = 6
_OCV_DECIMALS = 5
_PER_LINE = 9


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
    lines = [f"# {line}" for text in head for line in text.splitlines()]
    said = remarks or {}

    def put(key: str, text: str) -> None:
        lines.extend(f"# {line}" for line in said.get(key, "").splitlines())
        lines.append(f"{key} = {text}")

    put("name", _quoted(cell.name))
    put("chemistry", _quoted(cell.chemistry))
    put("capacity_Ah", _number(cell.capacity_Ah))
    put("tables_capacity_Ah", _number(cell.capacity_Ah))
    put("ocv_V", _list([f"{value:.{_OCV_DECIMALS}f}" for value in _shortest(cell.ocv_V)]))
    if cell.entropy_V_per_K is not None:
        put("entropy_V_per_K", _table(cell.entropy_V_per_K))
    put("series_ohm", _table(cell.series_ohm))
    put("fast_ohm", _table(cell.fast_ohm))
    put("slow_ohm", _table(cell.slow_ohm))
    if cell.diffusion_ohm is not None:
        put("diffusion_ohm", _table(cell.diffusion_ohm))
    put("fast_s", _number(cell.fast_s))
    put("slow_s", _number(cell.slow_s))
    if cell.diffusion_ohm is not None:
        put("diffusion_s", _number(cell.diffusion_s))
    if any(cell.time_slopes_K):
        put("time_slopes_K", _list([_number(slope) for slope in cell.time_slopes_K]))
    put("charge_transfer", "true" if cell.charge_transfer else "false")
    put("hysteresis_V", _number(float(cell.hysteresis_V)))
    put("hysteresis_rate", _number(cell.hysteresis_rate))
    put("current_lag_s", _number(cell.current_lag_s))
    put("heat_capacity_J_per_K", _number(cell.heat_capacity_J_per_K))
    put("surface_m2", _number(cell.surface_m2))
    put("volume_m3", _number(cell.volume_m3))
    put("equivalent_18650", _number(cell.equivalent_18650))
    put("source", _quoted(cell.source))
    laws = {"series": cell.series_law, "fast": cell.fast_law, "slow": cell.slow_law}
    if cell.diffusion_ohm is not None:
        laws["diffusion"] = cell.diffusion_law
    for name, law in laws.items():
        lines += ["", f"[{name}_law]", f"a_K = {_slope(law)}", f"b_K2 = {_number(law.b_K2)}"]
    if cell.error_degC:
        lines += ["", *(f"# {line}" for line in said.get("model_error", "").splitlines())]
        lines += [
            "[model_error]",
            f"temperature_degC = {_list([_number(value) for value in cell.error_degC])}",
            f"voltage_V = {_list([_number(value) for value in cell.error_V])}",
            f"correlation_s = {_number(cell.error_s)}",
        ]
    return "\n".join(lines) + "\n"


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


def _table(table: np.ndarray) -> str:
    return _list([_number(value) for value in _shortest(table)])


def _slope(law: TemperatureLaw) -> str:
    if isinstance(law.a_K, float):
        return _number(law.a_K)
    return _list([_number(value) for value in np.asarray(law.a_K).tolist()])


def _number(value: float) -> str:
    """Return a TOML float: with a point, also where it is whole."""
    text = f"{float(value):.{_DIGITS}g}"
    return text if any(mark in text for mark in ".en") else f"{text}.0"


def _list(texts: Sequence[str]) -> str:
    if len(texts) <= _PER_LINE:
        return f"[{', '.join(texts)}]"
    rows = [texts[start : start + _PER_LINE] for start in range(0, len(texts), _PER_LINE)]
    return "[\n" + "".join(f"  {', '.join(row)},\n" for row in rows) + "]"


def _quoted(text: str) -> str:
    # JSON and TOML escape alike, but for the one control sign that JSON lets through.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
