"""One row of a trace: true, reported and twin values side by side."""

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from voltward.attacks.row import COLUMN
from voltward.ranges.virtual.case_arrays import CaseArrays
from voltward.ranges.virtual.tick_consequences import Happened, all_places
from voltward.results.columns import TRACE_COLUMNS

# Names of a row's columns: those of the trace's table less the time.
TRACE_NAMES = tuple(column.name for column in TRACE_COLUMNS if column.name != "time_s")


def trace_row(case: CaseArrays, happened: Happened) -> Float[Array, "run column"]:
    """Return the trace's columns of one tick.

    The target is the first cell that the attack touches, cell 0 in a clean run.
    """
    first = jnp.max(case.rows[:, :, :, COLUMN["first"]], axis=(1, 2)).astype(jnp.int32)[:, None]

    def target(values: Float[Array, "run cell"]) -> Float[Array, " run"]:
        return jnp.take_along_axis(values, first, axis=1)[:, 0]

    report, vehicle = happened.vehicle_report, happened.vehicle
    plant, readings, twin = vehicle.plant, vehicle.readings, happened.cloud.twin
    voltage = report.output.voltage_V
    scores = all_places(happened, "scores")
    columns = {
        "true_voltage_min_V": jnp.min(voltage, axis=1),
        "true_voltage_max_V": jnp.max(voltage, axis=1),
        "true_voltage_target_V": target(voltage),
        "reported_voltage_target_V": target(readings.voltage_V),
        "twin_voltage_target_V": target(happened.cloud.expected_V),
        "true_current_A": report.current_A,
        "reported_current_A": readings.current_A,
        "twin_current_A": twin.current_A,
        "true_temperature_max_degC": jnp.max(plant.cells.temperature_degC, axis=1),
        "reported_temperature_max_degC": jnp.max(readings.temperature_degC, axis=1),
        "twin_temperature_max_degC": jnp.max(twin.temperature_degC, axis=1),
        "true_soc": jnp.mean(plant.cells.soc, axis=1),
        "bms_soc": vehicle.estimate.soc[:, 0],
        "twin_soc": jnp.mean(twin.estimate.soc, axis=1),
        "speed_mps": report.speed_mps,
        "contactor_closed": vehicle.contactors.closed.astype(jnp.float64),
        "queued_records": happened.gateway_report.queued,
        "worst_score": jnp.max(scores, axis=1, initial=0.0),
    }
    return jnp.stack([columns[name] for name in TRACE_NAMES], axis=1)
