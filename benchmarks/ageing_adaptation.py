"""`python -m benchmarks.ageing_adaptation`: does the twin follow ageing, and can an attack teach it?

Track matched: plant and twin share the cell model. Time is compressed: the cells lose 20 % of
capacity and gain 40 % of resistance in ten days of round-the-clock cycling, which takes years on
the road; there the twin adapts at ten times its usual rates. The attacks meet fresh cells and the
usual rates, which is the fair clock for them, and the tenfold, which is not. The lies are those of the attacks voltage-bias, voltage-ramp and current-gain, and a gain
that creeps; they act on the readings, while the duty goes on as it is.
"""

import argparse
import json
from dataclasses import dataclass, replace
from pathlib import Path
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
    Seen,
    TwinParameters,
    TwinState,
    believe,
    see,
    start_twin,
)
from voltward.core.control import Watch
from voltward.core.noise import gaussian
from voltward.core.record import honest_record
from voltward.core.taps import TELEMETRY_SCALARS
from voltward.detection import innovation_cusum, soc_drift
from voltward.experiments.system import load_system
from voltward.experiments.virtual.assembly import cell_of
from voltward.experiments.virtual.in_force import default_parameters
from voltward.physical.cell import CellModel
from voltward.physical.circuit import CircuitState, advance, rested, terminal_V
from voltward.physical.estimator import tuning_for

DAY_S = 86400
CELLS = 6
REST_S = 1200
CHARGE_C = 0.5
LOWEST_SOC, HIGHEST_SOC = 0.2, 0.9
# A rate of ageing differs between cells by so much (standard deviation, assumption).
SPREAD_OF_AGEING = 0.05
ROW_S = 3600
UNGUARDED = AdaptationParameters(
    resistance_per_day=100.0,
    capacity_per_day=100.0,
    dead_band=10.0,
    resistance_jump=10.0,
    capacity_jump=10.0,
    disagreement=10.0,
    apart=10.0,
    threshold=1e9,
    hold_s=0.0,
)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Lies:
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
    lies: Lies


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
    """Return honest runs of fresh cells; `values` replace fields of Runs or of Lies."""
    zero = jnp.zeros(count)
    lies = Lies(zero + 1e12, zero + 1e12, zero, zero, zero, zero + CELLS)
    runs = Runs(jnp.arange(count, dtype=jnp.uint64), zero + 1.0, zero, zero, zero + 1.0, lies)
    fields = {name: jnp.asarray(value) for name, value in values.items()}
    about = {name: fields.pop(name) for name in list(fields) if hasattr(lies, name)}
    return replace(runs, lies=replace(lies, **about), **fields)


def _told(
    lies: Lies, now_s: Array, voltage_V: Array, current_A: Array
) -> tuple[Float[Array, "run cell"], Float[Array, " run"]]:
    on = (now_s >= lies.start_s) & (now_s < lies.stop_s)
    grown = jnp.clip((now_s - lies.start_s) / jnp.maximum(lies.ramp_s, 1.0), 0.0, 1.0)
    grown = jnp.where(on, jnp.where(lies.ramp_s > 0.0, grown, 1.0), 0.0)
    touched = jnp.arange(voltage_V.shape[1])[None, :] < lies.cells[:, None]
    told_V = voltage_V + jnp.where(touched, (grown * lies.bias_V)[:, None], 0.0)
    return told_V, current_A * (1.0 + grown * lies.gain)


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
    first, second = innovation_cusum.CONTROL.watch, soc_drift.CONTROL.watch
    if first is None or second is None:
        raise TypeError("both controls are watches")
    return first, second


def _alarms(loop: Loop, seen: Seen, record: Any, count: int) -> tuple[Any, Any, Array]:
    """Return the states and scores of innovation-cusum and soc-drift, at their defaults.

    As in a replay, soc-drift looks at the mean of the twin's cells in place of a BMS of its own.
    """
    cusum = jnp.tile(default_parameters(innovation_cusum.CONTROL), (count, 1))
    drift = jnp.tile(default_parameters(soc_drift.CONTROL), (count, 1))
    bms = _DriftView(jnp.mean(seen.state.estimate.soc, axis=1), seen.state.coulomb_soc)
    cloud = _CusumView(seen.innovation.value_V, seen.innovation.std_V, record)
    first, second = _watches()
    sums, one = first.step(loop.cusum, cloud, cusum)
    reference, two = second.step(loop.drift, bms, drift)
    return sums, reference, jnp.stack([one, two], axis=1)


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
    draws = [jnp.clip(gaussian(runs.seed, 900 + n, start, CELLS), -3.0, 3.0) for n in range(4)]
    offset_A = sensors.current.offset_A * jnp.clip(gaussian(runs.seed, 910, start), -3.0, 3.0)
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
        noise = gaussian(runs.seed, 920, now, CELLS)
        read_V = true_V + sensors.voltage.noise_V * noise + sensors.voltage.offset_V * draws[3]
        read_A = current_A + offset_A + sensors.current.noise_A * gaussian(runs.seed, 921, now)
        told_V, told_A = _told(runs.lies, now.astype(jnp.float64), read_V, read_A)
        scalars = jnp.zeros((count, len(TELEMETRY_SCALARS)))
        scalars = scalars.at[:, TELEMETRY_SCALARS.index("current_A")].set(told_A)
        record = honest_record(scalars, now, (told_V, warm))
        # The twin knows the cells as they were when new, as commissioning measured them.
        seen = see(parameters, loop.twin, record, model, born_capacity, born_resistance, 1)
        cusum, drift, scores = _alarms(loop, seen, record, count)
        twin = believe(parameters, seen, one, record.present, 1, runs.learning)
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


SEEDS = (1, 2, 3, 4)
AGEING_DAYS, COMPRESSED = 10.0, 10.0
START_H, STOP_H, END_H = 24, 60, 108
ATTACKS: dict[str, dict[str, float]] = {
    "no attack": {},
    "voltage +20 mV, all cells": {"bias_V": 0.02},
    "voltage +20 mV, one cell": {"bias_V": 0.02, "cells": 1},
    "voltage ramp to 20 mV in 6 h, all": {"bias_V": 0.02, "ramp_s": 6 * 3600},
    "voltage ramp to 20 mV in 36 h, all": {"bias_V": 0.02, "ramp_s": 36 * 3600},
    "voltage ramp to 20 mV in 6 h, one": {"bias_V": 0.02, "ramp_s": 6 * 3600, "cells": 1},
    "current gain +2 %": {"gain": 0.02},
    "current gain -2 %": {"gain": -0.02},
    "current gain -1 %": {"gain": -0.01},
    "current gain creeps to +2 % in 36 h": {"gain": 0.02, "ramp_s": 36 * 3600},
    "current gain creeps to -2 % in 36 h": {"gain": -0.02, "ramp_s": 36 * 3600},
}


def ageing() -> list[dict[str, Any]]:
    """Return a row for the adaptive twin and one for the twin that stays as commissioned."""
    count = len(SEEDS)
    runs = runs_of(
        2 * count,
        seed=np.tile(SEEDS, 2).astype(np.uint64),
        learning=np.repeat([COMPRESSED, 0.0], count),
        fade=np.full(2 * count, 0.2),
        growth=np.full(2 * count, 0.4),
        ageing_s=np.full(2 * count, AGEING_DAYS * DAY_S),
    )
    found = simulate(runs, AdaptationParameters(), AGEING_DAYS)
    rows = []
    for name, part in (("adaptive", slice(count)), ("static", slice(count, None))):
        first_h = np.min(found["first_s"][part], axis=0) / 3600.0
        rows.append(
            {
                "twin": name,
                "hours": count * AGEING_DAYS * 24.0,
                "alarms": found["onsets"][part].sum(axis=0).astype(int).tolist(),
                "first_h": [float(h) if np.isfinite(h) else None for h in first_h],
                "resistance_error_pct": 100.0 * _off(found, "resistance", part),
                "capacity_error_pct": 100.0 * _off(found, "capacity", part),
                "soc_error_pct": 100.0 * float(found["soc_error"][:, part].max()),
            }
        )
    return rows


def _off(found: dict[str, Any], name: str, part: slice) -> float:
    ratio = found[name][:, part] / found[f"true_{name}"][:, part]
    return float(np.abs(ratio - 1.0).max())


def attacked(
    adaptation: AdaptationParameters, pace: float, stop_h: int = STOP_H, end_h: int = END_H
) -> list[dict[str, Any]]:
    """Return how far each attack moves the factors while it lasts, and what stays of it."""
    count = len(SEEDS)
    total = count * len(ATTACKS)
    usual = {"bias_V": 0.0, "ramp_s": 0.0, "gain": 0.0, "cells": float(CELLS)}
    columns = {
        name: np.repeat([float(given.get(name, value)) for given in ATTACKS.values()], count)
        for name, value in usual.items()
    }
    runs = runs_of(
        total,
        seed=np.tile(SEEDS, len(ATTACKS)).astype(np.uint64),
        learning=np.full(total, pace),
        start_s=np.full(total, START_H * 3600.0),
        stop_s=np.full(total, stop_h * 3600.0),
        **columns,
    )
    found = simulate(runs, adaptation, end_h / 24.0)
    rows = []
    for index, name in enumerate(ATTACKS):
        part = slice(index * count, (index + 1) * count)
        onsets = np.diff(found["hourly_onsets"][:, part], axis=0, prepend=0).sum(axis=2)
        row = {
            "attack": name,
            "soc_error_pct": 100.0 * float(found["soc_error"][START_H:stop_h, part].max()),
            "soc_error_end_pct": 100.0 * float(found["soc_error"][-12:, part].max()),
            "held_share": float(found["held"][START_H:stop_h, part].mean()),
            "detected": int((onsets[START_H:stop_h].sum(axis=0) > 0).sum()),
            "alarms_after_a_day": int(onsets[stop_h + 24 :].sum()),
        }
        for factor in ("resistance", "capacity"):
            moved = np.abs(found[factor][:, part] - found[factor][START_H - 1, part])
            row[f"{factor}_moved_pct"] = 100.0 * float(moved[START_H:stop_h].max())
            row[f"{factor}_left_pct"] = 100.0 * float(moved[-1].max())
        rows.append(row)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ageing_adaptation")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "out")
    asked = parser.parse_args()
    jax.config.update("jax_enable_x64", True)
    document = {
        "track": "matched",
        "seeds": SEEDS,
        "ageing": ageing(),
        "guarded": attacked(AdaptationParameters(), 1.0),
        "guarded_tenfold": attacked(AdaptationParameters(), COMPRESSED),
        "unguarded": attacked(UNGUARDED, 1.0),
        "guarded_five_days": attacked(AdaptationParameters(), 1.0, START_H + 120, START_H + 240),
    }
    for name, rows in document.items():
        if not isinstance(rows, list):
            continue
        print(f"\n{name}")
        for row in rows:
            cells = (f"{k}={v:.2f}" if isinstance(v, float) else f"{k}={v}" for k, v in row.items())
            print("  " + "  ".join(cells))
    asked.out.mkdir(parents=True, exist_ok=True)
    path = asked.out / "ageing_adaptation.json"
    path.write_text(json.dumps(document, indent=2) + "\n")
    print(f"written: {path}")


if __name__ == "__main__":
    main()
