"""The gateway's part of the loop: bus on one side, broker on the other."""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float, Int, UInt32

from voltward.attacks.kernel import Context, earned, listened
from voltward.comms.gateway import QueueState, keep, start_queue, uplink
from voltward.comms.link import LinkOutcome
from voltward.controls.in_force import (
    accused,
    act,
    refusals,
    request_table,
    shape,
    start_watches,
    verify,
    watch,
)
from voltward.core.control import Place
from voltward.core.frame_log import FrameLog, start_log, write
from voltward.core.noise import NoiseSource, uniform
from voltward.core.record import Record, honest_record
from voltward.core.taps import COMMAND_FIELD, TELEMETRY_SCALARS, tap_named
from voltward.core.view import GatewayView
from voltward.physical.can.wire_quantisation import quantise_command
from voltward.ranges.virtual.case_arrays import Assembly, CaseArrays


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class GatewayState:
    """State of the gateway's part."""

    log: FrameLog
    queue: QueueState
    last_bus: Int[Array, " run"]
    last_command: Int[Array, " run"]
    command_age_s: Float[Array, " run"]
    watches: tuple[Any, ...]
    timers_s: Float[Array, "run act"]


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class GatewayReport:
    """What happened in the gateway in a tick, for the meter."""

    gained: UInt32[Array, " run"]
    scores: Float[Array, "run watch"]
    alarms: Bool[Array, "run watch"]
    acting: Bool[Array, "run act"]
    requests: Float[Array, "run request"]
    rekey: Float[Array, " run"]
    queued: Float[Array, " run"]
    exposed: Float[Array, " run"]
    taken_in: Bool[Array, " run"]
    refused: Int[Array, "run tap"]


def start_gateway(assembly: Assembly, runs: int) -> GatewayState:
    """Return a gateway with an empty queue."""
    never = jnp.full(runs, -1, jnp.int64)
    return GatewayState(
        log=start_log(assembly.log_slots, runs, assembly.cells, len(TELEMETRY_SCALARS)),
        queue=start_queue(runs),
        last_bus=never,
        last_command=never,
        command_age_s=jnp.zeros(runs),
        watches=start_watches(assembly.rules, Place.GATEWAY, runs, assembly.cells),
        timers_s=jnp.zeros((runs, len(assembly.rules.acts()))),
    )


def gateway_step(
    assembly: Assembly,
    case: CaseArrays,
    state: GatewayState,
    bus: Record,
    down: Record,
    peer: Record,
    outcome: LinkOutcome,
    context: Context,
) -> tuple[GatewayState, tuple[Record, Record], Record, GatewayReport]:
    """Advance the gateway by one tick.

    Args:
        assembly: Static parameters.
        case: What differs between runs.
        state: Before.
        bus: Telemetry as it arrives from the bus.
        down: Command as it arrives from the cloud.
        peer: Who answers in the broker's place, with the proof it can give.
        outcome: What the link does in this tick.
        context: Tick and capabilities.

    Returns:
        State, two uplink records, the command for the bus, report.
    """
    rules, in_force, tick = assembly.rules, case.in_force, context.tick
    runs, seed = case.seed.shape[0], case.seed
    accepted, bus_rejected = verify(rules, in_force, "can.up", bus, state.last_bus, seed, tick)
    log = write(state.log, accepted)

    session, refused = verify(
        rules, in_force, "mqtt.session", peer, jnp.full(runs, -1, jnp.int64), seed, tick
    )
    up = session.present & outcome.passes & case.cloud
    capacity = shape(rules, in_force, "gateway.queue", jnp.ones(runs), None)
    queue = keep(state.queue, log, capacity)
    queue, records = uplink(queue, log, up, outcome.swaps)
    encrypted = shape(
        rules,
        in_force,
        "gateway.proofs",
        jnp.full(runs, 1.0 if assembly.encrypted_link else 0.0),
        None,
    )
    hidden = uniform(seed, NoiseSource.UPLINK_ENCRYPTION, tick) < encrypted
    readable = ~hidden | (peer.tainted & session.present)
    exposed = jnp.zeros(runs)
    for record in records:
        exposed += listened(case.rows, "mqtt.up", context, record, readable)

    # Commands pass down only while a session is up.
    arrived = Record(
        wide=down.wide,
        scalars=down.scalars,
        present=down.present & up,
        sequence=down.sequence,
        sent_tick=down.sent_tick,
        sender=down.sender,
        proofs=down.proofs,
        copies=down.copies,
        tainted=down.tainted,
    )
    command, command_rejected = verify(
        rules, in_force, "mqtt.down", arrived, state.last_command, seed, tick
    )
    age_s = jnp.where(command.present, 0.0, state.command_age_s + assembly.tick_s)
    view = GatewayView(
        tick=tick,
        tick_s=assembly.tick_s,
        bus=accepted,
        bus_rejected=bus_rejected,
        command=command,
        command_rejected=command_rejected,
        command_age_s=age_s,
        session_refused=refused,
        queued=(log.written - queue.sent).astype(jnp.float64),
    )
    watches, scores = watch(rules, in_force, Place.GATEWAY, state.watches, view)
    alarms = scores > 1.0
    timers_s, requests, acting = act(
        rules, in_force, state.timers_s, accused(rules, Place.GATEWAY, alarms), assembly.tick_s
    )
    # What the gateway asks of the BMS travels in the command; isolating is its own business.
    scalars = command.scalars.at[:, COMMAND_FIELD["derate"]].max(requests.derate)
    scalars = scalars.at[:, COMMAND_FIELD["open_request"]].max(requests.open_contactors)
    scalars = scalars.at[:, COMMAND_FIELD["charge_enable"]].min(1.0 - requests.stop_charging)
    out = honest_record(scalars, tick)
    to_bus = Record(
        wide=(),
        scalars=scalars,
        present=command.present & (requests.isolate_cloud < 0.5),
        sequence=out.sequence,
        sent_tick=out.sent_tick,
        sender=command.sender,
        proofs=command.proofs | out.proofs,
        copies=command.present.astype(jnp.float64),
        tainted=command.tainted,
    )
    to_bus = quantise_command(to_bus, tap_named("can.down"))
    gained = earned(case.rows, "can.up", context, accepted.present & accepted.tainted)
    gained |= earned(case.rows, "mqtt.session", context, session.present & session.tainted)
    gained |= earned(case.rows, "mqtt.down", context, command.present & command.tainted)
    moved = GatewayState(
        log=log,
        queue=queue,
        last_bus=jnp.where(
            accepted.present, jnp.maximum(accepted.sequence, state.last_bus), state.last_bus
        ),
        last_command=jnp.where(
            command.present, jnp.maximum(command.sequence, state.last_command), state.last_command
        ),
        command_age_s=age_s,
        watches=watches,
        timers_s=timers_s,
    )
    report = GatewayReport(
        gained=gained,
        scores=scores,
        alarms=alarms,
        acting=acting,
        requests=request_table(requests),
        rekey=requests.rekey,
        queued=view.queued,
        exposed=exposed,
        taken_in=(accepted.present & accepted.tainted)
        | (session.present & session.tainted)
        | (command.present & command.tainted),
        refused=refusals((accepted, bus_rejected), (session, refused), (command, command_rejected)),
    )
    return moved, records, to_bus, report
