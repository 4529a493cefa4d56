"""Facts of a cell that recordings do not contain: names, sources, size and heat."""

from dataclasses import dataclass

# What an LG HG2 gives at 25 degC, as in the equivalent 18650 cells of the abuse model.
AH_OF_18650 = 2.78
# 45 g at 1000 J/(kg K), the middle of the published 830 to 1100; a cylinder of 18 by 65 mm.
_HEAT_J_PER_K, _SURFACE_M2, _VOLUME_M3 = 45.0, 4.2e-3, 1.65e-5


@dataclass(frozen=True)
class CellFacts:
    """Facts of a cell that recordings do not contain.

    Attributes:
        name: Of the cell.
        chemistry: Such as "NMC/graphite".
        source: Where the recordings come from, with licence and attribution.
        heat_capacity_J_per_K: Of one cell.
        surface_m2: Of one cell.
        volume_m3: Of one cell.
        assumed: Which of the three numbers are assumptions.
    """

    name: str
    chemistry: str
    source: str
    heat_capacity_J_per_K: float
    surface_m2: float
    volume_m3: float
    assumed: tuple[str, ...] = ()


def cell_facts(
    name: str,
    chemistry: str,
    source: str,
    capacity_Ah: float,
    *,
    heat_capacity_J_per_K: float | None = None,
    surface_m2: float | None = None,
    volume_m3: float | None = None,
) -> CellFacts:
    """Return facts in which every number not given is that of an 18650, scaled by capacity.

    Args:
        name: Of the cell.
        chemistry: In words.
        source: Of the recordings.
        capacity_Ah: Of the cell.
        heat_capacity_J_per_K: Where it is known.
        surface_m2: Where it is known.
        volume_m3: Where it is known.

    Limits:
        Pouch and prismatic cells have more surface than a scaled cylinder.
    """
    size = capacity_Ah / AH_OF_18650
    given = {
        "heat_capacity_J_per_K": heat_capacity_J_per_K,
        "surface_m2": surface_m2,
        "volume_m3": volume_m3,
    }
    assumed = {
        "heat_capacity_J_per_K": _HEAT_J_PER_K * size,
        "surface_m2": _SURFACE_M2 * size ** (2.0 / 3.0),
        "volume_m3": _VOLUME_M3 * size,
    }
    known = {key: assumed[key] if value is None else value for key, value in given.items()}
    missing = tuple(key for key, value in given.items() if value is None)
    return CellFacts(name, chemistry, source, **known, assumed=missing)
