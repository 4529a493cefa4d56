import jax
import jax.numpy as jnp
import numpy as np
import pytest

from voltward.documents.toml_document import find_document
from voltward.physical.cell_file import load_cell
from voltward.physical.estimator import (
    EstimatorTuning,
    innovate,
    predict,
    start_estimator,
    update,
)

jax.config.update("jax_enable_x64", True)
CELL = load_cell(find_document("cells", "reference-nmc", "cell"))
TUNING = EstimatorTuning()


def _run(start_error: float, gate: float, bias_V: float = 0.0, ticks: int = 3000) -> float:
    """Return the final SoC error of an estimator beside the model it uses."""
    warm = jnp.full((1, 1), 25.0)
    truth = start_estimator(jnp.full((1, 1), 0.5), TUNING)
    believed = start_estimator(jnp.full((1, 1), 0.5 + start_error), TUNING)
    believed = jax.tree.map(lambda leaf: leaf, believed)

    def body(carry, tick):
        true, state = carry
        current = jnp.full((1, 1), 30.0) * jnp.sin(tick / 40.0)
        true = predict(CELL, TUNING, true, current, warm, 1.0)
        series = CELL.resistances(true.soc, warm)[0]
        voltage = CELL.ocv(true.soc)[0] + series * current + true.polarised_V + bias_V
        state = predict(CELL, TUNING, state, current, warm, 1.0)
        seen = innovate(CELL, TUNING, state, voltage, current, warm)
        return (true, update(state, seen, jnp.full((1, 1), gate))), None

    (true, state), _ = jax.lax.scan(body, (truth, believed), jnp.arange(ticks))
    variance = np.array([state.var_soc, state.var_fast, state.var_slow])
    assert np.all(variance > 0)
    return float(state.soc[0, 0] - true.soc[0, 0])


def test_a_wrong_start_is_corrected_by_voltage():
    assert abs(_run(0.1, 1.0)) < 0.01


def test_a_closed_gate_keeps_the_error():
    assert _run(0.1, 0.0) == pytest.approx(0.1, abs=1e-9)


def test_a_biased_voltage_moves_the_estimate_by_bias_over_slope():
    slope = float(CELL.ocv(jnp.full((1, 1), 0.5))[1][0, 0])
    assert _run(0.0, 1.0, bias_V=0.02, ticks=20000) == pytest.approx(0.02 / slope, rel=0.35)


def test_lookup_is_linear_between_knots_and_beyond_the_ends():
    knots = np.linspace(0.0, 1.0, CELL.ocv_V.size)
    value, _ = CELL.ocv(jnp.asarray(knots))
    assert np.asarray(value) == pytest.approx(CELL.ocv_V, abs=1e-12)
    half, slope = CELL.ocv(jnp.asarray([1.1]))
    end = (CELL.ocv_V[-1] - CELL.ocv_V[-2]) / (knots[1] - knots[0])
    assert float(slope[0]) == pytest.approx(end)
    assert float(half[0]) == pytest.approx(CELL.ocv_V[-1] + 0.1 * end)
