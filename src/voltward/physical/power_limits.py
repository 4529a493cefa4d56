"""State of power: the currents that keep every cell inside the operating tier."""

import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float

from voltward.physical.cell import CellModel
from voltward.physical.protection import LimitTier


def current_limits(
    cell: CellModel,
    operating: LimitTier,
    parallel: int,
    voltage_V: Float[Array, "run cell"],
    temperature_degC: Float[Array, "run cell"],
    current_A: Float[Array, " run"],
    soc: Float[Array, " run"],
    voltage_shift_V: Float[Array, " run"],
) -> tuple[Float[Array, " run"], Float[Array, " run"]]:
    """Return the largest charge and discharge current of a cell, both as positive numbers.

    Args:
        cell: The cell model that the BMS holds.
        operating: The tier aimed at.
        parallel: Cells that share the pack's current.
        voltage_V: Cell voltages as read.
        temperature_degC: Cell temperatures as read.
        current_A: Of a cell, from the pack current as read.
        soc: The BMS's estimate.
        voltage_shift_V: Calibration of the voltage limits.

    Limits:
        Looks ahead with the resistance of the mean SoC and the coldest cell; derates linearly over
        the last 10 K inside the temperature limits (assumption).
    """
    coldest, hottest = jnp.min(temperature_degC, axis=1), jnp.max(temperature_degC, axis=1)
    series, fast, slow = cell.resistances(soc, coldest)
    resistance = series + fast + 0.5 * slow
    rested_high = jnp.max(voltage_V, axis=1) - resistance * current_A
    rested_low = jnp.min(voltage_V, axis=1) - resistance * current_A
    inside_K = jnp.minimum(
        operating.temperature_high_degC - hottest, coldest - operating.temperature_low_degC
    )
    share = jnp.clip(inside_K / 10.0, 0.0, 1.0)
    high_V = operating.voltage_high_V + voltage_shift_V
    charge = jnp.clip(
        (high_V - rested_high) / resistance, 0.0, operating.charge_current_A / parallel
    )
    discharge = jnp.clip(
        (rested_low - operating.voltage_low_V) / resistance,
        0.0,
        operating.discharge_current_A / parallel,
    )
    return charge * share, discharge * share


def local_charge_plan(
    cell: CellModel, coldest_degC: Float[Array, " run"], share_C: float
) -> Float[Array, " run"]:
    """Return the charge current of the on-board plan, used when the cloud is silent or absent.

    A fixed share of the C-rate, falling linearly from 20 degC to nothing at 0 degC: the careful
    table of a BMS that knows neither the anode nor the history (assumption).
    """
    return cell.capacity_Ah * share_C * jnp.clip(coldest_degC / 20.0, 0.0, 1.0)


def hysteresis_switch(
    value: Float[Array, " run"], on: Bool[Array, " run"], above: float, below: float
) -> Bool[Array, " run"]:
    """Return a switch that turns on above one level and off below another."""
    return jnp.where(on, value > below, value > above)
