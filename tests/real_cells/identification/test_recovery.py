"""A synthetic cell with known parameters is recovered within stated tolerance.

Tolerances: capacity 0.5 %, voltage 2 mV on unseen drives, series resistance 5 % where it is
excited, skew of the recorder 0.05 s.
"""

import jax.numpy as jnp
import numpy as np
import pytest

CAPACITY_SHARE, VOLTAGE_V, SERIES_SHARE, LAG_TOLERANCE_S = 0.005, 0.002, 0.05, 0.05


def fit_of(found, name):
    return next(fit for fit in found.fits if fit.name == name)


def test_the_capacity_is_that_of_the_slow_discharge(found):
    assert found.cell.capacity_Ah == pytest.approx(2.9, rel=CAPACITY_SHARE)
    assert found.curve.name == "slow-25"


@pytest.mark.parametrize("name", ["unseen-25", "unseen-0"])
def test_the_voltage_of_an_unseen_drive_is_met(found, name):
    fit = fit_of(found, name)
    assert fit.held_out
    assert fit.record.drive
    assert fit.rmse_V < VOLTAGE_V


@pytest.mark.parametrize("temperature_degC", [25.0, 0.0])
def test_the_series_resistance_is_recovered_where_it_is_excited(found, known, temperature_degC):
    soc = np.linspace(0.3, 0.9, 13)
    warm = np.full(soc.size, temperature_degC)
    expected = np.asarray(known.resistances(jnp.asarray(soc), warm)[0])
    assert np.asarray(found.cell.resistances(jnp.asarray(soc), warm)[0]) == pytest.approx(
        expected, rel=SERIES_SHARE
    )


def test_the_skew_of_the_recorder_is_recovered(found):
    assert found.cell.current_lag_s == pytest.approx(0.2, abs=LAG_TOLERANCE_S)


def test_the_open_circuit_voltage_is_that_of_the_cell_not_of_the_slow_discharge(found, known):
    soc = np.linspace(0.2, 0.9, 15)
    true_V = np.asarray(known.ocv(jnp.asarray(soc))[0])
    found_V = np.asarray(found.cell.ocv(jnp.asarray(soc))[0])
    slow_V = np.interp(
        soc, np.linspace(0.0, 1.0, found.curve.voltage_V.size), found.curve.voltage_V
    )
    assert np.sqrt(np.mean((found_V - true_V) ** 2)) < 0.003
    assert np.mean(np.abs(found_V - true_V)) < np.mean(np.abs(slow_V - true_V))


def test_the_fit_converges_and_tells_of_every_round(found, rounds):
    assert found.solution.converged
    assert not found.errors
    assert [number for number, _ in rounds] == list(range(1, found.solution.rounds + 1))
    assert rounds[-1][1] < rounds[0][1]


def test_a_recording_that_is_met_poorly_is_named(found):
    assert fit_of(found, "wrong-25").rmse_V == pytest.approx(0.06, abs=0.01)
    texts = [finding.text for finding in found.findings]
    assert [text for text in texts if "wrong-25" in text and "poor" in text]
    assert not [text for text in texts if "unseen" in text]


def test_the_model_error_is_that_of_what_was_held_out(found):
    # 0 degC has one held-out drive; at 25 degC the wrong meter is part of the stated truth.
    assert len(found.cell.error_V) == 2
    assert found.cell.error_degC[0] < 5.0 < found.cell.error_degC[1]
    assert found.cell.error_V[0] == pytest.approx(fit_of(found, "unseen-0").rmse_V)
    assert found.cell.error_V[1] > 0.02
