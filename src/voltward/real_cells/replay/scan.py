"""The compiled loop of a replay: readings, injections, twin, watches; runs side by side.

The physics cannot answer here: the recording is what it is, whatever the injections say.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax
from jaxtyping import Bool, Float, Int, UInt64

from voltward.attacks.kernel import Context, Past, lag_ticks, manipulate
from voltward.cloud.twin import (
    COMMISSIONED,
    Observation,
    TwinParameters,
    TwinState,
    believe,
    observe,
)
from voltward.controls.in_force import InForce, Rules, start_watches, watch
from voltward.core.capabilities import POSITIONS
from voltward.core.control import Place
from voltward.core.record import Record, honest_record
from voltward.core.taps import COMMAND_SCALARS
from voltward.core.view import BmsView, CloudView
from voltward.physical.estimator import EstimatorState, innovate, predict
from voltward.real_cells.replay.injection import TICK_S
from voltward.real_cells.replay.pointing import POINTERS

# Ticks in one call of the program; a profile is padded to a power of two times this.
CHUNK_TICKS = 1024
# No recording has an isolation monitor: the view carries the top of the usual range (assumption).
_ISOLATION_KOHM = 60000.0


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Profile:
    """A recording at 1 Hz, padded; `pack_voltage_V` is NaN without a meter of its own.

    A tick with a cell voltage that is NaN has no reading: everything keeps its last value.
    """

    voltage_V: Float[Array, "time cell"]
    temperature_degC: Float[Array, " time"]
    current_A: Float[Array, " time"]
    pack_voltage_V: Float[Array, " time"]


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Runs:
    """What differs between runs: rows of the kernel, seed of added noise, controls in force."""

    rows: Float[Array, "run tap slot column"]
    seed: UInt64[Array, " run"]
    in_force: InForce


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Readings:
    """What the sensors report in a tick."""

    voltage_V: Float[Array, "run cell"]
    temperature_degC: Float[Array, "run cell"]
    current_A: Float[Array, " run"]
    pack_voltage_V: Float[Array, " run"]


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Carry:
    """State between ticks; `open_loop` hears current and temperature and never a voltage."""

    twin: TwinState
    readings: Readings
    bms_watches: tuple[Any, ...]
    cloud_watches: tuple[Any, ...]
    open_loop: EstimatorState


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Row:
    """What a tick leaves behind; wide columns only for the first runs, which are traced.

    Attributes:
        alarms: A bit for each watch.
        pointed: Cell, from 0, at which each cell-wise watch points.
        soc: Mean over the cells of the estimate after the tick.
        soc_moved: Largest distance of a cell's estimate to that of run 0.
        open_loop_V: Recorded voltage less that of the open-loop twin; NaN without a reading.
        current_A: As reported, traced runs.
        voltage_V: Likewise.
        temperature_degC: Likewise.
        innovation_V: Of the twin, traced runs; NaN without a reading.
        expected_V: What the filter expects of the innovation, traced runs.
        overpotential_V: Of the twin, traced runs.
        ocv_slope_V: Likewise.
        cell_soc: Estimates, traced runs.
        scores: Of the watches, traced runs.
    """

    alarms: UInt64[Array, " run"]
    pointed: Int[Array, "run watch"]
    soc: Float[Array, " run"]
    soc_moved: Float[Array, " run"]
    open_loop_V: Float[Array, " cell"]
    current_A: Float[Array, " traced"]
    voltage_V: Float[Array, "traced cell"]
    temperature_degC: Float[Array, "traced cell"]
    innovation_V: Float[Array, "traced cell"]
    expected_V: Float[Array, "traced cell"]
    overpotential_V: Float[Array, "traced cell"]
    ocv_slope_V: Float[Array, "traced cell"]
    cell_soc: Float[Array, "traced cell"]
    scores: Float[Array, "traced watch"]


@dataclass(frozen=True)
class Parts:
    """Everything static: the twin, the watches compiled in, and how many runs are traced."""

    twin: TwinParameters
    rules: Rules
    traced: int


def start_carry(parts: Parts, profile: Profile, runs: Runs, twin: TwinState) -> Carry:
    """Return the loop before its first tick.

    Args:
        parts: Static.
        profile: Its first reading stands for what came before.
        runs: Their number is read off.
        twin: Started (run, cell).
    """
    count, cells = runs.seed.shape[0], profile.voltage_V.shape[1]
    # A recording may begin with a hole: then the first reading stands for it.
    heard = jnp.argmax(jnp.all(jnp.isfinite(profile.voltage_V), axis=1))
    first = jnp.broadcast_to(profile.voltage_V[heard], (count, cells))
    return Carry(
        twin=twin,
        readings=Readings(
            voltage_V=first,
            temperature_degC=jnp.full((count, cells), profile.temperature_degC[0]),
            current_A=jnp.full(count, profile.current_A[0]),
            pack_voltage_V=jnp.sum(first, axis=1),
        ),
        bms_watches=start_watches(parts.rules, Place.BMS, count, cells),
        cloud_watches=start_watches(parts.rules, Place.CLOUD, count, cells),
        open_loop=jax.tree.map(lambda values: values[:1], twin.estimate),
    )


def _read(
    profile: Profile, runs: Runs, last: Readings, tick: Int[Array, ""]
) -> tuple[Readings, Bool[Array, ""]]:
    """Return the readings after the injections, and whether the recording has this tick.

    What a replay or a delay brings back is the recording itself, however long ago.
    """
    count, cells = last.voltage_V.shape
    held = jnp.full(count, int(POSITIONS), jnp.uint32)
    context = Context(tick=tick, held=held, seed=runs.seed)
    none = jnp.zeros((count, 0))

    def then(tap: str) -> Int[Array, " run"]:
        lag = lag_ticks(runs.rows, tap, context, profile.current_A.shape[0])
        return jnp.maximum(tick - lag, 0)

    def wide(tap: str, now: Array, series: Array, before: Array) -> Array:
        made = honest_record(none, tick, (jnp.broadcast_to(now, (count, cells)),))
        back = then(tap)
        old = jnp.broadcast_to(series[back].reshape(count, -1), (count, cells))
        reported = manipulate(tap, made, runs.rows, context, Past((old,), none, back, back))
        return jnp.where(reported.present[:, None], reported.wide[0], before)

    def scalar(tap: str, now: Array, series: Array, before: Array) -> Array:
        made = honest_record(jnp.broadcast_to(now, (count,))[:, None], tick)
        back = then(tap)
        past = Past((), series[back][:, None], back, back)
        reported = manipulate(tap, made, runs.rows, context, past)
        return jnp.where(reported.present, reported.scalars[:, 0], before)

    here = jnp.all(jnp.isfinite(profile.voltage_V[tick]))
    voltage_V = wide("cell.voltage", profile.voltage_V[tick], profile.voltage_V, last.voltage_V)
    meter_V = profile.pack_voltage_V[tick]
    # Without a meter of its own the BMS can only add up what it reads.
    pack_V = jnp.where(jnp.isnan(meter_V), jnp.sum(voltage_V, axis=1), meter_V)
    reported = Readings(
        voltage_V=voltage_V,
        temperature_degC=wide(
            "cell.temperature",
            profile.temperature_degC[tick],
            profile.temperature_degC,
            last.temperature_degC,
        ),
        current_A=scalar(
            "pack.current", profile.current_A[tick], profile.current_A, last.current_A
        ),
        pack_voltage_V=scalar("pack.voltage", pack_V, profile.pack_voltage_V, last.pack_voltage_V),
    )
    # A hole of the recording, or one that is played again, leaves the last reading standing.
    kept = jax.tree.map(
        lambda new, old: jnp.where(here & jnp.isfinite(new), new, old), reported, last
    )
    return kept, here


def _views(
    observed: Observation,
    before: TwinState,
    readings: Readings,
    record: Record,
    model: Float[Array, "run parameter"],
    coolant_degC: Float[Array, ""],
    tick: Int[Array, ""],
) -> tuple[BmsView, CloudView]:
    """Return what BMS and cloud know; the BMS leans on the mean of the twin's cells.

    Limits:
        Nobody charges, commands or switches here: those fields are at rest.
    """
    runs = readings.current_A.shape[0]
    zero, off = jnp.zeros(runs), jnp.zeros(runs, bool)
    command = honest_record(jnp.zeros((runs, len(COMMAND_SCALARS))), tick, present=off)
    predicted, innovation = observed.state.estimate, observed.innovation
    bms = BmsView(
        tick=tick,
        tick_s=TICK_S,
        voltage_V=readings.voltage_V,
        temperature_degC=readings.temperature_degC,
        current_A=readings.current_A,
        pack_voltage_V=readings.pack_voltage_V,
        charger_current_A=zero,
        charge_request_A=zero,
        isolation_kohm=zero + _ISOLATION_KOHM,
        soc=jnp.mean(predicted.soc, axis=1),
        coulomb_soc=observed.state.coulomb_soc,
        innovation_V=jnp.mean(innovation.value_V, axis=1),
        innovation_std_V=jnp.mean(innovation.std_V, axis=1),
        charging=off,
        closed=~off,
        command=command,
        command_age_s=zero,
        loss_W=observed.loss_W,
        coolant_degC=zero + coolant_degC,
    )
    cloud = CloudView(
        tick=tick,
        tick_s=TICK_S,
        record=record,
        rejected=off,
        innovation_V=innovation.value_V,
        innovation_std_V=innovation.std_V,
        twin_soc=predicted.soc,
        coulomb_soc=observed.state.coulomb_soc,
        silence_s=before.silence_s,
        model=model,
        command=command,
        loss_W=observed.loss_W,
        overpotential_V=observed.overpotential_V,
        ocv_slope_V=observed.innovation.slope_V,
        parallel=1,
    )
    return bms, cloud


def _open_loop(
    parts: Parts, profile: Profile, state: EstimatorState, tick: Int[Array, ""]
) -> tuple[EstimatorState, Float[Array, " cell"]]:
    """Advance the twin that believes no voltage, and compare it with the recording."""
    cell, tuning = parts.twin.cell, parts.twin.tuning
    current_A = profile.current_A[tick].reshape(1, 1)
    temperature_degC = jnp.broadcast_to(profile.temperature_degC[tick], state.soc.shape)
    moved = predict(cell, tuning, state, current_A, temperature_degC, TICK_S)
    voltage_V = profile.voltage_V[tick][None, :]
    error = innovate(cell, tuning, moved, voltage_V, current_A, temperature_degC)
    return moved, error.value_V[0]


def _pointed(
    parts: Parts,
    places: tuple[tuple[Place, tuple[Any, ...], tuple[Any, ...], Any], ...],
    runs: int,
) -> Int[Array, "run watch"]:
    columns = []
    for place, before, after, view in places:
        watches = parts.rules.watches(place)
        for (_, control), old, new in zip(watches, before, after, strict=True):
            if control.id in POINTERS:
                evidence = POINTERS[control.id](old, new, view)
                columns.append(jnp.argmax(evidence, axis=1).astype(jnp.int16))
    return jnp.stack(columns, axis=1) if columns else jnp.zeros((runs, 0), jnp.int16)


def tick_step(
    parts: Parts, profile: Profile, runs: Runs, carry: Carry, tick: Int[Array, ""]
) -> tuple[Carry, Row]:
    """Replay one tick: sensors, injections, twin, watches, belief."""
    readings, here = _read(profile, runs, carry.readings, tick)
    count, cells = readings.voltage_V.shape
    before = carry.twin
    telemetry = jnp.stack(
        [
            readings.current_A,
            readings.pack_voltage_V,
            jnp.mean(before.estimate.soc, axis=1),
            before.coulomb_soc * parts.twin.cell.capacity_Ah,
            jnp.full(count, _ISOLATION_KOHM),
            jnp.zeros(count),
        ],
        axis=1,
    )
    present = jnp.broadcast_to(here, (count,))
    wide = (readings.voltage_V, readings.temperature_degC)
    record = honest_record(telemetry, tick, wide, present)
    model = jnp.broadcast_to(jnp.asarray(COMMISSIONED), (count, len(COMMISSIONED)))
    known = jnp.ones((count, cells))
    silent = replace(before, silence_s=jnp.where(present, 0.0, before.silence_s + TICK_S))
    observed = observe(parts.twin, silent, record, model, known, known, 1)
    bms, cloud = _views(
        observed, silent, readings, record, model, profile.temperature_degC[0], tick
    )
    bms_watches, bms_scores = watch(parts.rules, runs.in_force, Place.BMS, carry.bms_watches, bms)
    cloud_watches, cloud_scores = watch(
        parts.rules, runs.in_force, Place.CLOUD, carry.cloud_watches, cloud
    )
    scores = jnp.concatenate([bms_scores, cloud_scores], axis=1)
    bits = jnp.uint64(1) << jnp.arange(scores.shape[1], dtype=jnp.uint64)
    pointed = _pointed(
        parts,
        (
            (Place.BMS, carry.bms_watches, bms_watches, bms),
            (Place.CLOUD, carry.cloud_watches, cloud_watches, cloud),
        ),
        count,
    )
    twin = believe(parts.twin, observed, known, present, 1)
    open_loop, open_loop_V = _open_loop(parts, profile, carry.open_loop, tick)
    soc, traced = twin.estimate.soc, slice(parts.traced)
    innovation_V = jnp.where(here, observed.innovation.value_V, jnp.nan)
    row = Row(
        alarms=jnp.sum(jnp.where(scores > 1.0, bits, jnp.uint64(0)), axis=1),
        pointed=pointed,
        soc=jnp.mean(soc, axis=1).astype(jnp.float32),
        soc_moved=jnp.max(jnp.abs(soc - soc[:1]), axis=1).astype(jnp.float32),
        open_loop_V=open_loop_V,
        current_A=readings.current_A[traced],
        voltage_V=readings.voltage_V[traced],
        temperature_degC=readings.temperature_degC[traced],
        innovation_V=innovation_V[traced],
        expected_V=observed.innovation.std_V[traced],
        overpotential_V=observed.overpotential_V[traced],
        ocv_slope_V=observed.innovation.slope_V[traced],
        cell_soc=soc[traced],
        scores=scores[traced],
    )
    return Carry(twin, readings, bms_watches, cloud_watches, open_loop), row


Chunk = Callable[[Profile, Runs, Carry, int], tuple[Carry, Row]]


def compiled(parts: Parts) -> Chunk:
    """Return the jitted program: CHUNK_TICKS ticks from a given one on, and their rows."""

    def chunk(
        profile: Profile, runs: Runs, carry: Carry, begin: Int[Array, ""]
    ) -> tuple[Carry, Row]:
        def body(state: Carry, tick: Int[Array, ""]) -> tuple[Carry, Row]:
            return tick_step(parts, profile, runs, state, tick)

        return lax.scan(body, carry, begin + jnp.arange(CHUNK_TICKS))

    jitted: Chunk = jax.jit(chunk)
    return jitted
