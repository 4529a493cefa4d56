import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voltward.physical.abuse import (
    AbuseParameters,
    initial_abuse_state,
    integrate_tick,
    react,
    stage,
)

PARAMETERS = AbuseParameters()
HEAT_CAPACITY_J_PER_K = 0.045 * 830.0


@pytest.fixture(autouse=True)
def _double_precision():
    with jax.enable_x64(True):
        yield


def _adiabatic(start_K, ticks, tick_s=1.0, substeps=10):
    zero = jnp.zeros((1, 1))
    capacity = jnp.full((1, 1), HEAT_CAPACITY_J_PER_K)

    def tick(carry, _):
        state, kelvin = carry
        state, kelvin, heat_J = integrate_tick(
            PARAMETERS, state, kelvin, zero, zero, capacity, tick_s, substeps
        )
        return (state, kelvin), (kelvin[0, 0], heat_J[0, 0])

    start = initial_abuse_state((1, 1)), jnp.full((1, 1), start_K)
    (state, _), (kelvin, heat_J) = jax.lax.scan(tick, start, None, length=ticks)
    return state, np.asarray(kelvin), np.asarray(heat_J)


@given(
    temperature_degC=st.floats(-40.0, 1500.0),
    duration_s=st.floats(1e-3, 600.0),
    left=st.floats(0.0, 1.0),
)
@settings(max_examples=60, deadline=None)
def test_reactants_are_consumed_and_never_negative(temperature_degC, duration_s, left):
    with jax.enable_x64(True):
        fresh = initial_abuse_state((1, 1))
        state = jax.tree.map(lambda share: share * left + 1e-300, fresh)
        after, heat_J = react(
            PARAMETERS, state, jnp.full((1, 1), temperature_degC + 273.15), duration_s
        )
        for name in ("sei", "anode", "electrolyte"):
            assert 0.0 <= getattr(after, name)[0, 0] <= getattr(state, name)[0, 0]
        assert state.cathode[0, 0] * (1.0 - 1e-12) <= after.cathode[0, 0] <= 1.0
        assert 0.0 <= heat_J[0, 0] <= PARAMETERS.stored_heat_J() * 1.05
        assert np.isfinite(heat_J).all()


def test_adiabatic_runaway_sets_free_exactly_the_stored_heat():
    state, kelvin, heat_J = _adiabatic(start_K=473.15, ticks=600)
    assert float(state.electrolyte[0, 0]) < 1e-9
    # The thickness that the anode reaction builds up slows it, so some anode is left.
    anode_left_J = (
        PARAMETERS.volume_m3
        * PARAMETERS.anode_heat_J_per_g
        * PARAMETERS.anode_content_g_per_m3
        * float(state.anode[0, 0])
    )
    assert heat_J.sum() == pytest.approx(PARAMETERS.stored_heat_J() - anode_left_J, rel=1e-9)
    assert heat_J.sum() == pytest.approx(HEAT_CAPACITY_J_PER_K * (kelvin[-1] - 473.15), rel=1e-9)


@pytest.mark.parametrize("start_degC", [150.0, 250.0, 400.0, 900.0])
def test_a_tick_of_one_second_is_robust_when_hot(start_degC):
    _, kelvin, heat_J = _adiabatic(start_K=start_degC + 273.15, ticks=1200)
    assert np.isfinite(kelvin).all()
    assert (np.diff(kelvin) >= 0.0).all()
    assert heat_J.sum() <= PARAMETERS.stored_heat_J()


def test_substeps_converge():
    _, coarse, _ = _adiabatic(start_K=430.0, ticks=1500, substeps=10)
    _, fine, _ = _adiabatic(start_K=430.0, ticks=1500, substeps=100)
    coarse_s, fine_s = np.argmax(coarse > 600.0), np.argmax(fine > 600.0)
    assert coarse_s > 0
    assert abs(int(coarse_s) - int(fine_s)) <= 2
    assert coarse[-1] == pytest.approx(fine[-1], abs=2.0)


def test_a_cold_cell_follows_the_passive_flow_only():
    shape = (2, 3)
    kelvin = jnp.full(shape, 298.15)
    _, after, chemical_J = integrate_tick(
        PARAMETERS,
        initial_abuse_state(shape),
        kelvin,
        jnp.full(shape, 5.0),
        jnp.zeros(shape),
        jnp.full(shape, HEAT_CAPACITY_J_PER_K),
        1.0,
        10,
    )
    assert np.allclose(after - kelvin, 5.0 / HEAT_CAPACITY_J_PER_K, rtol=1e-3)
    assert float(chemical_J.max()) < 1e-3


def test_a_stiff_loss_over_a_long_tick_does_not_oscillate():
    shape = (1, 1)
    kelvin = jnp.full(shape, 330.0)
    slope = jnp.full(shape, 50.0)
    # Ambient at 300 K: after 600 s through 50 W/K the cell has reached it.
    _, after, _ = integrate_tick(
        PARAMETERS,
        initial_abuse_state(shape),
        kelvin,
        slope * (300.0 - kelvin),
        slope,
        jnp.full(shape, HEAT_CAPACITY_J_PER_K),
        600.0,
        20,
    )
    assert float(after[0, 0]) == pytest.approx(300.0, abs=0.1)


def test_stages_in_the_order_of_a_runaway():
    temperature_degC = jnp.array([[25.0, 90.0, 90.0, 200.0, 200.0, 500.0, 700.0]])
    rate_K_per_s = jnp.array([[1.0, 1e-5, 1e-3, 0.5, 2.0, 50.0, 0.0]])
    assert stage(temperature_degC, rate_K_per_s).tolist() == [[0, 0, 1, 1, 2, 2, 3]]
