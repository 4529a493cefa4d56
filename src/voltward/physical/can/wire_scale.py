"""How each quantity is quantised on the wire; the one place that code reads it from.

1. `WireScale` is the code of a quantity, and the tables give the code of each field.
2. `to_raw` turns values into counts, `from_raw` counts into values; `quantise` does both.

The DBC says the same to other tools, and a contract test compares both. `wire_quantisation` does
the same inside compiled programs.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class WireScale:
    """The integer code of a physical value: value = raw * step.

    Args:
        step: Value of one count, in the quantity's unit.
        raw_minimum: Lowest count that is a value; lower values saturate.
        raw_maximum: Highest count that is a value; higher values saturate.
        raw_absent: The count that says "not available"; outside the values.
        percent: Whether the DBC shows the fraction in %.
    """

    step: float
    raw_minimum: int
    raw_maximum: int
    raw_absent: int
    percent: bool = False

    @property
    def counts_per_unit(self) -> float:
        """Return 1 / step: a compiled program turns a division into this product.

        Quotient and product may differ in the last bit; with the product on both sides, codec and
        program round a value that lies on a half alike.
        """
        return 1.0 / self.step


UNSIGNED_16_ABSENT = 0xFFFF
SIGNED_16_ABSENT = -0x8000
UNSIGNED_24_ABSENT = 0xFF_FFFF
SIGNED_24_ABSENT = -0x80_0000
SIGNED_32_ABSENT = -0x8000_0000

# Steps: 0.1 mV and 0.1 K are one decimal finer than the accuracy of common cell monitors
# (about 1 to 2 mV and 1 K); the others are our choice (assumption).
CELL_VOLTAGE_V = WireScale(1e-4, 0, 65_000, UNSIGNED_16_ABSENT)
CELL_TEMPERATURE_degC = WireScale(0.1, -1_000, 15_000, SIGNED_16_ABSENT)
PACK_VOLTAGE_V = WireScale(0.01, 0, 200_000, UNSIGNED_24_ABSENT)
CURRENT_A = WireScale(0.01, -500_000, 500_000, SIGNED_24_ABSENT)
SOC = WireScale(1e-4, 0, 10_000, UNSIGNED_16_ABSENT, percent=True)
CHARGE_COUNTER_Ah = WireScale(0.001, -2_000_000_000, 2_000_000_000, SIGNED_32_ABSENT)
ISOLATION_kohm = WireScale(1.0, 0, 60_000, UNSIGNED_16_ABSENT)
CURRENT_LIMIT_A = WireScale(0.1, 0, 50_000, UNSIGNED_16_ABSENT)
CONDITIONING_degC = WireScale(0.1, -400, 1_000, SIGNED_16_ABSENT)
DERATE = WireScale(0.005, 0, 200, 0xFF)
POWER_SETPOINT_W = WireScale(1.0, -100_000_000, 100_000_000, SIGNED_32_ABSENT)
FLAG = WireScale(1.0, 0, 1, 3)

TELEMETRY_SCALES: Mapping[str, WireScale] = {
    "voltage_V": CELL_VOLTAGE_V,
    "temperature_degC": CELL_TEMPERATURE_degC,
    "current_A": CURRENT_A,
    "pack_voltage_V": PACK_VOLTAGE_V,
    "soc": SOC,
    "charge_counter_Ah": CHARGE_COUNTER_Ah,
    "isolation_kohm": ISOLATION_kohm,
    "charging": FLAG,
}
COMMAND_SCALES: Mapping[str, WireScale] = {
    "charge_limit_A": CURRENT_LIMIT_A,
    "target_soc": SOC,
    "charge_enable": FLAG,
    "conditioning_degC": CONDITIONING_degC,
    "derate": DERATE,
    "open_request": FLAG,
    "power_setpoint_W": POWER_SETPOINT_W,
}


def to_raw(value: npt.ArrayLike, scale: WireScale) -> npt.NDArray[np.int64]:
    """Return the counts of values: nearest, half to even, saturated; NaN becomes "not available".

    Args:
        value: In the quantity's unit, any shape.
        scale: The quantity's code.
    """
    array = np.asarray(value, dtype=np.float64)
    absent = np.isnan(array)
    counts = np.clip(
        np.rint(np.where(absent, 0.0, array) * scale.counts_per_unit),
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
    return np.where(valid, counts * scale.step, np.nan)


def quantise(value: npt.ArrayLike, scale: WireScale) -> FloatArray:
    """Return exactly what a receiver sees of values that crossed the wire."""
    return from_raw(to_raw(value, scale), scale)
