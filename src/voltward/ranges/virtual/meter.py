"""The meter: accumulates consequences and first times of events; no rule reads it."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float, Int

from voltward.physical.ageing import (
    DUTIES_PER_YEAR,
    SECONDS_PER_YEAR,
    capacity_loss,
    equivalent_life_years,
    loss_per_year,
)
from voltward.physical.ageing import resistance_growth as growth_of
from voltward.physical.grid import GridState, grid_step, initial_grid_state
from voltward.physical.plant import PlantState
from voltward.ranges.configuration.duty import DutyMode
from voltward.ranges.virtual.case_arrays import Assembly, CaseArrays, DutyTick
from voltward.ranges.virtual.cloud_part import CloudReport, CloudState
from voltward.ranges.virtual.gateway_part import GatewayReport, GatewayState
from voltward.ranges.virtual.vehicle_part import VehicleReport, VehicleState
from voltward.results.consequences import CONSEQUENCE_INDEX, CONSEQUENCES

NEVER = jnp.iinfo(jnp.int64).max
BLIND_AFTER_S = 10.0
CONSUMPTION_WH_PER_KM = 160.0
PLATED_LOST_SHARE = 0.5
# The grid operator's schedule follows what a fleet does within about five minutes (assumption).
SCHEDULE_S = 300.0
# It follows the start and the end of a session at once, and for a minute (assumption).
SETTLING_S = 60.0


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Meter:
    """Accumulators of every run.

    Attributes:
        values: Consequences so far (run, consequence).
        at_detection: The same at the first alarm that began at or after the attack's start.
        detected_tick: Of that alarm.
        detector: Index of the watch that raised it, -1 for none.
        first_alarm: Per watch, the first that began at or after the attack's start.
        false_onsets: Per watch, before it.
        alarm_before: Whether each watch was in alarm in the last tick.
        first_refused: Per receiver.
        refused: Count per receiver.
        forged_refused: Records rejected that were forged.
        taken_in: Ticks in which a forged record was accepted.
        first_request: Per response and place.
        safe_tick: First tick at which a response was in effect after the attack's start.
        first_fault: Per fault.
        first_open: Of the contactors.
        first_held: Per capability bit.
        revoked_tick: First time that capabilities were taken away.
        goal_tick: First tick at which the goal's consequence reached its threshold.
        grid: State of the area.
        schedule_W: What the grid operator expects of one pack.
        was_lost: Whether propulsion was lost in the last tick.
        lost_before: Whether it ever was.
        settling_s: Left of the time in which the schedule follows a session's own start or end.
        charging_due: Whether the duty, by the true SoC, has a session under way.
    """

    values: Float[Array, "run consequence"]
    at_detection: Float[Array, "run consequence"]
    detected_tick: Int[Array, " run"]
    detector: Int[Array, " run"]
    first_alarm: Int[Array, "run watch"]
    false_onsets: Int[Array, "run watch"]
    alarm_before: Bool[Array, "run watch"]
    first_refused: Int[Array, "run tap"]
    refused: Int[Array, "run tap"]
    forged_refused: Int[Array, " run"]
    taken_in: Int[Array, " run"]
    first_request: Int[Array, "run act"]
    safe_tick: Int[Array, " run"]
    first_fault: Int[Array, "run fault"]
    first_open: Int[Array, " run"]
    first_held: Int[Array, "run bit"]
    revoked_tick: Int[Array, " run"]
    goal_tick: Int[Array, " run"]
    grid: GridState
    schedule_W: Float[Array, " run"]
    lost_before: Bool[Array, " run"]
    settling_s: Float[Array, " run"]
    charging_due: Bool[Array, " run"]


REFUSING_TAPS = (
    "can.down",
    "firmware",
    "charger.request",
    "contactor",
    "can.up",
    "mqtt.session",
    "mqtt.down",
    "mqtt.up",
    "store.write",
    "model.update",
    "service.login",
    "service.command",
)


def start_meter(runs: int, watches: int, acts: int, faults: int) -> Meter:
    """Return a meter at zero."""
    zero, never = jnp.zeros(runs), jnp.full(runs, NEVER)
    values = jnp.zeros((runs, len(CONSEQUENCES)))
    return Meter(
        values=values,
        at_detection=jnp.full_like(values, jnp.nan),
        detected_tick=never,
        detector=jnp.full(runs, -1, jnp.int64),
        first_alarm=jnp.full((runs, watches), NEVER),
        false_onsets=jnp.zeros((runs, watches), jnp.int64),
        alarm_before=jnp.zeros((runs, watches), bool),
        first_refused=jnp.full((runs, len(REFUSING_TAPS)), NEVER),
        refused=jnp.zeros((runs, len(REFUSING_TAPS)), jnp.int64),
        forged_refused=jnp.zeros(runs, jnp.int64),
        taken_in=jnp.zeros(runs, jnp.int64),
        first_request=jnp.full((runs, 3 * acts), NEVER),
        safe_tick=never,
        first_fault=jnp.full((runs, faults), NEVER),
        first_open=never,
        first_held=jnp.full((runs, 32), NEVER),
        revoked_tick=never,
        goal_tick=never,
        grid=initial_grid_state(runs),
        schedule_W=zero,
        lost_before=jnp.zeros(runs, bool),
        settling_s=zero,
        charging_due=jnp.zeros(runs, bool),
    )


def _first(before: Array, now: Array, tick: Array) -> Array:
    return jnp.where(now & (before == NEVER), tick, before)


def _first_true(flags: Bool[Array, "run watch"]) -> Int[Array, " run"]:
    """Return the first column that is on, also where there are no columns."""
    some = jnp.concatenate([flags, jnp.ones((flags.shape[0], 1), bool)], axis=1)
    return jnp.argmax(some, axis=1)


def onsets(
    alarms: Bool[Array, "run watch"],
    alarm_before: Bool[Array, "run watch"],
    after: Bool[Array, " run"],
) -> tuple[Bool[Array, "run watch"], Bool[Array, "run watch"]]:
    """Return where an alarm begins: as a detection, and as a false alarm.

    One that already stands when the attack starts is a false alarm that lasts; it knows nothing of
    the attack, and detects only when it falls and rises again.

    Args:
        alarms: In this tick.
        alarm_before: In the last one.
        after: Whether the attack has started.
    """
    begins = alarms & ~alarm_before
    return begins & after[:, None], begins & ~after[:, None]


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Happened:
    """Everything of one tick that the meter looks at."""

    vehicle: VehicleState
    gateway: GatewayState
    cloud: CloudState
    vehicle_report: VehicleReport
    gateway_report: GatewayReport
    cloud_report: CloudReport
    held: Array
    revoked: Bool[Array, " run"]


def metered(
    assembly: Assembly,
    case: CaseArrays,
    goal_index: Int[Array, " run"],
    goal_at_least: Float[Array, " run"],
    meter: Meter,
    happened: Happened,
    duty: DutyTick,
    tick: Int[Array, ""],
) -> Meter:
    """Add one tick."""
    report = happened.vehicle_report
    after = (tick >= case.attack_tick) & duty.valid
    true_soc = jnp.mean(happened.vehicle.plant.cells.soc, axis=1)
    # What the duty itself starts and ends is known to the grid's operator.
    charging_due = duty.during(DutyMode.CHARGE) & (true_soc < case.target_soc)
    settling_s = jnp.where(
        charging_due != meter.charging_due,
        SETTLING_S,
        jnp.maximum(meter.settling_s - assembly.tick_s, 0.0),
    )
    values, grid, schedule_W = _consequences(
        assembly, case, meter, happened, duty, tick, settling_s > 0.0
    )
    alarms = jnp.concatenate(
        [report.alarms, happened.gateway_report.alarms, happened.cloud_report.alarms], axis=1
    )
    alarms &= duty.valid
    found, false_onset = onsets(alarms, meter.alarm_before, after)
    seen = jnp.any(found, axis=1)
    first_now = seen & (meter.detected_tick == NEVER)
    acting = jnp.concatenate(
        [report.acting, happened.gateway_report.acting, happened.cloud_report.acting], axis=1
    )
    refused = jnp.concatenate(
        [report.refused, happened.gateway_report.refused, happened.cloud_report.refused], axis=1
    )
    refused = jnp.where(duty.valid, refused, 0)
    taken = report.taken_in | happened.gateway_report.taken_in | happened.cloud_report.taken_in
    bits = (happened.held[:, None] >> jnp.arange(32, dtype=jnp.uint32)) & 1 > 0
    reached = jnp.take_along_axis(values, goal_index[:, None], axis=1)[:, 0] >= goal_at_least
    return Meter(
        values=values,
        at_detection=jnp.where(first_now[:, None], values, meter.at_detection),
        detected_tick=_first(meter.detected_tick, seen, tick),
        detector=jnp.where(first_now, _first_true(found), meter.detector),
        first_alarm=_first(meter.first_alarm, found, tick),
        false_onsets=meter.false_onsets + false_onset,
        alarm_before=alarms,
        first_refused=_first(meter.first_refused, refused > 0, tick),
        refused=meter.refused + (refused > 0),
        forged_refused=meter.forged_refused + jnp.sum(refused > 1, axis=1),
        taken_in=meter.taken_in + (taken & duty.valid),
        first_request=_first(meter.first_request, acting & after[:, None], tick),
        safe_tick=_first(meter.safe_tick, jnp.any(acting, axis=1) & after, tick),
        first_fault=_first(meter.first_fault, report.faults & duty.valid, tick),
        first_open=_first(meter.first_open, ~happened.vehicle.contactors.closed & duty.valid, tick),
        first_held=_first(meter.first_held, bits, tick),
        revoked_tick=_first(meter.revoked_tick, happened.revoked, tick),
        goal_tick=_first(meter.goal_tick, reached & after, tick),
        grid=grid,
        schedule_W=schedule_W,
        lost_before=meter.lost_before | report.demand.lost,
        settling_s=settling_s,
        charging_due=charging_due,
    )


def _consequences(
    assembly: Assembly,
    case: CaseArrays,
    meter: Meter,
    happened: Happened,
    duty: DutyTick,
    tick: Int[Array, ""],
    settling: Bool[Array, " run"],
) -> tuple[Float[Array, "run consequence"], GridState, Float[Array, " run"]]:
    report, vehicle = happened.vehicle_report, happened.vehicle
    limits, tick_s = assembly.limits.maximum, assembly.tick_s
    cell, parallel = assembly.plant.cell, assembly.plant.pack.parallel
    plant = vehicle.plant
    old = {name: meter.values[:, index] for name, index in CONSEQUENCE_INDEX.items()}
    valid = duty.valid
    after = (tick >= case.attack_tick) & valid

    def seconds(name: str, condition: Bool[Array, " run"]) -> Float[Array, " run"]:
        return old[name] + jnp.where(condition & valid, tick_s, 0.0)

    def highest(
        name: str, value: Float[Array, " run"], when: Bool[Array, " run"]
    ) -> Float[Array, " run"]:
        return jnp.where(when, jnp.maximum(old[name], value), old[name])

    voltage = report.output.voltage_V
    high_V, low_V = jnp.max(voltage, axis=1), jnp.min(voltage, axis=1)
    hot = jnp.max(plant.cells.temperature_degC, axis=1)
    true_soc = jnp.mean(plant.cells.soc, axis=1)
    always = jnp.broadcast_to(valid, high_V.shape)
    # An error counts from the attack on; in clean runs, from the start.
    counting = after | (valid & (case.attack_tick > 1e8))
    bms_error = 100.0 * jnp.abs(vehicle.estimate.soc[:, 0] - true_soc)
    twin_soc = jnp.mean(happened.cloud.twin.estimate.soc, axis=1)
    # A blind twin misleads nobody; blindness is counted by itself.
    # A tick of minutes is no blindness.
    blind_s = max(BLIND_AFTER_S, 2.0 * tick_s)
    informed = case.cloud & (happened.cloud.twin.silence_s <= blind_s)
    twin_error = 100.0 * jnp.abs(twin_soc - true_soc) * informed
    pack_V = jnp.sum(voltage, axis=1) / parallel
    power_W = report.current_A * pack_V
    session = duty.mode == DutyMode.CHARGE
    denied = report.charge_wanted & (report.current_A < 0.02 * cell.capacity_Ah * parallel)
    lost = report.demand.lost
    pack_Wh = cell.capacity_Ah * parallel * pack_V
    range_km = jnp.where(counting, bms_error / 100.0 * pack_Wh / CONSUMPTION_WH_PER_KM, 0.0)

    on_grid = session | (duty.mode == DutyMode.GRID)
    grid_W = jnp.where(on_grid & valid, power_W, 0.0)
    keep = jnp.exp(-tick_s / SCHEDULE_S)
    expected_W = jnp.where(after & ~settling, meter.schedule_W, grid_W)
    schedule = keep * expected_W + (1.0 - keep) * grid_W
    step_W = grid_W - expected_W
    load_pu = step_W * assembly.fleet.packs_moved / assembly.fleet.base_W
    grid, _, lowest_Hz, highest_Hz, rocof = grid_step(assembly.fleet.matrices, meter.grid, load_pu)
    deviation = jnp.maximum(jnp.abs(lowest_Hz), jnp.abs(highest_Hz))
    unserved_Wh = report.demand.unserved_W * tick_s / 3600.0
    reserve = (
        jnp.where(duty.mode == DutyMode.GRID, unserved_Wh, 0.0)
        * assembly.fleet.packs_moved
        / 1000.0
    )
    first_loss = lost & ~meter.lost_before
    columns = {
        "over_voltage_s": seconds("over_voltage_s", high_V > limits.voltage_high_V),
        "under_voltage_s": seconds("under_voltage_s", low_V < limits.voltage_low_V),
        "over_temperature_s": seconds("over_temperature_s", hot > limits.temperature_high_degC),
        "over_current_s": seconds(
            "over_current_s",
            (report.current_A > limits.charge_current_A)
            | (report.current_A < -limits.discharge_current_A),
        ),
        "peak_voltage_V": highest("peak_voltage_V", high_V, always),
        "peak_temperature_degC": highest("peak_temperature_degC", hot, always),
        "runaway_cells": jnp.sum(plant.hottest_degC > 230.0, axis=1).astype(jnp.float64),
        "plated_charge_mAh": 1000.0 * jnp.max(plant.plated_Ah, axis=1),
        "overcharged_pct": highest(
            "overcharged_pct",
            100.0 * jnp.maximum(jnp.max(plant.cells.soc, axis=1) - 1.0, 0.0),
            always,
        ),
        "contactor_wear_pct": 100.0 * vehicle.contactors.wear,
        "soc_error_pct": highest("soc_error_pct", bms_error, counting),
        "twin_soc_error_pct": highest("twin_soc_error_pct", twin_error, counting),
        "propulsion_lost_s": seconds("propulsion_lost_s", lost),
        "propulsion_lost_m": old["propulsion_lost_m"]
        + jnp.where(
            lost, jnp.maximum(duty.speed_mps * tick_s - report.demand.distance_m, 0.0), 0.0
        ),
        "propulsion_lost_kmh": jnp.where(
            first_loss, 3.6 * report.demand.speed_mps, old["propulsion_lost_kmh"]
        ),
        "range_error_km": highest("range_error_km", range_km, counting),
        "charging_denied_s": seconds("charging_denied_s", denied),
        "energy_charged_Wh": old["energy_charged_Wh"]
        + jnp.where(session & valid, jnp.maximum(power_W, 0.0) * tick_s / 3600.0, 0.0),
        "energy_unserved_Wh": old["energy_unserved_Wh"] + unserved_Wh,
        "frequency_deviation_Hz": highest("frequency_deviation_Hz", deviation, after),
        "rocof_Hz_per_s": highest("rocof_Hz_per_s", jnp.abs(rocof), after),
        "reserve_unserved_kWh": old["reserve_unserved_kWh"] + reserve,
        "records_exposed": old["records_exposed"] + happened.gateway_report.exposed * valid,
        "cloud_blind_s": seconds(
            "cloud_blind_s", (happened.cloud.twin.silence_s > blind_s) & case.cloud
        ),
        "records_lost": happened.gateway.queue.lost.astype(jnp.float64) * case.cloud,
    }
    names = [entry.name for entry in CONSEQUENCES]
    table = jnp.stack([columns.get(name, old[name]) for name in names], axis=1)
    return table, grid, schedule


def settled(assembly: Assembly, values: Array, plant: PlantState, duration_s: Array) -> Array:
    """Return the consequences with those that are known only at the end."""
    capacity_Ah = assembly.plant.cell.capacity_Ah
    lost = capacity_loss(plant.ageing, capacity_Ah)
    abrupt = plant.overcharge_loss + PLATED_LOST_SHARE * plant.plated_Ah / capacity_Ah
    duties = jnp.minimum(DUTIES_PER_YEAR, SECONDS_PER_YEAR / duration_s)
    year = loss_per_year(plant.ageing, duration_s, capacity_Ah) + abrupt * duties
    life = equivalent_life_years(plant.ageing, duration_s, capacity_Ah, abrupt_loss=abrupt)
    final = {
        "capacity_loss_pct": 100.0 * jnp.max(lost + abrupt, axis=1),
        "capacity_loss_pct_per_year": 100.0 * jnp.max(year, axis=1),
        "equivalent_life_years": jnp.min(life, axis=1),
        "resistance_growth_pct": 100.0 * jnp.max(growth_of(plant.ageing, capacity_Ah), axis=1),
        "soc_spread_pct": 100.0
        * (jnp.max(plant.cells.soc, axis=1) - jnp.min(plant.cells.soc, axis=1)),
    }
    for name, value in final.items():
        values = values.at[:, CONSEQUENCE_INDEX[name]].set(value)
    return values
