"""The vehicle's part of the loop: commands in, plant, sensors, on-board BMS, telemetry out.

1. Take command and firmware in.
2. Drive: actuators and plant, within the limits of the last tick.
3. Read the sensors, as attacks at their taps leave them; vote on the cell voltages.
4. Predict and innovate, and put the view together.
5. Score the view, and let the responses act on alarms.
6. Correct the estimate, under the gate of the last tick.
7. Judge the readings against the limits; a lasting violation opens the contactors.
8. Allow currents and switch cooling and heating for the next tick.
9. Send the telemetry, rounded as on the bus.
10. Account for what forged records brought.
"""

from dataclasses import dataclass, replace

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from voltward.core.control import Place
from voltward.core.frame_log import write
from voltward.core.record import Record, honest_record
from voltward.core.taps import TELEMETRY_SCALARS, tap_named
from voltward.core.view import BmsView
from voltward.detection.inputs import VehicleInputs, bms_view
from voltward.physical.balancing import bleed_wanted
from voltward.physical.estimator import EstimatorState, Innovation, innovate, predict, update
from voltward.physical.protection import protect
from voltward.physical.sensors import Readings
from voltward.ranges.virtual.actuation import Driven, drive
from voltward.ranges.virtual.allowance import allow
from voltward.ranges.virtual.case_arrays import DutyTick
from voltward.ranges.virtual.fixed_draws import FixedDraws
from voltward.ranges.virtual.orders import Orders, take_orders
from voltward.ranges.virtual.sensing import sense
from voltward.ranges.virtual.tick_inputs import TickInputs
from voltward.ranges.virtual.vehicle_state import VehicleReport, VehicleState


@dataclass(frozen=True)
class Known:
    """What the BMS makes of its readings before believing them."""

    view: BmsView
    predicted: EstimatorState
    innovation: Innovation


def _know(
    now: TickInputs,
    fixed: FixedDraws,
    state: VehicleState,
    orders: Orders,
    driven: Driven,
    readings: Readings,
) -> Known:
    """Predict and innovate, and put together the view."""
    assembly, tick_s = now.assembly, now.tick_s
    cell, parallel = assembly.plant.cell, assembly.plant.pack.parallel
    cell_A = (readings.current_A / parallel)[:, None]
    mean_degC = jnp.mean(readings.temperature_degC, axis=1, keepdims=True)
    mean_V = jnp.mean(readings.voltage_V, axis=1, keepdims=True)
    predicted = predict(
        cell,
        assembly.tuning,
        state.estimate,
        cell_A,
        mean_degC,
        tick_s,
        fixed.bms_resistance,
        fixed.bms_capacity,
    )
    innovation = innovate(
        cell,
        assembly.tuning,
        predicted,
        mean_V,
        cell_A,
        mean_degC,
        resistance_scale=fixed.bms_resistance,
        ocv_shift_V=now.case.world.ocv_bias_V[:, None],
        elapsed_s=tick_s,
    )
    believed_Ah = cell.capacity_Ah * parallel * fixed.bms_capacity[:, 0]
    charge = readings.current_A * tick_s / (3600.0 * believed_Ah)
    loss_ohm = cell.resistances(predicted.soc, mean_degC, cell_A)[0] * fixed.bms_resistance
    loss_W = cell_A * (loss_ohm * cell_A + predicted.polarised_V)
    view = bms_view(
        now.tick,
        tick_s,
        readings,
        predicted,
        innovation,
        coulomb_soc=state.coulomb_soc + charge,
        loss_W=loss_W[:, 0],
        coolant_degC=driven.plant.cells.coolant_degC,
        vehicle=VehicleInputs(
            charge_request_A=jnp.where(driven.charging, state.charge_request_A, 0.0),
            charging=driven.charging,
            closed=driven.contactors.closed,
            command=orders.accepted,
            command_age_s=orders.age_s,
        ),
    )
    return Known(view, predicted, innovation)


def vehicle_step(
    now: TickInputs, fixed: FixedDraws, state: VehicleState, command: Record, duty: DutyTick
) -> tuple[VehicleState, Record, VehicleReport]:
    """Advance the vehicle by one tick, in the steps that this file opens with.

    Args:
        now: The tick.
        fixed: Draws of the run.
        state: Before.
        command: What arrives from the gateway, as sent in the last tick.
        duty: What is asked.

    Returns:
        State, telemetry record for the bus, report.
    """
    assembly, tick_s = now.assembly, now.tick_s
    cell, parallel = assembly.plant.cell, assembly.plant.pack.parallel

    # 1. Command and firmware.
    orders = take_orders(now, state, assembly.wire.command.received(command, tap_named("can.down")))

    # 2. Actuators and plant.
    driven = drive(now, fixed, state, orders, duty)

    # 3. Sensors and their attackers; the vote.
    sensed = sense(now, fixed, state, driven, orders.calibration)
    voted_V = now.shape("bms.voltage", sensed.readings.voltage_V, state.view)
    readings = replace(sensed.readings, voltage_V=voted_V)

    # 4. Prediction, innovation, view.
    known = _know(now, fixed, state, orders, driven, readings)

    # 5. Watches and responses.
    reaction = now.react(Place.BMS, state.watches, state.timers_s, known.view)

    # 6. The estimate.
    gate = 1.0 - state.requests.hold_estimate[:, None]
    estimate = update(known.predicted, known.innovation, gate)
    soc = jnp.clip(estimate.soc[:, 0], -0.05, 1.1)

    # 7. Limits.
    protection, verdict = protect(
        assembly.limits,
        assembly.plant.pack,
        state.protection,
        readings.voltage_V,
        readings.temperature_degC,
        readings.current_A,
        readings.isolation_kohm,
        calibration=orders.calibration,
        enabled=now.case.factory,
        tick_s=tick_s,
    )

    # 8. What is allowed next.
    limits = allow(now, state, orders, known.view, verdict, soc, duty)
    gentle_A = 0.05 * cell.capacity_Ah * parallel
    bleed = bleed_wanted(
        readings.voltage_V,
        (jnp.abs(readings.current_A) < gentle_A) | driven.charging,
        assembly.plant.pack.balance_start_V,
        assembly.plant.pack.balance_difference_V,
    )

    # 9. Telemetry.
    counted_soc = known.view.coulomb_soc - state.coulomb_soc
    counted_Ah = counted_soc * cell.capacity_Ah * parallel * fixed.bms_capacity[:, 0]
    telemetry = _telemetry(readings, soc, counted_Ah, driven)
    made = honest_record(telemetry, now.tick, (readings.voltage_V, readings.temperature_degC))
    made = replace(made, tainted=sensed.tainted)
    outbox = assembly.wire.telemetry.sent(made, tap_named("can.up"))

    # 10. Forged records.
    gained, taken_in = now.forgeries(
        ("can.down", orders.accepted), ("firmware", orders.firmware), *driven.orders.items()
    )
    moved = VehicleState(
        plant=driven.plant,
        contactors=driven.contactors,
        protection=protection,
        estimate=estimate,
        coulomb_soc=known.view.coulomb_soc,
        felt=sensed.felt,
        readings=readings,
        view=known.view,
        speed_mps=driven.demand.speed_mps,
        charge_limit_A=limits.charge_A,
        discharge_limit_A=limits.discharge_A,
        charge_request_A=limits.request_A,
        close_wanted=~verdict.tripped,
        bleed=bleed,
        cooling=limits.cooling,
        heating=limits.heating,
        command=orders.scalars,
        command_age_s=orders.age_s,
        last_command=orders.last_command,
        watches=reaction.watches,
        timers_s=reaction.timers_s,
        requests=reaction.requests,
        log=write(state.log, outbox),
    )
    report = VehicleReport(
        output=driven.output,
        current_A=driven.current_A,
        speed_mps=driven.demand.speed_mps,
        demand=driven.demand,
        gained=sensed.gained | gained,
        scores=reaction.scores,
        alarms=reaction.alarms,
        acting=reaction.acting,
        faults=verdict.new_fault,
        taken_in=sensed.tainted | taken_in,
        refused=jnp.concatenate([orders.refused, driven.refused], axis=1),
        charge_wanted=driven.charge_wanted,
    )
    return moved, outbox, report


def _telemetry(
    readings: Readings,
    soc: Float[Array, " run"],
    counted_Ah: Float[Array, " run"],
    driven: Driven,
) -> Float[Array, "run field"]:
    fields = {
        "current_A": readings.current_A,
        "pack_voltage_V": readings.pack_voltage_V,
        "soc": soc,
        "charge_counter_Ah": counted_Ah,
        "isolation_kohm": readings.isolation_kohm,
        "charging": driven.charging.astype(jnp.float64),
    }
    return jnp.stack([fields[name] for name in TELEMETRY_SCALARS], axis=1)
