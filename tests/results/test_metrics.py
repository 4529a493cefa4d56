import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from voltward.results.metrics import (
    alarms_over_worlds,
    false_alarm_rate,
    mean,
    paired_interval,
    poisson_interval,
    poisson_upper,
    quantile,
    share_over_worlds,
    wilson_interval,
)


@given(st.integers(0, 200), st.integers(1, 200))
def test_wilson_agrees_with_scipy_and_holds_the_share(successes, trials):
    successes = min(successes, trials)
    got = wilson_interval(successes, trials)
    expected = stats.binomtest(successes, trials).proportion_ci(0.95, method="wilson")
    assert math.isclose(got.low, expected.low, abs_tol=1e-12)
    assert math.isclose(got.high, expected.high, abs_tol=1e-12)
    assert got.low <= successes / trials <= got.high


def test_wilson_published_value():
    # Newcombe, Statistics in Medicine 17 (1998) 857-872, table I: 81 of 263 gives 0.2553 to 0.3662.
    got = wilson_interval(81, 263)
    assert (round(got.low, 4), round(got.high, 4)) == (0.2553, 0.3662)


def test_wilson_of_nothing_knows_nothing():
    assert (wilson_interval(0, 0).low, wilson_interval(0, 0).high) == (0.0, 1.0)


def test_wilson_refuses_more_successes_than_trials():
    with pytest.raises(ValueError, match="successes"):
        wilson_interval(3, 2)


def test_rule_of_three():
    assert poisson_upper(0) == pytest.approx(-math.log(0.05))
    assert poisson_interval(0).high == pytest.approx(-math.log(0.025))


@given(st.integers(0, 400))
def test_poisson_bounds_have_the_stated_coverage(count):
    upper = poisson_upper(count)
    assert stats.poisson.cdf(count, upper) == pytest.approx(0.05, rel=1e-6)
    both = poisson_interval(count)
    assert both.low <= count <= both.high
    if count:
        assert stats.poisson.sf(count - 1, both.low) == pytest.approx(0.025, rel=1e-6)


def test_false_alarms_without_hours_have_no_rate():
    rate = false_alarm_rate(0, 0.0)
    assert (rate.per_hour, rate.upper_per_hour, rate.interval_per_hour) == (None, None, None)


def test_false_alarms_per_hour():
    rate = false_alarm_rate(2, 10.0)
    assert rate.per_hour == 0.2
    assert rate.upper_per_hour == pytest.approx(poisson_upper(2) / 10.0)


def test_quantiles_are_linear_between_order_statistics():
    assert quantile([4.0, 1.0, 3.0, 2.0], 0.5) == 2.5
    assert quantile([0.0, 10.0], 0.95) == pytest.approx(9.5)
    assert quantile([], 0.5) is None
    assert mean([]) is None


def test_paired_interval_agrees_with_scipy():
    sample = [1.0, 2.0, 4.0, 8.0]
    got = paired_interval(sample)
    expected = stats.ttest_1samp(sample, 0.0).confidence_interval(0.95)
    assert got is not None
    assert (got.low, got.high) == pytest.approx((expected.low, expected.high))
    assert paired_interval([1.0]) is None


def test_an_interval_over_worlds_keeps_what_hangs_together():
    # Ten runs of one world are one draw: the interval is that of ten worlds, not of a hundred runs.
    hits = [10, 0, 10, 0, 10, 0, 10, 0, 10, 0]
    together = share_over_worlds(hits, [10] * 10)
    apart = wilson_interval(50, 100)
    assert together.high - together.low > 2.0 * (apart.high - apart.low)
    assert together.low < 0.5 < together.high


def test_worlds_that_are_all_alike_count_as_one_trial_each():
    assert share_over_worlds([0] * 32, [29] * 32) == wilson_interval(0, 32)
    assert share_over_worlds([29] * 32, [29] * 32) == wilson_interval(32, 32)
    assert alarms_over_worlds([0] * 8, [1.0] * 8) == false_alarm_rate(0, 8.0)


def test_the_interval_over_worlds_covers_about_as_often_as_it_says():
    rng = np.random.default_rng(5)
    covered = 0
    for _ in range(200):
        rates = rng.beta(2.0, 6.0, 32)
        found = share_over_worlds(list(rng.binomial(20, rates)), [20] * 32)
        covered += found.low <= 0.25 <= found.high
    assert 178 <= covered <= 200


def test_alarms_in_bursts_widen_the_bound():
    burst = alarms_over_worlds([0, 0, 40, 0, 0, 0, 0, 0], [1.0] * 8)
    assert burst.count == 40
    assert burst.upper_per_hour > false_alarm_rate(40, 8.0).upper_per_hour
