"""A ring of the last telemetry records, packed as the wire packs them."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float, Int, Int16, UInt16

from voltward.core.record import Record

VOLTAGE_STEP_V = 1e-4
TEMPERATURE_STEP_DEGC = 0.1


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class FrameLog:
    """Records in the order of writing; the ring forgets the oldest.

    Attributes:
        voltage: Cell voltages in steps of 0.1 mV.
        temperature: Cell temperatures in steps of 0.1 K.
        scalars: The other values.
        sequence: Number of each record.
        sent_tick: When each was made.
        tainted: Ground truth for the metrics.
        written: How many have been written.
    """

    voltage: UInt16[Array, "slot run cell"]
    temperature: Int16[Array, "slot run cell"]
    scalars: Float[Array, "slot run field"]
    sequence: Int[Array, "slot run"]
    sent_tick: Int[Array, "slot run"]
    tainted: Bool[Array, "slot run"]
    written: Int[Array, " run"]


def start_log(slots: int, runs: int, cells: int, fields: int) -> FrameLog:
    """Return an empty log."""
    return FrameLog(
        voltage=jnp.zeros((slots, runs, cells), jnp.uint16),
        temperature=jnp.zeros((slots, runs, cells), jnp.int16),
        scalars=jnp.zeros((slots, runs, fields)),
        sequence=jnp.full((slots, runs), -1, jnp.int64),
        sent_tick=jnp.full((slots, runs), -1, jnp.int64),
        tainted=jnp.zeros((slots, runs), bool),
        written=jnp.zeros(runs, jnp.int64),
    )


def write(log: FrameLog, record: Record) -> FrameLog:
    """Return the log with the record added in the runs where one is present."""
    slots, runs = log.sequence.shape
    slot = jnp.mod(log.written, slots)
    run = jnp.arange(runs)
    # Absent records go to a slot beyond the ring and are dropped.
    slot = jnp.where(record.present, slot, slots)
    voltage = jnp.round(record.wide[0] / VOLTAGE_STEP_V).astype(jnp.uint16)
    temperature = jnp.round(record.wide[1] / TEMPERATURE_STEP_DEGC).astype(jnp.int16)
    return FrameLog(
        voltage=log.voltage.at[slot, run].set(voltage, mode="drop"),
        temperature=log.temperature.at[slot, run].set(temperature, mode="drop"),
        scalars=log.scalars.at[slot, run].set(record.scalars, mode="drop"),
        sequence=log.sequence.at[slot, run].set(record.sequence, mode="drop"),
        sent_tick=log.sent_tick.at[slot, run].set(record.sent_tick, mode="drop"),
        tainted=log.tainted.at[slot, run].set(record.tainted, mode="drop"),
        written=log.written + record.present,
    )


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Entry:
    """Records read from the log."""

    wide: tuple[Float[Array, "run cell"], Float[Array, "run cell"]]
    scalars: Float[Array, "run field"]
    sequence: Int[Array, " run"]
    sent_tick: Int[Array, " run"]
    tainted: Bool[Array, " run"]


def read(log: FrameLog, position: Int[Array, " run"]) -> Entry:
    """Return the record that was written as number `position` of each run."""
    slots, runs = log.sequence.shape
    slot, run = jnp.mod(position, slots), jnp.arange(runs)
    voltage = log.voltage[slot, run].astype(jnp.float64) * VOLTAGE_STEP_V
    temperature = log.temperature[slot, run].astype(jnp.float64) * TEMPERATURE_STEP_DEGC
    return Entry(
        wide=(voltage, temperature),
        scalars=log.scalars[slot, run],
        sequence=log.sequence[slot, run],
        sent_tick=log.sent_tick[slot, run],
        tainted=log.tainted[slot, run],
    )
