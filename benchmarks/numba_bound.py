"""The bound: the bare loop written by hand in Numba, run after run, its state in the first cache.

The same arithmetic as `bare_loop`, in another order of the loops: the runs outside, the ticks
inside. It is limited to what the comparison needs: cells in series, no hysteresis, no attack.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

from benchmarks import numba_kernels as row
from benchmarks.bare_loop import (
    AMBIENT_DEGC,
    NEVER,
    BareState,
    detector_columns,
)
from voltward.core.noise import NoiseSource
from voltward.physical.faults import FAULTS
from voltward.physical.pack import COOLANT_J_PER_K, RADIATOR_W_PER_K
from voltward.physical.protection import LimitTier
from voltward.physical.sensors import Channel
from voltward.ranges.virtual.case_arrays import Assembly
from voltward.ranges.virtual.fixed_draws import FixedDraws

VOLTAGE_CHANNEL = NoiseSource.VOLTAGE_SENSOR.channel(0)
TEMPERATURE_CHANNEL = NoiseSource.TEMPERATURE_SENSOR.channel(0)
CURRENT_CHANNEL = NoiseSource.PACK_SENSORS.channel(0)
FAULT_COUNT = len(FAULTS)
_NEVER = int(NEVER)


@dataclass(frozen=True)
class BoundResult:
    """What is compared with the bare loop."""

    soc: np.ndarray
    temperature_degC: np.ndarray
    estimated_soc: np.ndarray
    estimate_variance: np.ndarray
    sums: np.ndarray
    first_alarm: np.ndarray
    first_trip: np.ndarray


@njit(cache=True, fastmath=row.FAST, error_model="numpy")
def _run(
    seed, drive, soc, spread, draws, tables, slopes, ocv_table, ocv_slope, laws, keep, cell, heat,
    channels, tuning, detector, tier, delays, fuse,
):  # fmt: skip
    """One run: every array here is a row of cells, or a handful of numbers."""
    cells = soc.size
    tick_s, capacity_Ah = cell[0], cell[1]
    polarised, ohm = np.zeros((2, cells)), np.zeros((3, cells))
    temperature, flow, loss_V = np.full(cells, cell[4]), np.zeros(cells), np.zeros(cells)
    series_factor, polarisation_factor = np.zeros(cells), np.zeros(cells)
    ocv, rise, score = np.zeros(cells), np.zeros(cells), np.zeros(cells)
    seen_V, seen_degC, nothing = np.zeros(cells), np.zeros(cells), np.zeros(cells)
    state, variance, sums = np.zeros((3, cells)), np.zeros((6, cells)), np.zeros((2, cells))
    state[0, :] = soc
    variance[0, :] = tuning[4] ** 2
    charge = tick_s / (3600.0 * capacity_Ah * spread[0])
    nominal = tick_s / (3600.0 * capacity_Ah)
    walks = np.array(
        [tick_s * tuning[2] ** 2 + (nominal * tuning[1]) ** 2, tick_s * tuning[3] ** 2]
    )
    lanes = np.arange(1, cells + 1).astype(np.uint64) * row.GOLDEN
    coolant = cell[4]
    idle, neighbour, coolant_J, radiator = heat[0], heat[1], heat[2], heat[3]
    denominator = heat[4] + tick_s * (idle + 2.0 * neighbour)
    offset_V, offset_degC = draws[0], draws[1]
    seconds, latched = np.zeros(FAULT_COUNT), False
    first_alarm, first_trip = _NEVER, _NEVER

    for tick in range(drive.size):
        current = 0.0 if latched else drive[tick]
        row.factors(temperature, laws[0], laws[1], series_factor, polarisation_factor)
        row.resistances(soc, tables, slopes, series_factor, polarisation_factor, ohm)
        row.electrical(soc, polarised, ohm, spread[1], charge, current, keep, loss_V)
        row.open_circuit(soc, ocv_table, ocv_slope, ocv, rise)
        into = row.exchanged(temperature, flow, idle, neighbour, coolant)
        row.warm(temperature, flow, loss_V, current, denominator, tick_s)
        into -= 0.1 * radiator * (coolant - cell[3])
        coolant += into * tick_s / (coolant_J + tick_s * (idle + radiator))

        volts, degrees, amperes = channels[0], channels[1], channels[2]
        base = row.base_bits(seed, VOLTAGE_CHANNEL, tick)
        row.read(ocv, loss_V, offset_V, base, lanes, volts[0], volts[2], volts[3], volts[4], seen_V)
        base = row.base_bits(seed, TEMPERATURE_CHANNEL, tick)
        row.read(
            temperature, nothing, offset_degC, base, lanes, degrees[0], degrees[2], degrees[3],
            degrees[4], seen_degC,
        )  # fmt: skip
        draw = row.normal(row.mixed(row.base_bits(seed, CURRENT_CHANNEL, tick)))
        felt_A = current + draws[2, 0] + amperes[0] * draw
        read_A = min(max(np.rint(felt_A / amperes[2]) * amperes[2], amperes[3]), amperes[4])

        row.factors(seen_degC, laws[0], laws[1], series_factor, polarisation_factor)
        row.resistances(state[0], tables, slopes, series_factor, polarisation_factor, ohm)
        row.predicted(state, variance, ohm, read_A, nominal, walks, keep)
        row.resistances(state[0], tables, slopes, series_factor, polarisation_factor, ohm)
        row.open_circuit(state[0], ocv_table, ocv_slope, ocv, rise)
        row.corrected(state, variance, ocv, rise, ohm[0], seen_V, read_A, tuning, score)
        worst = row.cumulated(score, sums[0], sums[1], detector[1], 2.0 * detector[2])
        if detector[0] * worst / detector[2] > 1.0 and first_alarm == _NEVER:
            first_alarm = tick

        latched = (
            row.protected(seen_V, seen_degC, read_A, tick_s, tier, delays, fuse, seconds) or latched
        )
        if latched and first_trip == _NEVER:
            first_trip = tick
    return temperature, state[0].copy(), variance[0].copy(), sums, first_alarm, first_trip


def _channel(channel: Channel) -> tuple[float, ...]:
    return channel.noise, channel.offset, channel.resolution, channel.low, channel.high


def _tier(tier: LimitTier) -> np.ndarray:
    return np.array(
        [
            tier.voltage_high_V,
            tier.voltage_low_V,
            tier.temperature_high_degC,
            tier.temperature_low_degC,
            tier.charge_current_A,
            tier.discharge_current_A,
        ]
    )


def prepared(
    assembly: Assembly, fixed: FixedDraws, seed: Any, drive_A: np.ndarray
) -> Callable[[], BoundResult]:
    """Return the bound as a function that runs every run of the bare loop's arguments.

    Raises:
        ValueError: The system has parallel groups or hysteresis, which the bound leaves out.
    """
    cell, pack, sensors = assembly.plant.cell, assembly.plant.pack, assembly.sensors
    if pack.parallel != 1 or cell.hysteresis_V > 0.0:
        raise ValueError("the bound takes cells in series without hysteresis")
    tick_s, tuning, limits = assembly.tick_s, assembly.tuning, assembly.limits
    all_tables = np.stack([cell.series_ohm, cell.fast_ohm, cell.slow_ohm])
    shared = (
        np.ascontiguousarray(all_tables[:, :-1]),
        np.diff(all_tables, axis=1),
        np.ascontiguousarray(cell.ocv_V[:-1]),
        np.diff(cell.ocv_V),
        np.array(
            [
                [cell.series_law.a_K, cell.series_law.b_K2],
                [cell.fast_law.a_K, cell.fast_law.b_K2],
            ]
        ),
        np.exp(-tick_s / np.array([cell.fast_s, cell.slow_s])),
        np.array([tick_s, cell.capacity_Ah, 0.0, AMBIENT_DEGC, AMBIENT_DEGC]),
        np.array(
            [
                pack.passive_conductance_W_per_K,
                pack.neighbour_conductance_W_per_K,
                COOLANT_J_PER_K,
                RADIATOR_W_PER_K,
                cell.heat_capacity_J_per_K,
            ]
        ),
        np.array(
            [
                _channel(sensors.voltage),
                _channel(sensors.temperature),
                _channel(sensors.current),
            ]
        ),
        np.array(
            [
                tuning.voltage_std_V,
                tuning.current_std_A,
                tuning.soc_std_per_root_s,
                tuning.polarisation_std_V_per_root_s,
                tuning.initial_soc_std,
            ]
        ),
        np.array(detector_columns()),
        _tier(limits.maximum),
        np.array([limits.delay_s[name] for name in FAULTS[:6]]),
        np.array([pack.fuse_current_A, pack.fuse_melting_A2s]),
    )
    seeds = np.asarray(seed, dtype=np.uint64)
    initial = np.array(fixed.initial_soc)
    spread = np.stack([np.asarray(fixed.spread.capacity), np.asarray(fixed.spread.resistance)], 1)
    scalar = np.zeros_like(initial)
    scalar[:, 0] = np.asarray(fixed.scalar_offset)[:, 0]
    draws = np.stack(
        [np.asarray(fixed.voltage_offset_V), np.asarray(fixed.temperature_offset_K), scalar], 1
    )
    drive = np.ascontiguousarray(drive_A, dtype=np.float64)

    def run() -> BoundResult:
        soc = initial.copy()
        rows = [
            _run(seeds[k], drive, soc[k], spread[k], draws[k], *shared) for k in range(len(seeds))
        ]
        columns = [np.array(column) for column in zip(*rows, strict=True)]
        return BoundResult(soc, *columns)

    return run


def largest_difference(bare: BareState, bound: BoundResult) -> float:
    """Return the largest difference of states, or infinity where an event moved."""
    same = np.array_equal(np.asarray(bare.first_alarm), bound.first_alarm) and np.array_equal(
        np.asarray(bare.first_trip), bound.first_trip
    )
    if not same:
        return float("inf")
    pairs = (
        (bare.cells.soc, bound.soc),
        (bare.cells.temperature_degC, bound.temperature_degC),
        (bare.estimate.soc, bound.estimated_soc),
        (bare.estimate.var_soc, bound.estimate_variance),
        (bare.sums.high, bound.sums[:, 0]),
        (bare.sums.low, bound.sums[:, 1]),
    )
    return max(float(np.max(np.abs(np.asarray(left) - right))) for left, right in pairs)
