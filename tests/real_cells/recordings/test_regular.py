"""One sample a second: means, lines, holes and nothing lost in between."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voltward.real_cells.recordings.recording import Recording
from voltward.real_cells.recordings.regular import to_one_hertz


def _recording(time_s, value, **more):
    voltage_V = 3.5 + 0.1 * value
    return Recording(
        name="made",
        time_s=time_s,
        voltage_V=voltage_V[:, None],
        current_A=value,
        temperature_degC=np.full_like(time_s, 25.0),
        **more,
    )


def test_faster_samples_become_the_mean_of_their_second(bench):
    columns = bench.columns(600.0, step_s=0.1)
    # The clock of real recorders jitters by less than a sample.
    columns["time_s"] = columns["time_s"] + 0.04
    regular = to_one_hertz(bench.recording(**columns))
    made = regular.recording
    np.testing.assert_array_equal(made.time_s, np.arange(600.0))
    wanted_A = columns["current_A"].reshape(600, 10).mean(axis=1)
    np.testing.assert_allclose(made.current_A, wanted_A, atol=1e-12)
    assert regular.valid.all()
    assert regular.valid_hours == pytest.approx(1.0 / 6.0)


def test_one_sample_a_second_becomes_the_mean_of_the_line_before_it(bench):
    recording = bench.recording()
    made = to_one_hertz(recording).recording
    for was, now in (
        (recording.current_A, made.current_A),
        (recording.voltage_V[:, 0], made.voltage_V[:, 0]),
    ):
        assert now[0] == was[0]
        np.testing.assert_allclose(now[1:], (was[1:] + was[:-1]) / 2.0, atol=1e-9)


def test_sparse_samples_keep_the_charge_of_their_line():
    time_s = np.arange(0.0, 61.0, 0.8)
    current_A = -1.0 + np.sin(time_s / 5.0)
    made = to_one_hertz(_recording(time_s, current_A), findings=()).recording
    until = np.interp(60.0, time_s, current_A)
    knots_s, knots_A = np.append(time_s[time_s < 60.0], 60.0), current_A[time_s < 60.0]
    charge_As = np.trapezoid(np.append(knots_A, until), knots_s)
    assert np.sum(made.current_A[1:61]) == pytest.approx(charge_As, rel=1e-12)


def test_a_current_that_outruns_its_samples_is_said_to():
    time_s = np.arange(0.0, 100.0)
    steps = np.where(time_s % 2.0 == 0.0, -1.0, -3.0)
    assert "changes faster" in to_one_hertz(_recording(time_s, steps), ()).recording.notes[-1]
    assert not to_one_hertz(_recording(time_s, -1.0 - time_s / 1e3), ()).recording.notes
    fast_s = time_s / 10.0
    assert not to_one_hertz(_recording(fast_s, steps), ()).recording.notes


def test_slow_samples_are_joined_by_lines_and_said_to_be():
    time_s = np.arange(0.0, 6000.0, 60.0)
    regular = to_one_hertz(_recording(time_s, -1.0 - time_s / 6000.0))
    # Each second holds the mean of the line over the second before it.
    middle_s = np.maximum(regular.recording.time_s - 0.5, 0.0)
    np.testing.assert_allclose(regular.recording.current_A, -1.0 - middle_s / 6000.0, atol=1e-12)
    assert regular.valid.all()
    assert "one sample in 60 s: 5841 of 5941 seconds" in regular.recording.notes[-1]


def test_a_hole_stays_marked_and_the_rest_stays_valid(bench):
    columns = bench.columns()
    keep = (columns["time_s"] < 400.0) | (columns["time_s"] >= 816.0)
    regular = to_one_hertz(bench.recording(**{k: v[keep] for k, v in columns.items()}))
    assert regular.recording.time_s.size == 3600
    np.testing.assert_array_equal(np.flatnonzero(~regular.valid), np.arange(399, 817))
    assert "holes in time" in regular.findings[0].what


def test_a_stuck_stretch_is_marked(bench):
    voltage_V = bench.columns()["voltage_V"]
    voltage_V[100:131] = voltage_V[100]
    regular = to_one_hertz(bench.recording(voltage_V=voltage_V))
    np.testing.assert_array_equal(np.flatnonzero(~regular.valid), np.arange(100, 131))


def test_all_that_a_recording_holds_is_carried_along():
    time_s = np.arange(0.0, 100.0, 0.5)
    value = np.sin(time_s)
    recording = _recording(time_s, value, soc=0.5 + 0.1 * value, pack_voltage_V=3.5 + 0.1 * value)
    made = to_one_hertz(recording, findings=()).recording
    assert made.soc is not None
    np.testing.assert_allclose(made.soc, 0.5 + 0.1 * made.current_A, atol=1e-12)
    np.testing.assert_allclose(made.pack_voltage_V, made.voltage_V[:, 0], atol=1e-12)


@given(
    steps=st.lists(st.floats(0.01, 30.0), min_size=20, max_size=60),
    slope=st.floats(-1.0, 1.0),
)
def test_means_and_lines_stay_within_a_second_of_a_straight_signal(steps, slope):
    time_s = np.concatenate(([0.0], np.cumsum(steps)))
    recording = _recording(time_s, slope * time_s)
    regular = to_one_hertz(recording, findings=())
    made = regular.recording
    assert made.time_s.size == int(np.floor(time_s[-1] + 1e-9)) + 1
    error = np.abs(made.current_A - slope * made.time_s)
    assert error.max() <= abs(slope) * 1.0 + 1e-9
    assert made.current_A.max() <= recording.current_A.max() + 1e-12
    assert made.current_A.min() >= recording.current_A.min() - 1e-12
