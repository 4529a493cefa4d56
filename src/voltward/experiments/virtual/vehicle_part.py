"""The vehicle's part of the loop: plant, sensors, on-board BMS, contactors."""

from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float, Int, UInt32

from voltward.attacks.kernel import Context, Past, earned, lag_ticks, manipulate
from voltward.core.control import Place
from voltward.core.frame_log import FrameLog, read, start_log, write
from voltward.core.noise import gaussian
from voltward.core.record import Record, honest_record
from voltward.core.request import Requests, no_requests
from voltward.core.taps import COMMAND_SCALARS, FIRMWARE_SCALARS, TELEMETRY_SCALARS
from voltward.core.view import BmsView
from voltward.experiments.virtual.case_arrays import Assembly, CaseArrays, DutyTick, FixedDraws
from voltward.experiments.virtual.demand import Demand, demanded
from voltward.experiments.virtual.in_force import (
    accused,
    act,
    request_table,
    shape,
    start_watches,
    verify,
    watch,
)
from voltward.physical.balancing import bleed_wanted
from voltward.physical.contactors import ContactorState, contactor_step, start_contactors
from voltward.physical.estimator import (
    EstimatorState,
    innovate,
    predict,
    start_estimator,
    update,
)
from voltward.physical.pack import CellOutput
from voltward.physical.plant import PlantInput, PlantState, plant_step, start_plant
from voltward.physical.power_limits import (
    current_limits,
    hysteresis_switch,
    local_charge_plan,
)
from voltward.physical.protection import ProtectionState, protect, start_protection
from voltward.physical.sensors import lagged, reading

FIELD = {name: index for index, name in enumerate(COMMAND_SCALARS)}
CALIBRATION = {name: index for index, name in enumerate(FIRMWARE_SCALARS)}


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Readings:
    """What the BMS reads in a tick."""

    voltage_V: Float[Array, "run cell"]
    temperature_degC: Float[Array, "run cell"]
    current_A: Float[Array, " run"]
    pack_voltage_V: Float[Array, " run"]
    charger_current_A: Float[Array, " run"]
    isolation_kohm: Float[Array, " run"]


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class VehicleState:
    """State of the vehicle's part.

    Attributes:
        plant: The truth.
        contactors: The pair.
        protection: Counters and latches.
        estimate: The BMS's own estimator, one mean cell.
        coulomb_soc: Charge counted by the BMS.
        felt_degC: What lagging temperature sensors feel.
        readings: Of the last tick.
        view: Of the last tick, for shapes.
        speed_mps: Of the vehicle.
        charge_limit_A: Allowed by the BMS.
        discharge_limit_A: Allowed by the BMS, positive.
        charge_request_A: Asked of the charger.
        close_wanted: What the BMS wants of the contactors.
        bleed: Wanted.
        cooling: Pump on.
        heating: Heater on.
        command: Last accepted command's scalars.
        command_age_s: Since then.
        last_command: Number of the last accepted command.
        watches: State of the watches.
        timers_s: Of the responses.
        requests: In effect.
        log: Records that went out.
    """

    plant: PlantState
    contactors: ContactorState
    protection: ProtectionState
    estimate: EstimatorState
    coulomb_soc: Float[Array, " run"]
    felt_degC: Float[Array, "run cell"]
    readings: Readings
    view: BmsView
    speed_mps: Float[Array, " run"]
    charge_limit_A: Float[Array, " run"]
    discharge_limit_A: Float[Array, " run"]
    charge_request_A: Float[Array, " run"]
    close_wanted: Bool[Array, " run"]
    bleed: Float[Array, "run cell"]
    cooling: Bool[Array, " run"]
    heating: Bool[Array, " run"]
    command: Float[Array, "run field"]
    command_age_s: Float[Array, " run"]
    last_command: Int[Array, " run"]
    watches: tuple[Any, ...]
    timers_s: Float[Array, "run act"]
    requests: Requests
    log: FrameLog


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class VehicleReport:
    """What happened in the vehicle in a tick, for the meter and the traces; nobody acts on it.

    Attributes:
        output: Of the cells.
        current_A: True pack current.
        speed_mps: Of the vehicle.
        demand: What the duty asked and what was served.
        gained: Capabilities granted to the attacker.
        scores: Of the watches.
        alarms: Of the watches.
        acting: Which responses are active.
        requests: As columns.
        faults: New ones (run, fault).
        taken_in: Forged records accepted.
        refused: Records rejected.
        charge_wanted: Whether a charging session is on and the target not reached.
    """

    output: CellOutput
    current_A: Float[Array, " run"]
    speed_mps: Float[Array, " run"]
    demand: Demand
    gained: UInt32[Array, " run"]
    scores: Float[Array, "run watch"]
    alarms: Bool[Array, "run watch"]
    acting: Bool[Array, "run act"]
    requests: Float[Array, "run request"]
    faults: Bool[Array, "run fault"]
    taken_in: Bool[Array, " run"]
    refused: Bool[Array, "run tap"]
    charge_wanted: Bool[Array, " run"]


def start_vehicle(
    assembly: Assembly,
    fixed: FixedDraws,
    temperature_degC: Float[Array, ""],
    ticks_before: Int[Array, ""],
) -> VehicleState:
    """Return a rested vehicle that is ready to go."""
    runs, cells = fixed.initial_soc.shape
    zero, off = jnp.zeros(runs), jnp.zeros(runs, bool)
    temperature = jnp.full((runs, cells), temperature_degC)
    voltage = assembly.plant.cell.ocv(fixed.initial_soc)[0]
    soc = jnp.mean(fixed.initial_soc, axis=1)
    series = voltage.reshape(runs, -1, assembly.plant.pack.parallel).mean(axis=2)
    readings = Readings(
        voltage,
        temperature,
        zero,
        jnp.sum(series, axis=1),
        zero,
        jnp.full(runs, assembly.plant.pack.isolation_kohm),
    )
    nothing = jnp.zeros((runs, len(COMMAND_SCALARS)))
    silent = honest_record(nothing, ticks_before, present=off)
    view = BmsView(
        tick=ticks_before,
        tick_s=assembly.tick_s,
        voltage_V=voltage,
        temperature_degC=temperature,
        current_A=zero,
        pack_voltage_V=readings.pack_voltage_V,
        charger_current_A=zero,
        isolation_kohm=readings.isolation_kohm,
        soc=soc,
        coulomb_soc=soc,
        innovation_V=zero,
        innovation_std_V=zero + 1.0,
        charging=off,
        closed=~off,
        command=silent,
        command_age_s=zero,
        loss_W=zero,
        coolant_degC=temperature[:, 0],
    )
    return VehicleState(
        plant=start_plant(assembly.plant, fixed.initial_soc, temperature),
        contactors=start_contactors(runs),
        protection=start_protection(runs),
        estimate=start_estimator(soc[:, None], assembly.tuning),
        coulomb_soc=soc,
        felt_degC=temperature,
        readings=readings,
        view=view,
        speed_mps=zero,
        charge_limit_A=zero,
        discharge_limit_A=zero + assembly.limits.operating.discharge_A,
        charge_request_A=zero,
        close_wanted=~off,
        bleed=jnp.zeros((runs, cells)),
        cooling=off,
        heating=off,
        command=nothing,
        command_age_s=zero + 1e9,
        last_command=jnp.full(runs, -1, jnp.int64),
        watches=start_watches(assembly.rules, Place.BMS, runs, cells),
        timers_s=jnp.zeros((runs, len(assembly.rules.acts()))),
        requests=no_requests(runs),
        log=start_log(assembly.log_slots, runs, cells, len(TELEMETRY_SCALARS)),
    )


def _sense(
    assembly: Assembly,
    case: CaseArrays,
    fixed: FixedDraws,
    context: Context,
    state: VehicleState,
    output: CellOutput,
    plant: PlantState,
    current_A: Float[Array, " run"],
    charging: Bool[Array, " run"],
    calibration: Float[Array, "run field"],
) -> tuple[Readings, Float[Array, "run cell"], UInt32[Array, " run"], Bool[Array, " run"]]:
    """Read the sensors; attacks at their taps act on the readings."""
    sensors, tick, seed = assembly.sensors, context.tick, case.seed
    cells = assembly.cells
    felt = lagged(
        sensors.cell_temperature, state.felt_degC, plant.cells.temperature_degC, assembly.tick_s
    )
    voltage = reading(
        sensors.cell_voltage,
        output.voltage_V,
        fixed.voltage_offset,
        gaussian(seed, 11, tick, cells),
    )
    voltage = voltage + calibration[:, CALIBRATION["voltage_offset_V"], None]
    temperature = reading(
        sensors.cell_temperature, felt, fixed.temperature_offset, gaussian(seed, 12, tick, cells)
    )
    runs = current_A.shape[0]
    parallel = assembly.plant.pack.parallel
    terminal = jnp.sum(output.voltage_V.reshape(runs, -1, parallel).mean(axis=2), axis=1)
    draws = gaussian(seed, 13, tick, 4)
    offsets = fixed.scalar_offset
    current = reading(sensors.current, current_A, offsets[:, 0], draws[:, 0])
    pack_voltage = reading(sensors.pack_voltage, terminal, offsets[:, 1], draws[:, 1])
    charger = jnp.where(
        charging,
        reading(sensors.charger_current, current_A, offsets[:, 2], draws[:, 2]),
        0.0,
    )
    isolation_kohm = jnp.full(runs, assembly.plant.pack.isolation_kohm)
    isolation = reading(sensors.isolation, isolation_kohm, offsets[:, 3], draws[:, 3])
    lag = lag_ticks(case.rows, "cell.voltage", context, assembly.log_slots)
    lag = jnp.maximum(lag, lag_ticks(case.rows, "cell.temperature", context, assembly.log_slots))
    lag = jnp.maximum(lag, lag_ticks(case.rows, "pack.current", context, assembly.log_slots))
    then = read(state.log, state.log.written - lag)

    def tapped(
        tap: str,
        scalars: Float[Array, "run field"],
        wide: tuple[Float[Array, "run cell"], ...],
        past: Past | None,
    ) -> Record:
        made = honest_record(scalars, tick, wide)
        return manipulate(tap, made, case.rows, context, past)

    none = jnp.zeros((runs, 0))
    current_then = then.scalars[:, 0:1]
    seen_voltage = tapped(
        "cell.voltage", none, (voltage,), Past((then.wide[0],), none, then.sequence, then.sent_tick)
    )
    seen_temperature = tapped(
        "cell.temperature",
        none,
        (temperature,),
        Past((then.wide[1],), none, then.sequence, then.sent_tick),
    )
    seen_current = tapped(
        "pack.current", current[:, None], (), Past((), current_then, then.sequence, then.sent_tick)
    )
    seen_pack = tapped("pack.voltage", pack_voltage[:, None], (), None)
    seen_isolation = tapped("pack.isolation", isolation[:, None], (), None)
    records = (seen_voltage, seen_temperature, seen_current, seen_pack, seen_isolation)
    names = ("cell.voltage", "cell.temperature", "pack.current", "pack.voltage", "pack.isolation")
    gained = jnp.zeros(runs, jnp.uint32)
    tainted = jnp.zeros(runs, bool)
    for name, record in zip(names, records, strict=True):
        gained |= earned(case.rows, name, context, record.tainted)
        tainted |= record.tainted

    def held_over(record: Record, fresh: Array, last: Array) -> Array:
        mask = record.present.reshape((runs,) + (1,) * (fresh.ndim - 1))
        return jnp.where(mask, fresh, last)

    last = state.readings
    return (
        Readings(
            voltage_V=held_over(seen_voltage, seen_voltage.wide[0], last.voltage_V),
            temperature_degC=held_over(
                seen_temperature, seen_temperature.wide[0], last.temperature_degC
            ),
            current_A=held_over(seen_current, seen_current.scalars[:, 0], last.current_A),
            pack_voltage_V=held_over(seen_pack, seen_pack.scalars[:, 0], last.pack_voltage_V),
            charger_current_A=charger,
            isolation_kohm=held_over(
                seen_isolation, seen_isolation.scalars[:, 0], last.isolation_kohm
            ),
        ),
        felt,
        gained,
        tainted,
    )


def vehicle_step(
    assembly: Assembly,
    case: CaseArrays,
    fixed: FixedDraws,
    state: VehicleState,
    command: Record,
    duty: DutyTick,
    context: Context,
) -> tuple[VehicleState, Record, VehicleReport]:
    """Advance the vehicle by one tick.

    Args:
        assembly: Static parameters.
        case: What differs between runs.
        fixed: Draws of the run.
        state: Before.
        command: What arrives from the gateway, as sent in the last tick.
        duty: What is asked.
        context: Tick and capabilities.

    Returns:
        State, telemetry record for the bus, report.
    """
    rules, in_force, tick_s = assembly.rules, case.in_force, assembly.tick_s
    cell, limits, charging_set = assembly.plant.cell, assembly.limits, assembly.charging
    parallel = assembly.plant.pack.parallel
    runs = case.seed.shape[0]
    tick, seed = context.tick, case.seed

    # Commands: accepted ones replace the last; silence falls back to the on-board plan.
    accepted, command_rejected = verify(
        rules, in_force, "can.down", command, state.last_command, seed, tick
    )
    shaped = shape(rules, in_force, "bms.command", accepted.scalars, state.view)
    scalars = jnp.where(accepted.present[:, None], shaped, state.command)
    age_s = jnp.where(accepted.present, 0.0, state.command_age_s + tick_s)
    last_command = jnp.where(
        accepted.present, jnp.maximum(accepted.sequence, state.last_command), state.last_command
    )
    listens = (age_s <= assembly.silence_s) & (state.requests.isolate_cloud < 0.5) & case.cloud

    def wish(name: str, otherwise: float | Array) -> Float[Array, " run"]:
        return jnp.where(listens, scalars[:, FIELD[name]], otherwise)

    # Firmware: a calibration in force; honest ones change nothing.
    honest = jnp.zeros((runs, len(FIRMWARE_SCALARS)))
    flashed = manipulate("firmware", honest_record(honest, tick), case.rows, context)
    unknown = jnp.full(runs, -1, jnp.int64)
    firmware, firmware_rejected = verify(rules, in_force, "firmware", flashed, unknown, seed, tick)
    calibration = jnp.where(firmware.present[:, None], firmware.scalars, 0.0)

    # The duty asks, the limits of the last tick allow.
    target_soc = wish("target_soc", charging_set.target_soc)
    enabled = (wish("charge_enable", 1.0) > 0.5) & (state.requests.stop_charging < 0.5)
    session = (duty.mode == 2) & duty.valid
    below_target = state.view.soc < target_soc
    charging = session & enabled & below_target
    open_wish = jnp.maximum(wish("open_request", 0.0), state.requests.open_contactors) > 0.5
    asked_record = honest_record(jnp.where(charging, state.charge_request_A, 0.0)[:, None], tick)
    asked = manipulate("charger.request", asked_record, case.rows, context)
    asked, charger_rejected = verify(rules, in_force, "charger.request", asked, unknown, seed, tick)
    charge_A = jnp.where(asked.present, asked.scalars[:, 0], 0.0)
    load = manipulate(
        "load",
        honest_record(jnp.full((runs, 1), duty.auxiliary_W), tick),
        case.rows,
        context,
    )
    derate = jnp.clip(jnp.maximum(wish("derate", 0.0), state.requests.derate), 0.0, 1.0)
    demand = demanded(
        assembly,
        duty,
        state.speed_mps,
        state.readings.pack_voltage_V,
        state.contactors.closed,
        state.charge_limit_A * (1.0 - derate),
        state.discharge_limit_A * (1.0 - derate),
        jnp.where(session, charge_A * (1.0 - derate), 0.0),
        jnp.where(load.present, load.scalars[:, 0], 0.0),
    )

    # Contactors, then the plant.
    wanted = state.close_wanted & ~open_wish
    contactor_record = manipulate(
        "contactor", honest_record(wanted[:, None].astype(jnp.float64), tick), case.rows, context
    )
    driven, contactor_rejected = verify(
        rules, in_force, "contactor", contactor_record, unknown, seed, tick
    )
    close = jnp.where(driven.present, driven.scalars[:, 0] > 0.5, wanted)
    forged_close = driven.tainted & close & ~wanted
    contactors = contactor_step(
        assembly.contactors,
        state.contactors,
        close,
        forged_close,
        state.view.current_A,
        tick_s,
    )
    fuse_blown = state.protection.latched[:, -1]
    current_A = jnp.where(contactors.closed & ~fuse_blown, demand.current_A, 0.0)
    bleed_record = manipulate(
        "balancing", honest_record(jnp.zeros((runs, 0)), tick, (state.bleed,)), case.rows, context
    )
    bleed = jnp.clip(bleed_record.wide[0], 0.0, 1.0)
    plant, output = plant_step(
        assembly.plant,
        fixed.spread,
        state.plant,
        PlantInput(
            current_A=current_A,
            bleed=bleed,
            cooling=state.cooling.astype(jnp.float64),
            heating=state.heating.astype(jnp.float64),
            ambient_degC=jnp.full(runs, duty.ambient_degC),
        ),
    )

    # Sensors, with the attacks at their taps.
    readings, felt, sensor_gain, sensor_taint = _sense(
        assembly, case, fixed, context, state, output, plant, current_A, charging, calibration
    )
    voted_V = shape(rules, in_force, "bms.voltage", readings.voltage_V, state.view)
    readings = replace(readings, voltage_V=voted_V)

    # Predict, innovate, watch, update under the last tick's gate.
    cell_A = (readings.current_A / parallel)[:, None]
    mean_degC = jnp.mean(readings.temperature_degC, axis=1, keepdims=True)
    predicted = predict(cell, assembly.tuning, state.estimate, cell_A, mean_degC, tick_s)
    mean_V = jnp.mean(readings.voltage_V, axis=1, keepdims=True)
    innovation = innovate(cell, assembly.tuning, predicted, mean_V, cell_A, mean_degC)
    counted = state.coulomb_soc + readings.current_A * tick_s / (
        3600.0 * cell.capacity_Ah * parallel
    )
    loss_ohm = cell.resistances(predicted.soc, mean_degC)[0]
    loss_W = cell_A * (loss_ohm * cell_A + predicted.fast_V + predicted.slow_V)
    view = BmsView(
        tick=tick,
        tick_s=tick_s,
        voltage_V=readings.voltage_V,
        temperature_degC=readings.temperature_degC,
        current_A=readings.current_A,
        pack_voltage_V=readings.pack_voltage_V,
        charger_current_A=readings.charger_current_A,
        isolation_kohm=readings.isolation_kohm,
        soc=predicted.soc[:, 0],
        coulomb_soc=counted,
        innovation_V=innovation.value_V[:, 0],
        innovation_std_V=innovation.std_V[:, 0],
        charging=charging,
        closed=contactors.closed,
        command=accepted,
        command_age_s=age_s,
        loss_W=loss_W[:, 0],
        coolant_degC=plant.cells.coolant_degC,
    )
    watches, scores = watch(rules, in_force, Place.BMS, state.watches, view)
    alarms = scores > 1.0
    timers_s, requests, acting = act(
        rules, in_force, state.timers_s, accused(rules, Place.BMS, alarms), tick_s
    )
    estimate = update(predicted, innovation, 1.0 - state.requests.hold_estimate[:, None])

    # Protection and the limits of the next tick.
    protection, verdict = protect(
        limits,
        state.protection,
        readings.voltage_V,
        readings.temperature_degC,
        readings.current_A,
        readings.isolation_kohm,
        calibration,
        case.factory,
        tick_s,
    )
    shift_V = calibration[:, CALIBRATION["over_voltage_shift_V"]]
    soc = jnp.clip(estimate.soc[:, 0], -0.05, 1.1)
    power_charge, power_discharge = current_limits(
        cell,
        limits.operating,
        readings.voltage_V,
        readings.temperature_degC,
        readings.current_A / parallel,
        soc,
        shift_V,
    )
    scale = (1.0 + calibration[:, CALIBRATION["current_limit_scale"]]) * parallel
    charge_limit = jnp.where(verdict.charge_forbidden, 0.0, power_charge * scale)
    discharge_limit = jnp.where(verdict.discharge_forbidden, 0.0, power_discharge * scale)
    coldest = jnp.min(readings.temperature_degC, axis=1)
    local_A = local_charge_plan(cell, coldest, charging_set.unattended_C) * parallel
    plan_A = wish("charge_limit_A", local_A)
    request_A = jnp.minimum(jnp.minimum(plan_A, charge_limit), charging_set.current_A)
    request_A = shape(rules, in_force, "bms.charge_request", request_A, view)
    hottest = jnp.max(readings.temperature_degC, axis=1)
    cooling = hysteresis_switch(
        hottest,
        state.cooling,
        charging_set.cooling_start_degC,
        charging_set.cooling_start_degC - 3.0,
    )
    warm_up = jnp.maximum(
        jnp.where(session, charging_set.heating_start_degC, -100.0),
        wish("conditioning_degC", -100.0),
    )
    heating = hysteresis_switch(warm_up - coldest, state.heating, 0.0, -2.0) & ~cooling
    resting = (jnp.abs(readings.current_A) < 0.05 * cell.capacity_Ah * parallel) | charging
    telemetry = jnp.stack(
        [
            readings.current_A,
            readings.pack_voltage_V,
            soc,
            (counted - state.view.coulomb_soc) * cell.capacity_Ah * parallel,
            readings.isolation_kohm,
            charging.astype(jnp.float64),
        ],
        axis=1,
    )
    wide = (readings.voltage_V, readings.temperature_degC)
    outbox = honest_record(telemetry, tick, wide)
    outbox = replace(outbox, tainted=sensor_taint)
    acted = firmware.tainted | asked.tainted | contactor_record.tainted | load.tainted
    taken_in = (
        sensor_taint
        | bleed_record.tainted
        | load.tainted
        | (accepted.tainted & accepted.present)
        | (firmware.tainted & firmware.present)
        | (asked.tainted & asked.present)
        | (driven.tainted & driven.present)
    )
    gained = sensor_gain
    for tap, record, present in (
        ("can.down", accepted, accepted.present),
        ("firmware", firmware, firmware.present),
        ("charger.request", asked, asked.present),
        ("contactor", driven, driven.present),
        ("load", load, load.present),
        ("balancing", bleed_record, bleed_record.present),
    ):
        gained |= earned(case.rows, tap, context, present & record.tainted)
    moved = VehicleState(
        plant=plant,
        contactors=contactors,
        protection=protection,
        estimate=estimate,
        coulomb_soc=counted,
        felt_degC=felt,
        readings=readings,
        view=view,
        speed_mps=demand.speed_mps,
        charge_limit_A=charge_limit,
        discharge_limit_A=discharge_limit,
        charge_request_A=request_A,
        close_wanted=~verdict.tripped,
        bleed=bleed_wanted(
            readings.voltage_V,
            resting,
            charging_set.balance_start_V,
            charging_set.balance_difference_V,
        ),
        cooling=cooling,
        heating=heating,
        command=scalars,
        command_age_s=age_s,
        last_command=last_command,
        watches=watches,
        timers_s=timers_s,
        requests=requests,
        log=write(state.log, outbox),
    )
    report = VehicleReport(
        output=output,
        current_A=current_A,
        speed_mps=demand.speed_mps,
        demand=demand,
        gained=gained,
        scores=scores,
        alarms=alarms,
        acting=acting,
        requests=request_table(requests),
        faults=verdict.new_fault,
        taken_in=taken_in | acted & False,
        refused=jnp.stack(
            [command_rejected, firmware_rejected, charger_rejected, contactor_rejected], axis=1
        ),
        charge_wanted=session & below_target,
    )
    return moved, outbox, report
