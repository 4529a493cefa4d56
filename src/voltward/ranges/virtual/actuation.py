"""From orders to the plant: charger, load, contactors, balancing, and the current that flows.

1. Decide whether a charging session goes on, and ask the charger for current.
2. Draw the load, and find the current that the duty asks within the last tick's limits.
3. Open or close the contactors; a blown fuse stops the current for good.
4. Advance the plant under the current, with balancing, cooling and heating.

Each of the four orders crosses a tap, where an attack may change it and a control reject it.
"""

from dataclasses import dataclass

import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float, Int

from voltward.controls.in_force import refusals
from voltward.core.record import Record, honest_record
from voltward.physical.contactors import ContactorState, contactor_step
from voltward.physical.pack import CellOutput
from voltward.physical.plant import PlantInput, PlantState, plant_step
from voltward.ranges.configuration.duty import DutyMode
from voltward.ranges.virtual.case_arrays import DutyTick
from voltward.ranges.virtual.demand import Demand, demanded
from voltward.ranges.virtual.fixed_draws import FixedDraws
from voltward.ranges.virtual.orders import Orders
from voltward.ranges.virtual.tick_inputs import TickInputs
from voltward.ranges.virtual.vehicle_state import VehicleState


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
        orders: Taps charger.request, contactor, load and balancing, with the record received.
        refused: Charger and contactor records rejected (run, 2).
    """

    demand: Demand
    contactors: ContactorState
    plant: PlantState
    output: CellOutput
    current_A: Float[Array, " run"]
    charging: Bool[Array, " run"]
    charge_wanted: Bool[Array, " run"]
    orders: dict[str, Record]
    refused: Int[Array, "run tap"]


def drive(
    now: TickInputs, fixed: FixedDraws, state: VehicleState, orders: Orders, duty: DutyTick
) -> Driven:
    """Ask, switch and advance the plant; the limits are those of the last tick.

    Args:
        now: The tick.
        fixed: Draws of the run.
        state: Of the vehicle, before.
        orders: What the BMS goes by.
        duty: What is asked.
    """
    assembly, tick, requests = now.assembly, now.tick, state.requests

    # 1. The charging session.
    session = duty.during(DutyMode.CHARGE)
    below_target = state.view.soc < orders.wish("target_soc", now.case.target_soc)
    enabled = (orders.wish("charge_enable", 1.0) > 0.5) & (requests.stop_charging < 0.5)
    charging = session & enabled & below_target
    request_A = jnp.where(charging, state.charge_request_A, 0.0)
    sent = now.at_tap("charger.request", honest_record(request_A[:, None], tick))
    asked, charger_rejected = now.verify("charger.request", sent)

    # 2. What the duty draws within the limits.
    drawn = honest_record(duty.auxiliary_W[:, None], tick)
    load = now.at_tap("load", drawn)
    derate = jnp.clip(jnp.maximum(orders.wish("derate", 0.0), requests.derate), 0.0, 1.0)
    left = 1.0 - derate
    demand = demanded(
        assembly,
        duty,
        state.speed_mps,
        state.readings.pack_voltage_V,
        state.contactors.closed,
        charge_limit_A=state.charge_limit_A * left,
        discharge_limit_A=state.discharge_limit_A * left,
        charger_power_W=now.case.world.charger_power_W,
        charger_A=jnp.where(session & asked.present, asked.scalars[:, 0] * left, 0.0),
        auxiliary_W=jnp.where(load.present, load.scalars[:, 0], 0.0),
    )

    # 3. Contactors and fuse.
    open_wish = jnp.maximum(orders.wish("open_request", 0.0), requests.open_contactors) > 0.5
    wanted = state.close_wanted & ~open_wish
    switched = now.at_tap("contactor", honest_record(wanted[:, None].astype(jnp.float64), tick))
    driver, contactor_rejected = now.verify("contactor", switched)
    close = jnp.where(driver.present, driver.scalars[:, 0] > 0.5, wanted)
    contactors = contactor_step(
        assembly.plant.pack,
        state.contactors,
        close,
        driver.tainted & close & ~wanted,
        state.view.current_A,
        now.tick_s,
    )
    fuse_blown = state.protection.latched[:, -1]
    current_A = jnp.where(contactors.closed & ~fuse_blown, demand.current_A, 0.0)

    # 4. The plant.
    bled = honest_record(jnp.zeros((now.runs, 0)), tick, (state.bleed,))
    balancing = now.at_tap("balancing", bled)
    plant, output = plant_step(
        assembly.plant,
        fixed.spread,
        state.plant,
        PlantInput(
            current_A=current_A,
            bleed=jnp.clip(balancing.wide[0], 0.0, 1.0),
            cooling=state.cooling.astype(jnp.float64),
            heating=state.heating.astype(jnp.float64),
            ambient_degC=duty.ambient_degC,
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
        orders={
            "charger.request": asked,
            "contactor": driver,
            "load": load,
            "balancing": balancing,
        },
        refused=refusals((asked, charger_rejected), (driver, contactor_rejected)),
    )
