"""The single particle model: laws that hold to round-off, and PyBaMM's voltages from a file."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voltward.core.errors import ConfigurationError
from voltward.physical.electrolyte import (
    salt_mol_per_m2,
    start_electrolyte,
    step_electrolyte,
)
from voltward.physical.particle_diffusion import (
    Particle,
    profile,
    start_particle,
    step_particle,
    surface,
    surface_gradient,
)
from voltward.physical.single_particle import (
    advance,
    load_single_particle,
    soc,
    start,
    step,
    voltage_V,
)

GOLDEN = Path(__file__).with_name("single_particle_golden.npz")
CELL = load_single_particle()
ONE = jnp.ones((1, 1))
rates = st.floats(-3.0, 3.0)
steps_s = st.floats(0.0, 200.0)


def test_published_values_of_the_set():
    # The limits hold 5.15 Ah in PyBaMM too; the electrodes agree on it.
    assert CELL.capacity_Ah == pytest.approx(5.15, abs=0.01)
    positive = CELL.positive
    window = positive.stoichiometry_empty - positive.stoichiometry_full
    charge_Ah = positive.storage_C_per_m2 * window * CELL.electrode_area_m2 / 3600.0
    assert charge_Ah == pytest.approx(CELL.capacity_Ah, rel=1e-9)
    nyman = CELL.electrolyte.nyman
    assert float(nyman.conductivity(jnp.asarray(1000.0))) == pytest.approx(0.9487, abs=1e-4)
    assert float(nyman.diffusivity(jnp.asarray(1000.0))) == pytest.approx(1.7694e-10, rel=1e-4)


def test_full_and_empty_rest_at_the_limits():
    ends = jnp.array([[0.0, 1.0]])
    rest_V = voltage_V(CELL, start(CELL, ends), jnp.zeros((1, 1)), 25.0 * ONE)
    np.testing.assert_allclose(
        rest_V[0], [CELL.lowest_voltage_V, CELL.highest_voltage_V], atol=1e-4
    )


def test_low_rate_gives_the_difference_of_the_open_circuit_potentials():
    charges = jnp.linspace(0.05, 0.95, 7)[None]
    state = start(CELL, charges)
    current = -CELL.nominal_capacity_Ah / 2000.0 * ONE
    for _ in range(50):
        state, terminal_V = step(CELL, state, current, 25.0 * ONE, 60.0 * ONE)
    expected = CELL.positive.open_circuit.potential_V(
        CELL.positive.stoichiometry(soc(CELL, state))
    ) - CELL.negative.open_circuit.potential_V(CELL.negative.stoichiometry(soc(CELL, state)))
    np.testing.assert_allclose(terminal_V, expected, atol=5e-4)
    assert np.all(np.asarray(terminal_V) < np.asarray(expected))


@given(st.lists(st.tuples(rates, steps_s), min_size=1, max_size=6), st.floats(0.2, 0.8))
def test_lithium_and_salt_are_conserved(moves, begin):
    state = start(CELL, jnp.full((1, 1), begin))
    salt = salt_mol_per_m2(CELL.electrolyte, state.electrolyte_mol_per_m3)
    passed_C = 0.0
    for rate, elapsed in moves:
        state = advance(CELL, state, rate * ONE, elapsed * ONE)
        passed_C += rate * elapsed

    def lithium(now):
        return CELL.negative.storage_C_per_m2 * now.negative.mean + (
            CELL.positive.storage_C_per_m2 * now.positive.mean
        )

    before = start(CELL, jnp.full((1, 1), begin))
    np.testing.assert_allclose(lithium(state), lithium(before), rtol=1e-13)
    after = salt_mol_per_m2(CELL.electrolyte, state.electrolyte_mol_per_m3)
    np.testing.assert_allclose(after, salt, rtol=1e-12)
    gained = (soc(CELL, state) - begin) * CELL.capacity_Ah * 3600.0
    np.testing.assert_allclose(gained, passed_C, atol=1e-8)


def test_modes_hold_no_lithium_of_their_own():
    particle = CELL.positive.particle
    state = start_particle(particle, jnp.full((1, 1), 0.5))
    for rate in (2e-4, -3e-4, 1e-4):
        state = step_particle(particle, state, rate * ONE, 37.0 * ONE)
    nodes, weights = np.polynomial.legendre.leggauss(200)
    radii = 0.5 * (nodes + 1.0)
    values = np.asarray(profile(particle, state, radii))[0, 0]
    mean = 3.0 * np.sum(0.5 * weights * radii**2 * values)
    assert mean == pytest.approx(float(state.mean[0, 0]), abs=1e-13)
    assert np.ptp(values) > 1e-3


def test_steady_profile_is_the_parabola():
    particle = Particle(5e-6, 1e-14, modes=200)
    rate = 1e-4 * ONE
    state = step_particle(particle, start_particle(particle, 0.3 * ONE), rate, 1e5 * ONE)
    gradient = float(surface_gradient(particle, rate)[0, 0])
    radii = np.linspace(0.1, 0.9, 9)
    found = np.asarray(profile(particle, state, radii) - state.mean[..., None])[0, 0]
    np.testing.assert_allclose(found / gradient, radii**2 / 2.0 - 0.3, atol=2e-3)
    above = float((surface(particle, state, rate) - state.mean)[0, 0])
    assert above == pytest.approx(gradient / 5.0, rel=1e-12)


def test_first_seconds_follow_the_flat_wall():
    # Short after a step of flux the surface moves as that of a half space, 2 sqrt(t / pi).
    particle = CELL.positive.particle
    rate = 1e-4 * ONE
    state = step_particle(particle, start_particle(particle, 0.5 * ONE), rate, 2.0 * ONE)
    moved = float((surface(particle, state, rate) - 0.5)[0, 0])
    share = 2.0 * np.sqrt(2.0 / particle.diffusion_s / np.pi)
    assert moved == pytest.approx(share * float(surface_gradient(particle, rate)[0, 0]), rel=0.02)


@given(rates, st.floats(1.0, 300.0), st.integers(2, 30))
def test_one_long_step_of_the_particle_equals_many_short_ones(rate, long_s, parts):
    particle = CELL.negative.particle
    filling = 1e-4 * rate * ONE
    begun = step_particle(particle, start_particle(particle, 0.5 * ONE), 1e-4 * ONE, 40.0 * ONE)
    once = step_particle(particle, begun, filling, long_s * ONE)
    often = begun
    for _ in range(parts):
        often = step_particle(particle, often, filling, long_s / parts * ONE)
    np.testing.assert_allclose(often.modes, once.modes, atol=1e-13)
    np.testing.assert_allclose(often.mean, once.mean, atol=1e-13)


def test_electrolyte_reaches_the_steady_flux():
    electrolyte = CELL.electrolyte
    # 1C of charge: in the separator all of the salt's flux is diffusion.
    density = 5.0 / CELL.electrode_area_m2
    concentration = start_electrolyte(electrolyte, 1)
    moving = jax.jit(lambda c: step_electrolyte(electrolyte, c, density * ONE, 5.0 * ONE))
    for _ in range(400):
        concentration = moving(concentration)
    first, count = electrolyte.volumes[0], electrolyte.volumes[1]
    within = np.asarray(concentration)[0, 0, first : first + count]
    width = electrolyte.thickness_m[1] / count
    middle = 0.5 * (within[1:] + within[:-1])
    efficiency = electrolyte.porosity[1] ** electrolyte.bruggeman_exponent
    flux = efficiency * np.asarray(electrolyte.nyman.diffusivity(middle)) * np.diff(within) / width
    expected = density * (1.0 - electrolyte.cation_transference) / 96485.33212
    np.testing.assert_allclose(flux, expected, rtol=1e-3)


def test_at_rest_nothing_moves_and_gradients_fade():
    state = advance(CELL, start(CELL, 0.5 * ONE), -10.0 * ONE, 30.0 * ONE)
    stood = advance(CELL, state, 0.0 * ONE, 0.0 * ONE)
    for left, right in zip(jax.tree.leaves(stood), jax.tree.leaves(state), strict=True):
        np.testing.assert_array_equal(left, right)
    for _ in range(200):
        state = advance(CELL, state, 0.0 * ONE, 120.0 * ONE)
    np.testing.assert_allclose(state.electrolyte_mol_per_m3, 1000.0, rtol=1e-6)
    np.testing.assert_allclose(state.positive.modes, 0.0, atol=1e-12)


def test_cold_raises_the_reaction_overpotential():
    state = advance(CELL, start(CELL, 0.5 * ONE), -5.0 * ONE, 10.0 * ONE)
    warm, cold = (float(voltage_V(CELL, state, -5.0 * ONE, t * ONE)[0, 0]) for t in (25.0, 0.0))
    assert 0.02 < warm - cold < 0.1


def follow(name):
    """Return our voltages at the file's samples, theirs by model, and the SoC there."""
    golden = np.load(GOLDEN)
    block_s, sample_s = float(golden["block_s"]), int(golden["sample_s"])
    current = np.repeat(golden[f"{name}_current_A"], round(block_s))
    begin, degC = golden[f"{name}_start"]

    def move(state, current_A):
        state, terminal_V = step(CELL, state, current_A * ONE, degC * ONE, ONE)
        return state, (terminal_V[0, 0], soc(CELL, state)[0, 0])

    _, (ours_V, charge) = jax.jit(lambda state, line: jax.lax.scan(move, state, line))(
        start(CELL, begin * ONE), jnp.asarray(current)
    )
    theirs_V = {model: golden[f"{name}_{model}_V"] for model in ("SPMe", "DFN")}
    at = slice(sample_s - 1, None, sample_s)
    return np.asarray(ours_V)[at], theirs_V, np.asarray(charge)[at]


def rms_mV(error_V):
    return 1e3 * float(np.sqrt(np.mean(error_V**2)))


# Root mean square above 10 % SoC; what the full model adds is the reduction's own error.
@pytest.mark.parametrize(
    ("name", "same_mV", "full_mV"),
    [("discharge_25", 0.5, 6.0), ("drive_25", 0.5, 5.0), ("drive_5", 0.5, 5.0)],
)
def test_voltage_follows_pybamm(name, same_mV, full_mV):
    ours_V, theirs_V, charge = follow(name)
    assert charge.min() < 0.2
    inside = charge > 0.1
    assert rms_mV((ours_V - theirs_V["SPMe"])[inside]) < same_mV
    assert rms_mV((ours_V - theirs_V["DFN"])[inside]) < full_mV


def test_a_set_that_is_not_shipped_is_named():
    with pytest.raises(ConfigurationError, match="lg-m60"):
        load_single_particle("lg-m60")
