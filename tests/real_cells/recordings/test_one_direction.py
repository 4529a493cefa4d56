"""A recording that only discharges is read as it is, however its voltage relaxes in between."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voltward.core.errors import ConfigurationError
from voltward.real_cells.recordings.reading import read_recording

CAPACITY_AH, SERIES_OHM, SLOW_OHM, SLOW_S = 3.0, 0.06, 0.12, 60.0


def voltage_of(current_A, step_s=1.0):
    """Return the voltage of a cold cell: a series resistance, and one branch that is slow."""
    soc = 1.0 + np.cumsum(current_A) * step_s / 3600.0 / CAPACITY_AH
    branch_V, slow_V = 0.0, np.zeros(current_A.size)
    for place, current in enumerate(current_A):
        branch_V += (SLOW_OHM * current - branch_V) * (1.0 - np.exp(-step_s / SLOW_S))
        slow_V[place] = branch_V
    return 3.2 + 0.9 * soc + SERIES_OHM * current_A + slow_V


def written(path, time_s, current_A, voltage_V):
    rows = np.column_stack([time_s, voltage_V, current_A, np.full(time_s.size, 5.0)])
    head = "time_s,voltage_V,current_A,temperature_degC"
    np.savetxt(path, rows, delimiter=",", header=head, comments="", fmt="%.6g")
    return path


def smooth_drive(seed, seconds=1500):
    """Return a drive without regeneration whose load rises and falls slowly."""
    draw = np.random.default_rng(seed)
    knots = draw.uniform(0.0, 6.0, seconds // 30) * draw.integers(0, 2, seconds // 30)
    return -np.interp(np.arange(seconds), np.arange(knots.size) * 30.0, knots)


@given(seed=st.integers(0, 1000))
def test_a_drive_without_regeneration_is_read(seed, tmp_path_factory):
    current_A = smooth_drive(seed)
    jumps = np.random.default_rng(seed).integers(0, current_A.size, 60)
    current_A[jumps] = 0.0
    path = tmp_path_factory.getbasetemp() / "drive.csv"
    read = read_recording(
        written(path, np.arange(float(current_A.size)), current_A, voltage_of(current_A))
    )
    assert np.allclose(read.current_A, current_A, atol=1e-4)


def test_a_recharge_that_was_not_recorded_is_a_hole(tmp_path):
    once_A = np.concatenate([np.zeros(60), np.full(1800, -3.0), np.zeros(60)])
    current_A = np.tile(once_A, 5)
    time_s = np.concatenate([np.arange(once_A.size) + 9000.0 * part for part in range(5)])
    path = written(tmp_path / "repeated.csv", time_s, current_A, np.tile(voltage_of(once_A), 5))
    assert np.array_equal(read_recording(path).current_A, current_A)


def test_a_magnitude_of_both_directions_is_still_asked(tmp_path):
    signed_A = np.tile(np.repeat([0.0, -2.5, 0.0, 2.0], [30, 300, 30, 300]), 6)
    path = written(
        tmp_path / "both.csv", np.arange(float(signed_A.size)), abs(signed_A), voltage_of(signed_A)
    )
    with pytest.raises(ConfigurationError, match="never negative"):
        read_recording(path)
