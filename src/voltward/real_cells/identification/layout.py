"""The fitted numbers, their expected values, and the cell they describe."""

import math
from dataclasses import dataclass, replace
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

from voltward.physical.cell import CellModel, TemperatureLaw

# The slopes are fitted per 1000 K, so that all numbers are of order one.
_KILO = 1000.0


@dataclass(frozen=True)
class Group:
    """Some numbers of one kind.

    Attributes:
        name: Of the group.
        size: Number of values.
        mean: Expected value of each.
        width: Standard deviation of that expectation.
        bend: Standard deviation of the second difference along a table; 0 for none.
    """

    name: str
    size: int
    mean: float
    width: float
    bend: float = 0.0


@dataclass(frozen=True)
class Layout:
    """All groups in the order of the vector."""

    groups: tuple[Group, ...]

    @property
    def size(self) -> int:
        """Length of the vector."""
        return sum(group.size for group in self.groups)

    def parts(self, vector: Float[Array, " number"]) -> dict[str, Float[Array, " entry"]]:
        """Return the vector group by group."""
        parts, start = {}, 0
        for group in self.groups:
            parts[group.name] = vector[start : start + group.size]
            start += group.size
        return parts

    def expected(self) -> tuple[np.ndarray, np.ndarray]:
        """Return means and widths, (number,)."""
        mean = np.concatenate([np.full(group.size, group.mean) for group in self.groups])
        width = np.concatenate([np.full(group.size, group.width) for group in self.groups])
        return mean, width

    def bends(self) -> Float[np.ndarray, "row number"]:
        """Return the rows that make second differences along tables, over their widths."""
        rows, start = [], 0
        for group in self.groups:
            for index in range(group.size - 2 if group.bend else 0):
                row = np.zeros(self.size)
                row[start + index : start + index + 3] = np.array([1.0, -2.0, 1.0]) / group.bend
                rows.append(row)
            start += group.size
        return np.array(rows)


def circuit_layout(capacity_Ah: float) -> Layout:
    """Return the layout for a cell of three branches, expectations scaled by capacity.

    The expectations are wide (a factor of e either way on resistances) and of the order of 18650
    cells; they only matter where the records say nothing.
    """

    def branch(name: str, ohm_Ah: float, slope: float) -> list[Group]:
        return [
            Group(f"{name}_ohm", 11, math.log(ohm_Ah / capacity_Ah), 1.0, 0.35),
            Group(f"{name}_slope", 1, slope, 2.0),
            Group(f"{name}_slope_soc", 5, 0.0, 0.5, 0.7),
            Group(f"{name}_curve", 1, 0.0, 5.0),
        ]

    groups = [
        Group("ocv_V", 21, 0.0, 0.02, 0.006),
        Group("entropy_mV_per_K", 5, 0.0, 0.5, 0.2),
        Group("hysteresis", 1, math.log(0.005), 0.7),
        Group("hysteresis_rate", 1, math.log(20.0), 1.0),
        *branch("series", 0.056, 1.5),
        *branch("fast", 0.022, 3.0),
        *branch("slow", 0.042, 1.0),
        *branch("diffusion", 0.028, 1.0),
    ]
    for name, time_s, width in (
        ("fast", 2.0, 0.7),
        ("slow", 40.0, 0.5),
        ("diffusion", 400.0, 0.5),
    ):
        groups.append(Group(f"{name}_s", 1, math.log(time_s), width))
        groups.append(Group(f"{name}_time_slope", 1, 0.0, 1.0))
    return Layout(tuple(groups))


def cell_of_vector(layout: Layout, vector: Float[Array, " number"], base: CellModel) -> CellModel:
    """Return the cell that a vector describes.

    Args:
        layout: Of the vector.
        vector: The numbers; may be traced.
        base: Gives everything that is not fitted, and the slow curve that the fit corrects.
    """
    parts = layout.parts(jnp.asarray(vector))
    knots = base.ocv_V.shape[0]

    def table(values: Float[Array, " entry"]) -> Float[Array, " knot"]:
        grid = jnp.linspace(0.0, 1.0, values.shape[0])
        return jnp.interp(jnp.linspace(0.0, 1.0, knots), grid, values)

    def law(name: str) -> TemperatureLaw:
        slope = parts[f"{name}_slope"] + parts[f"{name}_slope_soc"]
        bend: Any = _KILO**2 * parts[f"{name}_curve"][0]
        return TemperatureLaw(_KILO * slope, bend)

    fields: dict[str, Any] = {
        "ocv_V": jnp.asarray(base.ocv_V) + table(parts["ocv_V"]),
        "entropy_V_per_K": table(parts["entropy_mV_per_K"]) / 1000.0,
        "hysteresis_V": jnp.exp(parts["hysteresis"][0]),
        "hysteresis_rate": jnp.exp(parts["hysteresis_rate"][0]),
        "time_slopes_K": tuple(
            _KILO * parts[f"{name}_time_slope"][0] for name in ("fast", "slow", "diffusion")
        ),
    }
    for name in ("series", "fast", "slow", "diffusion"):
        # Lines between resistances, not between their logarithms: a file then needs 11 knots.
        fields[f"{name}_ohm"] = table(jnp.exp(parts[f"{name}_ohm"]))
        fields[f"{name}_law"] = law(name)
    for name in ("fast", "slow", "diffusion"):
        fields[f"{name}_s"] = jnp.exp(parts[f"{name}_s"][0])
    return replace(base, charge_transfer=True, **fields)
