"""Recordings through twin and detectors, against truths that are known because they are made."""

from dataclasses import replace

import numpy as np
import pytest

from voltward.controls.catalogue import CONTROLS
from voltward.core.errors import ConfigurationError
from voltward.real_cells.replay.detectors import load_detectors
from voltward.real_cells.replay.injected_rows import injected_rows, parse_injection
from voltward.real_cells.replay.profile import prepared, replay_profile
from voltward.real_cells.replay.session import ReplaySession
from voltward.real_cells.replay.start import find_start, true_soc


def replayed(session, recording, *texts, **more):
    return replay_profile(session, recording, [parse_injection(text) for text in texts], **more)


def test_a_twin_with_the_true_model_makes_the_sensor_noise_and_no_more(session, recording):
    score = replayed(session, recording, initial_soc=0.8).score
    assert score.voltage_rmse_mV == pytest.approx(0.5, abs=0.05)
    assert score.innovation_rmse_mV < 0.8
    assert score.soc_rmse_pct < 0.1
    assert score.false_alarms == 0
    assert (score.detected, score.delay_s, score.soc_damage_pct) == (None, None, None)
    assert score.samples == 700
    assert score.hours == pytest.approx(700.0 / 3600.0)


def test_a_bias_is_detected_soon_after_its_start_and_not_before(session, recording):
    score = replayed(session, recording, "voltage=bias:0.05@400").score
    assert score.false_alarms == 0
    assert score.detected
    assert 0.0 <= score.delay_s <= 15.0
    first = min(score.alarms, key=lambda alarm: alarm.time_s)
    assert first.time_s == 400.0 + score.delay_s
    assert score.detector == first.detector
    assert first.score > 1.0
    assert 0.0 < score.soc_damage_pct < 1.0


def test_a_bias_below_the_noise_is_not_detected(session, recording):
    score = replayed(session, recording, "voltage=bias:0.0002@400").score
    assert score.detected is False
    assert score.delay_s is None
    assert score.soc_damage_pct > 0.0


def test_a_catalogue_attack_is_the_same_as_its_transform(session, recording):
    one = replayed(session, recording, "voltage-bias:bias_V=0.02@300")
    other = replayed(session, recording, "voltage=bias:0.02@300")
    assert np.array_equal(one.replay.voltage_V, other.replay.voltage_V)
    assert one.score == other.score


def test_injections_change_exactly_what_they_say(session, string):
    recorded = string.voltage_V
    biased = replayed(session, string, "voltage=bias:0.01,cells=2@300-500").replay.voltage_V[:, 1]
    expected = recorded.copy()
    expected[300:500, 1] += 0.01
    assert np.allclose(biased, expected, atol=1e-12)

    ramp = replayed(session, string, "voltage=ramp:0.001,cells=1@300").replay.voltage_V[:, 1]
    expected = recorded.copy()
    expected[300:, 0] += 0.001 * np.arange(400)
    assert np.allclose(ramp, expected, atol=1e-12)

    late = replayed(session, string, "voltage=delay:30@300").replay.voltage_V[:, 1]
    expected = np.concatenate([recorded[:300], recorded[270:670]])
    assert np.array_equal(late, expected)

    again = replayed(session, string, "voltage=replay:50@300").replay.voltage_V[:, 1]
    expected = np.concatenate([recorded[:300], np.tile(recorded[250:300], (8, 1))])
    assert np.array_equal(again, expected)

    swapped = replayed(session, string, "voltage=swap:1,cells=1-2@300").replay.voltage_V[:, 1]
    assert np.array_equal(swapped[300:], recorded[300:][:, [1, 0, 2]])


def test_the_cell_with_a_bias_is_named(session, string):
    for cell in (1, 2, 3):
        score = replayed(session, string, f"voltage=bias:0.05,cells={cell}@300").score
        assert score.detected
        assert score.cell_named == cell


def test_a_meter_of_the_whole_string_catches_what_the_sum_cannot(session, string):
    text = "voltage=bias:0.4,cells=2@300"
    alone = replayed(session, string, text).score
    assert "pack-sum-plausibility" not in {alarm.detector for alarm in alone.alarms}
    metered = replace(string, pack_voltage_V=string.voltage_V.sum(axis=1))
    both = replayed(session, metered, text).score
    assert "pack-sum-plausibility" in {alarm.detector for alarm in both.alarms}


def test_runs_beside_each_other_do_not_touch(session, recording):
    rows = [
        injected_rows([parse_injection(f"voltage=bias:{bias}@400")], 1) for bias in (0.05, 0.01)
    ]
    both = session.replay(recording, 0.8, rows)
    alone = session.replay(recording, 0.8, rows[1:])
    assert np.array_equal(both.soc[:, 0], alone.soc[:, 0])
    assert np.allclose(both.soc[:, 2], alone.soc[:, 1], atol=1e-7)
    assert np.array_equal(both.alarm_bits[:, 2], alone.alarm_bits[:, 1])
    assert not np.array_equal(both.soc[:, 1], both.soc[:, 2])


def test_a_hole_is_a_silence_and_not_a_value(session, recording):
    voltage_V = recording.voltage_V.copy()
    voltage_V[300:340] = np.nan
    score = replayed(session, replace(recording, voltage_V=voltage_V)).score
    assert np.isfinite(score.soc_rmse_pct)
    assert score.soc_rmse_pct < 0.3
    assert score.false_alarms == 0


def test_time_that_runs_backwards_is_refused(session, recording):
    with pytest.raises(ConfigurationError, match="order of time"):
        replayed(session, replace(recording, time_s=recording.time_s[::-1]))


def test_a_recording_without_temperature_is_refused(session, recording):
    nothing = np.full_like(recording.temperature_degC, np.nan)
    with pytest.raises(ConfigurationError, match="holds no temperature"):
        replayed(session, replace(recording, temperature_degC=nothing))


def test_the_start_is_given_recorded_or_estimated(cell, recording):
    unknown = replace(recording, soc=None)
    assert find_start(recording, cell, 0.5).true_soc == 0.5
    assert find_start(recording, cell, None).true_soc == recording.soc[0]
    read = find_start(unknown, cell, None)
    assert read.true_soc == pytest.approx(0.8, abs=0.005)
    assert "taken from the first voltage" in read.note
    counted = true_soc(unknown, cell, read)
    assert np.max(np.abs(counted - recording.soc)) < 0.006


def test_a_start_under_load_or_off_the_curve_is_refused(cell, recording):
    loaded = replace(recording, soc=None, current_A=recording.current_A - cell.capacity_Ah)
    with pytest.raises(ConfigurationError, match="initial-soc"):
        find_start(loaded, cell, None)
    foreign = replace(recording, soc=None, voltage_V=recording.voltage_V + 1.5)
    with pytest.raises(ConfigurationError, match="not that of a rested"):
        find_start(foreign, cell, None)


def test_detectors_are_found_by_name_and_watch_readings(cell):
    assert [control.id for control in load_detectors(("soc-drift",))] == ["soc-drift"]
    with pytest.raises(ConfigurationError, match="did you mean 'soc-drift'"):
        load_detectors(("soc-drfit",))
    with pytest.raises(ConfigurationError, match="does not watch readings"):
        ReplaySession(cell, (CONTROLS.load("derate"),))


def test_a_recording_is_aligned_brought_to_1_hz_and_silent_in_its_holes(cell, recording):
    tenths_s = np.arange(7000) / 10.0
    whole = (tenths_s < 300.0) | (tenths_s >= 400.0)
    native = replace(
        recording,
        time_s=tenths_s[whole],
        voltage_V=np.repeat(recording.voltage_V, 10, axis=0)[whole],
        current_A=np.repeat(recording.current_A, 10)[whole],
        temperature_degC=np.repeat(recording.temperature_degC, 10)[whole],
        soc=None,
    )
    steady = prepared(native, cell)
    assert np.array_equal(steady.time_s, np.arange(700.0))
    assert np.all(np.isnan(steady.voltage_V[301:400]))
    heard = np.isfinite(steady.voltage_V[:, 0])
    assert np.allclose(steady.voltage_V[heard], recording.voltage_V[heard])
    late = prepared(native, replace(cell, current_lag_s=1.0))
    assert np.allclose(late.current_A[2:300], recording.current_A[1:299])


def test_a_hole_takes_the_charge_that_the_recorder_knows(cell, recording):
    whole = (recording.time_s < 300.0) | (recording.time_s >= 420.0)
    cut = replace(
        recording,
        time_s=recording.time_s[whole],
        voltage_V=recording.voltage_V[whole],
        current_A=recording.current_A[whole],
        temperature_degC=recording.temperature_degC[whole],
        soc=recording.soc[whole],
    )
    lost = recording.soc[420] - recording.soc[299]
    inside = slice(300, 420)
    steady = prepared(cut, cell)
    assert np.all(np.isnan(steady.voltage_V[inside]))
    moved = steady.current_A[inside] * 121.0 / 3600.0 / cell.capacity_Ah
    assert np.allclose(moved, lost)
    assert np.all(prepared(replace(cut, soc=None), cell).current_A[inside] == 0.0)


def test_strings_are_watched_between_their_cells_by_default(session, string):
    names = [control.id for control in load_detectors()]
    # A leap in volts is no threshold for a real string: cells of another SoC leap in the cold.
    assert "cross-cell-residual" in names
    assert "cross-cell-comparison" not in names
    score = replayed(session, string, "voltage=bias:0.02,cells=2@300").score
    assert (score.detected, score.cell_named) == (True, 2)
