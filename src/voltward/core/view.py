"""What can be seen at a place in one tick: all that a watch or a shape may know there."""

from dataclasses import dataclass

import jax
from jax import Array
from jaxtyping import Bool, Float, Int

from voltward.core.record import Record


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class BmsView:
    """What the on-board BMS knows.

    Attributes:
        tick: Number of the tick.
        tick_s: Its length.
        voltage_V: Cell voltages as read.
        temperature_degC: Cell temperatures as read.
        current_A: Pack current as read; positive charges.
        pack_voltage_V: The pack-voltage sensor, apart from the cells' sum.
        charger_current_A: The charger's own meter; zero when none is connected.
        charge_request_A: What was asked of the charger for this tick.
        isolation_kohm: The isolation monitor.
        soc: The BMS's estimate.
        coulomb_soc: Charge counted since the last rest, from the same start.
        innovation_V: Mean cell voltage against the BMS's model.
        innovation_std_V: What the estimator itself expects of it.
        charging: Whether a charging session is on.
        closed: Whether the main contactors are closed.
        command: The command as it arrived, after verification.
        command_age_s: Since the last accepted command.
        loss_W: Heat that the resistances make in a cell, as the model has it.
        coolant_degC: Coolant temperature.
    """

    tick: Int[Array, ""]
    tick_s: float
    voltage_V: Float[Array, "run cell"]
    temperature_degC: Float[Array, "run cell"]
    current_A: Float[Array, " run"]
    pack_voltage_V: Float[Array, " run"]
    charger_current_A: Float[Array, " run"]
    charge_request_A: Float[Array, " run"]
    isolation_kohm: Float[Array, " run"]
    soc: Float[Array, " run"]
    coulomb_soc: Float[Array, " run"]
    innovation_V: Float[Array, " run"]
    innovation_std_V: Float[Array, " run"]
    charging: Bool[Array, " run"]
    closed: Bool[Array, " run"]
    command: Record
    command_age_s: Float[Array, " run"]
    loss_W: Float[Array, " run"]
    coolant_degC: Float[Array, " run"]


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class GatewayView:
    """What the gateway knows.

    Attributes:
        tick: Number of the tick.
        tick_s: Its length.
        bus: The telemetry as it arrived from the bus, after verification.
        bus_rejected: Whether a record from the bus was rejected.
        command: The command as it arrived from the cloud, after verification.
        command_rejected: Whether a command was rejected.
        command_age_s: Since the last accepted command.
        session_refused: Whether the gateway refused the peer that answered.
        queued: Records waiting.
    """

    tick: Int[Array, ""]
    tick_s: float
    bus: Record
    bus_rejected: Bool[Array, " run"]
    command: Record
    command_rejected: Bool[Array, " run"]
    command_age_s: Float[Array, " run"]
    session_refused: Bool[Array, " run"]
    queued: Float[Array, " run"]


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class CloudView:
    """What the cloud knows after predicting and before updating.

    Attributes:
        tick: Number of the tick.
        tick_s: Its length.
        record: The telemetry record taken in, after verification.
        rejected: Whether a record was rejected on the way in.
        innovation_V: Cell voltages against the twin.
        innovation_std_V: What the twin itself expects of them.
        twin_soc: The twin's estimate for each cell.
        coulomb_soc: Charge counted by the twin since its start.
        silence_s: Since the last accepted record.
        model: Modifiers of the shared tables in force: resistance, capacity, OCV shift.
        command: The command that the service sent last.
        loss_W: Heat that the resistances make in a cell, as the model has it.
        overpotential_V: How far the twin holds each cell's voltage from its open-circuit voltage.
        ocv_slope_V: Slope of the open-circuit voltage there, per unit of SoC.
        parallel: Cells side by side, which share the current.
    """

    tick: Int[Array, ""]
    tick_s: float
    record: Record
    rejected: Bool[Array, " run"]
    innovation_V: Float[Array, "run cell"]
    innovation_std_V: Float[Array, "run cell"]
    twin_soc: Float[Array, "run cell"]
    coulomb_soc: Float[Array, " run"]
    silence_s: Float[Array, " run"]
    model: Float[Array, "run parameter"]
    command: Record
    loss_W: Float[Array, " run"]
    overpotential_V: Float[Array, "run cell"]
    ocv_slope_V: Float[Array, "run cell"]
    parallel: int
