"""Draws have the moments they state, and no two callers share them."""

import ast
import itertools
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

import voltward
from voltward.core.noise import NoiseSource, gaussian, hash_bits, uniform

jax.config.update("jax_enable_x64", True)
SOURCES = sorted(Path(voltward.__file__).parent.rglob("*.py"))
# Channels as results were made with them: another number gives other tables.
PINNED = {
    "CELL_CAPACITY": 1,
    "CELL_RESISTANCE": 2,
    "INITIAL_SOC": 3,
    "VOLTAGE_SENSOR_OFFSET": 4,
    "TEMPERATURE_SENSOR_OFFSET": 5,
    "PACK_SENSOR_OFFSETS": 6,
    "COMMISSIONED_CAPACITY": 7,
    "COMMISSIONED_RESISTANCE": 8,
    "VOLTAGE_SENSOR": 11,
    "TEMPERATURE_SENSOR": 12,
    "PACK_SENSORS": 13,
    "RADIO_LINK": 40,
    "UPLINK_ENCRYPTION": 45,
    "ATTACK_STEP": 1000,
    "FORGED_PROOF": 5000,
    "CHARGE_WATERMARK": 7000,
}
SEEDS = jnp.arange(200, dtype=jnp.uint64)


def test_gaussian_has_the_moments_it_states():
    draws = np.asarray(gaussian(SEEDS, NoiseSource.INITIAL_SOC, jnp.asarray(5), 5000)).ravel()
    assert draws.mean() == pytest.approx(0.0, abs=5e-3)
    assert draws.var() == pytest.approx(1.0, abs=5e-3)
    assert stats.kurtosis(draws) == pytest.approx(-0.031, abs=0.02)
    assert np.mean(np.abs(draws) > 3.0) == pytest.approx(0.0027, abs=4e-4)


def test_uniform_is_uniform():
    draws = np.asarray(uniform(SEEDS, NoiseSource.UPLINK_ENCRYPTION, jnp.asarray(1), 5000)).ravel()
    assert draws.min() >= 0.0
    assert draws.max() < 1.0
    assert stats.kstest(draws, "uniform").pvalue > 1e-3


def test_draws_of_a_run_do_not_depend_on_its_neighbours():
    alone = gaussian(SEEDS[7:8], NoiseSource.VOLTAGE_SENSOR, jnp.asarray(11), 96)
    among = gaussian(SEEDS, NoiseSource.VOLTAGE_SENSOR, jnp.asarray(11), 96)
    assert np.array_equal(alone[0], among[7])


def test_ticks_channels_and_cells_do_not_share_draws():
    draws = [
        np.asarray(
            hash_bits(SEEDS, NoiseSource.RADIO_LINK, jnp.asarray(tick), 32, member=channel)
        ).ravel()
        for channel in range(3)
        for tick in range(3)
    ]
    flat = np.concatenate(draws)
    assert np.unique(flat).size == flat.size


def test_neighbouring_seeds_are_uncorrelated():
    draws = np.asarray(gaussian(SEEDS[:50], NoiseSource.CELL_RESISTANCE, jnp.asarray(0), 4000))
    correlation = np.corrcoef(draws) - np.eye(50)
    assert np.abs(correlation).max() < 0.08


def test_no_two_sources_share_a_channel():
    taken = [channel for source in NoiseSource for channel in source.channels]
    assert len(set(taken)) == len(taken)


def test_a_source_has_no_channel_beyond_its_own():
    with pytest.raises(ValueError, match="RADIO_LINK has no noise channel 4"):
        uniform(SEEDS, NoiseSource.RADIO_LINK, jnp.asarray(0), member=4)


def drawing_calls(tree):
    names = {"gaussian", "uniform", "hash_bits"}
    imported = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "voltward.core.noise"
        for alias in node.names
        if alias.name in names
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in imported:
            yield node


def test_every_caller_draws_by_the_registry():
    """A source is an entry of the registry, or handed on under a name; never a number."""
    found = 0
    for path in SOURCES:
        for call in drawing_calls(ast.parse(path.read_text("utf-8"))):
            source = call.args[1]
            registered = isinstance(source, ast.Attribute) and source.value.id == "NoiseSource"
            assert registered or isinstance(source, ast.Name), f"{path.name}:{call.lineno}"
            found += 1
    assert found >= 9


def test_every_source_is_drawn_from_in_one_file():
    users = {source: set() for source in NoiseSource}
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "NoiseSource":
                users[NoiseSource[node.attr]].add(path.name)
    kept_for_benchmarks = {NoiseSource.AGEING_BENCHMARK}
    shared = {source.name: names for source, names in users.items() if len(names) != 1}
    assert set(shared) == {source.name for source in kept_for_benchmarks}


def test_a_draw_can_be_repeated_by_hand():
    """The finaliser of SplitMix64, written again with Python's integers."""

    def mix(bits):
        bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
        bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB % 2**64
        return bits ^ (bits >> 31)

    for (name, channel), seed in itertools.product(PINNED.items(), (0, 7)):
        start = seed * 0x9E3779B97F4A7C15 + channel * 0xD1B54A32D192ED03
        expected = mix(mix((start + 5 * 0x2545F4914F6CDD1D) % 2**64))
        source = NoiseSource[name]
        drawn = hash_bits(jnp.asarray([seed], dtype=jnp.uint64), source, jnp.asarray(5))
        assert int(drawn[0]) == expected, name
