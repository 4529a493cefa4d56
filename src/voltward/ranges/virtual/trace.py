"""One row of a trace: true, reported and twin values side by side."""

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from voltward.attacks.row import COLUMN
from voltward.core.taps import TELEMETRY_SCALARS
from voltward.ranges.virtual.case_arrays import CaseArrays
from voltward.ranges.virtual.meter import Happened

FIELD = {name: index for index, name in enumerate(TELEMETRY_SCALARS)}
TRACE_COLUMNS = (
    "true_voltage_min_V",
    "true_voltage_max_V",
    "true_voltage_target_V",
    "reported_voltage_target_V",
    "twin_voltage_target_V",
    "true_current_A",
    "reported_current_A",
    "twin_current_A",
    "true_temperature_max_degC",
    "reported_temperature_max_degC",
    "twin_temperature_max_degC",
    "true_soc",
    "bms_soc",
    "twin_soc",
    "speed_mps",
    "contactor_closed",
    "queued_records",
    "worst_score",
)


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
    scores = jnp.concatenate(
        [report.scores, happened.gateway_report.scores, happened.cloud_report.scores], axis=1
    )
    columns = (
        jnp.min(voltage, axis=1),
        jnp.max(voltage, axis=1),
        target(voltage),
        target(readings.voltage_V),
        target(happened.cloud.expected_V),
        report.current_A,
        readings.current_A,
        twin.current_A,
        jnp.max(plant.cells.temperature_degC, axis=1),
        jnp.max(readings.temperature_degC, axis=1),
        jnp.max(twin.temperature_degC, axis=1),
        jnp.mean(plant.cells.soc, axis=1),
        vehicle.estimate.soc[:, 0],
        jnp.mean(twin.estimate.soc, axis=1),
        report.speed_mps,
        vehicle.contactors.closed.astype(jnp.float64),
        happened.gateway_report.queued,
        jnp.max(scores, axis=1, initial=0.0),
    )
    return jnp.stack(columns, axis=1)
