"""The kernel: rows act on the record that passes a tap.

1. Tell which steps act in this tick: in their time, with every position that they need.
2. Where a step replays or delays, take what passed the tap so many ticks ago.
3. Change the chosen field: `(1 + gain) * y + bias + ramp * t + noise` on the touched cells.
4. Set the header of the record: who made it, with which proofs, number and stamp; or lose it.

A tap's two slots act one after the other. A tap where no step of any run acts costs nothing.
"""

from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
from jax import Array, lax
from jaxtyping import Bool, Float, Int, UInt32, UInt64

from voltward.attacks.row import COLUMN
from voltward.core.capabilities import POSITIONS, REPLAYABLE, SECRETS
from voltward.core.noise import NoiseSource, gaussian, uniform
from voltward.core.record import ATTACKER, Record
from voltward.core.taps import SLOTS, TAP_INDEX, Tap, tap_named


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Context:
    """What the kernel knows of the tick.

    Attributes:
        tick: Number of the tick.
        held: Capabilities that the attacker holds.
        seed: Seed of each run.
        active: Which steps act now at every tap; None is worked out tap by tap.
        lag: How far back the record lies that each tap replays or delays; None is worked out
            tap by tap.
    """

    tick: Int[Array, ""]
    held: UInt32[Array, " run"]
    seed: UInt64[Array, " run"]
    active: Bool[Array, "run tap slot"] | None = None
    lag: Int[Array, "run tap"] | None = None


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Past:
    """Records that passed the tap: at a lag, as many ticks back as each run asks."""

    wide: tuple[Float[Array, "run cell"], ...]
    scalars: Float[Array, "run field"]
    sequence: Int[Array, " run"]
    sent_tick: Int[Array, " run"]


def planned(context: Context, rows: Float[Array, "run tap slot column"], memory: int) -> Context:
    """Return the context with what every tap's steps do in this tick, worked out once.

    Args:
        context: Of the tick.
        rows: All rows of all runs.
        memory: Records that the rings remember.
    """
    active = _active(rows, context)
    lag = _lag(rows, active, context, memory)
    # Without the barrier the compiler works both out again at every reader.
    active, lag = lax.optimization_barrier((active, lag))
    return replace(context, active=active, lag=lag)


def _active(
    rows: Float[Array, "run ... slot column"], context: Context
) -> Bool[Array, "run ... slot"]:
    # 1. In time, and with every position.
    start = rows[..., COLUMN["start"]]
    since = context.tick - start
    needs = rows[..., COLUMN["needs"]].astype(jnp.uint32) & jnp.uint32(int(POSITIONS))
    held = context.held.reshape((-1,) + (1,) * (start.ndim - 1))
    # Comparing the phase with the duty in ticks keeps a duty of 1 always on. Ticks are whole
    # numbers, so the floor of the quotient is exact; a remainder costs a call for each element.
    period = jnp.maximum(rows[..., COLUMN["period"]], 1.0)
    phase = since - period * jnp.floor(since / period)
    on = phase < rows[..., COLUMN["duty"]] * period
    in_time = (since >= 0) & (context.tick < rows[..., COLUMN["stop"]])
    return (rows[..., COLUMN["used"]] > 0) & in_time & on & ((needs & ~held) == 0)


def _lag(
    rows: Float[Array, "run ... slot column"],
    active: Bool[Array, "run ... slot"],
    context: Context,
    memory: int,
) -> Int[Array, "run ..."]:
    since = context.tick - rows[..., COLUMN["start"]]
    window = rows[..., COLUMN["window"]]
    # A window of n ticks repeats the n ticks before the start.
    loops = window * (1.0 + jnp.floor(since / jnp.maximum(window, 1.0)))
    looped = jnp.where(loops < memory, loops, window)
    lag = jnp.where(active, jnp.maximum(looped, rows[..., COLUMN["delay"]]), 0.0)
    return jnp.max(lag, axis=-1).astype(jnp.int64)


def active_slots(
    rows: Float[Array, "run tap slot column"], tap: str, context: Context
) -> Bool[Array, "run slot"]:
    """Return which steps at a tap act now: in their time, with every position they need."""
    if context.active is not None:
        return context.active[:, TAP_INDEX[tap]]
    return _active(rows[:, TAP_INDEX[tap]], context)


def lag_ticks(
    rows: Float[Array, "run tap slot column"], tap: str, context: Context, memory: int
) -> Int[Array, " run"]:
    """Return how far back the replayed or delayed record lies, 0 where none is."""
    if context.lag is not None:
        return context.lag[:, TAP_INDEX[tap]]
    return _lag(rows[:, TAP_INDEX[tap]], active_slots(rows, tap, context), context, memory)


def manipulate(
    tap_name: str,
    record: Record,
    rows: Float[Array, "run tap slot column"],
    context: Context,
    past: Past | None = None,
) -> Record:
    """Return the record as the receiver at this tap gets it.

    Args:
        tap_name: The tap.
        record: As the sender made it.
        rows: All rows of all runs.
        context: Of the tick.
        past: The record at `lag_ticks`, for taps that remember; None elsewhere.
    """
    tap = tap_named(tap_name)
    active = active_slots(rows, tap_name, context)
    return lax.cond(
        jnp.any(active),
        lambda: _changed_by_slots(tap, record, rows[:, TAP_INDEX[tap_name]], active, context, past),
        lambda: record,
    )


def _changed_by_slots(
    tap: Tap,
    record: Record,
    rows: Float[Array, "run slot column"],
    active: Bool[Array, "run slot"],
    context: Context,
    past: Past | None,
) -> Record:
    for slot in range(SLOTS):
        record = _one_row(tap, slot, record, rows[:, slot], active[:, slot], context, past)
    return record


def _one_row(
    tap: Tap,
    slot: int,
    record: Record,
    row: Float[Array, "run column"],
    active: Bool[Array, " run"],
    context: Context,
    past: Past | None,
) -> Record:
    def column(name: str) -> Float[Array, " run"]:
        return row[:, COLUMN[name]]

    # Channels of a slot: one for each wide field, of which a tap has two at most; then the
    # scalars', then the losses'.
    member = 8 * TAP_INDEX[tap.name] + 4 * slot
    replayed = active & (column("window") > 0)
    delayed = active & (column("delay") > 0)
    wide, scalars, sequence = record.wide, record.scalars, record.sequence
    present, sent_tick = record.present, record.sent_tick
    field = column("field")
    since = context.tick - column("start")

    # 2. The old record; without a field it comes as a whole, with its number and stamp.
    whole = (replayed | delayed) & (field < 0)
    if past is not None:
        old = replayed | delayed
        wide = tuple(
            jnp.where(
                whole[:, None] | (_touched_cells(row, then) & (old & (field == i))[:, None]),
                then,
                now,
            )
            for i, (then, now) in enumerate(zip(past.wide, wide, strict=True))
        )
        place = jnp.arange(scalars.shape[1]) + len(tap.wide)
        chosen_old = whole[:, None] | (old[:, None] & (field[:, None] == place[None, :]))
        scalars = jnp.where(chosen_old, past.scalars, scalars)
        sequence = jnp.where(whole, past.sequence, sequence)
        sent_tick = jnp.where(whole, past.sent_tick, sent_tick)
        waited = since >= column("delay")
        present = jnp.where(delayed & whole, waited, present | (replayed & whole))

    # 3. The chosen field.
    offset = column("bias") + column("ramp") * since
    changed = []
    for index, values in enumerate(wide):
        chosen = active & (field == index)
        changed.append(_wide_row(row, chosen, values, offset, member + index, context))
    first_scalar = len(tap.wide)
    fields = jnp.arange(scalars.shape[1]) + first_scalar
    chosen_scalar = active[:, None] & (field[:, None] == fields[None, :])
    draw = gaussian(context.seed, NoiseSource.ATTACK_STEP, context.tick, member=member + 2)
    moved = scalars * (1.0 + column("gain"))[:, None] + (offset + column("noise") * draw)[:, None]
    scalars = jnp.where(chosen_scalar, moved, scalars)

    # 4. The header.
    edits = active & ((field >= 0) | replayed) & ~(column("listen") > 0)
    injects = active & (column("inject") > 0)
    terminates = active & (column("terminate") > 0)
    forged = edits | injects | terminates
    kept = jnp.where(replayed & whole, record.proofs & jnp.uint32(int(REPLAYABLE)), jnp.uint32(0))
    own = context.held & jnp.uint32(int(SECRETS))
    chance = uniform(context.seed, NoiseSource.ATTACK_STEP, context.tick, member=member + 3)
    lost = chance < column("drop")
    return Record(
        wide=tuple(changed),
        scalars=jnp.where(terminates[:, None], 1.0, scalars)
        if tap.scalars == ("peer",)
        else scalars,
        present=(present | injects) & ~(active & lost),
        # The forger of a new record counts on; an edited or replayed one keeps its number.
        sequence=jnp.where(injects, sequence + 1, sequence),
        sent_tick=jnp.where(injects, context.tick, sent_tick),
        sender=jnp.where(forged, ATTACKER, record.sender),
        proofs=jnp.where(forged, own | kept, record.proofs),
        copies=record.copies + jnp.where(active, column("copies") + column("inject"), 0.0),
        tainted=record.tainted | forged | (delayed & present),
    )


def _touched_cells(
    row: Float[Array, "run column"], values: Float[Array, "run cell"]
) -> Bool[Array, "run cell"]:
    place = jnp.arange(values.shape[1], dtype=jnp.float64)[None, :]
    first, count = row[:, COLUMN["first"], None], row[:, COLUMN["count"], None]
    return (place >= first) & (place < first + count)


def _wide_row(
    row: Float[Array, "run column"],
    chosen: Bool[Array, " run"],
    values: Float[Array, "run cell"],
    offset: Float[Array, " run"],
    member: int,
    context: Context,
) -> Float[Array, "run cell"]:
    cells = values.shape[1]
    place = jnp.arange(cells, dtype=jnp.float64)[None, :]
    first, count = row[:, COLUMN["first"], None], row[:, COLUMN["count"], None]
    masked = chosen[:, None] & _touched_cells(row, values)
    shift = row[:, COLUMN["shift"], None]
    # Swapped channels stay inside the touched cells: a permutation, not a copy.
    source = first + jnp.mod(place - first + shift, jnp.maximum(count, 1.0))
    source = jnp.where(masked, source, place).astype(jnp.int32)
    taken = jnp.take_along_axis(values, jnp.clip(source, 0, cells - 1), axis=1)
    draw = gaussian(context.seed, NoiseSource.ATTACK_STEP, context.tick, cells, member=member)
    moved = (1.0 + row[:, COLUMN["gain"], None]) * taken
    moved = moved + offset[:, None] + row[:, COLUMN["noise"], None] * draw
    return jnp.where(masked, moved, values)


def injecting(
    rows: Float[Array, "run tap slot column"], tap: str, context: Context
) -> Bool[Array, " run"]:
    """Return where a step sends a record of its own at this tap."""
    active = active_slots(rows, tap, context)
    return jnp.any(active & (rows[:, TAP_INDEX[tap], :, COLUMN["inject"]] > 0), axis=1)


def listened(
    rows: Float[Array, "run tap slot column"],
    tap: str,
    context: Context,
    record: Record,
    readable: Bool[Array, " run"],
) -> Float[Array, " run"]:
    """Return 1 where an attacker reads the record's content at this tap."""
    active = active_slots(rows, tap, context)
    listens = rows[:, TAP_INDEX[tap], :, COLUMN["listen"]] > 0
    return (jnp.any(active & listens, axis=1) & record.present & readable).astype(jnp.float64)


def earned(
    rows: Float[Array, "run tap slot column"],
    tap: str,
    context: Context,
    accepted: Bool[Array, " run"],
) -> UInt32[Array, " run"]:
    """Return the capabilities that steps at a tap grant once their record is accepted."""
    grants = rows[:, TAP_INDEX[tap], :, COLUMN["grants"]].astype(jnp.uint32)
    active = active_slots(rows, tap, context) & accepted[:, None]
    gained = jnp.where(active, grants, jnp.uint32(0))
    return gained[:, 0] | gained[:, 1]
