"""The program: the closed loop of one assembly, compiled once for every case that fits it.

In a tick every part reads the mailboxes that the last tick filled:

1. Work out which steps of the attack act now, at every tap.
2. The vehicle takes its command, and sends telemetry to the bus.
3. The gateway takes that telemetry, the cloud's command and its peer's proof, and sends both ways.
4. The cloud takes up to two records, and sends a command.
5. The attacker keeps what forged records gained him, until new keys are in place.
6. The meter counts what happened; nobody in the loop reads it.
"""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax
from jaxtyping import Float, Int

from voltward.attacks.kernel import (
    Context,
    Past,
    injecting,
    lag_ticks,
    manipulate,
    planned,
)
from voltward.comms.link import LinkState, link_step, start_link
from voltward.core.capabilities import SECRETS, Capability
from voltward.core.control import Place
from voltward.core.frame_log import FrameLog, read
from voltward.core.noise import NoiseSource, uniform
from voltward.core.record import Record, absent_record, honest_record
from voltward.physical.faults import FAULTS
from voltward.ranges.virtual.case_arrays import Assembly, CaseArrays, DutyTick
from voltward.ranges.virtual.cloud_part import CloudState, cloud_step, start_cloud
from voltward.ranges.virtual.fixed_draws import FixedDraws, fixed_draws
from voltward.ranges.virtual.gateway_part import (
    GatewayInbox,
    GatewayState,
    gateway_step,
    start_gateway,
)
from voltward.ranges.virtual.meter import Meter, metered, settled, start_meter
from voltward.ranges.virtual.tick_consequences import Happened
from voltward.ranges.virtual.tick_inputs import TickInputs
from voltward.ranges.virtual.trace import trace_row
from voltward.ranges.virtual.vehicle_part import vehicle_step
from voltward.ranges.virtual.vehicle_state import VehicleState, start_vehicle

# Taken away when keys, sessions and accounts are renewed; positions on wires stay.
REVOCABLE = SECRETS | Capability.SESSION_TERMINATED | Capability.OPERATOR_ACCOUNT


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Carry:
    """State of the loop, and the mailboxes through which its parts meet.

    Attributes:
        vehicle: Part.
        gateway: Part.
        cloud: Part.
        link: Between gateway and broker.
        can_up: Telemetry on its way to the gateway.
        mqtt_up: Two records on their way to the cloud.
        mqtt_down: Command on its way to the gateway.
        can_down: Command on its way to the BMS.
        held: Capabilities of the attacker.
        rekey_s: Time since new keys were asked for, negative when they were not.
        meter: Accumulators.
    """

    vehicle: VehicleState
    gateway: GatewayState
    cloud: CloudState
    link: LinkState
    can_up: Record
    mqtt_up: tuple[Record, Record]
    mqtt_down: Record
    can_down: Record
    held: Array
    rekey_s: Float[Array, " run"]
    meter: Meter


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Goals:
    """The goal of each run's attack: which consequence, and how much of it."""

    index: Int[Array, " run"]
    at_least: Float[Array, " run"]


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class DutyArrays:
    """The duties of a batch over their bucket of ticks; columns of `ticks` are (tick, run)."""

    ticks: DutyTick
    duration_s: Float[Array, ""]


def start_carry(assembly: Assembly, case: CaseArrays, fixed: FixedDraws) -> Carry:
    """Return the loop at rest, with silence in every mailbox."""
    runs, cells = fixed.initial_soc.shape
    before = jnp.asarray(-1)
    telemetry = absent_record("can.up", runs, before, cells)
    command = absent_record("can.down", runs, before)
    rules = assembly.rules
    watches = sum(len(rules.watches(place)) for place in Place)
    return Carry(
        vehicle=start_vehicle(assembly, case, fixed, before),
        gateway=start_gateway(assembly, runs),
        cloud=start_cloud(assembly, case, fixed),
        link=start_link(runs),
        can_up=telemetry,
        mqtt_up=(telemetry, telemetry),
        mqtt_down=command,
        can_down=command,
        held=case.held,
        rekey_s=jnp.full(runs, -1.0),
        meter=start_meter(runs, watches, len(rules.acts()), len(FAULTS)),
    )


def on_the_way_up(
    tap: str,
    record: Record,
    case: CaseArrays,
    context: Context,
    log: FrameLog,
    written: Int[Array, " run"],
) -> Record:
    """Return a telemetry record as it leaves a tap that remembers earlier ones.

    `written` counts the records before this tick, `log` is that of the tick's end: a reader of the
    old ring would cost a copy of the whole ring in every tick, for it is written in place.
    """
    lag = lag_ticks(case.rows, tap, context, log.sequence.shape[0])

    def remembered() -> Record:
        # The record on its way is itself the last one written.
        back = jnp.minimum(lag, log.sequence.shape[0] - 2)
        entry = read(log, jnp.maximum(written - 1 - back, 0))
        past = Past(entry.wide, entry.scalars, entry.sequence, entry.sent_tick)
        return manipulate(tap, record, case.rows, context, past)

    return lax.cond(
        jnp.any(lag > 0),
        remembered,
        lambda: manipulate(tap, record, case.rows, context),
    )


def at_the_broker(
    sent: tuple[Record, Record],
    case: CaseArrays,
    context: Context,
    log: FrameLog,
    written: Int[Array, " run"],
) -> tuple[Record, Record]:
    """Return the two records that the broker gets for the two that the gateway sent.

    A record of the attacker's own comes beside the honest one, in the second place when that is
    free; while a backlog drains it takes the first, as if it had won the race.
    """
    first = on_the_way_up("mqtt.up", sent[0], case, context, log, written)
    second = manipulate("mqtt.up", sent[1], case.rows, context)
    # Only what was sent can be changed on its way.
    second = replace(second, present=second.present & sent[1].present)
    beside = injecting(case.rows, "mqtt.up", context) & ~sent[1].present

    def apart() -> tuple[Record, Record]:
        def choose(yes: Array, no: Array) -> Array:
            return jnp.where(beside.reshape(beside.shape + (1,) * (yes.ndim - 1)), yes, no)

        return jax.tree.map(choose, sent[0], first), jax.tree.map(choose, first, second)

    return lax.cond(jnp.any(beside), apart, lambda: (first, second))


def tick_step(
    assembly: Assembly,
    case: CaseArrays,
    fixed: FixedDraws,
    goals: Goals,
    carry: Carry,
    duty: DutyTick,
    tick: Int[Array, ""],
) -> tuple[Carry, Float[Array, "run column"]]:
    """Advance the whole loop by one tick, in the steps that this file opens with.

    Args:
        assembly: Static parameters.
        case: What differs between runs.
        fixed: Draws of the run.
        goals: Of the runs' attacks.
        carry: State and mailboxes before.
        duty: What is asked.
        tick: Number of the tick.

    Returns:
        State and mailboxes after, and a row of the trace.
    """
    # 1. The attacker's plan for the tick.
    context = Context(tick=tick, held=carry.held, seed=case.seed)
    context = planned(context, case.rows, assembly.log_slots)
    now = TickInputs(assembly, case, context)

    # 2. The vehicle.
    to_bms = now.at_tap("can.down", carry.can_down)
    vehicle, can_up, vehicle_report = vehicle_step(now, fixed, carry.vehicle, to_bms, duty)

    # 3. The gateway; the peer that answers is the broker, or whoever sits in between.
    from_bus = on_the_way_up(
        "can.up", carry.can_up, case, context, vehicle.log, carry.vehicle.log.written
    )
    to_gateway = now.at_tap("mqtt.down", carry.mqtt_down)
    peer = now.at_tap("mqtt.session", honest_record(jnp.zeros((now.runs, 1)), tick))
    draws = [uniform(case.seed, NoiseSource.RADIO_LINK, tick, member=n) for n in range(4)]
    link, outcome = link_step(case.link, carry.link, jnp.stack(draws))
    inbox = GatewayInbox(bus=from_bus, command=to_gateway, peer=peer, link=outcome)
    gateway, mqtt_up, can_down, gateway_report = gateway_step(now, carry.gateway, inbox)

    # 4. The cloud.
    received = at_the_broker(carry.mqtt_up, case, context, gateway.log, carry.gateway.log.written)
    cloud, mqtt_down, cloud_report = cloud_step(now, fixed, carry.cloud, received)

    # 5. What the attacker holds from now on.
    gained = vehicle_report.gained | gateway_report.gained | cloud_report.gained
    asked = jnp.maximum(gateway_report.rekey, cloud_report.rekey) > 0.5
    waiting = jnp.where(carry.rekey_s < 0.0, jnp.where(asked, 0.0, -1.0), carry.rekey_s)
    waited = jnp.where(waiting >= 0.0, waiting + assembly.tick_s, waiting)
    renewed = waited > assembly.rekey_s
    held = carry.held | gained
    held = jnp.where(renewed, held & ~jnp.uint32(int(REVOCABLE)), held)

    # 6. The meter.
    happened = Happened(
        vehicle=vehicle,
        gateway=gateway,
        cloud=cloud,
        vehicle_report=vehicle_report,
        gateway_report=gateway_report,
        cloud_report=cloud_report,
        held=held,
        revoked=renewed & ((carry.held & jnp.uint32(int(REVOCABLE))) > 0),
    )
    meter = metered(assembly, case, goals.index, goals.at_least, carry.meter, happened, duty, tick)
    moved = Carry(
        vehicle=vehicle,
        gateway=gateway,
        cloud=cloud,
        link=link,
        can_up=can_up,
        mqtt_up=mqtt_up,
        mqtt_down=mqtt_down,
        can_down=can_down,
        held=held,
        rekey_s=jnp.where(renewed, -1.0, waited),
        meter=meter,
    )
    return moved, trace_row(case, happened)


def run_loop(
    assembly: Assembly, case: CaseArrays, goals: Goals, duty: DutyArrays
) -> tuple[Meter, Float[Array, "tick run column"]]:
    """Run every tick of a duty and return the meter and a row of the trace per tick.

    Args:
        assembly: Static.
        case: What differs between runs.
        goals: Of the runs' attacks.
        duty: Padded to its bucket.
    """
    fixed = fixed_draws(assembly, case.seed, case.world)
    carry = start_carry(assembly, case, fixed)
    numbers = jnp.arange(duty.ticks.mode.shape[0])

    def body(state: Carry, given: tuple[DutyTick, Int[Array, ""]]) -> tuple[Carry, Any]:
        return tick_step(assembly, case, fixed, goals, state, given[0], given[1])

    last, rows = lax.scan(body, carry, (duty.ticks, numbers))
    values = settled(assembly, last.meter.values, last.vehicle.plant, duty.duration_s)
    reached_at_end = jnp.take_along_axis(values, goals.index[:, None], axis=1)[:, 0]
    meter = last.meter
    goal_tick = jnp.where(
        (meter.goal_tick == jnp.iinfo(jnp.int64).max) & (reached_at_end >= goals.at_least),
        numbers[-1],
        meter.goal_tick,
    )
    return replace(meter, values=values, goal_tick=goal_tick), rows


def compiled(assembly: Assembly) -> Any:
    """Return the jitted program of an assembly; its shapes decide how often it compiles."""
    return jax.jit(partial(run_loop, assembly))
