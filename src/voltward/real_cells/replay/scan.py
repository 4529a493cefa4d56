"""The compiled loop of a replay: readings, injections, twin, watches; runs side by side.

1. Read the recording, as the injections leave it; in a hole the last reading stays.
2. Make the telemetry record that a gateway would have sent.
3. Let the twin predict up to the record and compare.
4. Put together the views of BMS and cloud; the BMS leans on the mean of the twin's cells.
5. Score both views, and say at which cell each watch points.
6. Update the twin with the record; no response prevents it.
7. Advance the twin that uses no voltage.
8. Keep a row: alarms of every run, and wide columns of the traced ones.

The recording does not react: injections change readings, never the recorded physics.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax
from jaxtyping import Bool, Float, Int, UInt64

from voltward.cloud.twin import (
    COMMISSIONED,
    TwinParameters,
    TwinState,
    believe,
    observe,
)
from voltward.controls.in_force import InForce, Rules, start_watches, watch
from voltward.core.control import Place
from voltward.core.record import Record, honest_record
from voltward.core.taps import TELEMETRY_SCALARS
from voltward.detection.inputs import bms_view, cloud_view
from voltward.physical.estimator import EstimatorState, innovate, predict
from voltward.physical.sensors import Readings
from voltward.real_cells.replay.injection import TICK_S
from voltward.real_cells.replay.pointing import POINTERS
from voltward.real_cells.replay.recorded_readings import Profile, first_readings, readings_at

# Ticks in one call of the program; a profile is padded to a power of two times this.
CHUNK_TICKS = 1024


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Runs:
    """What differs between runs: rows of the kernel, seed of added noise, controls in force."""

    rows: Float[Array, "run tap slot column"]
    seed: UInt64[Array, " run"]
    in_force: InForce


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Carry:
    """State between ticks; `open_loop` receives current and temperature and never a voltage."""

    twin: TwinState
    readings: Readings
    bms_watches: tuple[Any, ...]
    cloud_watches: tuple[Any, ...]
    open_loop: EstimatorState


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Row:
    """Results of a tick; wide columns only for the first runs, which are traced.

    Attributes:
        alarms: A bit for each watch.
        pointed: Cell, from 0, at which each cell-wise watch points.
        soc: Mean over the cells of the estimate after the tick.
        soc_moved: Largest distance of a cell's estimate to that of run 0.
        open_loop_V: Recorded voltage less that of the open-loop twin; NaN without a reading.
        current_A: As reported, traced runs.
        voltage_V: As reported, traced runs.
        temperature_degC: As reported, traced runs.
        innovation_V: Of the twin, traced runs; NaN without a reading.
        expected_V: What the filter expects of the innovation, traced runs.
        overpotential_V: Of the twin, traced runs.
        ocv_slope_V: Of the twin, traced runs.
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
        profile: Its first reading is taken for the time before it.
        runs: Their number is read off.
        twin: Started (run, cell).
    """
    count, cells = runs.seed.shape[0], profile.voltage_V.shape[1]
    return Carry(
        twin=twin,
        readings=first_readings(profile, count),
        bms_watches=start_watches(parts.rules, Place.BMS, count, cells),
        cloud_watches=start_watches(parts.rules, Place.CLOUD, count, cells),
        open_loop=jax.tree.map(lambda values: values[:1], twin.estimate),
    )


def _open_loop(
    parts: Parts, profile: Profile, state: EstimatorState, tick: Int[Array, ""]
) -> tuple[EstimatorState, Float[Array, " cell"]]:
    """Advance the twin that uses no voltage, and compare it with the recording."""
    cell, tuning = parts.twin.cell, parts.twin.tuning
    current_A = profile.current_A[tick].reshape(1, 1)
    temperature_degC = jnp.broadcast_to(profile.temperature_degC[tick], state.soc.shape)
    moved = predict(cell, tuning, state, current_A, temperature_degC, TICK_S)
    voltage_V = profile.voltage_V[tick][None, :]
    error = innovate(cell, tuning, moved, voltage_V, current_A, temperature_degC)
    return moved, error.value_V[0]


def _pointed_cells(
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
    """Replay one tick, in the steps that this file opens with.

    Args:
        parts: Static.
        profile: The recording.
        runs: What differs between runs.
        carry: State before.
        tick: Number of the sample.
    """
    # 1. Readings and injections.
    readings, here = readings_at(profile, runs.rows, runs.seed, carry.readings, tick)
    count, cells = readings.voltage_V.shape
    present = jnp.broadcast_to(here, (count,))

    # 2. The record.
    record = _record(parts, carry.twin, readings, present, tick)

    # 3. The twin's prediction.
    before = carry.twin
    model = jnp.broadcast_to(jnp.asarray(COMMISSIONED), (count, len(COMMISSIONED)))
    known = jnp.ones((count, cells))
    silent = replace(before, silence_s=jnp.where(present, 0.0, before.silence_s + TICK_S))
    observed = observe(parts.twin, silent, record, model, known, known, 1)

    # 4. The views.
    bms = bms_view(
        tick,
        TICK_S,
        readings,
        observed.state.estimate,
        observed.innovation,
        coulomb_soc=observed.state.coulomb_soc,
        loss_W=observed.loss_W,
        coolant_degC=jnp.zeros(count) + profile.temperature_degC[0],
    )
    cloud = cloud_view(tick, TICK_S, record, observed, model, parallel=1)

    # 5. The watches.
    rules, in_force = parts.rules, runs.in_force
    bms_watches, bms_scores = watch(rules, in_force, Place.BMS, carry.bms_watches, bms)
    cloud_watches, cloud_scores = watch(rules, in_force, Place.CLOUD, carry.cloud_watches, cloud)
    scores = jnp.concatenate([bms_scores, cloud_scores], axis=1)
    bits = jnp.uint64(1) << jnp.arange(scores.shape[1], dtype=jnp.uint64)
    pointed = _pointed_cells(
        parts,
        (
            (Place.BMS, carry.bms_watches, bms_watches, bms),
            (Place.CLOUD, carry.cloud_watches, cloud_watches, cloud),
        ),
        count,
    )

    # 6. Belief.
    twin = believe(parts.twin, observed, known, present, 1)

    # 7. The twin that uses no voltage.
    open_loop, open_loop_V = _open_loop(parts, profile, carry.open_loop, tick)

    # 8. The row.
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


def _record(
    parts: Parts,
    twin: TwinState,
    readings: Readings,
    present: Bool[Array, " run"],
    tick: Int[Array, ""],
) -> Record:
    """Return the telemetry as a gateway would have sent it."""
    fields = {
        "current_A": readings.current_A,
        "pack_voltage_V": readings.pack_voltage_V,
        "soc": jnp.mean(twin.estimate.soc, axis=1),
        "charge_counter_Ah": twin.coulomb_soc * parts.twin.cell.capacity_Ah,
        "isolation_kohm": readings.isolation_kohm,
        "charging": jnp.zeros_like(readings.current_A),
    }
    scalars = jnp.stack([fields[name] for name in TELEMETRY_SCALARS], axis=1)
    return honest_record(scalars, tick, (readings.voltage_V, readings.temperature_degC), present)


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
