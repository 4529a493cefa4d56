"""A ring of the last telemetry records, packed as the shipped wire packs them where that fits."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float, Int, Shaped

from voltward.core.record import Record

VOLTAGE_STEP_V = 1e-4
TEMPERATURE_STEP_DEGC = 0.1


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class FrameLog:
    """Records in the order of writing; the ring forgets the oldest.

    Attributes:
        voltage: Cell voltages: counts of 0.1 mV, or values of a wire with another code.
        temperature: Cell temperatures: counts of 0.1 K, or values.
        scalars: The other values.
        sequence: Number of each record.
        sent_tick: When each was made.
        tainted: Ground truth for the metrics.
        written: How many have been written.
    """

    voltage: Shaped[Array, "slot run cell"]
    temperature: Shaped[Array, "slot run cell"]
    scalars: Float[Array, "slot run field"]
    sequence: Int[Array, "slot run"]
    sent_tick: Int[Array, "slot run"]
    tainted: Bool[Array, "slot run"]
    written: Int[Array, " run"]


def start_log(slots: int, runs: int, cells: int, fields: int, *, compact: bool = True) -> FrameLog:
    """Return an empty log.

    Args:
        slots: How many records it remembers.
        runs: Side by side.
        cells: Of the pack.
        fields: Of a record beside the values per cell.
        compact: Whether the wire counts cells in steps of 0.1 mV and 0.1 K; else values are kept.
    """
    wide = (slots, runs, cells)
    return FrameLog(
        voltage=jnp.zeros(wide, jnp.uint16 if compact else jnp.float64),
        temperature=jnp.zeros(wide, jnp.int16 if compact else jnp.float64),
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
    voltage, temperature = record.wide
    if log.voltage.dtype == jnp.uint16:
        voltage = jnp.round(voltage / VOLTAGE_STEP_V).astype(jnp.uint16)
        temperature = jnp.round(temperature / TEMPERATURE_STEP_DEGC).astype(jnp.int16)
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

    def values(kept: Shaped[Array, "slot run cell"], step: float) -> Float[Array, "run cell"]:
        chosen = kept[slot, run]
        return chosen if kept.dtype == jnp.float64 else chosen.astype(jnp.float64) * step

    return Entry(
        wide=(
            values(log.voltage, VOLTAGE_STEP_V),
            values(log.temperature, TEMPERATURE_STEP_DEGC),
        ),
        scalars=log.scalars[slot, run],
        sequence=log.sequence[slot, run],
        sent_tick=log.sent_tick[slot, run],
        tainted=log.tainted[slot, run],
    )
