"""The vehicle's part of the loop: commands in, plant, sensors, on-board BMS, telemetry out."""

from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float, Int, UInt32

from voltward.attacks.kernel import Context, earned, manipulate
from voltward.controls.in_force import (
    accused,
    act,
    refusals,
    request_table,
    shape,
    verify,
    watch,
)
from voltward.core.control import Place
from voltward.core.frame_log import write
from voltward.core.record import Record, honest_record
from voltward.core.taps import tap_named
from voltward.core.view import BmsView
from voltward.physical.balancing import bleed_wanted
from voltward.physical.can.wire_quantisation import quantise_telemetry
from voltward.physical.contactors import ContactorState, contactor_step
from voltward.physical.estimator import EstimatorState, Innovation, innovate, predict, update
from voltward.physical.pack import CellOutput
from voltward.physical.plant import PlantInput, PlantState, plant_step
from voltward.physical.protection import protect
from voltward.ranges.configuration.duty import DutyMode
from voltward.ranges.virtual.allowance import allow
from voltward.ranges.virtual.case_arrays import Assembly, CaseArrays, DutyTick, FixedDraws
from voltward.ranges.virtual.demand import Demand, demanded
from voltward.ranges.virtual.orders import Orders, take_orders
from voltward.ranges.virtual.sensing import Readings, Sensed, sense
from voltward.ranges.virtual.vehicle_state import VehicleReport, VehicleState, start_vehicle

__all__ = ["VehicleReport", "VehicleState", "start_vehicle", "vehicle_step"]


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Driven:
    """What the actuators and the plant did.

    Attributes:
        demand: Of the duty.
        contactors: After the tick.
        plant: After the tick.
        output: Of the cells.
        current_A: True pack current.
        charging: Whether a session is on, enabled and below its target.
        charge_wanted: Whether a session is on and below its target.
        records: Of charger.request, contactor, load and balancing, as received.
        refused: Charger and contactor records rejected (run, 2).
    """

    demand: Demand
    contactors: ContactorState
    plant: PlantState
    output: CellOutput
    current_A: Float[Array, " run"]
    charging: Bool[Array, " run"]
    charge_wanted: Bool[Array, " run"]
    records: tuple[Record, Record, Record, Record]
    refused: Int[Array, "run tap"]


def _drive(
    assembly: Assembly,
    case: CaseArrays,
    fixed: FixedDraws,
    state: VehicleState,
    orders: Orders,
    duty: DutyTick,
    context: Context,
) -> Driven:
    """Ask, switch and advance the plant; the limits are those of the last tick."""
    rules, in_force, tick, seed = assembly.rules, case.in_force, context.tick, case.seed
    runs = seed.shape[0]
    unknown = jnp.full(runs, -1, jnp.int64)
    requests = state.requests
    session = duty.during(DutyMode.CHARGE)
    below_target = state.view.soc < orders.wish("target_soc", case.target_soc)
    enabled = (orders.wish("charge_enable", 1.0) > 0.5) & (requests.stop_charging < 0.5)
    charging = session & enabled & below_target
    request_A = jnp.where(charging, state.charge_request_A, 0.0)
    sent = manipulate(
        "charger.request", honest_record(request_A[:, None], tick), case.rows, context
    )
    asked, charger_rejected = verify(rules, in_force, "charger.request", sent, unknown, seed, tick)
    drawn = honest_record(jnp.full((runs, 1), duty.auxiliary_W), tick)
    load = manipulate("load", drawn, case.rows, context)
    derate = jnp.clip(jnp.maximum(orders.wish("derate", 0.0), requests.derate), 0.0, 1.0)
    left = 1.0 - derate
    demand = demanded(
        assembly,
        duty,
        state.speed_mps,
        state.readings.pack_voltage_V,
        state.contactors.closed,
        state.charge_limit_A * left,
        state.discharge_limit_A * left,
        jnp.where(session & asked.present, asked.scalars[:, 0] * left, 0.0),
        jnp.where(load.present, load.scalars[:, 0], 0.0),
    )
    open_wish = jnp.maximum(orders.wish("open_request", 0.0), requests.open_contactors) > 0.5
    wanted = state.close_wanted & ~open_wish
    switched = manipulate(
        "contactor", honest_record(wanted[:, None].astype(jnp.float64), tick), case.rows, context
    )
    driver, contactor_rejected = verify(rules, in_force, "contactor", switched, unknown, seed, tick)
    close = jnp.where(driver.present, driver.scalars[:, 0] > 0.5, wanted)
    contactors = contactor_step(
        assembly.plant.pack,
        state.contactors,
        close,
        driver.tainted & close & ~wanted,
        state.view.current_A,
        assembly.tick_s,
    )
    fuse_blown = state.protection.latched[:, -1]
    current_A = jnp.where(contactors.closed & ~fuse_blown, demand.current_A, 0.0)
    bled = honest_record(jnp.zeros((runs, 0)), tick, (state.bleed,))
    balancing = manipulate("balancing", bled, case.rows, context)
    plant, output = plant_step(
        assembly.plant,
        fixed.spread,
        state.plant,
        PlantInput(
            current_A=current_A,
            bleed=jnp.clip(balancing.wide[0], 0.0, 1.0),
            cooling=state.cooling.astype(jnp.float64),
            heating=state.heating.astype(jnp.float64),
            ambient_degC=jnp.full(runs, duty.ambient_degC),
        ),
    )
    return Driven(
        demand=demand,
        contactors=contactors,
        plant=plant,
        output=output,
        current_A=current_A,
        charging=charging,
        charge_wanted=session & below_target,
        records=(asked, driver, load, balancing),
        refused=refusals((asked, charger_rejected), (driver, contactor_rejected)),
    )


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Known:
    """What the BMS makes of its readings before believing them."""

    view: BmsView
    predicted: EstimatorState
    innovation: Innovation


def _know(
    assembly: Assembly,
    state: VehicleState,
    orders: Orders,
    driven: Driven,
    readings: Readings,
    tick: Int[Array, ""],
) -> Known:
    """Predict and innovate, and put together the view."""
    cell, parallel, tick_s = assembly.plant.cell, assembly.plant.pack.parallel, assembly.tick_s
    cell_A = (readings.current_A / parallel)[:, None]
    mean_degC = jnp.mean(readings.temperature_degC, axis=1, keepdims=True)
    mean_V = jnp.mean(readings.voltage_V, axis=1, keepdims=True)
    predicted = predict(cell, assembly.tuning, state.estimate, cell_A, mean_degC, tick_s)
    innovation = innovate(
        cell, assembly.tuning, predicted, mean_V, cell_A, mean_degC, elapsed_s=tick_s
    )
    charge = readings.current_A * tick_s / (3600.0 * cell.capacity_Ah * parallel)
    loss_ohm = cell.resistances(predicted.soc, mean_degC, cell_A)[0]
    loss_W = cell_A * (loss_ohm * cell_A + predicted.polarised_V)
    view = BmsView(
        tick=tick,
        tick_s=tick_s,
        voltage_V=readings.voltage_V,
        temperature_degC=readings.temperature_degC,
        current_A=readings.current_A,
        pack_voltage_V=readings.pack_voltage_V,
        charger_current_A=readings.charger_current_A,
        charge_request_A=jnp.where(driven.charging, state.charge_request_A, 0.0),
        isolation_kohm=readings.isolation_kohm,
        soc=predicted.soc[:, 0],
        coulomb_soc=state.coulomb_soc + charge,
        innovation_V=innovation.value_V[:, 0],
        innovation_std_V=innovation.std_V[:, 0],
        charging=driven.charging,
        closed=driven.contactors.closed,
        command=orders.accepted,
        command_age_s=orders.age_s,
        loss_W=loss_W[:, 0],
        coolant_degC=driven.plant.cells.coolant_degC,
    )
    return Known(view, predicted, innovation)


def _gained(
    case: CaseArrays, context: Context, orders: Orders, driven: Driven, sensed: Sensed
) -> tuple[UInt32[Array, " run"], Bool[Array, " run"]]:
    """Return the capabilities granted, and whether a forged record was accepted."""
    asked, driver, load, balancing = driven.records
    gained, taken_in = sensed.gained, sensed.tainted
    for tap, record in (
        ("can.down", orders.accepted),
        ("firmware", orders.firmware),
        ("charger.request", asked),
        ("contactor", driver),
        ("load", load),
        ("balancing", balancing),
    ):
        forged = record.present & record.tainted
        gained |= earned(case.rows, tap, context, forged)
        taken_in |= forged
    return gained, taken_in


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
    cell, parallel = assembly.plant.cell, assembly.plant.pack.parallel
    orders = take_orders(assembly, case, state, command, context)
    driven = _drive(assembly, case, fixed, state, orders, duty, context)
    sensed = sense(
        assembly,
        case,
        fixed,
        context,
        state.readings,
        state.log,
        state.felt_degC,
        driven.output,
        driven.plant,
        driven.current_A,
        driven.charging,
        orders.calibration,
    )
    voted_V = shape(rules, in_force, "bms.voltage", sensed.readings.voltage_V, state.view)
    readings = replace(sensed.readings, voltage_V=voted_V)

    # Predict, innovate, watch, update under the last tick's gate.
    known = _know(assembly, state, orders, driven, readings, context.tick)
    watches, scores = watch(rules, in_force, Place.BMS, state.watches, known.view)
    alarms = scores > 1.0
    timers_s, requests, acting = act(
        rules, in_force, state.timers_s, accused(rules, Place.BMS, alarms), tick_s
    )
    estimate = update(
        known.predicted, known.innovation, 1.0 - state.requests.hold_estimate[:, None]
    )
    soc = jnp.clip(estimate.soc[:, 0], -0.05, 1.1)
    protection, verdict = protect(
        assembly.limits,
        assembly.plant.pack,
        state.protection,
        readings.voltage_V,
        readings.temperature_degC,
        readings.current_A,
        readings.isolation_kohm,
        orders.calibration,
        case.factory,
        tick_s,
    )
    limits = allow(assembly, case, state, orders, known.view, verdict, soc, duty)

    counted_Ah = (known.view.coulomb_soc - state.coulomb_soc) * cell.capacity_Ah * parallel
    telemetry = jnp.stack(
        [
            readings.current_A,
            readings.pack_voltage_V,
            soc,
            counted_Ah,
            readings.isolation_kohm,
            driven.charging.astype(jnp.float64),
        ],
        axis=1,
    )
    made = honest_record(telemetry, context.tick, (readings.voltage_V, readings.temperature_degC))
    outbox = quantise_telemetry(replace(made, tainted=sensed.tainted), tap_named("can.up"))
    gained, taken_in = _gained(case, context, orders, driven, sensed)
    gentle_A = 0.05 * cell.capacity_Ah * parallel
    moved = VehicleState(
        plant=driven.plant,
        contactors=driven.contactors,
        protection=protection,
        estimate=estimate,
        coulomb_soc=known.view.coulomb_soc,
        felt_degC=sensed.felt_degC,
        readings=readings,
        view=known.view,
        speed_mps=driven.demand.speed_mps,
        charge_limit_A=limits.charge_A,
        discharge_limit_A=limits.discharge_A,
        charge_request_A=limits.request_A,
        close_wanted=~verdict.tripped,
        bleed=bleed_wanted(
            readings.voltage_V,
            (jnp.abs(readings.current_A) < gentle_A) | driven.charging,
            assembly.plant.pack.balance_start_V,
            assembly.plant.pack.balance_difference_V,
        ),
        cooling=limits.cooling,
        heating=limits.heating,
        command=orders.scalars,
        command_age_s=orders.age_s,
        last_command=orders.last_command,
        watches=watches,
        timers_s=timers_s,
        requests=requests,
        log=write(state.log, outbox),
    )
    report = VehicleReport(
        output=driven.output,
        current_A=driven.current_A,
        speed_mps=driven.demand.speed_mps,
        demand=driven.demand,
        gained=gained,
        scores=scores,
        alarms=alarms,
        acting=acting,
        requests=request_table(requests),
        faults=verdict.new_fault,
        taken_in=taken_in,
        refused=jnp.concatenate([orders.refused, driven.refused], axis=1),
        charge_wanted=driven.charge_wanted,
    )
    return moved, outbox, report
