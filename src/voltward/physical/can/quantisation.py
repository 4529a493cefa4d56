"""Physical values to counts on the wire and back, in NumPy."""

import numpy as np
import numpy.typing as npt

from voltward.physical.can import wire_scale
from voltward.physical.can.wire_scale import WireScale

FloatArray = npt.NDArray[np.float64]


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


def quantise_cell_voltage_V(voltage_V: npt.ArrayLike) -> FloatArray:
    """Return cell voltages in V as seen after the wire."""
    return quantise(voltage_V, wire_scale.CELL_VOLTAGE_V)


def quantise_cell_temperature_degC(temperature_degC: npt.ArrayLike) -> FloatArray:
    """Return cell temperatures in degC as seen after the wire."""
    return quantise(temperature_degC, wire_scale.CELL_TEMPERATURE_degC)


def quantise_pack_voltage_V(voltage_V: npt.ArrayLike) -> FloatArray:
    """Return pack voltages in V as seen after the wire."""
    return quantise(voltage_V, wire_scale.PACK_VOLTAGE_V)


def quantise_current_A(current_A: npt.ArrayLike) -> FloatArray:
    """Return pack currents in A, positive when charging, as seen after the wire."""
    return quantise(current_A, wire_scale.CURRENT_A)


def quantise_soc(soc: npt.ArrayLike) -> FloatArray:
    """Return states of charge, 0 to 1, as seen after the wire."""
    return quantise(soc, wire_scale.SOC)


def quantise_current_limit_A(limit_A: npt.ArrayLike) -> FloatArray:
    """Return current limits in A as seen after the wire."""
    return quantise(limit_A, wire_scale.CURRENT_LIMIT_A)
