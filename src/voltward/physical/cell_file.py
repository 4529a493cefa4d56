"""Reading a cell from its TOML file."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from voltward.core.errors import ConfigurationError
from voltward.documents.toml_document import read_document
from voltward.physical.cell import CellModel, TemperatureLaw

_RESISTANCES = ("series_ohm", "fast_ohm", "slow_ohm", "diffusion_ohm")


def load_cell(path: Path) -> CellModel:
    """Read a cell from its TOML file.

    Raises:
        ConfigurationError: The file is absent, is not TOML, lacks a key or has an unphysical value.
    """
    return cell_of(read_document(path), str(path))


def cell_of(document: Mapping[str, Any], where: str) -> CellModel:
    """Return the cell that a document describes.

    Args:
        document: Keys as in the shipped cell files; tables may have any length from 2 on.
        where: Names the document in messages.

    Raises:
        ConfigurationError: A key is missing or has an unphysical value.
    """
    try:
        cell = _cell_of(document, where)
    except KeyError as error:
        raise ConfigurationError(f"{where}: the key {error} is missing") from error
    except (TypeError, ValueError) as error:
        raise ConfigurationError(f"{where}: {error}") from error
    _require_physical(cell, where)
    return cell


def _cell_of(document: Mapping[str, Any], where: str) -> CellModel:
    scale = _capacity(document, "capacity_Ah", where) / _capacity(
        document, "tables_capacity_Ah", where
    )
    knots = len(document["ocv_V"])

    def table(key: str) -> np.ndarray:
        return _table(document, key, where, knots)

    def law(key: str) -> TemperatureLaw:
        # Two branches of one kind may share a law.
        text = document[key] if key in document else document["polarisation_law"]
        slope = text["a_K"]
        return TemperatureLaw(
            np.asarray(slope, dtype=np.float64) if isinstance(slope, list) else float(slope),
            float(text.get("b_K2", 0.0)),
        )

    diffusion = "diffusion_ohm" in document
    error = document.get("model_error", {})
    raw = document.get("time_slopes_K", [0.0, 0.0, 0.0])
    slopes = [float(value) for value in raw] if isinstance(raw, list) else []
    if len(slopes) != 3 or not np.all(np.isfinite(slopes)):
        raise ConfigurationError(
            f"{where}: time_slopes_K is not a list of three finite numbers",
            why="they are the slopes of fast_s, slow_s and diffusion_s, in this order",
            hint="write 0 for a branch whose time constant does not change with temperature",
        )
    return CellModel(
        name=document["name"],
        chemistry=document["chemistry"],
        capacity_Ah=float(document["capacity_Ah"]),
        ocv_V=table("ocv_V"),
        series_ohm=table("series_ohm") / scale,
        fast_ohm=table("fast_ohm") / scale,
        slow_ohm=table("slow_ohm") / scale,
        fast_s=float(document["fast_s"]),
        slow_s=float(document["slow_s"]),
        series_law=law("series_law"),
        fast_law=law("fast_law"),
        slow_law=law("slow_law"),
        hysteresis_V=float(document["hysteresis_V"]),
        hysteresis_rate=float(document["hysteresis_rate"]),
        heat_capacity_J_per_K=float(document["heat_capacity_J_per_K"]),
        surface_m2=float(document["surface_m2"]),
        volume_m3=float(document["volume_m3"]),
        equivalent_18650=float(document["equivalent_18650"]),
        source=document["source"],
        charge_transfer=bool(document.get("charge_transfer", False)),
        diffusion_ohm=table("diffusion_ohm") / scale if diffusion else None,
        diffusion_s=float(document.get("diffusion_s", 1000.0)),
        diffusion_law=law("diffusion_law") if diffusion else TemperatureLaw(0.0),
        time_slopes_K=(slopes[0], slopes[1], slopes[2]),
        entropy_V_per_K=table("entropy_V_per_K") if "entropy_V_per_K" in document else None,
        current_lag_s=float(document.get("current_lag_s", 0.0)),
        error_degC=tuple(float(value) for value in error.get("temperature_degC", ())),
        error_V=tuple(float(value) for value in error.get("voltage_V", ())),
        error_s=float(error.get("correlation_s", 0.0)),
    )


def _capacity(document: Mapping[str, Any], key: str, where: str) -> float:
    value = float(document[key])
    if not 0.0 < value < math.inf:
        raise ConfigurationError(
            f"{where}: {key} = {value:g} is not finite and above 0",
            why="resistances scale with the inverse of capacity",
        )
    return value


def _table(document: Mapping[str, Any], key: str, where: str, knots: int) -> np.ndarray:
    """Return a table stretched onto `knots` uniform knots."""
    raw = document[key]
    values = np.asarray(raw if isinstance(raw, list) else [], dtype=np.float64)
    if values.size < 2 or not np.all(np.isfinite(values)):
        raise ConfigurationError(
            f"{where}: {key} is not a list of at least two finite numbers",
            why="tables stand on uniform SoC knots from 0 to 1",
        )
    grid = np.linspace(0.0, 1.0, values.size)
    return np.interp(np.linspace(0.0, 1.0, knots), grid, values)


def _require_physical(cell: CellModel, where: str) -> None:
    if np.any(np.diff(cell.ocv_V) <= 0):
        raise ConfigurationError(
            f"{where}: ocv_V does not rise with SoC",
            why="knots run from SoC 0 to SoC 1, and the estimator needs a rising curve",
        )
    tables = [getattr(cell, key) for key in _RESISTANCES if getattr(cell, key) is not None]
    positive = (
        cell.capacity_Ah,
        cell.fast_s,
        cell.slow_s,
        cell.diffusion_s,
        cell.heat_capacity_J_per_K,
    )
    if any(np.any(table <= 0) for table in tables) or any(value <= 0 for value in positive):
        raise ConfigurationError(
            f"{where}: resistances, time constants, capacity and heat capacity must be above 0"
        )
    if len(cell.error_degC) != len(cell.error_V) or any(np.diff(cell.error_degC) <= 0):
        raise ConfigurationError(
            f"{where}: model_error needs as many voltages as temperatures, and these rising"
        )
