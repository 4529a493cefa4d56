import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voltward.physical.ageing import (
    SECONDS_PER_YEAR,
    SOURCE_CAPACITY_AH,
    ageing_step,
    capacity_loss,
    equivalent_life_years,
    initial_ageing_state,
    loss_per_year,
    resistance_growth,
)


@pytest.fixture(autouse=True)
def _double_precision():
    with jax.enable_x64(True):
        yield


def _cell(value):
    return jnp.full((1, 1), value)


def _step(state, voltage_V, temperature_degC, current_A, soc, tick_s):
    return ageing_step(
        state, _cell(voltage_V), _cell(temperature_degC), _cell(current_A), _cell(soc), tick_s
    )


def _stored(voltage_V, temperature_degC, duration_s):
    state = initial_ageing_state((1, 1))
    return _step(state, voltage_V, temperature_degC, 0.0, 0.5, duration_s)


def _calendar(voltage_V, temperature_degC, days):
    a_c = (7.543 * voltage_V - 23.75) * 1e6 * np.exp(-6976.0 / (temperature_degC + 273.15))
    return a_c * days**0.75


@given(voltage_V=st.floats(3.2, 4.4), temperature_degC=st.floats(-20.0, 60.0))
@settings(max_examples=50, deadline=None)
def test_constant_storage_equals_the_closed_form(voltage_V, temperature_degC):
    with jax.enable_x64(True):
        state = _stored(voltage_V, temperature_degC, 100.0 * 86_400.0)
        got = float(capacity_loss(state, SOURCE_CAPACITY_AH)[0, 0])
    assert got == pytest.approx(_calendar(voltage_V, temperature_degC, 100.0), rel=1e-4)


def test_changing_stress_follows_the_equivalent_time():
    hot_days, cold_days = 30.0, 200.0
    state = _stored(4.1, 45.0, hot_days * 86_400.0)
    state = _step(state, 3.7, 20.0, 0.0, 0.5, cold_days * 86_400.0)
    # The days at the second stress that would have brought the loss of the first.
    first = _calendar(4.1, 45.0, hot_days)
    equivalent_days = (first / _calendar(3.7, 20.0, 1.0)) ** (1.0 / 0.75)
    expected = _calendar(3.7, 20.0, equivalent_days + cold_days)
    assert float(capacity_loss(state, SOURCE_CAPACITY_AH)[0, 0]) == pytest.approx(
        expected, rel=1e-5
    )


def test_the_length_of_the_tick_does_not_matter():
    whole = _stored(4.0, 30.0, 3600.0)
    parts = initial_ageing_state((1, 1))
    for _ in range(60):
        parts = _step(parts, 4.0, 30.0, 0.0, 0.5, 60.0)
    assert float(parts.calendar_loss_days[0, 0]) == pytest.approx(
        float(whole.calendar_loss_days[0, 0]), rel=1e-12
    )


def _cycled(capacity_Ah, depth):
    state = initial_ageing_state((1, 1))
    current_A = 500.0 * 3600.0 * capacity_Ah
    state = _step(state, 3.667, 25.0, current_A, 0.5 - depth / 2, 1.0)
    return _step(state, 3.667, 25.0, -current_A, 0.5 + depth / 2, 1.0)


def test_equal_full_cycles_age_cells_of_any_size_equally():
    small = capacity_loss(_cycled(SOURCE_CAPACITY_AH, 0.8), SOURCE_CAPACITY_AH)
    large = capacity_loss(_cycled(60.0, 0.8), 60.0)
    assert float(small[0, 0]) == pytest.approx(0.187, abs=0.001)
    assert float(large[0, 0]) == pytest.approx(float(small[0, 0]), rel=1e-6)


def test_resistance_grows_with_storage_and_with_depth():
    a_r = (5.270 * 4.16 - 16.32) * 1e5 * np.exp(-5986.0 / 308.15)
    stored = float(resistance_growth(_stored(4.16, 35.0, SECONDS_PER_YEAR), 2.15)[0, 0])
    assert stored == pytest.approx(a_r * 365.0**0.75, rel=1e-4)
    shallow = float(resistance_growth(_cycled(2.15, 0.5), 2.15)[0, 0])
    deep = float(resistance_growth(_cycled(2.15, 1.0), 2.15)[0, 0])
    throughput_Ah = 1000.0 * 2.15
    stress = 2.153e-4 * (3.667 - 3.725) ** 2 - 1.521e-5
    assert shallow == pytest.approx((stress + 2.798e-4 * 0.5) * throughput_Ah, rel=1e-3)
    assert deep == pytest.approx((stress + 2.798e-4) * throughput_Ah, rel=1e-3)


def test_the_yearly_rate_of_a_day_of_storage_is_a_year_of_storage():
    day = _stored(4.16, 35.0, 86_400.0)
    year = capacity_loss(_stored(4.16, 35.0, SECONDS_PER_YEAR), 2.15)
    assert float(loss_per_year(day, 86_400.0, 2.15)[0, 0]) == pytest.approx(
        float(year[0, 0]), rel=1e-9
    )


def test_life_ends_where_the_loss_is_twenty_percent():
    state = _stored(4.16, 35.0, 86_400.0)
    years = float(equivalent_life_years(state, 86_400.0, 2.15)[0, 0])
    assert _calendar(4.16, 35.0, 365.0 * years) == pytest.approx(0.2, rel=1e-4)


def test_holding_warm_and_full_costs_two_to_four_times_the_life():
    base = float(loss_per_year(_stored(3.67, 25.0, 86_400.0), 86_400.0, 2.15)[0, 0])
    held = float(loss_per_year(_stored(4.16, 35.0, 86_400.0), 86_400.0, 2.15)[0, 0])
    assert 2.0 <= held / base <= 4.5


def test_a_new_cell_has_no_loss_and_finite_numbers():
    state = initial_ageing_state((2, 3))
    for value in (capacity_loss(state, 5.0), resistance_growth(state, 5.0)):
        assert np.asarray(value).tolist() == np.zeros((2, 3)).tolist()
