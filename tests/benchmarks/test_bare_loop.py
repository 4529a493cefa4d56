"""The bare loop and the bound do the work they claim; nothing here measures time."""

import importlib
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from benchmarks.bare_loop import NEVER, bare_assembly, prepared
from benchmarks.load_profile import (
    HIGHEST_C,
    INITIAL_SOC,
    LOWEST_C,
    current_C,
)

jax.config.update("jax_enable_x64", True)

TICKS = 300
RUNS = 3


@pytest.fixture(scope="module")
def assembly():
    return bare_assembly()


@pytest.fixture(scope="module")
def drive_A(assembly):
    return current_C(TICKS) * assembly.plant.cell.capacity_Ah


@pytest.fixture(scope="module")
def numba_bound():
    pytest.importorskip("numba")
    return importlib.import_module("benchmarks.numba_bound")


def test_profile_is_seeded_and_stays_in_its_range():
    first, again = current_C(), current_C()
    assert np.array_equal(first, again)
    assert not np.array_equal(first, current_C(seed=21))
    assert first.min() >= LOWEST_C
    assert first.max() <= HIGHEST_C
    assert first.min() < 0.0 < first.max()
    # The charge taken leaves every cell between 10 and 100 %.
    soc = INITIAL_SOC + np.cumsum(first) / 3600.0
    assert 0.1 < soc.min() < soc.max() < 1.0


def test_bare_loop_counts_the_charge_of_the_profile(assembly, drive_A):
    loop, arguments = prepared(assembly, RUNS, INITIAL_SOC, TICKS, drive_A)
    last = loop(*arguments)
    fixed = arguments[0]
    cell_Ah = assembly.plant.cell.capacity_Ah * np.asarray(fixed.spread.capacity)
    expected = np.asarray(fixed.initial_soc) + drive_A.sum() / 3600.0 / cell_Ah
    np.testing.assert_allclose(last.cells.soc, expected, rtol=0, atol=1e-12)
    assert np.all(np.asarray(last.first_alarm) == NEVER)
    assert np.all(np.asarray(last.first_trip) == NEVER)
    assert np.max(np.abs(np.asarray(last.estimate.soc - last.cells.soc))) < 0.02


def test_protection_of_the_bare_loop_stops_the_current(assembly):
    overload_A = np.full(TICKS, 20.0 * assembly.plant.cell.capacity_Ah)
    loop, arguments = prepared(assembly, RUNS, INITIAL_SOC, TICKS, overload_A)
    last = loop(*arguments)
    tripped = np.asarray(last.first_trip)
    assert np.all(tripped < TICKS)
    taken = np.asarray(last.cells.soc - arguments[0].initial_soc)
    assert np.all(taken < 20.0 * (tripped + 2)[:, None] / 3600.0 * 1.1)


def test_bound_gives_the_results_of_the_bare_loop(numba_bound, assembly, drive_A):
    loop, arguments = prepared(assembly, RUNS, INITIAL_SOC, TICKS, drive_A)
    bound = numba_bound.prepared(assembly, arguments[0], arguments[1], drive_A)()
    assert numba_bound.largest_difference(loop(*arguments), bound) < 1e-9


def test_comparison_notices_a_bound_of_another_cell(numba_bound, assembly, drive_A):
    loop, arguments = prepared(assembly, RUNS, INITIAL_SOC, TICKS, drive_A)
    cell = replace(assembly.plant.cell, series_ohm=1.01 * assembly.plant.cell.series_ohm)
    other = replace(assembly, plant=replace(assembly.plant, cell=cell))
    bound = numba_bound.prepared(other, arguments[0], arguments[1], drive_A)()
    assert numba_bound.largest_difference(loop(*arguments), bound) > 1e-6


def test_comparison_notices_a_trip_that_moved(numba_bound, assembly, drive_A):
    loop, arguments = prepared(assembly, RUNS, INITIAL_SOC, TICKS, drive_A)
    last = loop(*arguments)
    bound = numba_bound.prepared(assembly, arguments[0], arguments[1], drive_A)()
    moved = replace(last, first_trip=jnp.full(RUNS, 5))
    assert numba_bound.largest_difference(moved, bound) == float("inf")


def test_bound_refuses_parallel_groups(numba_bound, assembly, drive_A):
    pack = replace(assembly.plant.pack, parallel=2)
    wide = replace(assembly, plant=replace(assembly.plant, pack=pack))
    with pytest.raises(ValueError, match="in series"):
        numba_bound.prepared(wide, None, None, drive_A)
