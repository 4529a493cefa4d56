"""What the shaping controls do to values, in numbers."""

import jax.numpy as jnp
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from voltward.controls.catalogue import CONTROLS
from voltward.controls.in_force import default_parameters
from voltward.core.taps import COMMAND_FIELD
from voltward.physical.charge_watermark import HOLD_TICKS, KEY, mark
from voltward.physical.remedian import remedian


def apply(name, values, view, runs, strength=None):
    control = CONTROLS.load(name)
    columns = default_parameters(control)
    if strength is not None:
        columns[0] = strength
    return control.shape[0].rule(values, view, jnp.asarray(np.tile(columns, (runs, 1))))


@given(st.lists(st.floats(2.0, 5.0), min_size=20, max_size=20))
def test_remedian_lies_among_the_values(values):
    middle = float(remedian(jnp.array([values]))[0])
    assert min(values) - 1e-12 <= middle <= max(values) + 1e-12


@given(st.sampled_from([12, 96, 108]), st.integers(0, 119), st.floats(-5.0, 5.0))
def test_remedian_ignores_a_run_of_neighbours_below_a_third(cells, first, bias):
    values = np.linspace(3.60, 3.70, cells)
    biased = (first % cells) + np.arange(max(cells // 4 - 2, 0))
    forged = values.copy()
    forged[biased[biased < cells]] += bias
    middle = float(remedian(jnp.asarray(forged[None]))[0])
    assert 3.59 <= middle <= 3.71


def test_vote_replaces_a_biased_reading_and_lets_it_back(quiet):
    before = quiet.bms(1)
    bias = quiet.wide(3.7).at[:, 5].add(0.3)
    voted = apply("sensor-voting", bias, before, quiet.runs)
    np.testing.assert_allclose(voted, quiet.wide(3.7))
    honest = apply("sensor-voting", quiet.wide(3.9), before, quiet.runs)
    np.testing.assert_array_equal(honest, quiet.wide(3.9))


def test_envelope_leaves_a_usual_command_alone(quiet):
    usual = quiet.command(1, present=True).scalars
    np.testing.assert_array_equal(apply("command-envelope", usual, quiet.bms(1), quiet.runs), usual)


def test_envelope_refuses_to_open_under_load_and_to_charge_the_cold(quiet):
    wild = quiet.command(1, present=True, open_request=1.0, charge_limit_A=500.0).scalars
    loaded = quiet.bms(1, current_A=quiet.flat(-60.0), temperature_degC=quiet.wide(-20.0))
    cut = apply("command-envelope", wild, loaded, quiet.runs)
    assert not np.any(cut[:, COMMAND_FIELD["open_request"]])
    assert not np.any(cut[:, COMMAND_FIELD["charge_limit_A"]])
    resting = apply("command-envelope", wild, quiet.bms(1), quiet.runs)
    assert np.all(resting[:, COMMAND_FIELD["open_request"]] == 1.0)


def test_watermark_only_takes_away_and_on_average_half_the_share(quiet):
    asked = np.array(
        [apply("charge-watermark", quiet.flat(80.0), quiet.bms(t), quiet.runs) for t in range(3000)]
    )
    assert set(np.unique(asked).round(6)) == {80.0, 78.4}
    assert abs(asked.mean() - 79.2) < 0.15


def test_two_keys_give_two_marks():
    ticks = jnp.arange(0, 3000, HOLD_TICKS)
    one = np.array([mark(jnp.array([KEY.default]), t)[0] for t in ticks])
    other = np.array([mark(jnp.array([KEY.default + 1.0]), t)[0] for t in ticks])
    assert 0.4 < np.mean(one == other) < 0.6


def test_model_envelope_bounds_the_step_and_the_distance(quiet):
    home = jnp.tile(jnp.array([1.0, 1.0, 0.0]), (quiet.runs, 1))
    proposed = jnp.tile(jnp.array([2.0, 0.5, 0.05]), (quiet.runs, 1))
    once = apply("model-envelope", proposed, home, quiet.runs)
    np.testing.assert_allclose(once[0], [1.03, 0.97, 0.002])
    in_force = home
    for _ in range(50):
        in_force = apply("model-envelope", proposed, in_force, quiet.runs)
    np.testing.assert_allclose(in_force[0], [1.3, 0.7, 0.01])


def test_gate_closes_on_the_incredible_only(quiet):
    innovation = quiet.wide(0.0).at[:, 0].set(0.2)
    gate = apply("secure-estimation", quiet.wide(1.0), quiet.cloud(1, innovation_V=innovation), 3)
    assert not np.any(gate[:, 0])
    assert np.all(gate[:, 1:] == 1.0)
