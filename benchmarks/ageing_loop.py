"""A plant that ages, a twin that may adapt, and biases about its readings, at 1 Hz, track matched.

Plant and twin share the cell model. The duty drives a seeded profile between two levels of SoC,
rests, charges, rests; it goes on as it is, whatever the readings say. The biases are those of the
attacks voltage-bias, voltage-ramp and current-gain, and a gain that creeps.
"""

from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jaxtyping import Bool, Float, Int, UInt64

from benchmarks.load_profile import current_C
from voltward.cloud.adaptation import AdaptationParameters
from voltward.cloud.twin import (
    COMMISSIONED,
    Observation,
    TwinParameters,
    TwinState,
    believe,
    observe,
    start_twin,
)
from voltward.controls.in_force import default_parameters
from voltward.core.control import Watch
from voltward.core.noise import NoiseSource, gaussian
from voltward.core.record import honest_record
from voltward.core.taps import TELEMETRY_SCALARS
from voltward.detection.redundancy import SOC_DRIFT
from voltward.detection.twin_consistency import INNOVATION_CUSUM
from voltward.physical.cell import CellModel
from voltward.physical.circuit import CircuitState, advance, rested, terminal_V
from voltward.physical.estimator import tuning_for
from voltward.ranges.configuration.system import load_system
from voltward.ranges.virtual.assembly import cell_of

DAY_S = 86400
CELLS = 6
REST_S = 1200
CHARGE_C = 0.5
LOWEST_SOC, HIGHEST_SOC = 0.2, 0.9
# A rate of ageing differs between cells by so much (standard deviation, assumption).
SPREAD_OF_AGEING = 0.05
ROW_S = 3600


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class InjectedBiases:
    """What is added to the readings, a run each, from `start_s` to `stop_s`.

    Attributes:
        start_s: Begin.
        stop_s: End.
        bias_V: On the cells that it touches.
        ramp_s: Time in which bias and gain grow to their value; 0 for at once.
        gain: Factor on the current less 1.
        cells: How many cells the bias touches.
    """

    start_s: Float[Array, " run"]
    stop_s: Float[Array, " run"]
    bias_V: Float[Array, " run"]
    ramp_s: Float[Array, " run"]
    gain: Float[Array, " run"]
    cells: Float[Array, " run"]


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Runs:
    """What differs between runs; fade and growth are reached after `ageing_s`."""

    seed: UInt64[Array, " run"]
    learning: Float[Array, " run"]
    fade: Float[Array, " run"]
    growth: Float[Array, " run"]
    ageing_s: Float[Array, " run"]
    biases: InjectedBiases


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Loop:
    """State between ticks; mode 0 drives, 1 rests, 2 charges, 3 rests."""

    plant: CircuitState
    mode: Int[Array, " run"]
    rest_s: Float[Array, " run"]
    twin: TwinState
    cusum: Any
    drift: Any
    alarm_s: Float[Array, "run watch"]
    first_s: Float[Array, "run watch"]
    onsets: Float[Array, "run watch"]
    sounding: Bool[Array, "run watch"]


def runs_of(count: int, **values: Any) -> Runs:
    """Return honest runs of fresh cells; `values` replace fields of Runs or of InjectedBiases."""
    zero = jnp.zeros(count)
    biases = InjectedBiases(zero + 1e12, zero + 1e12, zero, zero, zero, zero + CELLS)
    runs = Runs(jnp.arange(count, dtype=jnp.uint64), zero + 1.0, zero, zero, zero + 1.0, biases)
    fields = {name: jnp.asarray(value) for name, value in values.items()}
    about = {name: fields.pop(name) for name in list(fields) if hasattr(biases, name)}
    return replace(runs, biases=replace(biases, **about), **fields)


def _biased(
    biases: InjectedBiases, now_s: Array, voltage_V: Array, current_A: Array
) -> tuple[Float[Array, "run cell"], Float[Array, " run"]]:
    on = (now_s >= biases.start_s) & (now_s < biases.stop_s)
    grown = jnp.clip((now_s - biases.start_s) / jnp.maximum(biases.ramp_s, 1.0), 0.0, 1.0)
    grown = jnp.where(on, jnp.where(biases.ramp_s > 0.0, grown, 1.0), 0.0)
    touched = jnp.arange(voltage_V.shape[1])[None, :] < biases.cells[:, None]
    reported_V = voltage_V + jnp.where(touched, (grown * biases.bias_V)[:, None], 0.0)
    return reported_V, current_A * (1.0 + grown * biases.gain)


def _duty(
    cell: CellModel, drive_C: Array, mode: Array, rest_s: Array, soc: Array, tick: Array
) -> tuple[Float[Array, " run"], Int[Array, " run"], Float[Array, " run"]]:
    """Drive until the lowest cell is low, rest, charge until the highest is high, rest."""
    low, high = jnp.min(soc, axis=1) < LOWEST_SOC, jnp.max(soc, axis=1) > HIGHEST_SOC
    resting = (mode == 1) | (mode == 3)
    done = jnp.where(resting, rest_s >= REST_S, jnp.where(mode == 0, low, high))
    after = jnp.where(done, jnp.mod(mode + 1, 4), mode)
    rested_s = jnp.where(done, 0.0, rest_s + 1.0)
    drive = drive_C[jnp.mod(tick, drive_C.shape[0])]
    rate_C = jnp.where(after == 0, drive, jnp.where(after == 2, CHARGE_C, 0.0))
    return rate_C * cell.capacity_Ah, after, rested_s


@dataclass(frozen=True)
class _DriftView:
    soc: Array
    coulomb_soc: Array
    tick_s: float = 1.0


@dataclass(frozen=True)
class _CusumView:
    innovation_V: Array
    innovation_std_V: Array
    record: Any


def _watches() -> tuple[Watch, Watch]:
    first, second = INNOVATION_CUSUM.watch, SOC_DRIFT.watch
    if first is None or second is None:
        raise TypeError("both controls are watches")
    return first, second


def _alarms(loop: Loop, observed: Observation, record: Any, count: int) -> tuple[Any, Any, Array]:
    """Return the states and scores of innovation-cusum and soc-drift, at their defaults.

    As in a replay, soc-drift looks at the mean of the twin's cells in place of a BMS of its own.
    """
    cusum = jnp.tile(default_parameters(INNOVATION_CUSUM), (count, 1))
    drift = jnp.tile(default_parameters(SOC_DRIFT), (count, 1))
    bms = _DriftView(jnp.mean(observed.state.estimate.soc, axis=1), observed.state.coulomb_soc)
    cloud = _CusumView(observed.innovation.value_V, observed.innovation.std_V, record)
    first, second = _watches()
    sums, one = first.step(loop.cusum, cloud, cusum)
    reference, two = second.step(loop.drift, bms, drift)
    return sums, reference, jnp.stack([one, two], axis=1)


def drawn(seed: Array, tick: Array, member: int, cells: int | None = None) -> Array:
    """Return normal draws of one of the benchmark's noise channels."""
    return gaussian(seed, NoiseSource.AGEING_BENCHMARK, tick, cells, member=member)


def simulate(runs: Runs, adaptation: AdaptationParameters | None, days: float) -> dict[str, Any]:
    """Run plant, twin and the two watches at 1 Hz.

    Returns:
        Arrays: `resistance` and `capacity` (hour, run, cell) as the twin has them, `true_...` the
        same of the plant, `soc_error` (hour, run) largest of the hour, and `first_s`, `alarm_s`,
        `onsets` (run, watch) of innovation-cusum and soc-drift.
    """
    system = load_system()
    cell, sensors = cell_of(system), system.sensors
    count = runs.seed.shape[0]
    parameters = TwinParameters(cell, tuning_for(cell), 1.0, adaptation=adaptation)
    warm = jnp.full((count, CELLS), 25.0)
    start, one = jnp.asarray(0), jnp.ones((count, CELLS))
    draws = [jnp.clip(drawn(runs.seed, start, n, CELLS), -3.0, 3.0) for n in range(4)]
    offset_A = sensors.current.offset_A * jnp.clip(drawn(runs.seed, start, 10), -3.0, 3.0)
    born_capacity, born_resistance = 1.0 + 0.01 * draws[0], 1.0 + 0.03 * draws[1]
    pace = 1.0 + SPREAD_OF_AGEING * draws[2]
    soc = jnp.full((count, CELLS), HIGHEST_SOC - 0.01)
    drive_C = jnp.asarray(current_C(4 * 3600))
    model = jnp.tile(jnp.asarray(COMMISSIONED), (count, 1))
    off = jnp.zeros((count, 2))
    first, second = _watches()

    def tick(loop: Loop, now: Array) -> tuple[Loop, Array]:
        share = jnp.clip(now / runs.ageing_s, 0.0, 1.0)[:, None] * pace
        fresh_c = 1.0 - runs.fade[:, None] * share
        fresh_r = 1.0 + runs.growth[:, None] * share
        current_A, mode, rest_s = _duty(cell, drive_C, loop.mode, loop.rest_s, loop.plant.soc, now)
        plant = advance(
            cell,
            loop.plant,
            current_A[:, None],
            warm,
            1.0,
            born_resistance * fresh_r,
            born_capacity * fresh_c,
        )
        true_V = terminal_V(cell, plant, current_A[:, None], warm, born_resistance * fresh_r)
        noise = drawn(runs.seed, now, 20, CELLS)
        read_V = true_V + sensors.voltage.noise_V * noise + sensors.voltage.offset_V * draws[3]
        read_A = current_A + offset_A + sensors.current.noise_A * drawn(runs.seed, now, 21)
        reported_V, reported_A = _biased(runs.biases, now.astype(jnp.float64), read_V, read_A)
        scalars = jnp.zeros((count, len(TELEMETRY_SCALARS)))
        scalars = scalars.at[:, TELEMETRY_SCALARS.index("current_A")].set(reported_A)
        record = honest_record(scalars, now, (reported_V, warm))
        # The twin knows the cells as they were when new, as commissioning measured them.
        observed = observe(parameters, loop.twin, record, model, born_capacity, born_resistance, 1)
        cusum, drift, scores = _alarms(loop, observed, record, count)
        twin = believe(parameters, observed, one, record.present, 1, runs.learning)
        sounding = scores > 1.0
        moved = Loop(
            plant=plant,
            mode=mode,
            rest_s=rest_s,
            twin=twin,
            cusum=cusum,
            drift=drift,
            alarm_s=loop.alarm_s + sounding,
            first_s=jnp.where(sounding, jnp.minimum(loop.first_s, now), loop.first_s),
            onsets=loop.onsets + (sounding & ~loop.sounding),
            sounding=sounding,
        )
        return moved, jnp.max(jnp.abs(twin.estimate.soc - plant.soc), axis=1)

    def hour(loop: Loop, begin: Array) -> tuple[Loop, dict[str, Array]]:
        moved, error = lax.scan(tick, loop, begin + jnp.arange(ROW_S))
        share = jnp.clip((begin + ROW_S) / runs.ageing_s, 0.0, 1.0)[:, None] * pace
        factors = moved.twin.adaptation
        return moved, {
            "resistance": one if factors is None else factors.resistance,
            "capacity": one if factors is None else factors.capacity,
            "held": one if factors is None else factors.held_s > 0.0,
            "true_resistance": 1.0 + runs.growth[:, None] * share,
            "true_capacity": 1.0 - runs.fade[:, None] * share,
            "soc_error": jnp.max(error, axis=0),
            "onsets": moved.onsets,
        }

    loop = Loop(
        plant=rested(soc),
        mode=jnp.zeros(count, jnp.int64),
        rest_s=jnp.zeros(count),
        twin=start_twin(parameters, soc, warm),
        cusum=first.start(count, CELLS),
        drift=second.start(count, CELLS),
        alarm_s=off,
        first_s=off + jnp.inf,
        onsets=off,
        sounding=off > 0.0,
    )
    hours = jnp.arange(round(days * 24.0)) * ROW_S
    last, rows = jax.jit(lambda: lax.scan(hour, loop, hours))()
    found = {name: np.asarray(value) for name, value in rows.items()}
    found["hourly_onsets"] = found.pop("onsets")
    for name in ("alarm_s", "first_s", "onsets"):
        found[name] = np.asarray(getattr(last, name))
    return found
