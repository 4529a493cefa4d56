"""What a sensor makes of the truth: lag and rounding."""

import jax.numpy as jnp
import numpy as np
import pytest

from voltward.physical.sensors import Channel, lagged, reading


def channel(**changes):
    values = {"noise": 0.0, "resolution": 0.1, "offset": 0.0, "latency_s": 2.0}
    return Channel(**{**values, **changes}, low=-10.0, high=10.0)


@pytest.mark.parametrize("tick_s", [0.5, 1.0, 2.0])
def test_a_lagging_sensor_has_63_percent_of_a_step_after_its_time_constant(tick_s):
    felt = jnp.zeros(1)
    for _ in range(round(2.0 / tick_s)):
        felt = lagged(channel(), felt, jnp.ones(1), tick_s)
    assert float(felt[0]) == pytest.approx(1.0 - np.exp(-1.0))


@pytest.mark.parametrize(("resolution", "seen"), [(0.1, 1.2), (1.0, 1.0), (0.0, 1.234)])
def test_a_reading_is_rounded_to_the_step_where_there_is_one(resolution, seen):
    got = reading(channel(resolution=resolution), jnp.asarray([1.234]), jnp.zeros(1), jnp.zeros(1))
    assert float(got[0]) == pytest.approx(seen)


def test_a_reading_ends_at_the_range_of_the_sensor():
    for resolution in (0.0, 0.1):
        sensor = channel(resolution=resolution)
        got = reading(sensor, jnp.asarray([99.0, -99.0]), jnp.zeros(2), jnp.zeros(2))
        assert got.tolist() == [10.0, -10.0]
