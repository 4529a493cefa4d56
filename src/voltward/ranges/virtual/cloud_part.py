"""The cloud's part of the loop: ingest, twin, detectors, responses, commands."""

from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax
from jaxtyping import Bool, Float, Int, UInt32

from voltward.attacks.kernel import Context, earned, manipulate
from voltward.cloud.service import (
    ServiceState,
    charge_plan_A,
    command_scalars,
    start_service,
)
from voltward.cloud.twin import COMMISSIONED, TwinState, believe, see, start_twin
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
from voltward.core.record import Record, honest_record
from voltward.core.request import Requests, no_requests
from voltward.core.taps import COMMAND_SCALARS
from voltward.core.view import CloudView
from voltward.physical.plating import plating_limit_C
from voltward.ranges.virtual.case_arrays import Assembly, CaseArrays, FixedDraws


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
    requests: Float[Array, "run request"]
    rekey: Float[Array, " run"]
    taken_in: Bool[Array, " run"]
    refused: Int[Array, "run tap"]


def start_cloud(
    assembly: Assembly,
    case: CaseArrays,
    fixed: FixedDraws,
    temperature_degC: Float[Array, ""],
) -> CloudState:
    """Return a cloud that knows the pack from a rest."""
    runs, cells = fixed.initial_soc.shape
    never = jnp.full(runs, -1, jnp.int64)
    nothing = jnp.zeros((runs, len(COMMAND_SCALARS)))
    return CloudState(
        twin=start_twin(
            assembly.twin, fixed.initial_soc, jnp.full((runs, cells), temperature_degC)
        ),
        service=start_service(assembly.plan, case.target_soc),
        last_up=never,
        last_store=never,
        command=honest_record(nothing, jnp.asarray(0), present=jnp.zeros(runs, bool)),
        expected_V=jnp.zeros((runs, cells)),
        watches=start_watches(assembly.rules, Place.CLOUD, runs, cells),
        timers_s=jnp.zeros((runs, len(assembly.rules.acts()))),
        requests=no_requests(runs),
    )


def _ingest(
    assembly: Assembly,
    case: CaseArrays,
    fixed: FixedDraws,
    state: CloudState,
    uplink: Record,
    context: Context,
) -> tuple[CloudState, CloudReport]:
    """Take in one record: verify, store, predict, innovate, watch, update."""
    rules, in_force, tick = assembly.rules, case.in_force, context.tick
    parallel = assembly.plant.pack.parallel
    received, rejected = verify(rules, in_force, "mqtt.up", uplink, state.last_up, case.seed, tick)
    stored = manipulate("store.write", received, case.rows, context)
    record, store_rejected = verify(
        rules, in_force, "store.write", stored, state.last_store, case.seed, tick
    )
    service = state.service
    seen = see(
        assembly.twin,
        state.twin,
        record,
        service.model,
        fixed.known_capacity,
        fixed.known_resistance,
        parallel,
    )
    view = CloudView(
        tick=tick,
        tick_s=assembly.tick_s,
        record=record,
        rejected=rejected | store_rejected,
        innovation_V=seen.innovation.value_V,
        innovation_std_V=seen.innovation.std_V,
        twin_soc=seen.state.estimate.soc,
        coulomb_soc=seen.state.coulomb_soc,
        silence_s=seen.state.silence_s,
        model=service.model,
        command=state.command,
        loss_W=seen.loss_W,
        overpotential_V=seen.overpotential_V,
        ocv_slope_V=seen.innovation.slope_V,
        parallel=parallel,
    )
    watches, scores = watch(rules, in_force, Place.CLOUD, state.watches, view)
    alarms = scores > 1.0
    timers_s, requests, acting = act(
        rules, in_force, state.timers_s, accused(rules, Place.CLOUD, alarms), assembly.tick_s
    )
    gate = 1.0 - jnp.broadcast_to(state.requests.hold_estimate[:, None], view.innovation_V.shape)
    gate = shape(rules, in_force, "cloud.gate", gate, view)
    still = jnp.zeros(record.present.shape[0])
    learning = shape(rules, in_force, "cloud.adaptation", still, view)
    twin = believe(assembly.twin, seen, gate, record.present, parallel, learning)
    gained = earned(case.rows, "mqtt.up", context, received.present & received.tainted)
    gained |= earned(case.rows, "store.write", context, record.present & record.tainted)
    moved = CloudState(
        twin=twin,
        service=service,
        last_up=jnp.where(
            received.present, jnp.maximum(received.sequence, state.last_up), state.last_up
        ),
        last_store=jnp.where(
            record.present, jnp.maximum(record.sequence, state.last_store), state.last_store
        ),
        command=state.command,
        expected_V=jnp.where(
            record.present[:, None],
            record.wide[0] - seen.innovation.value_V,
            state.expected_V,
        ),
        watches=watches,
        timers_s=timers_s,
        requests=requests,
    )
    report = CloudReport(
        gained=gained,
        scores=scores,
        alarms=alarms,
        acting=acting,
        requests=request_table(requests),
        rekey=requests.rekey,
        taken_in=record.present & record.tainted,
        refused=refusals((received, rejected), (record, store_rejected)),
    )
    return moved, report


def _both(first: CloudReport, second: CloudReport) -> CloudReport:
    return CloudReport(
        gained=first.gained | second.gained,
        scores=jnp.maximum(first.scores, second.scores),
        alarms=first.alarms | second.alarms,
        acting=first.acting | second.acting,
        requests=jnp.maximum(first.requests, second.requests),
        rekey=jnp.maximum(first.rekey, second.rekey),
        taken_in=first.taken_in | second.taken_in,
        refused=jnp.maximum(first.refused, second.refused),
    )


def cloud_step(
    assembly: Assembly,
    case: CaseArrays,
    fixed: FixedDraws,
    state: CloudState,
    uplink: tuple[Record, Record],
    context: Context,
) -> tuple[CloudState, Record, CloudReport]:
    """Advance the cloud by one tick.

    Args:
        assembly: Static parameters.
        case: What differs between runs.
        fixed: Draws of the run.
        state: Before.
        uplink: Up to two records, older first.
        context: Tick and capabilities.

    Returns:
        State, command for the gateway, report.
    """
    aged = CloudState(
        twin=_silent(state.twin, assembly.tick_s),
        service=state.service,
        last_up=state.last_up,
        last_store=state.last_store,
        command=state.command,
        expected_V=state.expected_V,
        watches=state.watches,
        timers_s=state.timers_s,
        requests=state.requests,
    )
    moved, report = _ingest(assembly, case, fixed, aged, uplink[0], context)

    def drain() -> tuple[CloudState, CloudReport]:
        again, second = _ingest(assembly, case, fixed, moved, uplink[1], context)
        # Runs without a second record must not step their watches twice.
        has = uplink[1].present
        chosen = jax.tree.map(lambda new, old: jnp.where(_rows(has, new), new, old), again, moved)
        merged = _both(report, second)
        return chosen, jax.tree.map(
            lambda new, old: jnp.where(_rows(has, new), new, old), merged, report
        )

    moved, report = lax.cond(jnp.any(uplink[1].present), drain, lambda: (moved, report))
    service, command, gained, taken_in, refused = _serve(assembly, case, moved, context)
    done = CloudState(
        twin=moved.twin,
        service=service,
        last_up=moved.last_up,
        last_store=moved.last_store,
        command=command,
        expected_V=moved.expected_V,
        watches=moved.watches,
        timers_s=moved.timers_s,
        requests=moved.requests,
    )
    full = CloudReport(
        gained=report.gained | gained,
        scores=report.scores,
        alarms=report.alarms,
        acting=report.acting,
        requests=report.requests,
        rekey=report.rekey,
        taken_in=report.taken_in | taken_in,
        refused=jnp.concatenate([report.refused, refused], axis=1),
    )
    return done, command, full


def _rows(mask: Bool[Array, " run"], like: Array) -> Array:
    return mask.reshape(mask.shape + (1,) * (like.ndim - 1))


def _silent(twin: TwinState, tick_s: float) -> TwinState:
    return replace(twin, silence_s=twin.silence_s + tick_s)


def _serve(
    assembly: Assembly, case: CaseArrays, state: CloudState, context: Context
) -> tuple[ServiceState, Record, UInt32[Array, " run"], Bool[Array, " run"], Int[Array, "run tap"]]:
    """Parameter loads, operators and the charge plan; benign traffic and forged alike."""
    rules, in_force, tick, seed = assembly.rules, case.in_force, context.tick, case.seed
    runs = seed.shape[0]
    service, requests = state.service, state.requests
    never = jnp.full(runs, -1, jnp.int64)

    # Model updates: a benign one each period carries the measured state of health.
    period = max(round(assembly.model_period_s / assembly.tick_s), 1)
    due = jnp.broadcast_to(jnp.mod(tick, period) == period - 1, (runs,))
    soh = jnp.clip(state.twin.soh, 0.97, 1.0)
    proposal = jnp.stack([jnp.ones(runs), soh, jnp.zeros(runs)], axis=1)
    update_record = manipulate(
        "model.update", honest_record(proposal, tick, present=due), case.rows, context
    )
    accepted, model_rejected = verify(
        rules, in_force, "model.update", update_record, never, seed, tick
    )
    bounded = shape(rules, in_force, "cloud.model", accepted.scalars, service.model)
    model = jnp.where(accepted.present[:, None], bounded, service.model)
    # Memory can be touched without any update.
    memory = manipulate("twin.memory", honest_record(model, tick), case.rows, context)
    model = jnp.clip(memory.scalars, jnp.array([0.2, 0.2, -0.2]), jnp.array([5.0, 5.0, 0.2]))
    commissioned = jnp.asarray(COMMISSIONED)
    model = jnp.where(requests.rollback_model[:, None] > 0.5, commissioned, model)

    # Operators: they log in now and then, and wish for what they had.
    login_due = jnp.broadcast_to(jnp.mod(tick, period) == period // 2, (runs,))
    login = manipulate(
        "service.login",
        honest_record(jnp.ones((runs, 1)), tick, present=login_due),
        case.rows,
        context,
    )
    session, login_rejected = verify(rules, in_force, "service.login", login, never, seed, tick)
    spoken = manipulate(
        "service.command",
        honest_record(
            start_service(assembly.plan, case.target_soc).wishes, tick, present=login_due
        ),
        case.rows,
        context,
    )
    wish, wish_rejected = verify(rules, in_force, "service.command", spoken, never, seed, tick)
    wishes = jnp.where(wish.present[:, None], wish.scalars, service.wishes)
    # New keys close every account, and with it what was wished through it.
    default = start_service(assembly.plan, case.target_soc).wishes
    wishes = jnp.where(requests.rekey[:, None] > 0.5, default, wishes)

    highest_soc = jnp.max(state.twin.estimate.soc, axis=1)
    coldest = jnp.min(state.twin.temperature_degC, axis=1)
    limit_C = plating_limit_C(highest_soc, coldest, assembly.plant.plating)
    plan_A = charge_plan_A(
        assembly.plant.cell, assembly.plan, highest_soc, limit_C, assembly.plant.pack.parallel
    )
    scalars = command_scalars(wishes, plan_A, requests)
    plan_ticks = max(round(assembly.plan_period_s / assembly.tick_s), 1)
    urgent = (requests.derate > 0) | (requests.stop_charging > 0) | (requests.open_contactors > 0)
    send = (jnp.mod(tick, plan_ticks) == 0) | urgent | (wish.present & wish.tainted)
    # A twin that has heard nothing has no plan to send.
    send &= state.twin.silence_s <= assembly.silence_s
    command = honest_record(scalars, tick, present=send & case.cloud)
    # A wish made through a stolen account is tainted ground truth; its proofs are genuine.
    tainted = service.operator | (wish.present & wish.tainted)
    command = Record(
        wide=(),
        scalars=command.scalars,
        present=command.present,
        sequence=command.sequence,
        sent_tick=command.sent_tick,
        sender=command.sender,
        proofs=command.proofs,
        copies=command.copies,
        tainted=tainted & jnp.any(wishes != default, axis=1),
    )
    gained = earned(case.rows, "model.update", context, accepted.present & accepted.tainted)
    gained |= earned(case.rows, "twin.memory", context, memory.tainted)
    gained |= earned(case.rows, "service.login", context, session.present & session.tainted)
    gained |= earned(case.rows, "service.command", context, wish.present & wish.tainted)
    taken_in = (
        (accepted.present & accepted.tainted) | memory.tainted | (wish.present & wish.tainted)
    )
    refused = refusals((accepted, model_rejected), (session, login_rejected), (wish, wish_rejected))
    return ServiceState(wishes, model, tainted), command, gained, taken_in, refused
