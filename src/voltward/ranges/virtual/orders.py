"""What the BMS goes by: the cloud's command and the firmware in force."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float, Int

from voltward.attacks.kernel import Context, manipulate
from voltward.controls.in_force import refusals, shape, verify
from voltward.core.record import Record, honest_record
from voltward.core.taps import COMMAND_FIELD, FIRMWARE_SCALARS
from voltward.ranges.virtual.case_arrays import Assembly, CaseArrays
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


def take_orders(
    assembly: Assembly, case: CaseArrays, state: VehicleState, command: Record, context: Context
) -> Orders:
    """Take commands and firmware in: accepted ones replace the last, silence ages them."""
    rules, in_force, tick, seed = assembly.rules, case.in_force, context.tick, case.seed
    runs = seed.shape[0]
    accepted, command_rejected = verify(
        rules, in_force, "can.down", command, state.last_command, seed, tick
    )
    shaped = shape(rules, in_force, "bms.command", accepted.scalars, state.view)
    age_s = jnp.where(accepted.present, 0.0, state.command_age_s + assembly.tick_s)
    newest = jnp.maximum(accepted.sequence, state.last_command)
    # A calibration is in force at every tick; the honest one changes nothing.
    none = jnp.zeros((runs, len(FIRMWARE_SCALARS)))
    flashed = manipulate("firmware", honest_record(none, tick), case.rows, context)
    firmware, firmware_rejected = verify(
        rules, in_force, "firmware", flashed, jnp.full(runs, -1, jnp.int64), seed, tick
    )
    listens = (age_s <= assembly.silence_s) & (state.requests.isolate_cloud < 0.5) & case.cloud
    return Orders(
        accepted=accepted,
        scalars=jnp.where(accepted.present[:, None], shaped, state.command),
        age_s=age_s,
        last_command=jnp.where(accepted.present, newest, state.last_command),
        listens=listens,
        calibration=jnp.where(firmware.present[:, None], firmware.scalars, 0.0),
        firmware=firmware,
        refused=refusals((accepted, command_rejected), (firmware, firmware_rejected)),
    )
