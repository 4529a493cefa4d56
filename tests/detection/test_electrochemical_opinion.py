"""The second opinion on PyBaMM's full model: silent on honest readings, alarmed by a bias.

Track mismatched: the plant is the Doyle-Fuller-Newman model, the opinion the single particle model.
"""

from dataclasses import replace
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from voltward.controls.in_force import default_parameters
from voltward.core.record import honest_record
from voltward.core.taps import TELEMETRY_SCALARS
from voltward.core.view import CloudView
from voltward.detection.electrochemical_opinion import ELECTROCHEMICAL_OPINION as CONTROL

GOLDEN = np.load(Path(__file__).parents[1] / "physical" / "single_particle_golden.npz")
CURRENT = TELEMETRY_SCALARS.index("current_A")
COUNTER = TELEMETRY_SCALARS.index("charge_counter_Ah")
CELLS = 4
BIAS_S = 2400.0
NOISE_V = 0.0005
CAPACITY_AH = 5.0


def play(name, biases_V, *, parallel=1, hit=CELLS, silent=()):
    """Return times and scores (sample, run); each run has its bias on the first cells from BIAS_S.

    `silent` are samples whose record never arrived.
    """
    sample_s = float(GOLDEN["sample_s"])
    current = np.repeat(GOLDEN[f"{name}_current_A"], round(float(GOLDEN["block_s"]) / sample_s))
    begin, degC = GOLDEN[f"{name}_start"]
    truth_V = GOLDEN[f"{name}_DFN_V"].astype(np.float64)
    runs, count = len(biases_V), current.size
    times = sample_s * np.arange(1, count + 1)
    noise = np.random.default_rng(5).normal(0.0, NOISE_V, (count, runs, CELLS))
    shape = np.where(np.arange(CELLS) < hit, 1.0, 0.0)
    bias = np.where(times > BIAS_S, 1.0, 0.0)[:, None, None] * np.reshape(biases_V, (-1, 1)) * shape
    readings = truth_V[:, None, None] + noise + bias
    counted = np.cumsum(current) * sample_s / 3600.0
    parameters = jnp.asarray(np.tile(default_parameters(CONTROL), (runs, 1)))
    arrived = ~np.isin(np.arange(count), list(silent))
    wide, flat = jnp.zeros((runs, CELLS)), jnp.zeros(runs)

    def move(state, now):
        tick, reading_V, current_A, counted_Ah, here = now
        scalars = jnp.zeros((runs, len(TELEMETRY_SCALARS))).at[:, CURRENT].set(current_A * parallel)
        scalars = scalars.at[:, COUNTER].set(counted_Ah * parallel)
        record = honest_record(scalars, tick, (reading_V, wide + degC), flat == 0.0)
        view = CloudView(
            tick=tick,
            tick_s=sample_s,
            record=replace(record, present=record.present & here),
            rejected=flat > 0.0,
            innovation_V=wide,
            innovation_std_V=wide + 0.005,
            twin_soc=wide + begin,
            coulomb_soc=flat + begin + counted_Ah / CAPACITY_AH,
            silence_s=flat,
            model=jnp.tile(jnp.array([1.0, 1.0, 0.0]), (runs, 1)),
            command=record,
            loss_W=flat,
            overpotential_V=wide,
            ocv_slope_V=wide + 1.0,
            parallel=parallel,
        )
        return CONTROL.watch.step(state, view, parameters)

    line = (np.arange(count), readings, current, counted, arrived)
    run = jax.jit(lambda state, rows: jax.lax.scan(move, state, rows))
    _, scores = run(CONTROL.watch.start(runs, CELLS), jax.tree.map(jnp.asarray, line))
    return times, np.asarray(scores)


def delay_s(times, scores):
    late = times[(times > BIAS_S) & (scores > 1.0)]
    return late[0] - BIAS_S if late.size else np.inf


@pytest.mark.parametrize("name", ["discharge_25", "drive_25", "drive_5"])
def test_honest_readings_raise_no_alarm(name):
    _, scores = play(name, [0.0, 0.0])
    assert np.all(np.isfinite(scores))
    assert np.all(scores >= 0.0)
    assert scores.max() < 1.0


def test_a_bias_of_all_cells_is_seen():
    times, scores = play("drive_25", [0.05, -0.05, 0.03, -0.03])
    delays = [delay_s(times, scores[:, run]) for run in range(4)]
    assert max(delays[:2]) < 60.0
    assert max(delays[2:]) < 300.0


def test_a_bias_of_one_cell_is_seen():
    times, scores = play("drive_25", [0.05, -0.05], hit=1)
    assert max(delay_s(times, scores[:, run]) for run in range(2)) < 120.0


def test_it_knows_one_cell():
    assert CONTROL.knows("lg-m50")
    assert not CONTROL.knows("reference-nmc")


def test_groups_in_parallel_share_the_current():
    alone = play("drive_25", [0.0, 0.03])[1]
    np.testing.assert_allclose(play("drive_25", [0.0, 0.03], parallel=3)[1], alone, atol=1e-9)


def test_a_gap_in_the_records_is_bridged():
    # A minute of silence in which the current changed: the counter in the records tells the charge.
    _, scores = play("drive_25", [0.0], silent=range(900, 930))
    assert scores.max() < 1.0
