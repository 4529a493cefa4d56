"""From the truth to what the BMS reads: sensors, then the attacks at their taps.

1. Sound sensors read the truth with offset, noise, latency and rounding.
2. Attacks at the five taps change the readings, or repeat those that the log remembers.
3. Where nothing arrives the last reading stands.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float, UInt32

from voltward.attacks.kernel import Past, lag_ticks
from voltward.core.frame_log import read
from voltward.core.noise import NoiseSource, gaussian
from voltward.core.record import Record, honest_record
from voltward.core.taps import FIRMWARE_FIELD, TELEMETRY_FIELD
from voltward.physical.sensors import Readings, lagged, reading
from voltward.ranges.virtual.actuation import Driven
from voltward.ranges.virtual.fixed_draws import FixedDraws
from voltward.ranges.virtual.tick_inputs import TickInputs
from voltward.ranges.virtual.vehicle_state import VehicleState

# Taps of readings that a replay takes from the log; a recording of the others is never replayed.
_REMEMBERED_TAPS = ("cell.voltage", "cell.temperature", "pack.current")


@dataclass(frozen=True)
class Sensed:
    """Readings of a tick and what the attacks did to them.

    Attributes:
        readings: As the BMS gets them.
        felt: What sensors with a latency feel, by channel.
        gained: Capabilities granted to the attacker.
        tainted: Whether an attack changed a reading.
    """

    readings: Readings
    felt: Mapping[str, Array]
    gained: UInt32[Array, " run"]
    tainted: Bool[Array, " run"]


def _true_readings(
    now: TickInputs,
    fixed: FixedDraws,
    driven: Driven,
    before: Mapping[str, Array],
    calibration: Float[Array, "run field"],
) -> tuple[Readings, Mapping[str, Array]]:
    """Return what sound sensors read, and what those with a latency feel."""
    sensors, tick, seed = now.assembly.sensors, now.tick, now.case.seed
    cells, pack = now.assembly.cells, now.assembly.plant.pack
    felt: dict[str, Array] = {}

    def feel(name: str, truth: Array) -> Array:
        if name not in before:
            return truth
        felt[name] = lagged(getattr(sensors, name), before[name], truth, now.tick_s)
        return felt[name]

    felt_degC = feel("temperature", driven.plant.cells.temperature_degC)
    voltage_offset_V = calibration[:, FIRMWARE_FIELD["voltage_offset_V"]]
    cell_V, current_A = driven.output.voltage_V, driven.current_A
    groups_V = cell_V.reshape(now.runs, -1, pack.parallel).mean(axis=2)
    draws, offsets = gaussian(seed, NoiseSource.PACK_SENSORS, tick, 4), fixed.scalar_offset
    world = now.case.world
    voltage_V = reading(
        sensors.voltage,
        feel("voltage", cell_V) * (1.0 + world.cell_gain[:, None]),
        fixed.voltage_offset_V,
        gaussian(seed, NoiseSource.VOLTAGE_SENSOR, tick, cells),
    )
    charger_A = reading(
        sensors.charger_current,
        feel("charger_current", current_A),
        offsets[:, 2],
        draws[:, 2],
    )
    isolation_kohm = pack.isolation_kohm * (1.0 + world.isolation_gain)
    readings = Readings(
        voltage_V=voltage_V + voltage_offset_V[:, None],
        temperature_degC=reading(
            sensors.temperature,
            felt_degC,
            fixed.temperature_offset_K,
            gaussian(seed, NoiseSource.TEMPERATURE_SENSOR, tick, cells),
        ),
        current_A=reading(
            sensors.current,
            feel("current", current_A) * (1.0 + world.current_gain),
            offsets[:, 0],
            draws[:, 0],
        ),
        pack_voltage_V=reading(
            sensors.pack_voltage,
            feel("pack_voltage", jnp.sum(groups_V, axis=1)) * (1.0 + world.stack_gain),
            offsets[:, 1],
            draws[:, 1],
        ),
        charger_current_A=jnp.where(driven.charging, charger_A, 0.0),
        isolation_kohm=reading(sensors.isolation, isolation_kohm, offsets[:, 3], draws[:, 3]),
    )
    return readings, felt


def sense(
    now: TickInputs,
    fixed: FixedDraws,
    state: VehicleState,
    driven: Driven,
    calibration: Float[Array, "run field"],
) -> Sensed:
    """Read the sensors; attacks at their taps act on the readings.

    Args:
        now: The tick.
        fixed: Draws of the run.
        state: Of the vehicle, before: its last readings, and the log of what it sent.
        driven: The plant after this tick.
        calibration: Firmware record's scalars.
    """
    # 1. Sound sensors.
    true, felt = _true_readings(now, fixed, driven, state.felt, calibration)

    # 2. Attacks at the taps.
    received = _received_records(now, state, true)
    gained = jnp.zeros(now.runs, jnp.uint32)
    tainted = jnp.zeros(now.runs, bool)
    for tap, record in received.items():
        gained |= now.earned(tap, record.tainted)
        tainted |= record.tainted

    # 3. What is silent keeps its last reading.
    def wide_or_last(tap: str, before: Array) -> Array:
        return jnp.where(received[tap].present[:, None], received[tap].wide[0], before)

    def scalar_or_last(tap: str, before: Array) -> Array:
        return jnp.where(received[tap].present, received[tap].scalars[:, 0], before)

    last = state.readings
    readings = Readings(
        voltage_V=wide_or_last("cell.voltage", last.voltage_V),
        temperature_degC=wide_or_last("cell.temperature", last.temperature_degC),
        current_A=scalar_or_last("pack.current", last.current_A),
        pack_voltage_V=scalar_or_last("pack.voltage", last.pack_voltage_V),
        charger_current_A=true.charger_current_A,
        isolation_kohm=scalar_or_last("pack.isolation", last.isolation_kohm),
    )
    return Sensed(readings, felt, gained, tainted)


def _received_records(now: TickInputs, state: VehicleState, true: Readings) -> dict[str, Record]:
    """Return the record that the BMS gets at each sensor's tap."""
    rows, context, slots = now.case.rows, now.context, now.assembly.log_slots
    lags = jnp.stack([lag_ticks(rows, tap, context, slots) for tap in _REMEMBERED_TAPS])
    then = read(state.log, state.log.written - jnp.max(lags, axis=0))
    none = jnp.zeros((now.runs, 0))

    def past(wide: tuple[Array, ...] = (), scalars: Array = none) -> Past:
        return Past(wide, scalars, then.sequence, then.sent_tick)

    def wide(values: Float[Array, "run cell"]) -> Record:
        return honest_record(none, now.tick, (values,))

    def scalar(values: Float[Array, " run"]) -> Record:
        return honest_record(values[:, None], now.tick)

    current_then = then.scalars[:, TELEMETRY_FIELD["current_A"], None]
    sent = {
        "cell.voltage": (wide(true.voltage_V), past(then.wide[:1])),
        "cell.temperature": (wide(true.temperature_degC), past(then.wide[1:])),
        "pack.current": (scalar(true.current_A), past(scalars=current_then)),
        "pack.voltage": (scalar(true.pack_voltage_V), None),
        "pack.isolation": (scalar(true.isolation_kohm), None),
    }
    return {tap: now.at_tap(tap, made, before) for tap, (made, before) in sent.items()}
