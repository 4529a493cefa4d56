"""The cloud's part of the loop: ingest, twin, detectors, responses, commands.

Up to two records arrive in a tick. For each:

1. Judge the record, store it, and judge what the store gives back.
2. Let the twin predict up to the record and compare.
3. Score the view, and let the responses act on alarms.
4. Correct the twin, under the gate of the last tick.
5. Account for what forged records brought.

Then, once a tick:

6. Load model parameters.
7. Hear the operators.
8. Send a command: the plan, the wishes and what the responses ask.
9. Account for what forged updates, logins and wishes brought.
"""

from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax
from jaxtyping import Bool, Float, Int, UInt32

from voltward.cloud.service import (
    ServiceState,
    charge_plan_A,
    command_scalars,
    start_service,
)
from voltward.cloud.twin import (
    COMMISSIONED,
    OCV_SHIFT,
    TwinState,
    believe,
    observe,
    start_twin,
)
from voltward.controls.in_force import refusals, start_watches
from voltward.core.control import Place
from voltward.core.record import Record, absent_record, honest_record
from voltward.core.request import Requests, no_requests
from voltward.detection.inputs import cloud_view
from voltward.physical.plating import plating_limit_C
from voltward.ranges.virtual.case_arrays import Assembly, CaseArrays
from voltward.ranges.virtual.fixed_draws import FixedDraws
from voltward.ranges.virtual.tick_inputs import TickInputs


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class CloudState:
    """State of the cloud's part; `expected_V` is what the twin last predicted of the cells."""

    twin: TwinState
    service: ServiceState
    last_up: Int[Array, " run"]
    last_store: Int[Array, " run"]
    command: Record
    expected_V: Float[Array, "run cell"]
    watches: tuple[Any, ...]
    timers_s: Float[Array, "run act"]
    requests: Requests


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class CloudReport:
    """What happened in the cloud in a tick, for the meter."""

    gained: UInt32[Array, " run"]
    scores: Float[Array, "run watch"]
    alarms: Bool[Array, "run watch"]
    acting: Bool[Array, "run act"]
    rekey: Float[Array, " run"]
    taken_in: Bool[Array, " run"]
    refused: Int[Array, "run tap"]


def start_cloud(assembly: Assembly, case: CaseArrays, fixed: FixedDraws) -> CloudState:
    """Return a cloud that knows the pack from a rest, but for the error of its first SoC."""
    runs, cells = fixed.initial_soc.shape
    never = jnp.full(runs, -1, jnp.int64)
    believed = jnp.clip(fixed.initial_soc + case.world.twin_soc_error[:, None], 0.0, 1.0)
    temperature = jnp.broadcast_to(case.world.start_degC[:, None], (runs, cells))
    return CloudState(
        twin=start_twin(assembly.twin, believed, temperature),
        service=start_service(assembly.plan, case.target_soc),
        last_up=never,
        last_store=never,
        command=absent_record("mqtt.down", runs, jnp.asarray(0)),
        expected_V=jnp.zeros((runs, cells)),
        watches=start_watches(assembly.rules, Place.CLOUD, runs, cells),
        timers_s=jnp.zeros((runs, len(assembly.rules.acts()))),
        requests=no_requests(runs),
    )


def cloud_step(
    now: TickInputs, fixed: FixedDraws, state: CloudState, uplink: tuple[Record, Record]
) -> tuple[CloudState, Record, CloudReport]:
    """Advance the cloud by one tick, in the steps that this file opens with.

    Args:
        now: The tick.
        fixed: Draws of the run.
        state: Before.
        uplink: Up to two records, older first.

    Returns:
        State, command for the gateway, report.
    """
    # Steps 1 to 5 for the first record; one that is absent still ages watches and timers.
    silent = replace(state.twin, silence_s=state.twin.silence_s + now.tick_s)
    moved, report = _ingest(now, fixed, replace(state, twin=silent), uplink[0])

    # Steps 1 to 5 for the second, where there is one: watches must not step twice elsewhere.
    def drain() -> tuple[CloudState, CloudReport]:
        again = _ingest(now, fixed, moved, uplink[1])
        has = uplink[1].present
        chosen, second = jax.tree.map(
            lambda new, old: jnp.where(_rows(has, new), new, old),
            (again[0], _both(report, again[1])),
            (moved, report),
        )
        return chosen, second

    moved, report = lax.cond(jnp.any(uplink[1].present), drain, lambda: (moved, report))

    # Steps 6 to 9.
    service, command, served = _serve(now, moved)
    done = replace(moved, service=service, command=command)
    full = replace(
        report,
        gained=report.gained | served.gained,
        taken_in=report.taken_in | served.taken_in,
        refused=jnp.concatenate([report.refused, served.refused], axis=1),
    )
    return done, command, full


def _ingest(
    now: TickInputs, fixed: FixedDraws, state: CloudState, uplink: Record
) -> tuple[CloudState, CloudReport]:
    """Take in one record."""
    assembly, service = now.assembly, state.service
    parallel = assembly.plant.pack.parallel

    # 1. The record and the store.
    received, rejected = now.verify("mqtt.up", uplink, state.last_up)
    stored = now.at_tap("store.write", received)
    record, store_rejected = now.verify("store.write", stored, state.last_store)

    # 2. The twin's prediction, with the error of its open-circuit table.
    model = service.model.at[:, OCV_SHIFT].add(now.case.world.ocv_bias_V)
    observed = observe(
        assembly.twin,
        state.twin,
        record,
        model,
        fixed.known_capacity,
        fixed.known_resistance,
        parallel,
    )

    # 3. Watches and responses.
    view = cloud_view(
        now.tick,
        now.tick_s,
        record,
        observed,
        service.model,
        parallel=parallel,
        rejected=rejected | store_rejected,
        command=state.command,
    )
    reaction = now.react(Place.CLOUD, state.watches, state.timers_s, view)

    # 4. The correction.
    gate = 1.0 - jnp.broadcast_to(state.requests.hold_estimate[:, None], view.innovation_V.shape)
    gate = now.shape("cloud.gate", gate, view)
    learning = now.shape("cloud.adaptation", jnp.zeros(now.runs), view)
    twin = believe(assembly.twin, observed, gate, record.present, parallel, learning)
    expected_V = record.wide[0] - observed.innovation.value_V

    # 5. Forged records.
    gained, _ = now.forgeries(("mqtt.up", received), ("store.write", record))
    moved = replace(
        state,
        twin=twin,
        last_up=received.newest(state.last_up),
        last_store=record.newest(state.last_store),
        expected_V=jnp.where(record.present[:, None], expected_V, state.expected_V),
        watches=reaction.watches,
        timers_s=reaction.timers_s,
        requests=reaction.requests,
    )
    report = CloudReport(
        gained=gained,
        scores=reaction.scores,
        alarms=reaction.alarms,
        acting=reaction.acting,
        rekey=reaction.requests.rekey,
        # A forged record counts once the store has given it out.
        taken_in=record.forged,
        refused=refusals((received, rejected), (record, store_rejected)),
    )
    return moved, report


def _both(first: CloudReport, second: CloudReport) -> CloudReport:
    """Return what happened while either of two records was taken in."""
    return CloudReport(
        gained=first.gained | second.gained,
        scores=jnp.maximum(first.scores, second.scores),
        alarms=first.alarms | second.alarms,
        acting=first.acting | second.acting,
        rekey=jnp.maximum(first.rekey, second.rekey),
        taken_in=first.taken_in | second.taken_in,
        refused=jnp.maximum(first.refused, second.refused),
    )


def _rows(mask: Bool[Array, " run"], like: Array) -> Array:
    return mask.reshape(mask.shape + (1,) * (like.ndim - 1))


@dataclass(frozen=True)
class Served:
    """What forged updates, logins and wishes brought, and which records were rejected."""

    gained: UInt32[Array, " run"]
    taken_in: Bool[Array, " run"]
    refused: Int[Array, "run tap"]


def _serve(now: TickInputs, state: CloudState) -> tuple[ServiceState, Record, Served]:
    """Load parameters, hear operators and send the plan; benign traffic and forged alike."""
    assembly, tick, runs = now.assembly, now.tick, now.runs
    service, requests = state.service, state.requests
    period = max(round(assembly.model_period_s / now.tick_s), 1)

    # 6. Model updates: a benign one each period carries the measured state of health.
    due = jnp.broadcast_to(jnp.mod(tick, period) == period - 1, (runs,))
    soh = jnp.clip(state.twin.soh, 0.97, 1.0)
    proposal = jnp.stack([jnp.ones(runs), soh, jnp.zeros(runs)], axis=1)
    update_record = now.at_tap("model.update", honest_record(proposal, tick, present=due))
    accepted, model_rejected = now.verify("model.update", update_record)
    bounded = now.shape("cloud.model", accepted.scalars, service.model)
    model = jnp.where(accepted.present[:, None], bounded, service.model)
    # Memory can be touched without any update.
    memory = now.at_tap("twin.memory", honest_record(model, tick))
    model = jnp.clip(memory.scalars, jnp.array([0.2, 0.2, -0.2]), jnp.array([5.0, 5.0, 0.2]))
    commissioned = jnp.asarray(COMMISSIONED)
    model = jnp.where(requests.rollback_model[:, None] > 0.5, commissioned, model)

    # 7. Operators: they log in now and then, and wish for what they had.
    default = start_service(assembly.plan, now.case.target_soc).wishes
    login_due = jnp.broadcast_to(jnp.mod(tick, period) == period // 2, (runs,))
    opened = honest_record(jnp.ones((runs, 1)), tick, present=login_due)
    login = now.at_tap("service.login", opened)
    session, login_rejected = now.verify("service.login", login)
    wished = honest_record(default, tick, present=login_due)
    spoken = now.at_tap("service.command", wished)
    wish, wish_rejected = now.verify("service.command", spoken)
    wishes = jnp.where(wish.present[:, None], wish.scalars, service.wishes)
    # New keys close every account, and with it what was wished through it.
    wishes = jnp.where(requests.rekey[:, None] > 0.5, default, wishes)

    # 8. The command.
    highest_soc = jnp.max(state.twin.estimate.soc, axis=1)
    coldest = jnp.min(state.twin.temperature_degC, axis=1)
    limit_C = plating_limit_C(highest_soc, coldest, assembly.plant.plating)
    plan_A = charge_plan_A(
        assembly.plant.cell, assembly.plan, highest_soc, limit_C, assembly.plant.pack.parallel
    )
    scalars = command_scalars(wishes, plan_A, requests)
    plan_ticks = max(round(assembly.plan_period_s / now.tick_s), 1)
    urgent = (requests.derate > 0) | (requests.stop_charging > 0) | (requests.open_contactors > 0)
    send = (jnp.mod(tick, plan_ticks) == 0) | urgent | wish.forged
    # A twin to which nothing has come has no plan to send.
    send &= state.twin.silence_s <= assembly.silence_s
    command = honest_record(scalars, tick, present=send & now.case.cloud)
    # A wish made through a stolen account is tainted ground truth; its proofs are genuine.
    tainted = service.operator | wish.forged
    command = replace(command, tainted=tainted & jnp.any(wishes != default, axis=1))

    # 9. Forged records. Memory is in use whether or not anything arrived there.
    gained, taken_in = now.forgeries(("model.update", accepted), ("service.command", wish))
    gained |= now.earned("twin.memory", memory.tainted)
    gained |= now.earned("service.login", session.forged)
    taken_in |= memory.tainted
    refused = refusals((accepted, model_rejected), (session, login_rejected), (wish, wish_rejected))
    return ServiceState(wishes, model, tainted), command, Served(gained, taken_in, refused)
