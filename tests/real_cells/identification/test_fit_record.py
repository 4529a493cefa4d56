"""Thinning keeps charge, padding keeps everything, and what cannot be fitted is refused."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voltward.core.errors import ConfigurationError
from voltward.real_cells.identification.cell_facts import cell_facts
from voltward.real_cells.identification.fit_record import batch, fit_record, voltage_lag_s
from voltward.real_cells.identification.identify import identify
from voltward.real_cells.identification.known_soc import with_soc
from voltward.real_cells.identification.model_error import model_error, temperature_groups
from voltward.real_cells.identification.open_circuit import rising, slow_curve
from voltward.real_cells.recordings.recording import Recording

CAPACITY_AH = 3.0


def made_of(parts, *, start_soc=0.9):
    """Return a recording at 1 Hz of stretches of constant current."""
    current_A = np.concatenate([np.full(seconds, level) for level, seconds in parts])
    size = current_A.size
    return Recording(
        name="made",
        time_s=np.arange(float(size)),
        voltage_V=np.full((size, 1), 3.7),
        current_A=current_A,
        temperature_degC=np.full(size, 25.0),
        soc=start_soc + np.cumsum(current_A) / 3600.0 / CAPACITY_AH,
    )


stretches = st.lists(
    st.tuples(st.sampled_from([-3.0, -1.0, 0.0, 0.5, 2.0]), st.integers(1, 400)),
    min_size=1,
    max_size=12,
)


@given(stretches)
def test_thinning_keeps_time_and_charge(parts):
    recording = made_of(parts)
    record = fit_record(recording, CAPACITY_AH, 0.0)
    assert record.elapsed_s.sum() == recording.time_s.size
    assert np.all(record.elapsed_s >= 1.0)
    charge_As = float(record.current_A @ record.elapsed_s)
    assert charge_As == pytest.approx(recording.current_A.sum(), abs=1e-6)
    assert record.soc[-1] == pytest.approx(recording.soc[-1])


def test_a_long_rest_is_seen_twice_a_minute():
    record = fit_record(made_of([(-1.0, 5), (0.0, 3600)]), CAPACITY_AH, 0.0)
    assert 60 + 3540 / 30 <= record.voltage_V.size < 60 + 3540 / 30 + 15


@given(st.lists(stretches, min_size=1, max_size=4))
def test_padding_adds_no_weight_and_no_charge(recordings):
    records = [fit_record(made_of(parts), CAPACITY_AH, 0.0) for parts in recordings]
    arrays, weight = batch(records)
    longest = max(record.voltage_V.size for record in records)
    for column, record in enumerate(records):
        size = record.voltage_V.size
        assert arrays["soc"].shape == (longest, len(records))
        assert np.array_equal(arrays["current_A"][:size, column], record.current_A)
        assert not weight[size:, column].any()
        assert not arrays["current_A"][size:, column].any()
        assert np.all(arrays["elapsed_s"][:, column] > 0.0)


def test_a_hole_without_rest_has_no_weight():
    recording = made_of([(-1.0, 200), (0.5, 20)])
    behind = recording.time_s >= 100.0
    hole = replace(
        recording,
        time_s=recording.time_s + 600.0 * behind,
        soc=recording.soc - 0.1 * behind,
    )
    record = fit_record(hole, CAPACITY_AH, 0.0)
    jump = int(np.argmin(np.diff(record.soc))) + 1
    assert record.weight[jump] == 0.0
    assert np.count_nonzero(record.weight == 0.0) < 5


def test_no_soc_and_two_cells_are_refused():
    recording = made_of([(-1.0, 100)])
    with pytest.raises(ConfigurationError, match="one cell and its state of charge"):
        fit_record(replace(recording, soc=None), CAPACITY_AH, 0.0)
    two = replace(recording, voltage_V=np.full((100, 2), 3.7))
    with pytest.raises(ConfigurationError, match="one cell and its state of charge"):
        fit_record(two, CAPACITY_AH, 0.0)


def test_without_a_slow_discharge_there_is_no_curve(recordings):
    drives = [recording for recording in recordings if "drive" in recording.name]
    with pytest.raises(ConfigurationError, match="slow discharge") as caught:
        slow_curve(drives)
    assert "C/20" in caught.value.hint


def test_a_stated_capacity_that_cannot_be_is_refused(recordings):
    with pytest.raises(ConfigurationError, match=r"2\.898 Ah, but 2900 Ah are stated"):
        slow_curve(recordings, 2900.0)
    assert slow_curve(recordings, 3.0).capacity_Ah == 3.0


def test_without_a_drive_there_is_no_fit(recordings):
    others = [recording for recording in recordings if "drive" not in recording.name]
    curve = slow_curve(others)
    facts = cell_facts("x", "x", "x", curve.capacity_Ah)
    with pytest.raises(ConfigurationError, match="no recording is a profile"):
        identify(others, [], curve, facts, lambda *_: None)


@given(
    loads=st.lists(st.floats(0.3, 3.0), min_size=2, max_size=40),
    step_s=st.integers(40, 300),
    rest_s=st.sampled_from([0, 60]),
)
def test_a_profile_has_enough_changes_between_different_loads(loads, step_s, rest_s):
    # With rests between the loads it is a test of pulses.
    parts = [part for load in loads for part in ((-load, step_s), (0.0, rest_s)) if part[1]]
    record = fit_record(made_of(parts), CAPACITY_AH, 0.0)
    level = np.round(np.array(loads) / (0.05 * max(loads)))
    joined = level[np.concatenate([[True], np.diff(level) != 0])]
    changes = 0 if rest_s else int(np.count_nonzero(np.abs(np.diff(joined)) >= 2))
    assert record.drive == (changes >= 12 and np.unique(level).size >= 5)
    if not record.drive:
        assert f"from load to load without a rest: {changes}, needed 12" in record.not_a_profile


def every(recording, step):
    """Return every so many samples of a recording."""
    names = ("time_s", "voltage_V", "current_A", "temperature_degC", "soc")
    return replace(recording, **{name: getattr(recording, name)[::step] for name in names})


def test_the_message_names_each_file_and_rule(recordings):
    drives = [recording for recording in recordings if "drive" in recording.name]
    coarse = replace(every(recordings[0], 20), name="coarse")
    with pytest.raises(ConfigurationError) as caught:
        slow_curve([coarse, *drives * 3])
    assert "coarse: samples in the discharge within 10% of 0.145 A: 60, needed" in caught.value.why
    assert "drive-25: discharge within" in caught.value.why
    assert "and 7 more files" in caught.value.why


def test_a_discharge_of_few_samples_has_all_its_charge(recordings):
    sparse = every(recordings[0], 12)
    assert slow_curve([sparse]).capacity_Ah == pytest.approx(2.9, rel=0.02)
    counted = with_soc(replace(sparse, soc=None), 2.9, 1.0)
    assert counted.soc[-1] == pytest.approx(sparse.soc[-1], abs=0.01)


def test_slow_records_say_nothing_of_the_skew():
    assert voltage_lag_s([made_of([(-1.0, 50), (1.0, 50)])]) == 0.0


def test_charge_is_counted_from_a_known_start():
    recording = replace(made_of([(-3.0, 1801)]), soc=None)
    counted = with_soc(recording, CAPACITY_AH, 1.0)
    assert counted.soc[-1] == pytest.approx(0.5)
    assert "counted from 100 %" in counted.notes[-1]
    with pytest.raises(ConfigurationError, match="-40 to 10 %"):
        with_soc(recording, CAPACITY_AH, 0.1)


def test_temperatures_within_four_kelvin_go_together():
    assert temperature_groups([25.0, 0.1, 26.0, 2.0, 10.0]) == [[1, 3], [4], [0, 2]]


def test_the_correlation_time_of_a_known_process_is_found():
    draw = np.random.default_rng(1)
    error_V = np.zeros(40_000)
    for second in range(1, error_V.size):
        error_V[second] = np.exp(-1 / 30.0) * error_V[second - 1] + 1e-3 * draw.standard_normal()
    error = model_error([(25.0, error_V)])
    assert error.correlation_s == pytest.approx(30.0, rel=0.25)
    assert error.error_V[0] == pytest.approx(np.sqrt(np.mean(error_V**2)))


@given(st.lists(st.floats(2.5, 4.2), min_size=2, max_size=40))
def test_a_curve_is_made_to_rise(values):
    curve = rising(np.array(values))
    assert np.all(np.diff(curve) > 1e-5)
    assert np.all(curve >= np.array(values) - 1e-12)
