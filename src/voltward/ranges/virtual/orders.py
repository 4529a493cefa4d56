"""What the BMS goes by: the cloud's command and the firmware in force."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float, Int

from voltward.controls.in_force import refusals
from voltward.core.record import Record, honest_record
from voltward.core.taps import COMMAND_FIELD, FIRMWARE_SCALARS
from voltward.ranges.virtual.tick_inputs import TickInputs
from voltward.ranges.virtual.vehicle_state import VehicleState


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Orders:
    """What the BMS goes by in a tick.

    Attributes:
        accepted: The command record after verification.
        scalars: The command in force.
        age_s: Since it came.
        last_command: Its number.
        listens: Whether the cloud's command counts at all.
        calibration: Firmware in force.
        firmware: Its record.
        refused: Commands and firmware rejected (run, 2).
    """

    accepted: Record
    scalars: Float[Array, "run field"]
    age_s: Float[Array, " run"]
    last_command: Int[Array, " run"]
    listens: Bool[Array, " run"]
    calibration: Float[Array, "run field"]
    firmware: Record
    refused: Int[Array, "run tap"]

    def wish(self, name: str, otherwise: float | Array) -> Float[Array, " run"]:
        """Return a field of the command, or what holds without one."""
        return jnp.where(self.listens, self.scalars[:, COMMAND_FIELD[name]], otherwise)


def take_orders(now: TickInputs, state: VehicleState, command: Record) -> Orders:
    """Take commands and firmware in: accepted ones replace the last, silence ages them.

    Args:
        now: The tick.
        state: Of the vehicle, before.
        command: As it arrived.
    """
    accepted, command_rejected = now.verify("can.down", command, state.last_command)
    shaped = now.shape("bms.command", accepted.scalars, state.view)
    age_s = jnp.where(accepted.present, 0.0, state.command_age_s + now.tick_s)
    # A calibration is in force at every tick; the honest one changes nothing.
    none = jnp.zeros((now.runs, len(FIRMWARE_SCALARS)))
    flashed = now.at_tap("firmware", honest_record(none, now.tick))
    firmware, firmware_rejected = now.verify("firmware", flashed)
    listens = age_s <= now.assembly.silence_s
    listens &= (state.requests.isolate_cloud < 0.5) & now.case.cloud
    return Orders(
        accepted=accepted,
        scalars=jnp.where(accepted.present[:, None], shaped, state.command),
        age_s=age_s,
        last_command=accepted.newest(state.last_command),
        listens=listens,
        calibration=jnp.where(firmware.present[:, None], firmware.scalars, 0.0),
        firmware=firmware,
        refused=refusals((accepted, command_rejected), (firmware, firmware_rejected)),
    )
