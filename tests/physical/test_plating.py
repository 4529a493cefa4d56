import jax
import jax.numpy as jnp
import numpy as np
import pytest

from voltward.core.errors import ConfigurationError
from voltward.physical.plating import (
    load_plating_map,
    plating_coefficients,
    plating_current_C,
    plating_limit_C,
)

DOCUMENT = load_plating_map("lg-m50")
COEFFICIENTS = plating_coefficients(DOCUMENT)


@pytest.fixture(autouse=True)
def _double_precision():
    with jax.enable_x64(True):
        yield


def _grid():
    return jnp.meshgrid(jnp.linspace(0.1, 1.0, 91), jnp.linspace(-10.0, 45.0, 56), indexing="ij")


def test_the_form_stays_within_the_stated_error_of_every_grid_point():
    table = DOCUMENT["grid"]
    soc, temperature_degC = np.meshgrid(table["soc"], table["temperature_degC"], indexing="ij")
    fitted_C = plating_limit_C(jnp.asarray(soc), jnp.asarray(temperature_degC), COEFFICIENTS)
    error = np.abs(np.asarray(fitted_C) / np.asarray(table["limit_C"]) - 1.0)
    assert error.max() <= DOCUMENT["fit_relative_error"]["largest"] + 1e-3
    assert DOCUMENT["fit_relative_error"]["largest"] < 0.10


def test_warmer_cells_take_more():
    limit_C = np.asarray(plating_limit_C(*_grid(), COEFFICIENTS))
    assert (np.diff(limit_C, axis=1) > 0.0).all()


def test_fuller_cells_take_less():
    limit_C = np.asarray(plating_limit_C(*_grid(), COEFFICIENTS))
    # The fitted cubic has a shallow hump on the plateau: never more than 4 % upwards.
    assert (limit_C[1:] / np.maximum.accumulate(limit_C[::-1])[::-1][1:] > 0.96).all()
    assert (limit_C[0] > 3.0 * limit_C[-1]).all()


def test_an_overfull_anode_takes_nothing():
    soc, temperature_degC = jnp.array([[1.1, 1.5]]), jnp.array([[25.0, 25.0]])
    assert plating_limit_C(soc, temperature_degC, COEFFICIENTS).tolist() == [[0.0, 0.0]]


def test_only_the_excess_over_the_limit_plates():
    soc, temperature_degC = jnp.array([[0.5]]), jnp.array([[0.0]])
    limit_C = plating_limit_C(soc, temperature_degC, COEFFICIENTS)
    below = plating_current_C(0.9 * limit_C, soc, temperature_degC, COEFFICIENTS)
    above = plating_current_C(limit_C + 1.0, soc, temperature_degC, COEFFICIENTS)
    discharge = plating_current_C(-limit_C, soc, temperature_degC, COEFFICIENTS)
    assert float(below[0, 0]) == 0.0
    assert float(discharge[0, 0]) == 0.0
    assert float(above[0, 0]) == pytest.approx(COEFFICIENTS.plated_share)


def test_a_cold_fast_charge_plates_and_a_warm_one_does_not():
    soc, rate_C = jnp.array([[0.6]]), jnp.array([[0.9]])
    cold = plating_current_C(rate_C, soc, jnp.array([[0.0]]), COEFFICIENTS)
    warm = plating_current_C(rate_C, soc, jnp.array([[35.0]]), COEFFICIENTS)
    assert float(cold[0, 0]) > 0.0
    assert float(warm[0, 0]) == 0.0


def test_an_unknown_map_names_the_nearest():
    with pytest.raises(ConfigurationError, match="lg-m50"):
        load_plating_map("lg-m5")
