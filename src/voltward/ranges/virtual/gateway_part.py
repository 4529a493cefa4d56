"""The gateway's part of the loop: bus on one side, broker on the other.

1. Judge the telemetry from the bus, and log what is accepted.
2. Judge the peer that answers as the broker; a session is up when it proves itself and the link
   passes.
3. Send from the queue, encrypted or not, while a session is up.
4. Take a command in, which passes down only while a session is up.
5. Score the view, and let the responses act on alarms.
6. Put what the responses ask into the command, and send it on to the bus.
7. Account for what forged records brought.
"""

from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float, Int, UInt32

from voltward.attacks.kernel import listened
from voltward.comms.gateway import QueueState, keep, start_queue, uplink
from voltward.comms.link import LinkOutcome
from voltward.controls.in_force import refusals, start_watches
from voltward.core.control import Place
from voltward.core.frame_log import FrameLog, write
from voltward.core.noise import NoiseSource, uniform
from voltward.core.record import Record, honest_record
from voltward.core.request import Requests
from voltward.core.taps import COMMAND_FIELD, tap_named
from voltward.core.view import GatewayView
from voltward.ranges.virtual.case_arrays import Assembly
from voltward.ranges.virtual.tick_inputs import TickInputs


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
    rekey: Float[Array, " run"]
    queued: Float[Array, " run"]
    exposed: Float[Array, " run"]
    taken_in: Bool[Array, " run"]
    refused: Int[Array, "run tap"]


def start_gateway(assembly: Assembly, runs: int) -> GatewayState:
    """Return a gateway with an empty queue."""
    never = jnp.full(runs, -1, jnp.int64)
    return GatewayState(
        log=assembly.start_log(runs),
        queue=start_queue(runs),
        last_bus=never,
        last_command=never,
        command_age_s=jnp.zeros(runs),
        watches=start_watches(assembly.rules, Place.GATEWAY, runs, assembly.cells),
        timers_s=jnp.zeros((runs, len(assembly.rules.acts()))),
    )


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class GatewayInbox:
    """What arrives at the gateway in a tick.

    Attributes:
        bus: Telemetry from the bus.
        command: From the cloud.
        peer: What answers as the broker (it may be impersonated), with the proof it can give.
        link: What the radio link does.
    """

    bus: Record
    command: Record
    peer: Record
    link: LinkOutcome


def gateway_step(
    now: TickInputs, state: GatewayState, inbox: GatewayInbox
) -> tuple[GatewayState, tuple[Record, Record], Record, GatewayReport]:
    """Advance the gateway by one tick, in the steps that this file opens with.

    Args:
        now: The tick.
        state: Before.
        inbox: What arrives.

    Returns:
        State, two uplink records, the command for the bus, report.
    """
    # 1. Telemetry from the bus.
    heard = now.assembly.wire.telemetry.received(inbox.bus, tap_named("can.up"))
    accepted, bus_rejected = now.verify("can.up", heard, state.last_bus)
    log = write(state.log, accepted)

    # 2. The session.
    session, refused = now.verify("mqtt.session", inbox.peer)
    up = session.present & inbox.link.passes & now.case.cloud

    # 3. The queue.
    capacity = now.shape("gateway.queue", jnp.ones(now.runs), None)
    queue = keep(state.queue, log, capacity)
    queue, records = uplink(queue, log, up, inbox.link.swaps)
    exposed = _readable_records(now, records, session)

    # 4. The command from the cloud.
    arrived = replace(inbox.command, present=inbox.command.present & up)
    command, command_rejected = now.verify("mqtt.down", arrived, state.last_command)
    age_s = jnp.where(command.present, 0.0, state.command_age_s + now.tick_s)

    # 5. Watches and responses.
    view = GatewayView(
        tick=now.tick,
        tick_s=now.tick_s,
        bus=accepted,
        bus_rejected=bus_rejected,
        command=command,
        command_rejected=command_rejected,
        command_age_s=age_s,
        session_refused=refused,
        queued=(log.written - queue.sent).astype(jnp.float64),
    )
    reaction = now.react(Place.GATEWAY, state.watches, state.timers_s, view)

    # 6. The command for the bus.
    to_bus = _command_for_the_bus(now, command, reaction.requests)

    # 7. Forged records.
    gained, taken_in = now.forgeries(
        ("can.up", accepted), ("mqtt.session", session), ("mqtt.down", command)
    )
    moved = GatewayState(
        log=log,
        queue=queue,
        last_bus=accepted.newest(state.last_bus),
        last_command=command.newest(state.last_command),
        command_age_s=age_s,
        watches=reaction.watches,
        timers_s=reaction.timers_s,
    )
    report = GatewayReport(
        gained=gained,
        scores=reaction.scores,
        alarms=reaction.alarms,
        acting=reaction.acting,
        rekey=reaction.requests.rekey,
        queued=view.queued,
        exposed=exposed,
        taken_in=taken_in,
        refused=refusals((accepted, bus_rejected), (session, refused), (command, command_rejected)),
    )
    return moved, records, to_bus, report


def _readable_records(
    now: TickInputs, records: tuple[Record, Record], session: Record
) -> Float[Array, " run"]:
    """Return how many records an attacker can read on their way up."""
    by_link = jnp.full(now.runs, 1.0 if now.assembly.encrypted_link else 0.0)
    encrypted = now.shape("gateway.proofs", by_link, None)
    hidden = uniform(now.case.seed, NoiseSource.UPLINK_ENCRYPTION, now.tick) < encrypted
    # Whoever ends the session reads what it carries.
    readable = ~hidden | session.forged
    exposed = jnp.zeros(now.runs)
    for record in records:
        exposed += listened(now.case.rows, "mqtt.up", now.context, record, readable)
    return exposed


def _command_for_the_bus(now: TickInputs, command: Record, requests: Requests) -> Record:
    """Return the command for the bus: what the gateway asks of the BMS travels in it."""
    scalars = command.scalars.at[:, COMMAND_FIELD["derate"]].max(requests.derate)
    scalars = scalars.at[:, COMMAND_FIELD["open_request"]].max(requests.open_contactors)
    scalars = scalars.at[:, COMMAND_FIELD["charge_enable"]].min(1.0 - requests.stop_charging)
    made = honest_record(scalars, now.tick)
    to_bus = replace(
        made,
        # Isolating the cloud is the gateway's own business.
        present=command.present & (requests.isolate_cloud < 0.5),
        sender=command.sender,
        proofs=command.proofs | made.proofs,
        copies=command.present.astype(jnp.float64),
        tainted=command.tainted,
    )
    return now.assembly.wire.command.sent(to_bus, tap_named("can.down"))
