"""The rules of adaptation, one guard at a time, on evidence that is made up."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from voltward.cloud.adaptation import AdaptationParameters, adapt, start_adaptation
from voltward.cloud.ageing_evidence import AgeingSample
from voltward.physical.circuit import rested

jax.config.update("jax_enable_x64", True)

CELLS = 5
RULES = AdaptationParameters()
RATE = RULES.resistance_per_day / 86400.0


def _run(
    rules=RULES,
    hours=8.0,
    error=0.005,
    touched=CELLS,
    score=0.0,
    score_until_s=np.inf,
    bias_V=0.0,
    learning=1.0,
    gate=1.0,
    capacity_error=0.0,
    offset=0.0,
    state=None,
):
    """Feed records of a cell whose resistance and capacity are off by so much (relative).

    The overpotential swings with a period of 40 s; half-cycles of charge and discharge of 1 h end
    in rests of half an hour.
    """
    start = jnp.full((1, CELLS), 0.5)
    off = jnp.where(jnp.arange(CELLS)[None, :] < touched, error, 0.0)
    shape = (1, CELLS)

    def body(state, second):
        phase = jnp.mod(second, 3.0 * 3600.0)
        sign = jnp.where(phase < 5400.0, -1.0, 1.0)
        moving = jnp.mod(phase, 5400.0) < 3600.0
        over_V = jnp.where(moving, 0.03 * sign + 0.03 * jnp.sin(second * 2 * jnp.pi / 40.0), 0.0)
        counted = jnp.where(moving, 0.6 * (sign + offset) / 3600.0, 0.0)
        # The truth moves by what was counted without the offset, over the true capacity.
        true = jnp.where(moving, 0.6 * sign / 3600.0, 0.0) / (1.0 + capacity_error)
        soc, true_soc = state[1] + counted, state[2] + true
        residual_V = off * over_V + (true_soc - soc) * 1.0 + bias_V
        sample = AgeingSample(
            present=jnp.ones(1, bool),
            elapsed_s=jnp.ones(1),
            circuit=rested(jnp.full(shape, soc)),
            residual_V=residual_V,
            overpotential_V=jnp.full(shape, over_V),
            slope_V=jnp.ones(shape),
            counted_soc=jnp.full(shape, counted),
            score=jnp.full(shape, jnp.where(second < score_until_s, score, 0.0)),
        )
        moved = adapt(rules, state[0], sample, jnp.full(shape, gate), jnp.full(1, learning))
        return (moved, soc, true_soc), None

    half = jnp.asarray(0.9)
    first = start_adaptation(start) if state is None else state
    (last, _, _), _ = jax.lax.scan(body, (first, half, half), jnp.arange(int(hours * 3600.0)) * 1.0)
    return last


def test_resistance_moves_towards_the_evidence_and_never_faster_than_its_rate():
    # Evidence has to gather first, and rests give none.
    most = RATE * 8 * 3600.0
    moved = np.asarray(_run().resistance) - 1.0
    assert np.all((moved > 0.4 * most) & (moved <= most))
    away = 1.0 - np.asarray(_run(error=-0.005).resistance)
    assert np.all((away > 0.4 * most) & (away <= most))


def test_without_learning_nothing_moves():
    last = _run(learning=0.0, capacity_error=-0.01)
    assert np.all(np.asarray(last.resistance) == 1.0)
    assert np.all(np.asarray(last.capacity) == 1.0)


@pytest.mark.parametrize("change", [{"gate": 0.0}, {"score": 2.0}, {"score": -2.0}])
def test_a_closed_gate_or_an_alarm_freeze_the_factors(change):
    last = _run(**change)
    assert np.all(np.asarray(last.resistance) == 1.0)
    assert np.all(np.asarray(last.held_s) > 0.0)


def test_after_an_alarm_it_stays_frozen_for_a_while_and_then_learns():
    until_s = 600.0
    early = _run(score=2.0, score_until_s=until_s, hours=4.0)
    assert np.all(np.asarray(early.resistance) == 1.0)
    late = _run(score=2.0, score_until_s=until_s, hours=9.0)
    assert np.all(np.asarray(late.resistance) > 1.0)


def test_a_jump_is_not_learnt_but_as_much_drift_is():
    jump = _run(error=0.02, hours=24.0)
    assert np.all(np.asarray(jump.resistance) == 1.0)
    assert np.all(np.asarray(_run(error=0.009, hours=24.0).resistance) > 1.003)


def test_a_constant_voltage_lie_says_nothing_about_resistance():
    # Its beginning does; there the test of quiet stands.
    last = _run(error=0.0, bias_V=0.02, score=2.0, score_until_s=60.0, hours=12.0)
    assert np.asarray(last.resistance) == pytest.approx(1.0, abs=1e-4)


def test_capacity_follows_rests_on_both_sides():
    last = _run(error=0.0, capacity_error=-0.01, hours=24.0)
    moved = np.asarray(last.capacity) - 1.0
    most = RULES.capacity_per_day
    assert np.all(moved < -0.5 * most)
    assert np.all(moved >= -most)


def test_a_current_offset_cancels_between_charge_and_discharge():
    quick = replace(RULES, capacity_per_day=1.0)
    last = _run(quick, error=0.0, offset=0.01, hours=24.0)
    assert np.asarray(last.capacity) == pytest.approx(1.0, abs=2e-3)
    # A larger one accuses the sensor.
    held = _run(quick, error=0.0, offset=0.05, hours=24.0)
    assert np.all(np.asarray(held.capacity) == 1.0)


def test_a_factor_returns_only_slowly_beyond_the_dead_band():
    quick = replace(RULES, resistance_per_day=1.0, slow_share=0.0, apart=1.0)
    last = _run(quick, error=-0.009, hours=12.0)
    bound = 1.0 - quick.dead_band
    assert np.asarray(last.resistance) == pytest.approx(bound, abs=1e-9)
    slowly = _run(replace(quick, slow_share=0.1), error=-0.009, hours=12.0)
    assert np.all(np.asarray(slowly.resistance) < bound)


def test_factors_stay_inside_their_bounds():
    quick = replace(RULES, resistance_per_day=10.0, resistance_bounds=(0.8, 1.02))
    last = _run(quick, hours=12.0)
    assert np.asarray(last.resistance) == pytest.approx(1.02)


def test_one_cell_cannot_leave_its_neighbours_but_all_can_go_together():
    quick = replace(RULES, resistance_per_day=1.0)
    one = np.asarray(_run(quick, touched=1, hours=12.0).resistance)[0]
    assert 0.0 < one[0] - np.median(one) <= quick.apart + quick.apart_per_day
    together = np.asarray(_run(quick, hours=12.0).resistance)[0]
    assert np.all(together > 1.0 + 2.0 * quick.apart)


def test_a_hole_between_records_throws_the_window_away():
    state = _run(hours=1.0)
    assert np.all(np.asarray(state.evidence.power_V2) > 0.0)
    shape = (1, CELLS)
    zero = jnp.zeros(shape)
    late = AgeingSample(
        jnp.ones(1, bool), jnp.full(1, 90.0), rested(zero + 0.5), zero, zero, zero + 1, zero, zero
    )
    after = adapt(RULES, state, late, jnp.ones(shape), jnp.ones(1))
    assert np.all(np.asarray(after.evidence.power_V2) == 0.0)
    assert not np.any(np.asarray(after.evidence.anchored))
