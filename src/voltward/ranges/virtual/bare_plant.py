"""The bare plant: vehicle, pack and on-board BMS alone; no cloud, no attack, no control."""

import jax.numpy as jnp
from jax import Array, lax
from jaxtyping import Float, Int

from voltward.attacks.kernel import Context
from voltward.core.record import absent_record
from voltward.ranges.virtual.case_arrays import Assembly, CaseArrays, DutyTick
from voltward.ranges.virtual.fixed_draws import fixed_draws
from voltward.ranges.virtual.program import DutyArrays
from voltward.ranges.virtual.tick_inputs import TickInputs
from voltward.ranges.virtual.vehicle_part import vehicle_step
from voltward.ranges.virtual.vehicle_state import VehicleState, start_vehicle

PLANT_COLUMNS = (
    "true_voltage_min_V",
    "true_voltage_max_V",
    "true_current_A",
    "true_temperature_max_degC",
    "true_soc",
    "bms_soc",
    "speed_mps",
    "contactor_closed",
)


def run_plant(
    assembly: Assembly, case: CaseArrays, duty: DutyArrays
) -> tuple[VehicleState, Float[Array, "tick run column"]]:
    """Run a duty on the vehicle's part with nobody at the other end.

    Args:
        assembly: Static parameters.
        case: One run or more; its cloud, rows and controls are expected to be off.
        duty: Padded to its bucket.

    Returns:
        The last state, and PLANT_COLUMNS for every tick.
    """
    fixed = fixed_draws(assembly, case.seed, case.world)
    runs = case.seed.shape[0]
    start = start_vehicle(assembly, case, fixed, jnp.asarray(-1))

    def body(
        state: VehicleState, given: tuple[DutyTick, Int[Array, ""]]
    ) -> tuple[VehicleState, Float[Array, "run column"]]:
        asked, tick = given
        silence = absent_record("can.down", runs, tick)
        now = TickInputs(assembly, case, Context(tick=tick, held=case.held, seed=case.seed))
        moved, _, report = vehicle_step(now, fixed, state, silence, asked)
        columns = (
            jnp.min(report.output.voltage_V, axis=1),
            jnp.max(report.output.voltage_V, axis=1),
            report.current_A,
            jnp.max(moved.plant.cells.temperature_degC, axis=1),
            jnp.mean(moved.plant.cells.soc, axis=1),
            moved.estimate.soc[:, 0],
            report.speed_mps,
            moved.contactors.closed.astype(jnp.float64),
        )
        return moved, jnp.stack(columns, axis=1)

    ticks = jnp.arange(duty.ticks.mode.shape[0])
    return lax.scan(body, start, (duty.ticks, ticks))
