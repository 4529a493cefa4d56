"""Magnitudes in a wrong unit: mV for V, mA for A, kelvin or fahrenheit for degrees Celsius."""

import numpy as np
from jaxtyping import Float

from voltward.real_cells.recordings.column_map import ColumnEntry, ColumnMap
from voltward.real_cells.recordings.direction import Evidence
from voltward.real_cells.recordings.finding import Finding
from voltward.real_cells.recordings.recording import Recording

LOWEST_V, HIGHEST_V = 0.0, 5.0
# Graphite or silicon against lithium: most of the time below this, where no cell is used.
_HALF_CELL_V = 0.5
_NO_SIGNAL_V = 0.02
_STRAY_SHARE = 0.05
# What a cell's voltage is around in use, whatever the chemistry (LTO 1.5 V to LNMO 4.9 V).
_USUAL_V = (1.4, HIGHEST_V)
_LOWEST_degC, _HIGHEST_degC = -60.0, 100.0
# Nothing on the market carries 2 kA in one cell, or holds 1 kAh (largest LFP cells: 0.3 to 1 kAh);
# the lowest cell resistances are 0.1 to 0.3 mohm. All three are assumptions about the market.
_LARGEST_A = 2000.0
_LARGEST_Ah = 1000.0
_LOWEST_ohm = 2e-5
_LARGEST_C_RATE = 30.0
# A recording that moves one way only, holes drawn over, may seem to turn a cell over a few times.
_MOST_TURNS = 100.0
# Above the first a cell is hot for a test, above the second outside any data sheet's range.
_WARM_degC, _HOT_degC = 45.0, 65.0


def check_voltage(recording: Recording, columns: ColumnMap) -> tuple[Finding, ...]:
    """Return refusals of cell voltages that are in another unit, a pack's, or no cell's."""
    names = columns.voltages
    single = recording.cells == 1
    findings: list[Finding] = []
    for cell in range(recording.cells):
        fallback = "voltage_V" if single else f"voltage_{cell + 1}_V"
        name = names[cell] if len(names) == recording.cells else fallback
        findings += _voltage(
            recording.time_s, recording.voltage_V[:, cell], name, columns.entry(name)
        )
    return tuple(findings)


def _voltage(
    time_s: Float[np.ndarray, " time"],
    voltage_V: Float[np.ndarray, " time"],
    name: str,
    entry: ColumnEntry,
) -> tuple[Finding, ...]:
    middle = float(np.median(voltage_V))
    for scale, unit in (
        (1e-3, "mV"),
        (1e-6, "uV"),
        (1e-5, "10 uV"),
        (1e-4, "0.1 mV"),
        (1e3, "kV"),
    ):
        if _USUAL_V[0] < middle * scale < _USUAL_V[1] and not 0.5 < middle <= HIGHEST_V:
            return (
                Finding(
                    "refuse",
                    f"{name} is around {middle:g}: that looks like {unit}",
                    "a cell has between 0 and 5 V",
                    f"in a column map: {entry.then(scale).text(name)}",
                ),
            )
    if HIGHEST_V < middle < 1500.0:
        return (
            Finding(
                "refuse",
                f"{name} is around {middle:g} V: that looks like a pack of about "
                f"{max(2, round(middle / 3.7))} cells",
                "the voltage wanted is that of one cell",
                "give voltage_1_V, voltage_2_V, ... of the cells, the pack's as pack_voltage_V",
            ),
        )
    outside = np.flatnonzero((voltage_V < LOWEST_V) | (voltage_V > HIGHEST_V))
    if _NO_SIGNAL_V < middle < _HALF_CELL_V and outside.size < _STRAY_SHARE * voltage_V.size:
        return (
            Finding(
                "refuse",
                f"{name} looks like that of a half cell: its median is {middle:.2g} V",
                "an electrode against lithium is no cell; a cell has 1 V or more nearly all the "
                "time",
                f"see column '{entry.column}': name the voltage of a full cell",
            ),
        )
    if outside.size or middle < _HALF_CELL_V:
        row = int(outside[0]) if outside.size else 0
        count = outside.size or voltage_V.size
        return (
            Finding(
                "refuse",
                f"{name} is not a cell's voltage in {count} of {voltage_V.size} samples, first "
                f"{voltage_V[row]:g} V at {time_s[row]:g} s",
                "a cell has between 0 and 5 V, and 1 V or more nearly all the time",
                f"see column '{entry.column}': remove these rows or name the right column",
            ),
        )
    return ()


def check_pack_voltage(recording: Recording, columns: ColumnMap) -> tuple[Finding, ...]:
    """Compare the meter of the string with the sum of its cells."""
    if recording.pack_voltage_V is None:
        return ()
    total_V = np.sum(recording.voltage_V, axis=1)
    ratio = float(np.median(recording.pack_voltage_V / np.maximum(total_V, 1e-3)))
    if 0.95 < ratio < 1.05:
        return ()
    entry = columns.entry("pack_voltage_V")
    if 900.0 < ratio < 1100.0:
        return (
            Finding(
                "refuse",
                f"pack_voltage_V is {ratio:.0f} times the sum of the cells: that looks like mV",
                hint=f"in a column map: {entry.then(1e-3).text('pack_voltage_V')}",
            ),
        )
    return (
        Finding(
            "note",
            f"pack_voltage_V is {ratio:.3f} times the sum of the cells",
            "the two meters are of little use as a check on each other",
        ),
    )


def check_temperature(recording: Recording, columns: ColumnMap) -> tuple[Finding, ...]:
    """Return refusals of temperatures in another unit.

    Limits:
        Fahrenheit below 113 degF passes for Celsius: a cold test in degF cannot be distinguished
        from a warm one in degC by its numbers.
    """
    value = recording.temperature_degC
    entry = columns.entry("temperature_degC")
    middle = float(np.median(value))
    for factor, shift, unit in (
        (1.0, -273.15, "kelvin"),
        (1e-3, 0.0, "thousandths of a degree"),
        (1e-3, -273.15, "millikelvin"),
        (1e-1, -273.15, "tenths of a kelvin"),
    ):
        degC = middle * factor + shift
        if middle > 200.0 and -45.0 < degC < _HOT_degC:
            repaired = entry.then(factor, shift).text("temperature_degC")
            return (_temperature_unit(middle, unit, repaired),)
    if middle > _HOT_degC and -45.0 < (middle - 32.0) / 1.8 < _HOT_degC:
        repaired = entry.then(1.0 / 1.8, -32.0 / 1.8).text("temperature_degC")
        return (_temperature_unit(middle, "fahrenheit", repaired),)
    outside = np.flatnonzero((value < _LOWEST_degC) | (value > _HIGHEST_degC))
    if outside.size:
        row = int(outside[0])
        return (
            Finding(
                "refuse",
                f"temperature_degC is out of range in {outside.size} of {value.size} samples, "
                f"first {value[row]:g} at {recording.time_s[row]:g} s",
                f"allowed are {_LOWEST_degC:g} to {_HIGHEST_degC:g} degC",
                f"see column '{entry.column}': a broken sensor, or another unit; of one that is "
                "not connected --temperature 25 takes a constant in its place",
            ),
        )
    if middle > _WARM_degC:
        return (
            Finding(
                "note",
                f"temperature_degC is around {middle:.0f}: warm for a test",
                hint="if it is fahrenheit: "
                + entry.then(1.0 / 1.8, -32.0 / 1.8).text("temperature_degC"),
            ),
        )
    return ()


def _temperature_unit(middle: float, unit: str, repaired: str) -> Finding:
    return Finding(
        "refuse",
        f"temperature_degC is around {middle:g}: that looks like {unit}",
        "the unit wanted is degC",
        f"in a column map: {repaired}",
    )


def check_current(
    recording: Recording, evidence: Evidence, columns: ColumnMap, capacity_Ah: float | None
) -> tuple[Finding, ...]:
    """Return a refusal when current or time is a thousand times too large.

    Args:
        recording: Recording to check.
        evidence: Of its steps and its charge.
        columns: Column map that it was read by.
        capacity_Ah: Of the cell, where it is known: finer than what any cell can do.
    """
    largest_A = float(np.max(np.abs(recording.current_A)))
    usual_most_A = float(np.percentile(np.abs(recording.current_A), 99.0))
    resistance_ohm = abs(evidence.resistance_ohm) if evidence.steps >= 5 else np.nan
    most_Ah = _LARGEST_Ah if capacity_Ah is None else _MOST_TURNS * capacity_Ah
    too_much_A = largest_A > _LARGEST_A
    if capacity_Ah is not None:
        too_much_A = too_much_A or usual_most_A > _LARGEST_C_RATE * capacity_Ah
    too_little_ohm = bool(resistance_ohm < _LOWEST_ohm)
    too_much_Ah = evidence.swing_Ah > most_Ah
    if not (too_much_A or too_little_ohm or too_much_Ah):
        return ()
    if (
        too_much_A
        or too_little_ohm
        or (too_much_Ah and np.isnan(resistance_ohm) and largest_A > 20.0)
    ):
        seen = f"up to {largest_A:g} A"
        if not np.isnan(resistance_ohm):
            seen += f", {1e6 * resistance_ohm:.3g} uohm from its steps"
        return (
            Finding(
                "refuse",
                f"current_A looks like mA: {seen}",
                "no cell carries that much" if too_much_A else "no cell has so little resistance",
                f"in a column map: {columns.entry('current_A').then(1e-3).text('current_A')}",
            ),
        )
    return (
        Finding(
            "refuse",
            f"time_s looks like milliseconds: the charge swings by {evidence.swing_Ah:.0f} Ah",
            f"that is more than {most_Ah:g} Ah, while the current is that of a cell",
            f"in a column map: {columns.entry('time_s').then(1e-3).text('time_s')}",
        ),
    )
