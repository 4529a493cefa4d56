"""How a quantity is quantised on the wire; `signal_map` takes the numbers from the DBC.

`to_raw` turns values into counts, `from_raw` counts into values; `quantise` does both.
`wire_quantisation` does the same inside compiled programs.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class WireScale:
    """The integer code of a physical value: value = raw * step + offset.

    Args:
        step: Value of one count, in the quantity's unit; negative where the signal has the other
            sign.
        raw_minimum: Lowest count that is a value; lower values saturate.
        raw_maximum: Highest count that is a value; higher values saturate.
        raw_absent: The count that says "not available"; the lowest value where there is none.
        offset: Value of the count 0, in the quantity's unit.
    """

    step: float
    raw_minimum: int
    raw_maximum: int
    raw_absent: int
    offset: float = 0.0

    @property
    def counts_per_unit(self) -> float:
        """Return 1 / step: a compiled program turns a division into this product.

        Quotient and product may differ in the last bit; with the product on both sides, codec and
        program round a value that lies on a half alike.
        """
        return 1.0 / self.step

    @property
    def span(self) -> tuple[float, float]:
        """Return the lowest and the highest value that the wire carries."""
        ends = (
            self.raw_minimum * self.step + self.offset,
            self.raw_maximum * self.step + self.offset,
        )
        return min(ends), max(ends)


def to_raw(value: npt.ArrayLike, scale: WireScale) -> npt.NDArray[np.int64]:
    """Return the counts of values: nearest, half to even, saturated; NaN becomes "not available".

    Args:
        value: In the quantity's unit, any shape.
        scale: The quantity's code.
    """
    array = np.asarray(value, dtype=np.float64)
    absent = np.isnan(array)
    counts = np.clip(
        np.rint((np.where(absent, 0.0, array) - scale.offset) * scale.counts_per_unit),
        scale.raw_minimum,
        scale.raw_maximum,
    )
    return np.where(absent, scale.raw_absent, counts).astype(np.int64)


def from_raw(raw: npt.ArrayLike, scale: WireScale) -> FloatArray:
    """Return the values of counts; counts outside the value range become NaN.

    Args:
        raw: Counts, any shape.
        scale: The quantity's code.
    """
    counts = np.asarray(raw, dtype=np.int64)
    valid = (counts >= scale.raw_minimum) & (counts <= scale.raw_maximum)
    return np.where(valid, counts * scale.step + scale.offset, np.nan)


def quantise(value: npt.ArrayLike, scale: WireScale) -> FloatArray:
    """Return exactly what a receiver sees of values that crossed the wire."""
    return from_raw(to_raw(value, scale), scale)
