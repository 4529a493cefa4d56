"""Slow adaptation: the twin follows the ageing of resistance and capacity, and nothing faster."""

from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
from jax import Array, lax
from jaxtyping import Bool, Float

from voltward.cloud.ageing_evidence import (
    AgeingEvidence,
    AgeingSample,
    corrected,
    gathered,
    start_evidence,
)
from voltward.physical.circuit import CircuitState, rested

_DAY_S = 86400.0


@dataclass(frozen=True)
class AdaptationParameters:
    """How the twin adapts, and what holds it.

    Attributes:
        resistance_per_day: Fastest believed change of the resistance factor, relative.
        capacity_per_day: The same for capacity.
        resistance_bounds: The factor never leaves these.
        capacity_bounds: The same for capacity.
        dead_band: How far a factor may return against the direction of ageing at full rate.
        slow_share: Share of the rates at which a factor may return farther, for false ageing that
            was learnt has to be forgotten too, and at which the bounds of the jumps widen.
        resistance_jump: A larger measured error is not taken for ageing and is not learnt from. The
            bound widens slowly since the last evidence within it.
        capacity_jump: The same for capacity.
        disagreement: Charge and discharge windows that differ by more (half of the difference)
            accuse a sensor, not the cell.
        apart: How far a cell may leave the median of its neighbours.
        apart_per_day: By how much that grows.
        slack: Normalised innovation that the test of quiet lets be.
        threshold: Sum of what exceeds the slack at which a cell is not quiet.
        hold_s: Nothing is learnt so long after the last alarm or implausible evidence.
        period_s: Between two steps of the factors.
        high_pass_s: Means of overpotential and innovation follow in this time; what is slower
            says nothing about resistance.
        excited_V: Smaller departures of the overpotential from its mean say nothing either.
        memory_s: Resistance evidence fades in this time.
        power_V2: Sum of squared overpotential that a step of the resistance asks for.
        rested_V: A cell whose overpotential is smaller rests.
        rest_s: How long it has to rest before its voltage says its SoC.
        window: Span of SoC between two rests from which capacity is measured.
        longest_gap_s: A longer hole between records breaks a window.

    Source:
        Rates: assumption; fast cycling in a laboratory fades 20 % in some 300 days, 0.07 % in a
        day, which is the slow share, and four times that is believed; resistance twice that.
        Bounds: assumption, capacity 0.6 is well beyond the usual end of life at 0.8, resistance 3
        beyond that at 2. The others are assumptions, checked by the figures of
        `benchmarks/ageing_adaptation.py`.
    Limits:
        An injected bias below the jump limit is learnt at most as fast as the rates: to the cell's
        own sensors, a slowly growing current gain is the same as ageing. A larger one is accepted
        once it has lasted as long as ageing would need for it. After a true jump, such as a
        replaced module, a model update is faster.
    """

    resistance_per_day: float = 0.006
    capacity_per_day: float = 0.003
    resistance_bounds: tuple[float, float] = (0.8, 3.0)
    capacity_bounds: tuple[float, float] = (0.6, 1.05)
    dead_band: float = 0.01
    slow_share: float = 0.25
    resistance_jump: float = 0.01
    capacity_jump: float = 0.02
    disagreement: float = 0.02
    apart: float = 0.01
    apart_per_day: float = 0.0003
    slack: float = 1.0
    threshold: float = 10.0
    hold_s: float = 4.0 * 3600.0
    period_s: float = 900.0
    high_pass_s: float = 120.0
    excited_V: float = 0.005
    memory_s: float = 7200.0
    power_V2: float = 2.0
    rested_V: float = 0.01
    rest_s: float = 600.0
    window: float = 0.3
    longest_gap_s: float = 60.0


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class AdaptationState:
    """Factors of every cell, the evidence for their next step, and what holds them.

    Attributes:
        resistance: Factor on the resistance known from commissioning.
        capacity: The same for capacity.
        highest_resistance: Where ageing has brought it; comes back slowly.
        lowest_capacity: The same for capacity.
        evidence: Since the last step or hold.
        circuit: Polarisation under the current alone.
        high: Test of quiet, upper arm.
        low: Its lower arm.
        held_s: How long nothing is learnt from this cell yet.
        resistance_s: Since the last evidence of resistance without a jump.
        capacity_s: The same for capacity.
        since_s: Since the last step.
        age_s: Since the start.
    """

    resistance: Float[Array, "run cell"]
    capacity: Float[Array, "run cell"]
    highest_resistance: Float[Array, "run cell"]
    lowest_capacity: Float[Array, "run cell"]
    evidence: AgeingEvidence
    circuit: CircuitState
    high: Float[Array, "run cell"]
    low: Float[Array, "run cell"]
    held_s: Float[Array, "run cell"]
    resistance_s: Float[Array, "run cell"]
    capacity_s: Float[Array, "run cell"]
    since_s: Float[Array, " run"]
    age_s: Float[Array, " run"]


def start_adaptation(soc: Float[Array, "run cell"]) -> AdaptationState:
    """Return factors of one and no evidence.

    Args:
        soc: Where the estimates start.
    """
    one, zero = jnp.ones_like(soc), jnp.zeros_like(soc)
    none = jnp.zeros(soc.shape[0])
    return AdaptationState(
        resistance=one,
        capacity=one,
        highest_resistance=one,
        lowest_capacity=one,
        evidence=start_evidence(soc),
        circuit=rested(soc),
        high=zero,
        low=zero,
        held_s=zero,
        resistance_s=zero,
        capacity_s=zero,
        since_s=none,
        age_s=none,
    )


def adapt(
    parameters: AdaptationParameters,
    state: AdaptationState,
    sample: AgeingSample,
    gate: Float[Array, "run cell"],
    learning: Float[Array, " run"],
) -> AdaptationState:
    """Take one record's evidence, and step the factors when a period has passed.

    Args:
        parameters: Rates and guards.
        state: Before.
        sample: What the record said.
        gate: Share of the twin's update that is applied; a closed gate also stops learning.
        learning: Share of the rates in force; 0 keeps every factor.
    """
    present = sample.present[:, None]
    score = jnp.where(present, sample.score, 0.0)
    cap = 2.0 * parameters.threshold
    high = jnp.clip(state.high + score - parameters.slack * present, 0.0, cap)
    low = jnp.clip(state.low - score - parameters.slack * present, 0.0, cap)
    elapsed_s = sample.elapsed_s
    quiet = jnp.maximum(high, low) < parameters.threshold
    quiet &= (gate > 0.5) | ~present
    whole = (elapsed_s <= parameters.longest_gap_s)[:, None]
    left_s = jnp.maximum(state.held_s - elapsed_s[:, None], 0.0)
    held_s = jnp.where(quiet, left_s, parameters.hold_s)
    gathers = (held_s <= 0.0) & whole & (learning > 0.0)[:, None]
    evidence = gathered(
        state.evidence,
        sample,
        gathers,
        parameters.high_pass_s,
        parameters.excited_V,
        parameters.rested_V,
        parameters.rest_s,
        parameters.window,
    )
    moved = replace(
        state,
        evidence=evidence,
        circuit=sample.circuit,
        high=high,
        low=low,
        held_s=held_s,
        resistance_s=state.resistance_s + elapsed_s[:, None],
        capacity_s=state.capacity_s + elapsed_s[:, None],
        since_s=state.since_s + elapsed_s,
        age_s=state.age_s + elapsed_s,
    )
    due = moved.since_s >= parameters.period_s
    return lax.cond(jnp.any(due), lambda: _stepped(parameters, moved, due, learning), lambda: moved)


def _stepped(
    parameters: AdaptationParameters,
    state: AdaptationState,
    due: Bool[Array, " run"],
    learning: Float[Array, " run"],
) -> AdaptationState:
    """Step the factors of the runs that are due, as far as every guard allows."""
    evidence = state.evidence
    error_r, known_r = evidence.resistance_error(parameters.power_V2)
    error_c, half_difference, known_c = evidence.capacity_error()
    daily = (learning / _DAY_S)[:, None]
    slow_r = parameters.slow_share * parameters.resistance_per_day * daily
    slow_c = parameters.slow_share * parameters.capacity_per_day * daily
    wrong_r = known_r & (
        jnp.abs(error_r) > parameters.resistance_jump + slow_r * state.resistance_s
    )
    wrong_c = known_c & (jnp.abs(error_c) > parameters.capacity_jump + slow_c * state.capacity_s)
    wrong_c |= known_c & (half_difference > parameters.disagreement)
    held_s = jnp.where(wrong_r | wrong_c, parameters.hold_s, state.held_s)
    free = held_s <= 0.0
    days = daily * state.since_s[:, None]
    reach = parameters.apart + parameters.apart_per_day * daily * state.age_s[:, None]

    def limited(
        factor: Float[Array, "run cell"],
        wanted: Float[Array, "run cell"],
        per_day: float,
        lower: Float[Array, "run cell"] | float,
        upper: Float[Array, "run cell"] | float,
    ) -> Float[Array, "run cell"]:
        step = jnp.clip(jnp.where(free, wanted, 0.0), -per_day * days, per_day * days)
        proposed = jnp.clip(factor * (1.0 + step), lower, upper)
        middle = jnp.median(proposed, axis=1, keepdims=True)
        apart = jnp.abs(proposed - middle)
        leaves = (apart > reach) & (apart > jnp.abs(factor - middle))
        return jnp.where(leaves, factor, proposed)

    back = parameters.dead_band
    resistance = limited(
        state.resistance,
        jnp.where(known_r, error_r, 0.0),
        parameters.resistance_per_day,
        jnp.maximum(state.highest_resistance - back, parameters.resistance_bounds[0]),
        parameters.resistance_bounds[1],
    )
    pending = jnp.where(known_c, error_c, evidence.capacity_pending)
    capacity = limited(
        state.capacity,
        pending,
        parameters.capacity_per_day,
        parameters.capacity_bounds[0],
        jnp.minimum(state.lowest_capacity + back, parameters.capacity_bounds[1]),
    )
    same_r = known_r & (jnp.abs(error_r) <= parameters.resistance_jump)
    same_c = known_c & (jnp.abs(error_c) <= parameters.capacity_jump)
    since_s = state.since_s[:, None]
    stepped = AdaptationState(
        resistance=resistance,
        capacity=capacity,
        highest_resistance=jnp.maximum(
            state.highest_resistance * (1.0 - slow_r * since_s), resistance
        ),
        lowest_capacity=jnp.minimum(state.lowest_capacity * (1.0 + slow_c * since_s), capacity),
        evidence=corrected(
            evidence,
            resistance / state.resistance - 1.0,
            pending - (capacity / state.capacity - 1.0),
            free,
            jnp.exp(-state.since_s / parameters.memory_s)[:, None],
        ),
        circuit=state.circuit,
        high=state.high,
        low=state.low,
        held_s=held_s,
        resistance_s=jnp.where(same_r & free, 0.0, state.resistance_s),
        capacity_s=jnp.where(same_c & free, 0.0, state.capacity_s),
        since_s=jnp.zeros_like(state.since_s),
        age_s=state.age_s,
    )

    def choose(new: Array, old: Array) -> Array:
        return jnp.where(due.reshape(due.shape + (1,) * (new.ndim - 1)), new, old)

    return jax.tree.map(choose, stepped, state)
