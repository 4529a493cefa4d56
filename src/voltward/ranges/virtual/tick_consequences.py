"""What one tick adds to every consequence; nobody in the loop reads it.

1. Read off cells, estimates and flows: the truth beside what BMS and twin believe.
2. Tell what counts: limits exceeded, charging denied, a blind cloud, errors from the attack on.
3. Let the grid's operator compare the power with what was expected, and the area's frequency move.
4. Add to the columns: a time, an amount, or the highest value so far.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float

from voltward.physical.grid import GridState, grid_step
from voltward.ranges.configuration.duty import DutyMode
from voltward.ranges.virtual.case_arrays import Assembly, CaseArrays, DutyTick
from voltward.ranges.virtual.cloud_part import CloudReport, CloudState
from voltward.ranges.virtual.gateway_part import GatewayReport, GatewayState
from voltward.ranges.virtual.vehicle_state import VehicleReport, VehicleState
from voltward.results.consequences import CONSEQUENCE_INDEX, CONSEQUENCES

BLIND_AFTER_S = 10.0
CONSUMPTION_WH_PER_KM = 160.0
# The grid operator's schedule follows what a fleet does within about five minutes (assumption).
SCHEDULE_S = 300.0


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Happened:
    """Everything of one tick that meter and trace look at; no part does."""

    vehicle: VehicleState
    gateway: GatewayState
    cloud: CloudState
    vehicle_report: VehicleReport
    gateway_report: GatewayReport
    cloud_report: CloudReport
    held: Array
    revoked: Bool[Array, " run"]


def all_places(happened: Happened, name: str) -> Array:
    """Return a table of the parts' reports side by side: BMS, gateway and cloud, as in `Place`."""
    reports = (happened.vehicle_report, happened.gateway_report, happened.cloud_report)
    return jnp.concatenate([getattr(report, name) for report in reports], axis=1)


@dataclass(frozen=True)
class Consequences:
    """Consequences so far, and what their next tick leans on.

    Attributes:
        values: One column each (run, consequence).
        grid: State of the area.
        schedule_W: What the grid operator expects of one pack.
        lost_before: Whether propulsion was ever lost.
    """

    values: Float[Array, "run consequence"]
    grid: GridState
    schedule_W: Float[Array, " run"]
    lost_before: Bool[Array, " run"]


def consequence_step(
    assembly: Assembly,
    case: CaseArrays,
    before: Consequences,
    happened: Happened,
    duty: DutyTick,
    after: Bool[Array, " run"],
    settling: Bool[Array, " run"],
) -> Consequences:
    """Add one tick, in the steps that this file opens with.

    Args:
        assembly: Static parameters.
        case: What differs between runs.
        before: Consequences of the ticks before.
        happened: What the parts did.
        duty: What was asked.
        after: Whether the attack has started, or would have.
        settling: Whether the operator still follows a session's own start or end.
    """
    report, vehicle, plant = happened.vehicle_report, happened.vehicle, happened.vehicle.plant
    limits, tick_s = assembly.limits.maximum, assembly.tick_s
    cell, parallel = assembly.plant.cell, assembly.plant.pack.parallel
    old = {name: before.values[:, index] for name, index in CONSEQUENCE_INDEX.items()}
    valid = duty.valid

    def seconds(name: str, condition: Bool[Array, " run"]) -> Float[Array, " run"]:
        return old[name] + jnp.where(condition & valid, tick_s, 0.0)

    def highest(
        name: str, value: Float[Array, " run"], when: Bool[Array, " run"]
    ) -> Float[Array, " run"]:
        return jnp.where(when, jnp.maximum(old[name], value), old[name])

    # 1. Cells, estimates and flows.
    voltage = report.output.voltage_V
    high_V, low_V = jnp.max(voltage, axis=1), jnp.min(voltage, axis=1)
    hot = jnp.max(plant.cells.temperature_degC, axis=1)
    true_soc = jnp.mean(plant.cells.soc, axis=1)
    bms_error = 100.0 * jnp.abs(vehicle.estimate.soc[:, 0] - true_soc)
    twin_soc = jnp.mean(happened.cloud.twin.estimate.soc, axis=1)
    pack_V = jnp.sum(voltage, axis=1) / parallel
    power_W = report.current_A * pack_V
    pack_Wh = cell.capacity_Ah * parallel * pack_V
    unserved_Wh = report.demand.unserved_W * tick_s / 3600.0
    lost = report.demand.lost

    # 2. What counts.
    always = jnp.broadcast_to(valid, high_V.shape)
    # A blind twin misleads nobody; blindness is counted by itself. A tick of minutes is none.
    blind_s = max(BLIND_AFTER_S, 2.0 * tick_s)
    informed = case.cloud & (happened.cloud.twin.silence_s <= blind_s)
    twin_error = 100.0 * jnp.abs(twin_soc - true_soc) * informed
    range_km = jnp.where(after, bms_error / 100.0 * pack_Wh / CONSUMPTION_WH_PER_KM, 0.0)
    session = duty.mode == DutyMode.CHARGE
    denied = report.charge_wanted & (report.current_A < 0.02 * cell.capacity_Ah * parallel)
    first_loss = lost & ~before.lost_before

    # 3. The grid.
    on_grid = session | (duty.mode == DutyMode.GRID)
    grid_W = jnp.where(on_grid & valid, power_W, 0.0)
    keep = jnp.exp(-tick_s / SCHEDULE_S)
    expected_W = jnp.where(after & ~settling, before.schedule_W, grid_W)
    schedule_W = keep * expected_W + (1.0 - keep) * grid_W
    step_W = grid_W - expected_W
    load_pu = step_W * assembly.fleet.packs_moved / assembly.fleet.base_W
    grid, _, lowest_Hz, highest_Hz, rocof = grid_step(assembly.fleet.matrices, before.grid, load_pu)
    deviation = jnp.maximum(jnp.abs(lowest_Hz), jnp.abs(highest_Hz))
    withheld_Wh = jnp.where(duty.mode == DutyMode.GRID, unserved_Wh, 0.0)
    reserve = withheld_Wh * assembly.fleet.packs_moved / 1000.0

    # 4. The columns; those that are known only at the end keep their value.
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
        "soc_error_pct": highest("soc_error_pct", bms_error, after),
        "twin_soc_error_pct": highest("twin_soc_error_pct", twin_error, after),
        "propulsion_lost_s": seconds("propulsion_lost_s", lost),
        "propulsion_lost_m": old["propulsion_lost_m"]
        + jnp.where(
            lost, jnp.maximum(duty.speed_mps * tick_s - report.demand.distance_m, 0.0), 0.0
        ),
        "propulsion_lost_kmh": jnp.where(
            first_loss, 3.6 * report.demand.speed_mps, old["propulsion_lost_kmh"]
        ),
        "range_error_km": highest("range_error_km", range_km, after),
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
    values = [columns.get(entry.name, old[entry.name]) for entry in CONSEQUENCES]
    return Consequences(
        values=jnp.stack(values, axis=1),
        grid=grid,
        schedule_W=schedule_W,
        lost_before=before.lost_before | lost,
    )
