"""Sizes follow temperature, SoC and excitation; thresholds only multiply them."""

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voltward.detection.residual_bank import Arm, Reading, arm_step, start_arm
from voltward.detection.residual_schedule import (
    FEATURES,
    Excitation,
    Schedule,
    features_mV2,
    size_V,
    threshold,
)

COLD, WARM = -10.0, 25.0
SCHEDULE = Schedule(
    (COLD, WARM),
    ((100.0, 0.0, 0.01, 0.0, 0.0, 0.0), (4.0, 0.0, 0.0025, 0.0, 0.0, 0.0)),
    (5.0, 4.0),
    (8.0, 6.0),
    "made for this test",
)
ARM = Arm(recent_s=0.0, reference_s=20.0)


def excited(overpotential_V):
    values = jnp.array([overpotential_V])
    zero = 0.0 * values
    return Excitation(zero, values, zero, zero, zero)


@given(st.floats(-40.0, 60.0), st.floats(-0.5, 0.5))
def test_size_lies_between_its_knots_and_grows_with_overpotential(temperature, overpotential):
    features = features_mV2(excited(overpotential))
    here = float(size_V(SCHEDULE, features, jnp.array([temperature]))[0])
    ends = [float(size_V(SCHEDULE, features, jnp.array([knot]))[0]) for knot in (COLD, WARM)]
    assert min(ends) - 1e-12 <= here <= max(ends) + 1e-12
    more = features_mV2(excited(1.1 * overpotential + np.copysign(0.01, overpotential)))
    assert float(size_V(SCHEDULE, more, jnp.array([temperature]))[0]) > here


def test_size_is_the_square_root_of_the_weighted_features():
    features = features_mV2(excited(0.1))
    assert features.shape == (1, len(FEATURES))
    found = float(size_V(SCHEDULE, features, jnp.array([WARM]))[0])
    assert found == pytest.approx(1e-3 * np.sqrt(0.25 + 4.0 + 0.0025 * 100.0**2))


@pytest.mark.parametrize(("soc", "expected"), [(0.31, 4.0), (0.29, 6.0)])
def test_low_soc_has_a_threshold_of_its_own(soc, expected):
    assert float(threshold(SCHEDULE, jnp.array([WARM]), jnp.array([soc]))[0]) == expected


def play(innovation_V, present=None):
    state, shifts = start_arm(1), []
    for tick, value in enumerate(innovation_V):
        here = True if present is None else present[tick]
        flat = jnp.zeros(1)
        reading = Reading(flat + value, flat + 0.005, flat, flat + 1.0, jnp.array([here]))
        state, shift, _ = arm_step(ARM, state, reading, 1.0)
        shifts.append(float(shift[0]))
    return np.array(shifts)


def test_an_arm_is_silent_for_a_minute_and_then_sees_the_whole_step():
    shifts = play([0.01] * 100 + [0.03] * 5)
    assert not np.any(shifts[:60])
    np.testing.assert_allclose(shifts[60:100], 0.0, atol=1e-12)
    assert shifts[100] == pytest.approx(0.02)
    # The reference follows: a level that stays is another arm's affair.
    assert 0.0 < shifts[104] < shifts[100]


def test_after_a_gap_the_reference_is_made_anew():
    present = [True] * 100 + [False] * 30 + [True] * 100
    shifts = play([0.0] * 100 + [0.0] * 30 + [0.05] * 100, present)
    np.testing.assert_allclose(shifts, 0.0, atol=1e-12)


def test_a_short_loss_is_no_gap():
    present = [True] * 100 + [False] * 5 + [True] * 3
    assert play([0.0] * 105 + [0.05] * 3, present)[105] == pytest.approx(0.05)
