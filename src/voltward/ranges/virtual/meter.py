"""The meter: accumulates consequences and first times of events; no rule reads it.

1. Tell whether the attack has started, and whether the duty has just begun or ended a session.
2. Add the tick's consequences.
3. Tell alarms that begin from those that stand: detections after the start, false alarms before.
4. Keep the first tick of every event.

At the end of a run `settled` adds what only the whole duty shows.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float, Int

from voltward.physical.ageing import (
    DUTIES_PER_YEAR,
    SECONDS_PER_YEAR,
    capacity_loss,
    equivalent_life_years,
    loss_per_year,
)
from voltward.physical.ageing import resistance_growth as growth_of
from voltward.physical.grid import GridState, initial_grid_state
from voltward.physical.plant import PlantState
from voltward.ranges.configuration.duty import DutyMode
from voltward.ranges.virtual.case_arrays import Assembly, CaseArrays, DutyTick
from voltward.ranges.virtual.tick_consequences import (
    Consequences,
    Happened,
    all_places,
    consequence_step,
)
from voltward.results.consequences import CONSEQUENCE_INDEX, CONSEQUENCES

NEVER = jnp.iinfo(jnp.int64).max
PLATED_LOST_SHARE = 0.5
# The grid operator's schedule follows the start and the end of a session at once, and for a
# minute (assumption).
SETTLING_S = 60.0


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Meter:
    """Accumulators of every run.

    Attributes:
        values: Consequences so far (run, consequence).
        at_detection: The same at the first alarm that began at or after the attack's start.
        detected_tick: Of that alarm.
        detector: Index of the watch that raised it, -1 for none.
        first_alarm: Per watch, the first that began at or after the attack's start.
        false_onsets: Per watch, before it.
        alarm_before: Whether each watch was in alarm in the last tick.
        first_refused: Per receiver.
        refused: Count per receiver.
        forged_refused: Records rejected that were forged.
        taken_in: Ticks in which a forged record was accepted.
        first_request: Per response and place.
        safe_tick: First tick at which a response was in effect after the attack's start.
        first_fault: Per fault.
        first_open: Of the contactors.
        first_held: Per capability bit.
        revoked_tick: First time that capabilities were taken away.
        goal_tick: First tick at which the goal's consequence reached its threshold.
        grid: State of the area.
        schedule_W: What the grid operator expects of one pack.
        lost_before: Whether propulsion was ever lost.
        settling_s: Left of the time in which the schedule follows a session's own start or end.
        charging_due: Whether the duty, by the true SoC, has a session under way.
    """

    values: Float[Array, "run consequence"]
    at_detection: Float[Array, "run consequence"]
    detected_tick: Int[Array, " run"]
    detector: Int[Array, " run"]
    first_alarm: Int[Array, "run watch"]
    false_onsets: Int[Array, "run watch"]
    alarm_before: Bool[Array, "run watch"]
    first_refused: Int[Array, "run tap"]
    refused: Int[Array, "run tap"]
    forged_refused: Int[Array, " run"]
    taken_in: Int[Array, " run"]
    first_request: Int[Array, "run act"]
    safe_tick: Int[Array, " run"]
    first_fault: Int[Array, "run fault"]
    first_open: Int[Array, " run"]
    first_held: Int[Array, "run bit"]
    revoked_tick: Int[Array, " run"]
    goal_tick: Int[Array, " run"]
    grid: GridState
    schedule_W: Float[Array, " run"]
    lost_before: Bool[Array, " run"]
    settling_s: Float[Array, " run"]
    charging_due: Bool[Array, " run"]


REFUSING_TAPS = (
    "can.down",
    "firmware",
    "charger.request",
    "contactor",
    "can.up",
    "mqtt.session",
    "mqtt.down",
    "mqtt.up",
    "store.write",
    "model.update",
    "service.login",
    "service.command",
)


def start_meter(runs: int, watches: int, acts: int, faults: int) -> Meter:
    """Return a meter at zero."""
    zero, never = jnp.zeros(runs), jnp.full(runs, NEVER)
    values = jnp.zeros((runs, len(CONSEQUENCES)))
    return Meter(
        values=values,
        at_detection=jnp.full_like(values, jnp.nan),
        detected_tick=never,
        detector=jnp.full(runs, -1, jnp.int64),
        first_alarm=jnp.full((runs, watches), NEVER),
        false_onsets=jnp.zeros((runs, watches), jnp.int64),
        alarm_before=jnp.zeros((runs, watches), bool),
        first_refused=jnp.full((runs, len(REFUSING_TAPS)), NEVER),
        refused=jnp.zeros((runs, len(REFUSING_TAPS)), jnp.int64),
        forged_refused=jnp.zeros(runs, jnp.int64),
        taken_in=jnp.zeros(runs, jnp.int64),
        first_request=jnp.full((runs, 3 * acts), NEVER),
        safe_tick=never,
        first_fault=jnp.full((runs, faults), NEVER),
        first_open=never,
        first_held=jnp.full((runs, 32), NEVER),
        revoked_tick=never,
        goal_tick=never,
        grid=initial_grid_state(runs),
        schedule_W=zero,
        lost_before=jnp.zeros(runs, bool),
        settling_s=zero,
        charging_due=jnp.zeros(runs, bool),
    )


def _first_time(before: Array, now: Array, tick: Array) -> Array:
    return jnp.where(now & (before == NEVER), tick, before)


def _first_true(flags: Bool[Array, "run watch"]) -> Int[Array, " run"]:
    """Return the first column that is on, also where there are no columns."""
    some = jnp.concatenate([flags, jnp.ones((flags.shape[0], 1), bool)], axis=1)
    return jnp.argmax(some, axis=1)


def onsets(
    alarms: Bool[Array, "run watch"],
    alarm_before: Bool[Array, "run watch"],
    after: Bool[Array, " run"],
) -> tuple[Bool[Array, "run watch"], Bool[Array, "run watch"]]:
    """Return where an alarm begins: as a detection, and as a false alarm.

    One that already stands when the attack starts is a false alarm that lasts; it is independent
    of the attack, and detects only when it falls and rises again.

    Args:
        alarms: In this tick.
        alarm_before: In the last one.
        after: Whether the attack has started.
    """
    begins = alarms & ~alarm_before
    return begins & after[:, None], begins & ~after[:, None]


def metered(
    assembly: Assembly,
    case: CaseArrays,
    goal_index: Int[Array, " run"],
    goal_at_least: Float[Array, " run"],
    meter: Meter,
    happened: Happened,
    duty: DutyTick,
    tick: Int[Array, ""],
) -> Meter:
    """Add one tick, in the steps that this file opens with.

    Args:
        assembly: Static parameters.
        case: What differs between runs.
        goal_index: The consequence that the goal of each run's attack is about.
        goal_at_least: How much of it the attacker wants.
        meter: Of the ticks before.
        happened: What the parts did.
        duty: What was asked.
        tick: Number of the tick.
    """
    # 1. Attack and session.
    report = happened.vehicle_report
    after = (tick >= case.attack_tick) & duty.valid
    true_soc = jnp.mean(happened.vehicle.plant.cells.soc, axis=1)
    # What the duty itself starts and ends is known to the grid's operator.
    charging_due = duty.during(DutyMode.CHARGE) & (true_soc < case.target_soc)
    settling_s = jnp.where(
        charging_due != meter.charging_due,
        SETTLING_S,
        jnp.maximum(meter.settling_s - assembly.tick_s, 0.0),
    )

    # 2. Consequences; in a clean run errors count from where the attack of its world would begin.
    counting = (tick >= case.errors_from_tick) & duty.valid
    before = Consequences(meter.values, meter.grid, meter.schedule_W, meter.lost_before)
    so_far = consequence_step(assembly, case, before, happened, duty, counting, settling_s > 0.0)
    reached = jnp.take_along_axis(so_far.values, goal_index[:, None], axis=1)[:, 0] >= goal_at_least

    # 3. Alarms.
    alarms = all_places(happened, "alarms") & duty.valid[:, None]
    found, false_onset = onsets(alarms, meter.alarm_before, after)
    detected = jnp.any(found, axis=1)
    first_now = detected & (meter.detected_tick == NEVER)

    # 4. Events.
    acting = all_places(happened, "acting")
    refused = jnp.where(duty.valid[:, None], all_places(happened, "refused"), 0)
    taken = report.taken_in | happened.gateway_report.taken_in | happened.cloud_report.taken_in
    bits = (happened.held[:, None] >> jnp.arange(32, dtype=jnp.uint32)) & 1 > 0
    return Meter(
        values=so_far.values,
        at_detection=jnp.where(first_now[:, None], so_far.values, meter.at_detection),
        detected_tick=_first_time(meter.detected_tick, detected, tick),
        detector=jnp.where(first_now, _first_true(found), meter.detector),
        first_alarm=_first_time(meter.first_alarm, found, tick),
        false_onsets=meter.false_onsets + false_onset,
        alarm_before=alarms,
        first_refused=_first_time(meter.first_refused, refused > 0, tick),
        refused=meter.refused + (refused > 0),
        forged_refused=meter.forged_refused + jnp.sum(refused > 1, axis=1),
        taken_in=meter.taken_in + (taken & duty.valid),
        first_request=_first_time(meter.first_request, acting & after[:, None], tick),
        safe_tick=_first_time(meter.safe_tick, jnp.any(acting, axis=1) & after, tick),
        first_fault=_first_time(meter.first_fault, report.faults & duty.valid[:, None], tick),
        first_open=_first_time(
            meter.first_open, ~happened.vehicle.contactors.closed & duty.valid, tick
        ),
        first_held=_first_time(meter.first_held, bits, tick),
        revoked_tick=_first_time(meter.revoked_tick, happened.revoked, tick),
        goal_tick=_first_time(meter.goal_tick, reached & after, tick),
        grid=so_far.grid,
        schedule_W=so_far.schedule_W,
        lost_before=so_far.lost_before,
        settling_s=settling_s,
        charging_due=charging_due,
    )


def settled(assembly: Assembly, values: Array, plant: PlantState, duration_s: Array) -> Array:
    """Return the consequences with those that are known only at the end."""
    capacity_Ah = assembly.plant.cell.capacity_Ah
    lost = capacity_loss(plant.ageing, capacity_Ah)
    abrupt = plant.overcharge_loss + PLATED_LOST_SHARE * plant.plated_Ah / capacity_Ah
    duties = jnp.minimum(DUTIES_PER_YEAR, SECONDS_PER_YEAR / duration_s)
    year = loss_per_year(plant.ageing, duration_s, capacity_Ah) + abrupt * duties
    life = equivalent_life_years(plant.ageing, duration_s, capacity_Ah, abrupt_loss=abrupt)
    final = {
        "capacity_loss_pct": 100.0 * jnp.max(lost + abrupt, axis=1),
        "capacity_loss_pct_per_year": 100.0 * jnp.max(year, axis=1),
        "equivalent_life_years": jnp.min(life, axis=1),
        "resistance_growth_pct": 100.0 * jnp.max(growth_of(plant.ageing, capacity_Ah), axis=1),
        "soc_spread_pct": 100.0
        * (jnp.max(plant.cells.soc, axis=1) - jnp.min(plant.cells.soc, axis=1)),
    }
    for name, value in final.items():
        values = values.at[:, CONSEQUENCE_INDEX[name]].set(value)
    return values
