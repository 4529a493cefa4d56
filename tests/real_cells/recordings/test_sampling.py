"""A recording thinned to one sample a second keeps the samples that a slow recorder takes."""

import numpy as np

from voltward.real_cells.recordings.recording import Recording
from voltward.real_cells.recordings.sampling import is_sparse, one_a_second


def made(rate_Hz, seconds=30):
    time_s = np.arange(0.0, seconds, 1.0 / rate_Hz)
    voltage_V = 3.7 + 0.01 * np.sin(time_s)
    return Recording(
        "made", time_s, voltage_V[:, None], np.cos(time_s), np.full(time_s.size, 25.0), time_s / 100
    )


def test_ten_samples_a_second_become_one():
    dense = made(10.0)
    thin = one_a_second(dense)
    np.testing.assert_array_equal(thin.time_s, np.arange(30.0))
    np.testing.assert_array_equal(thin.current_A, dense.current_A[::10])
    np.testing.assert_array_equal(thin.soc, dense.soc[::10])
    assert thin.pack_voltage_V is None
    assert (is_sparse(dense), is_sparse(thin)) == (False, True)


def test_a_sparse_recording_stays_as_it_is():
    slow = made(0.5)
    np.testing.assert_array_equal(one_a_second(slow).time_s, slow.time_s)
