"""From the truth to what the BMS reads: sensors, then the attacks at their taps."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float, UInt32

from voltward.attacks.kernel import Context, Past, earned, lag_ticks, manipulate
from voltward.core.frame_log import FrameLog, read
from voltward.core.noise import NoiseSource, gaussian
from voltward.core.record import Record, honest_record
from voltward.core.taps import FIRMWARE_FIELD, TELEMETRY_FIELD
from voltward.physical.pack import CellOutput
from voltward.physical.plant import PlantState
from voltward.physical.sensors import lagged, reading
from voltward.ranges.virtual.case_arrays import Assembly, CaseArrays, FixedDraws

SENSOR_TAPS = ("cell.voltage", "cell.temperature", "pack.current", "pack.voltage", "pack.isolation")


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Readings:
    """What the BMS reads in a tick."""

    voltage_V: Float[Array, "run cell"]
    temperature_degC: Float[Array, "run cell"]
    current_A: Float[Array, " run"]
    pack_voltage_V: Float[Array, " run"]
    charger_current_A: Float[Array, " run"]
    isolation_kohm: Float[Array, " run"]


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Sensed:
    """Readings of a tick and what the attacks did to them.

    Attributes:
        readings: As the BMS gets them.
        felt_degC: What lagging temperature sensors feel.
        gained: Capabilities granted to the attacker.
        tainted: Whether an attack changed a reading.
    """

    readings: Readings
    felt_degC: Float[Array, "run cell"]
    gained: UInt32[Array, " run"]
    tainted: Bool[Array, " run"]


def _true_readings(
    assembly: Assembly,
    case: CaseArrays,
    fixed: FixedDraws,
    context: Context,
    output: CellOutput,
    felt_degC: Float[Array, "run cell"],
    current_A: Float[Array, " run"],
    charging: Bool[Array, " run"],
    voltage_offset_V: Float[Array, " run"],
) -> Readings:
    """Return what sound sensors read."""
    sensors, tick, seed = assembly.sensors, context.tick, case.seed
    cells, parallel = assembly.cells, assembly.plant.pack.parallel
    runs = current_A.shape[0]
    groups_V = output.voltage_V.reshape(runs, -1, parallel).mean(axis=2)
    draws, offsets = gaussian(seed, NoiseSource.PACK_SENSORS, tick, 4), fixed.scalar_offset
    voltage_V = reading(
        sensors.voltage,
        output.voltage_V,
        fixed.voltage_offset,
        gaussian(seed, NoiseSource.VOLTAGE_SENSOR, tick, cells),
    )
    charger_A = reading(sensors.charger_current, current_A, offsets[:, 2], draws[:, 2])
    isolation_kohm = jnp.full(runs, assembly.plant.pack.isolation_kohm)
    return Readings(
        voltage_V=voltage_V + voltage_offset_V[:, None],
        temperature_degC=reading(
            sensors.temperature,
            felt_degC,
            fixed.temperature_offset,
            gaussian(seed, NoiseSource.TEMPERATURE_SENSOR, tick, cells),
        ),
        current_A=reading(sensors.current, current_A, offsets[:, 0], draws[:, 0]),
        pack_voltage_V=reading(
            sensors.pack_voltage, jnp.sum(groups_V, axis=1), offsets[:, 1], draws[:, 1]
        ),
        charger_current_A=jnp.where(charging, charger_A, 0.0),
        isolation_kohm=reading(sensors.isolation, isolation_kohm, offsets[:, 3], draws[:, 3]),
    )


def sense(
    assembly: Assembly,
    case: CaseArrays,
    fixed: FixedDraws,
    context: Context,
    last: Readings,
    log: FrameLog,
    felt_degC: Float[Array, "run cell"],
    output: CellOutput,
    plant: PlantState,
    current_A: Float[Array, " run"],
    charging: Bool[Array, " run"],
    calibration: Float[Array, "run field"],
) -> Sensed:
    """Read the sensors; attacks at their taps act on the readings.

    Args:
        assembly: Static parameters.
        case: What differs between runs.
        fixed: Draws of the run.
        context: Tick and capabilities.
        last: Readings of the last tick; a silent sensor keeps them.
        log: Records sent so far, for replays.
        felt_degC: What temperature sensors felt in the last tick.
        output: Of the cells.
        plant: The truth.
        current_A: True pack current.
        charging: Whether a charger is connected and on.
        calibration: Firmware record's scalars.
    """
    rows, tick = case.rows, context.tick
    runs = current_A.shape[0]
    felt = lagged(
        assembly.sensors.temperature,
        felt_degC,
        plant.cells.temperature_degC,
        assembly.tick_s,
    )
    offset_V = calibration[:, FIRMWARE_FIELD["voltage_offset_V"]]
    true = _true_readings(
        assembly, case, fixed, context, output, felt, current_A, charging, offset_V
    )
    slots = assembly.log_slots
    replaying = SENSOR_TAPS[:3]
    lags = jnp.stack([lag_ticks(rows, tap, context, slots) for tap in replaying])
    then = read(log, log.written - jnp.max(lags, axis=0))
    none = jnp.zeros((runs, 0))

    def tapped(tap: str, made: Record, past: Past | None) -> Record:
        return manipulate(tap, made, rows, context, past)

    current_then = then.scalars[:, TELEMETRY_FIELD["current_A"], None]
    records = (
        tapped(
            "cell.voltage",
            honest_record(none, tick, (true.voltage_V,)),
            Past((then.wide[0],), none, then.sequence, then.sent_tick),
        ),
        tapped(
            "cell.temperature",
            honest_record(none, tick, (true.temperature_degC,)),
            Past((then.wide[1],), none, then.sequence, then.sent_tick),
        ),
        tapped(
            "pack.current",
            honest_record(true.current_A[:, None], tick),
            Past((), current_then, then.sequence, then.sent_tick),
        ),
        tapped("pack.voltage", honest_record(true.pack_voltage_V[:, None], tick), None),
        tapped("pack.isolation", honest_record(true.isolation_kohm[:, None], tick), None),
    )
    gained = jnp.zeros(runs, jnp.uint32)
    tainted = jnp.zeros(runs, bool)
    for name, record in zip(SENSOR_TAPS, records, strict=True):
        gained |= earned(rows, name, context, record.tainted)
        tainted |= record.tainted

    def wide_or_last(record: Record, before: Array) -> Array:
        return jnp.where(record.present[:, None], record.wide[0], before)

    def scalar_or_last(record: Record, before: Array) -> Array:
        return jnp.where(record.present, record.scalars[:, 0], before)

    voltage, temperature, current, pack_voltage, isolation = records
    readings = Readings(
        voltage_V=wide_or_last(voltage, last.voltage_V),
        temperature_degC=wide_or_last(temperature, last.temperature_degC),
        current_A=scalar_or_last(current, last.current_A),
        pack_voltage_V=scalar_or_last(pack_voltage, last.pack_voltage_V),
        charger_current_A=true.charger_current_A,
        isolation_kohm=scalar_or_last(isolation, last.isolation_kohm),
    )
    return Sensed(readings, felt, gained, tainted)
