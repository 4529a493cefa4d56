from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import solve_ivp

from voltward.physical.grid import (
    TEXTBOOK_60HZ,
    TEXTBOOK_60HZ_PRIMARY_ONLY,
    grid_matrices,
    grid_step,
    initial_grid_state,
)
from voltward.physical.published_checks import frequency_trace_Hz


@pytest.fixture(autouse=True)
def _double_precision():
    with jax.enable_x64(True):
        yield


def _reference_Hz(area, load_pu, end_s):
    def slope(_, x):
        return [
            (x[1] - load_pu - area.damping_pu * x[0]) / (2.0 * area.inertia_s),
            (x[2] - x[1]) / area.turbine_s,
            (-area.integral_gain * x[3] - x[0] / area.droop_pu - x[2]) / area.governor_s,
            x[0],
        ]

    solved = solve_ivp(slope, [0.0, end_s], [0.0] * 4, rtol=1e-10, atol=1e-13, max_step=0.01)
    return area.frequency_Hz * solved.y[0]


@pytest.mark.parametrize("inertia_s", [5.0, 2.0])
@pytest.mark.parametrize("area", [TEXTBOOK_60HZ, TEXTBOOK_60HZ_PRIMARY_ONLY])
def test_agrees_with_a_fine_integrator(area, inertia_s):
    area = replace(area, inertia_s=inertia_s)
    expected = _reference_Hz(area, 0.1, 20.0)
    trace = frequency_trace_Hz(area, 0.1, 20)
    assert trace["end"][-1] == pytest.approx(expected[-1], abs=1e-6)
    assert trace["lowest"].min() == pytest.approx(expected.min(), abs=2e-3)
    assert trace["highest"].max() == pytest.approx(expected.max(), abs=2e-3)


def test_the_result_does_not_depend_on_the_tick():
    load = jnp.array([0.1])
    coarse, fine = grid_matrices(TEXTBOOK_60HZ, 1.0, 10), grid_matrices(TEXTBOOK_60HZ, 0.1, 1)
    one, *_ = grid_step(coarse, initial_grid_state(1), load)
    many = initial_grid_state(1)
    for _ in range(10):
        many, *_ = grid_step(fine, many, load)
    assert np.allclose(one.deviation, many.deviation, rtol=0.0, atol=1e-14)


def test_steady_deviation_is_load_over_damping_and_droop():
    area = TEXTBOOK_60HZ_PRIMARY_ONLY
    trace = frequency_trace_Hz(area, 0.2, 120)
    stiffness = area.damping_pu + 1.0 / area.droop_pu
    assert trace["end"][-1] == pytest.approx(-area.frequency_Hz * 0.2 / stiffness, rel=1e-9)


def test_secondary_control_returns_to_nominal():
    assert frequency_trace_Hz(TEXTBOOK_60HZ, 0.2, 120)["end"][-1] == pytest.approx(0.0, abs=1e-6)


def test_rate_of_change_carries_the_sign_of_the_step():
    matrices = grid_matrices(TEXTBOOK_60HZ, 1.0, 10)
    loads = jnp.array([0.05, -0.05, 0.0])
    _, _, lowest, highest, rate = grid_step(matrices, initial_grid_state(3), loads)
    assert np.allclose(rate, [-0.30, 0.30, 0.0], atol=1e-9)
    assert np.allclose(lowest, -highest[jnp.array([1, 0, 2])], atol=1e-15)


def test_switching_is_worse_than_holding():
    held = frequency_trace_Hz(TEXTBOOK_60HZ, 0.05, 120)
    switched = frequency_trace_Hz(TEXTBOOK_60HZ, 0.05, 120, half_period_s=2)
    assert -switched["lowest"].min() > 1.25 * -held["lowest"].min()
