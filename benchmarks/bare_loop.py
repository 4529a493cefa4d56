"""The bare loop: plant, sensors, one estimator per cell, one detector, protection; nothing else.

The functions are those that the whole program uses. What it leaves out of the program's tick: the
vehicle and the charger, taps, gateway, link, broker and queue, every other control and response,
ageing, plating, overcharge, internal shorts and the abuse chemistry, the meter and the traces.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax
from jaxtyping import Bool, Float, Int, UInt64

from voltward.core.noise import NoiseSource, gaussian
from voltward.core.taps import FIRMWARE_SCALARS
from voltward.detection.twin_consistency import INNOVATION_CUSUM as CONTROL
from voltward.physical.estimator import (
    EstimatorState,
    innovate,
    predict,
    start_estimator,
    update,
)
from voltward.physical.pack import CellState, electrical_step, heat_flow
from voltward.physical.protection import ProtectionState, protect, start_protection
from voltward.physical.sensors import reading
from voltward.ranges.configuration.system import load_system
from voltward.ranges.virtual.assembly import assemble
from voltward.ranges.virtual.case_arrays import Assembly
from voltward.ranges.virtual.fixed_draws import FixedDraws, fixed_draws
from voltward.ranges.virtual.world_arrays import neutral_world

NEVER = jnp.iinfo(jnp.int64).max
AMBIENT_DEGC = 25.0


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class BareState:
    """State of the loop: the plant, the estimator, the detector, protection, first events."""

    cells: CellState
    estimate: EstimatorState
    sums: Any
    protection: ProtectionState
    closed: Bool[Array, " run"]
    first_alarm: Int[Array, " run"]
    first_trip: Int[Array, " run"]


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Arrived:
    """As much of a record as the detector asks for."""

    present: Bool[Array, " run"]


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Seen:
    """As much of the cloud's view as the detector asks for."""

    innovation_V: Float[Array, "run cell"]
    innovation_std_V: Float[Array, "run cell"]
    record: Arrived


def bare_assembly(tick_s: float = 1.0) -> Assembly:
    """Return the reference system without a single control."""
    return assemble(load_system(), (), tick_s)


def detector_columns() -> tuple[float, ...]:
    """Return the detector's parameters: sensitivity, slack and threshold."""
    return tuple(parameter.default for parameter in CONTROL.all_parameters)


def start_bare(assembly: Assembly, fixed: FixedDraws, temperature_degC: float) -> BareState:
    """Return a rested pack, an estimate at its true charge, and nothing seen."""
    assert CONTROL.watch is not None
    soc = fixed.initial_soc
    runs, cells = soc.shape
    zero = jnp.zeros_like(soc)
    temperature = zero + temperature_degC
    never = jnp.full(runs, NEVER)
    return BareState(
        cells=CellState(soc, zero, zero, zero, temperature, jnp.mean(temperature, axis=1), zero),
        estimate=start_estimator(soc, assembly.tuning),
        sums=CONTROL.watch.start(runs, cells),
        protection=start_protection(runs),
        closed=jnp.ones(runs, bool),
        first_alarm=never,
        first_trip=never,
    )


def bare_tick(
    assembly: Assembly,
    fixed: FixedDraws,
    seed: UInt64[Array, " run"],
    state: BareState,
    wanted_A: Float[Array, ""],
    tick: Int[Array, ""],
) -> BareState:
    """Advance the loop by one tick."""
    assert CONTROL.watch is not None
    cell, pack, sensors = assembly.plant.cell, assembly.plant.pack, assembly.sensors
    tick_s, tuning = assembly.tick_s, assembly.tuning
    runs, width = state.cells.soc.shape
    zero = jnp.zeros(runs)

    current_A = jnp.where(state.closed, wanted_A, 0.0)
    cells, output = electrical_step(
        cell, pack, fixed.spread, state.cells, current_A, jnp.zeros((runs, width)), tick_s
    )
    flow = heat_flow(
        pack,
        cells.temperature_degC,
        cells.coolant_degC,
        zero + AMBIENT_DEGC,
        zero,
        zero,
        tick_s,
    )
    into_W = flow.into_cell_W + output.joule_J / tick_s
    rise_K = into_W * tick_s / (cell.heat_capacity_J_per_K + tick_s * flow.loss_W_per_K[:, None])
    cells = CellState(
        cells.soc,
        cells.fast_V,
        cells.slow_V,
        cells.hysteresis,
        cells.temperature_degC + rise_K,
        flow.coolant_degC,
        cells.diffusion_V,
    )

    voltage_V = reading(
        sensors.voltage,
        output.voltage_V,
        fixed.voltage_offset_V,
        gaussian(seed, NoiseSource.VOLTAGE_SENSOR, tick, width),
    )
    temperature_degC = reading(
        sensors.temperature,
        cells.temperature_degC,
        fixed.temperature_offset_K,
        gaussian(seed, NoiseSource.TEMPERATURE_SENSOR, tick, width),
    )
    draw = gaussian(seed, NoiseSource.PACK_SENSORS, tick)
    read_A = reading(sensors.current, current_A, fixed.scalar_offset[:, 0], draw)

    cell_A = (read_A / pack.parallel)[:, None]
    predicted = predict(cell, tuning, state.estimate, cell_A, temperature_degC, tick_s)
    innovation = innovate(cell, tuning, predicted, voltage_V, cell_A, temperature_degC)
    seen = Seen(innovation.value_V, innovation.std_V, Arrived(jnp.ones(runs, bool)))
    columns = jnp.broadcast_to(jnp.asarray(detector_columns()), (runs, len(detector_columns())))
    sums, score = CONTROL.watch.step(state.sums, seen, columns)
    estimate = update(predicted, innovation, jnp.ones_like(voltage_V))

    protection, verdict = protect(
        assembly.limits,
        pack,
        state.protection,
        voltage_V,
        temperature_degC,
        read_A,
        zero + pack.isolation_kohm,
        calibration=jnp.zeros((runs, len(FIRMWARE_SCALARS))),
        enabled=jnp.ones(runs, bool),
        tick_s=tick_s,
    )

    def first(now: Int[Array, " run"], happened: Bool[Array, " run"]) -> Int[Array, " run"]:
        return jnp.where(happened & (now == NEVER), tick, now)

    return BareState(
        cells=cells,
        estimate=estimate,
        sums=sums,
        protection=protection,
        closed=~verdict.tripped,
        first_alarm=first(state.first_alarm, score > 1.0),
        first_trip=first(state.first_trip, verdict.tripped),
    )


def run_bare(
    assembly: Assembly,
    fixed: FixedDraws,
    seed: UInt64[Array, " run"],
    start: BareState,
    current_A: Float[Array, " tick"],
) -> BareState:
    """Run every tick of a current profile."""

    def body(state: BareState, given: tuple[Array, Array]) -> tuple[BareState, None]:
        return bare_tick(assembly, fixed, seed, state, *given), None

    return lax.scan(body, start, (current_A, jnp.arange(current_A.shape[0])))[0]


def drawn(assembly: Assembly, seed: UInt64[Array, " run"], initial_soc: float) -> FixedDraws:
    """Return what differs from cell to cell in packs without a drawn world."""
    world = neutral_world(
        load_system(), seed.shape[0], start_soc=initial_soc, start_degC=AMBIENT_DEGC
    )
    return fixed_draws(assembly, seed, world)


def prepared(
    assembly: Assembly, runs: int, initial_soc: float, ticks: int, drive_A: Any
) -> tuple[Any, tuple[Any, ...]]:
    """Return the compiled loop and its arguments."""
    seed = jnp.arange(runs, dtype=jnp.uint64)
    fixed = drawn(assembly, seed, initial_soc)
    start = start_bare(assembly, fixed, AMBIENT_DEGC)
    arguments = (fixed, seed, start, jnp.asarray(drive_A[:ticks]))
    return jax.jit(partial(run_bare, assembly)).lower(*arguments).compile(), arguments
