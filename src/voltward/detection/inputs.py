"""What detectors get to know: a builder for each view, shared by the ranges and the replay.

How a detector gets a new input:

1. Declare the field in the view of its place, in `voltward.core.view`.
2. Give its value in the builder of that view, here. Both get whole readings, estimates and
   observations, so that what these hold needs no other edit.

The virtual range, the live range and the replay of recordings then all have it. What a recording
does not have is optional, and at rest when it is not given. A recording has no gateway: the
gateway's view has no builder and is put together in `ranges/virtual/gateway_part.py`.
"""

from dataclasses import dataclass

import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float, Int

from voltward.cloud.twin import Observation
from voltward.core.record import Record, absent_record
from voltward.core.view import BmsView, CloudView
from voltward.physical.estimator import EstimatorState, Innovation
from voltward.physical.sensors import Readings


@dataclass(frozen=True)
class VehicleInputs:
    """What the BMS knows in a vehicle and nobody knows of a recording.

    Attributes:
        charge_request_A: What was asked of the charger for this tick.
        charging: Whether a charging session is on.
        closed: Whether the main contactors are closed.
        command: The command as it arrived, after verification.
        command_age_s: Since the last accepted command.
    """

    charge_request_A: Float[Array, " run"]
    charging: Bool[Array, " run"]
    closed: Bool[Array, " run"]
    command: Record
    command_age_s: Float[Array, " run"]


def at_rest(runs: int, tick: Int[Array, ""]) -> VehicleInputs:
    """Return a vehicle with closed contactors that neither charges nor gets a command."""
    zero, off = jnp.zeros(runs), jnp.zeros(runs, bool)
    return VehicleInputs(
        charge_request_A=zero,
        charging=off,
        closed=~off,
        command=absent_record("can.down", runs, tick),
        command_age_s=zero,
    )


def bms_view(
    tick: Int[Array, ""],
    tick_s: float,
    readings: Readings,
    predicted: EstimatorState,
    innovation: Innovation,
    *,
    coulomb_soc: Float[Array, " run"],
    loss_W: Float[Array, " run"],
    coolant_degC: Float[Array, " run"],
    vehicle: VehicleInputs | None = None,
) -> BmsView:
    """Return what the on-board BMS knows.

    Args:
        tick: Number of the tick.
        tick_s: Its length.
        readings: Of the sensors.
        predicted: The estimate before it believes the readings.
        innovation: The readings against it.
        coulomb_soc: Charge counted since the last rest, from the same start.
        loss_W: Heat that the resistances make in a cell, as the model has it.
        coolant_degC: Coolant temperature.
        vehicle: What only a vehicle has; by default it is at rest.
    """
    vehicle = vehicle or at_rest(readings.current_A.shape[0], tick)
    return BmsView(
        tick=tick,
        tick_s=tick_s,
        voltage_V=readings.voltage_V,
        temperature_degC=readings.temperature_degC,
        current_A=readings.current_A,
        pack_voltage_V=readings.pack_voltage_V,
        charger_current_A=readings.charger_current_A,
        charge_request_A=vehicle.charge_request_A,
        isolation_kohm=readings.isolation_kohm,
        # The BMS of a vehicle estimates one mean cell; in a replay the twin's cells stand for it.
        soc=jnp.mean(predicted.soc, axis=1),
        coulomb_soc=coulomb_soc,
        innovation_V=jnp.mean(innovation.value_V, axis=1),
        innovation_std_V=jnp.mean(innovation.std_V, axis=1),
        charging=vehicle.charging,
        closed=vehicle.closed,
        command=vehicle.command,
        command_age_s=vehicle.command_age_s,
        loss_W=loss_W,
        coolant_degC=coolant_degC,
    )


def cloud_view(
    tick: Int[Array, ""],
    tick_s: float,
    record: Record,
    observed: Observation,
    model: Float[Array, "run parameter"],
    *,
    parallel: int,
    rejected: Bool[Array, " run"] | None = None,
    command: Record | None = None,
) -> CloudView:
    """Return what the cloud knows after the twin has predicted and before it believes.

    Args:
        tick: Number of the tick.
        tick_s: Its length.
        record: The telemetry taken in.
        observed: The twin's prediction, and the record against it.
        model: Modifiers of the shared tables in force.
        parallel: Cells side by side, which share the current.
        rejected: Whether a record was rejected on the way in; by default none was.
        command: The command that the service sent last; by default there was none.
    """
    runs = record.present.shape[0]
    return CloudView(
        tick=tick,
        tick_s=tick_s,
        record=record,
        rejected=jnp.zeros(runs, bool) if rejected is None else rejected,
        innovation_V=observed.innovation.value_V,
        innovation_std_V=observed.innovation.std_V,
        twin_soc=observed.state.estimate.soc,
        coulomb_soc=observed.state.coulomb_soc,
        silence_s=observed.state.silence_s,
        model=model,
        command=absent_record("mqtt.down", runs, tick) if command is None else command,
        loss_W=observed.loss_W,
        overpotential_V=observed.overpotential_V,
        ocv_slope_V=observed.innovation.slope_V,
        parallel=parallel,
    )
