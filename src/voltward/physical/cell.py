"""The cell: open-circuit voltage, two RC pairs and a series resistance over SoC and temperature."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

from voltward.core.errors import ConfigurationError

ZERO_DEGC_K = 273.15
REFERENCE_K = 298.15


@dataclass(frozen=True)
class TemperatureLaw:
    """ln(R / R_25) = a x + b x^2 with x = 1/T - 1/298.15 K.

    Attributes:
        a_K: Arrhenius slope.
        b_K2: Its curvature; 0 for a plain Arrhenius law.
    """

    a_K: float
    b_K2: float = 0.0

    def factor(self, temperature_degC: Float[Array, "..."]) -> Float[Array, "..."]:
        """Return the resistance relative to 25 degC."""
        x = 1.0 / (temperature_degC + ZERO_DEGC_K) - 1.0 / REFERENCE_K
        return jnp.exp(x * (self.a_K + self.b_K2 * x))


@dataclass(frozen=True)
class CellModel:
    """Parameters of one cell; tables stand on uniform SoC knots from 0 to 1.

    Attributes:
        name: Short name.
        chemistry: Such as "NMC/graphite".
        capacity_Ah: Nominal capacity.
        ocv_V: Open-circuit voltage on the knots (knot,).
        series_ohm: R0 at 25 degC on the knots.
        fast_ohm: R1 at 25 degC on the knots.
        slow_ohm: R2 at 25 degC on the knots.
        fast_s: Time constant of R1.
        slow_s: Time constant of R2.
        series_law: Temperature law of R0.
        polarisation_law: Temperature law of R1 and R2.
        hysteresis_V: Half width of the OCV hysteresis; 0 where the chemistry needs none.
        hysteresis_rate: Dimensionless rate at which it turns over with charge.
        heat_capacity_J_per_K: Of one cell.
        surface_m2: Outer surface of one cell.
        volume_m3: Of one cell.
        equivalent_18650: How many 18650 cells have this capacity; scales abuse heat.
        source: Where the numbers come from.

    Source:
        Plett, Battery Management Systems vol. 1, Artech House 2015, ch. 2 (circuit, hysteresis).
    Limits:
        Linear in current; accuracy against real cells is a figure of its own.
    """

    name: str
    chemistry: str
    capacity_Ah: float
    ocv_V: np.ndarray
    series_ohm: np.ndarray
    fast_ohm: np.ndarray
    slow_ohm: np.ndarray
    fast_s: float
    slow_s: float
    series_law: TemperatureLaw
    polarisation_law: TemperatureLaw
    hysteresis_V: float
    hysteresis_rate: float
    heat_capacity_J_per_K: float
    surface_m2: float
    volume_m3: float
    equivalent_18650: float
    source: str

    def lookup(
        self, table: np.ndarray, soc: Float[Array, "..."]
    ) -> tuple[Float[Array, "..."], Float[Array, "..."]]:
        """Return value and slope of a table at SoC, linear between knots and beyond the ends."""
        intervals = table.shape[0] - 1
        position = soc * intervals
        index = jnp.clip(position.astype(jnp.int32), 0, intervals - 1)
        slope = jnp.asarray(np.diff(table))[index]
        value = jnp.asarray(table[:-1])[index] + slope * (position - index)
        return value, slope * intervals

    def ocv(self, soc: Float[Array, "..."]) -> tuple[Float[Array, "..."], Float[Array, "..."]]:
        """Return the open-circuit voltage in V and its slope in V per unit of SoC."""
        return self.lookup(self.ocv_V, soc)

    def resistances(
        self, soc: Float[Array, "..."], temperature_degC: Float[Array, "..."]
    ) -> tuple[Float[Array, "..."], Float[Array, "..."], Float[Array, "..."]]:
        """Return R0, R1 and R2 in ohm; held at the end knots outside 0 to 1."""
        inside = jnp.clip(soc, 0.0, 1.0)
        series = self.lookup(self.series_ohm, inside)[0]
        fast = self.lookup(self.fast_ohm, inside)[0]
        slow = self.lookup(self.slow_ohm, inside)[0]
        polarisation = self.polarisation_law.factor(temperature_degC)
        return (
            series * self.series_law.factor(temperature_degC),
            fast * polarisation,
            slow * polarisation,
        )

    def soc_at(self, voltage_V: float) -> float:
        """Return the SoC at which the open-circuit voltage has that value (a rising curve)."""
        knots = np.linspace(0.0, 1.0, self.ocv_V.shape[0])
        return float(np.interp(voltage_V, self.ocv_V, knots))


def _table(document: dict[str, object], key: str, path: Path, knots: int) -> np.ndarray:
    """Return a table stretched onto `knots` uniform knots."""
    raw = document.get(key)
    values = np.asarray(raw if isinstance(raw, list) else [], dtype=np.float64)
    if values.size < 2 or not np.all(np.isfinite(values)):
        raise ConfigurationError(
            f"{path}: {key} is not a list of at least two finite numbers",
            why="tables stand on uniform SoC knots from 0 to 1",
        )
    grid = np.linspace(0.0, 1.0, values.size)
    return np.interp(np.linspace(0.0, 1.0, knots), grid, values)


def load_cell(path: Path) -> CellModel:
    """Read a cell from its TOML file.

    Raises:
        ConfigurationError: The file is absent, is no TOML, lacks a key or has an unphysical value.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        scale = float(document["capacity_Ah"]) / float(document["tables_capacity_Ah"])
        knots = len(document["ocv_V"])
        cell = CellModel(
            name=document["name"],
            chemistry=document["chemistry"],
            capacity_Ah=float(document["capacity_Ah"]),
            ocv_V=_table(document, "ocv_V", path, knots),
            series_ohm=_table(document, "series_ohm", path, knots) / scale,
            fast_ohm=_table(document, "fast_ohm", path, knots) / scale,
            slow_ohm=_table(document, "slow_ohm", path, knots) / scale,
            fast_s=float(document["fast_s"]),
            slow_s=float(document["slow_s"]),
            series_law=TemperatureLaw(**document["series_law"]),
            polarisation_law=TemperatureLaw(**document["polarisation_law"]),
            hysteresis_V=float(document["hysteresis_V"]),
            hysteresis_rate=float(document["hysteresis_rate"]),
            heat_capacity_J_per_K=float(document["heat_capacity_J_per_K"]),
            surface_m2=float(document["surface_m2"]),
            volume_m3=float(document["volume_m3"]),
            equivalent_18650=float(document["equivalent_18650"]),
            source=document["source"],
        )
    except FileNotFoundError as error:
        raise ConfigurationError(f"there is no cell file {path}") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path} is not TOML: {error}") from error
    except KeyError as error:
        raise ConfigurationError(f"{path}: the key {error} is missing") from error
    except (TypeError, ValueError) as error:
        raise ConfigurationError(f"{path}: {error}") from error
    _require_physical(cell, path)
    return cell


def _require_physical(cell: CellModel, path: Path) -> None:
    if np.any(np.diff(cell.ocv_V) <= 0):
        raise ConfigurationError(
            f"{path}: ocv_V does not rise with SoC",
            why="knots run from SoC 0 to SoC 1, and the estimator needs a rising curve",
        )
    tables = (cell.series_ohm, cell.fast_ohm, cell.slow_ohm)
    positive = (cell.capacity_Ah, cell.fast_s, cell.slow_s, cell.heat_capacity_J_per_K)
    if any(np.any(table <= 0) for table in tables) or any(value <= 0 for value in positive):
        raise ConfigurationError(
            f"{path}: resistances, time constants, capacity and heat capacity must be above 0"
        )
