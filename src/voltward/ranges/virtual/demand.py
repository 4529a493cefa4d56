"""What the duty asks of the pack, and what the limits allow."""

from collections.abc import Mapping
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float

from voltward.physical.vehicle import drive_step, power_demand_W
from voltward.ranges.configuration.duty import DutyMode
from voltward.ranges.virtual.case_arrays import Assembly, DutyTick


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Demand:
    """The duty's wish and what became of it.

    Attributes:
        current_A: Pack current to be drawn or fed, when the contactors are closed.
        speed_mps: Speed of the vehicle at the end of the tick.
        distance_m: Covered in the tick.
        lost: Whether the vehicle cannot follow the demanded speed for want of power.
        unserved_W: Power asked and not served.
        power_W: Pack power that the duty asked for; positive charges.
    """

    current_A: Float[Array, " run"]
    speed_mps: Float[Array, " run"]
    distance_m: Float[Array, " run"]
    lost: Bool[Array, " run"]
    unserved_W: Float[Array, " run"]
    power_W: Float[Array, " run"]


def demanded(
    assembly: Assembly,
    duty: DutyTick,
    speed_mps: Float[Array, " run"],
    pack_voltage_V: Float[Array, " run"],
    closed: Bool[Array, " run"],
    *,
    charge_limit_A: Float[Array, " run"],
    discharge_limit_A: Float[Array, " run"],
    charger_power_W: Float[Array, " run"],
    charger_A: Float[Array, " run"],
    auxiliary_W: Float[Array, " run"],
) -> Demand:
    """Return the current that the duty draws within the limits.

    Args:
        assembly: Vehicle and charger.
        duty: What is asked.
        speed_mps: Of the vehicle at the start of the tick.
        pack_voltage_V: As read in the last tick.
        closed: Whether the contactors are closed.
        charge_limit_A: Allowed into the pack.
        discharge_limit_A: Allowed out of the pack, positive.
        charger_power_W: Largest power of the charging point.
        charger_A: Asked of the charger.
        auxiliary_W: Extra draw from the pack.
    """
    runs = speed_mps.shape[0]
    voltage = jnp.maximum(pack_voltage_V, 1.0)
    zero = jnp.zeros(runs)
    out_W = jnp.where(closed, discharge_limit_A * voltage, 0.0)
    in_W = jnp.where(closed, charge_limit_A * voltage, 0.0)
    driving = duty.during(DutyMode.DRIVE)

    def by_mode(values: Mapping[DutyMode, Float[Array, " run"]]) -> Float[Array, " run"]:
        return jnp.select([duty.mode == mode for mode in values], [*values.values()], zero)

    # Out of a drive the vehicle stands, or rolls out.
    wanted = jnp.where(driving, duty.speed_mps, 0.0)
    new_speed, distance, drawn_W = drive_step(
        speed_mps,
        wanted,
        out_W,
        duty.grade,
        assembly.vehicle,
        assembly.tick_s,
        in_W,
    )
    # A tenth and half a metre a second below the wish is not yet a loss of propulsion.
    lost = driving & (new_speed < 0.9 * wanted - 0.5)
    acceleration = (wanted - speed_mps) / assembly.tick_s
    full_W = jnp.maximum(
        power_demand_W(wanted, acceleration, assembly.vehicle, duty.grade),
        0.0,
    )
    drive_unserved = jnp.where(lost, jnp.maximum(full_W - drawn_W, 0.0), 0.0)

    most_A = jnp.minimum(assembly.charging.current_A, charger_power_W / voltage)
    most_A = jnp.where(
        duty.mode == DutyMode.CHARGE, jnp.minimum(most_A, duty.power_W / voltage), most_A
    )
    charge_A = jnp.clip(charger_A, 0.0, most_A)
    grid_A = jnp.clip(duty.power_W / voltage, -discharge_limit_A, charge_limit_A)
    # A recorded load is a current or a power; the other one is zero.
    wish_A = duty.current_A + duty.power_W / voltage
    profile_A = jnp.clip(wish_A, -discharge_limit_A, charge_limit_A)
    current = by_mode(
        {
            DutyMode.DRIVE: -drawn_W / voltage,
            DutyMode.CHARGE: charge_A,
            DutyMode.GRID: grid_A,
            DutyMode.RECORDED: profile_A,
        }
    )
    power = by_mode(
        {
            DutyMode.DRIVE: -full_W,
            DutyMode.CHARGE: most_A * voltage,
            DutyMode.GRID: duty.power_W,
            DutyMode.RECORDED: duty.current_A * voltage + duty.power_W,
        }
    )
    served = jnp.where(closed, current, 0.0) * voltage
    unserved = by_mode(
        {
            DutyMode.DRIVE: drive_unserved,
            DutyMode.GRID: jnp.abs(duty.power_W - served),
            DutyMode.RECORDED: jnp.abs(power - served),
        }
    )
    current = current - auxiliary_W / voltage
    valid = duty.valid
    return Demand(
        current_A=jnp.where(valid, current, 0.0),
        speed_mps=new_speed,
        distance_m=jnp.where(driving, distance, 0.0),
        lost=lost & valid,
        unserved_W=jnp.where(valid, unserved, 0.0),
        power_W=jnp.where(valid, power, 0.0),
    )
