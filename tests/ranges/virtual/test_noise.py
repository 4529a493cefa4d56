import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from voltward.core.noise import gaussian, hash_bits, uniform

jax.config.update("jax_enable_x64", True)
SEEDS = jnp.arange(200, dtype=jnp.uint64)


def test_gaussian_has_the_moments_it_states():
    draws = np.asarray(gaussian(SEEDS, 3, jnp.asarray(5), 5000)).ravel()
    assert draws.mean() == pytest.approx(0.0, abs=5e-3)
    assert draws.var() == pytest.approx(1.0, abs=5e-3)
    assert stats.kurtosis(draws) == pytest.approx(-0.031, abs=0.02)
    assert np.mean(np.abs(draws) > 3.0) == pytest.approx(0.0027, abs=4e-4)


def test_uniform_is_uniform():
    draws = np.asarray(uniform(SEEDS, 9, jnp.asarray(1), 5000)).ravel()
    assert draws.min() >= 0.0
    assert draws.max() < 1.0
    assert stats.kstest(draws, "uniform").pvalue > 1e-3


def test_draws_of_a_run_do_not_depend_on_its_neighbours():
    alone = gaussian(SEEDS[7:8], 4, jnp.asarray(11), 96)
    among = gaussian(SEEDS, 4, jnp.asarray(11), 96)
    assert np.array_equal(alone[0], among[7])


def test_ticks_channels_and_cells_do_not_share_draws():
    draws = [
        np.asarray(hash_bits(SEEDS, channel, jnp.asarray(tick), 32)).ravel()
        for channel in range(3)
        for tick in range(3)
    ]
    flat = np.concatenate(draws)
    assert np.unique(flat).size == flat.size


def test_neighbouring_seeds_are_uncorrelated():
    draws = np.asarray(gaussian(SEEDS[:50], 2, jnp.asarray(0), 4000))
    correlation = np.corrcoef(draws) - np.eye(50)
    assert np.abs(correlation).max() < 0.08
