"""How far cells in series differ: stated distributions, with the range seen on real cells."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from voltward.core.errors import ConfigurationError
from voltward.documents.toml_document import check_document, find_document, read_document

# A share drawn further out than this is outside a manufacturer's tolerance (assumption).
_MOST_DEVIATIONS = 4.0


@dataclass(frozen=True)
class Spread:
    """Standard deviations between cells.

    Attributes:
        name: Of the file.
        cells: In series.
        capacity_share: Of the capacity, relative.
        resistance_share: Of all resistances together, relative.
        start_soc: Of the state of charge at the first sample.
        offset_V: Of a cell's reading, fixed.
        noise_V: Of one reading, own to each cell.
        error_share: Of the model's error, relative: cells differ slightly in it.
        seen_low_mV: Smallest deviation from the median on real cells.
        seen_high_mV: Largest.
        source: Of all of them.
    """

    name: str
    cells: int
    capacity_share: float
    resistance_share: float
    start_soc: float
    offset_V: float
    noise_V: float
    error_share: float
    seen_low_mV: float
    seen_high_mV: float
    source: str


@dataclass(frozen=True)
class CellDraws:
    """Drawn properties of each cell of a string; a nominal cell has 1, 1, 0, 0 and 1."""

    capacity_scale: Float[np.ndarray, " cell"]
    resistance_scale: Float[np.ndarray, " cell"]
    soc_shift: Float[np.ndarray, " cell"]
    offset_V: Float[np.ndarray, " cell"]
    error_scale: Float[np.ndarray, " cell"]


def load_spread(name_or_path: str = "series-string") -> Spread:
    """Read a spread by its shipped name or from a file.

    Raises:
        ConfigurationError: It is absent, or a value is not allowed.
    """
    path = find_document("composed", name_or_path, "spread")
    spread = check_document(Spread, read_document(path), str(path))
    widths = (
        spread.capacity_share,
        spread.resistance_share,
        spread.start_soc,
        spread.offset_V,
        spread.noise_V,
        spread.error_share,
    )
    if spread.cells < 2 or min(widths) < 0.0 or max(widths) >= 0.2:
        raise ConfigurationError(
            f"{path}: a string needs two cells or more, and deviations from 0 to below 0.2"
        )
    return spread


def nominal_cells(cells: int) -> CellDraws:
    """Return cells that do not differ."""
    one, zero = np.ones(cells), np.zeros(cells)
    return CellDraws(one, one, zero, zero, one)


def draw_cells(spread: Spread, random: np.random.Generator) -> CellDraws:
    """Draw the cells of one string; the same generator state gives the same string."""

    def drawn(deviation: float) -> Float[np.ndarray, " cell"]:
        standard = random.standard_normal(spread.cells)
        return deviation * np.clip(standard, -_MOST_DEVIATIONS, _MOST_DEVIATIONS)

    return CellDraws(
        capacity_scale=1.0 + drawn(spread.capacity_share),
        resistance_scale=1.0 + drawn(spread.resistance_share),
        soc_shift=drawn(spread.start_soc),
        offset_V=drawn(spread.offset_V),
        error_scale=1.0 + drawn(spread.error_share),
    )
