"""What the BMS allows and switches in the next tick: currents and thermal management."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float

from voltward.core.taps import FIRMWARE_FIELD
from voltward.core.view import BmsView
from voltward.physical.power_limits import current_limits, hysteresis_switch, local_charge_plan
from voltward.physical.protection import Verdict
from voltward.ranges.configuration.duty import DutyMode
from voltward.ranges.virtual.case_arrays import DutyTick
from voltward.ranges.virtual.orders import Orders
from voltward.ranges.virtual.tick_inputs import TickInputs
from voltward.ranges.virtual.vehicle_state import VehicleState


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Limits:
    """What the BMS allows and switches in the next tick."""

    charge_A: Float[Array, " run"]
    discharge_A: Float[Array, " run"]
    request_A: Float[Array, " run"]
    cooling: Bool[Array, " run"]
    heating: Bool[Array, " run"]


def allow(
    now: TickInputs,
    state: VehicleState,
    orders: Orders,
    view: BmsView,
    verdict: Verdict,
    soc: Float[Array, " run"],
    duty: DutyTick,
) -> Limits:
    """Return currents and thermal management for the next tick.

    Args:
        now: The tick.
        state: Of the vehicle, before.
        orders: What the BMS goes by.
        view: What the BMS knows.
        verdict: Of the protection.
        soc: The BMS's estimate after this tick's readings.
        duty: What is asked.
    """
    assembly = now.assembly
    cell, charging, pack = assembly.plant.cell, assembly.charging, assembly.plant.pack
    parallel = pack.parallel
    charge_A, discharge_A = current_limits(
        cell,
        assembly.limits.operating,
        parallel,
        view.voltage_V,
        view.temperature_degC,
        view.current_A / parallel,
        soc,
        orders.calibration[:, FIRMWARE_FIELD["over_voltage_shift_V"]],
    )
    scale = (1.0 + orders.calibration[:, FIRMWARE_FIELD["current_limit_scale"]]) * parallel
    charge_A = jnp.where(verdict.charge_forbidden, 0.0, charge_A * scale)
    discharge_A = jnp.where(verdict.discharge_forbidden, 0.0, discharge_A * scale)
    coldest = jnp.min(view.temperature_degC, axis=1)
    hottest = jnp.max(view.temperature_degC, axis=1)
    local_A = local_charge_plan(cell, coldest, assembly.unattended_C) * parallel
    plan_A = orders.wish("charge_limit_A", local_A)
    request_A = jnp.minimum(jnp.minimum(plan_A, charge_A), charging.current_A)
    request_A = now.shape("bms.charge_request", request_A, view)
    start_degC = pack.cooling_start_degC
    cooling = hysteresis_switch(hottest, state.cooling, start_degC, start_degC - 3.0)
    session = duty.during(DutyMode.CHARGE)
    warm_up = jnp.maximum(
        jnp.where(session, pack.heating_start_degC, -100.0),
        orders.wish("conditioning_degC", -100.0),
    )
    heating = hysteresis_switch(warm_up - coldest, state.heating, 0.0, -2.0) & ~cooling
    return Limits(charge_A, discharge_A, request_A, cooling, heating)
