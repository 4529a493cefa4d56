"""Scores of made-up series, where every figure is known beforehand."""

import numpy as np
import pytest

from voltward.real_cells.recordings.recording import Recording
from voltward.real_cells.replay.scores import alarm_onsets, score_run
from voltward.real_cells.replay.session import Replay

TICKS = 100


def made_replay(alarm_bits, cells=2):
    """Run 0 is silent and right; run 1 has the alarms and drifts by 0.1 % of SoC a second."""
    recording = Recording(
        name="made",
        time_s=np.arange(float(TICKS)),
        voltage_V=np.full((TICKS, cells), 3.7),
        current_A=np.zeros(TICKS),
        temperature_degC=np.full(TICKS, 25.0),
    )
    drift = 0.001 * np.arange(TICKS)
    bits = np.zeros((TICKS, 2), np.uint64)
    bits[:, 1] = alarm_bits
    return Replay(
        recording=recording,
        initial_soc=0.5,
        detectors=("first", "second"),
        pointing=("second",),
        alarm_bits=bits,
        pointed=np.ones((TICKS, 2, 1), np.int16),
        soc=np.stack([np.full(TICKS, 0.5), 0.5 + drift], axis=1),
        soc_moved=np.stack([np.zeros(TICKS), drift], axis=1),
        open_loop_V=np.full((TICKS, cells), 0.003),
        current_A=np.zeros((TICKS, 2)),
        voltage_V=np.zeros((TICKS, 2, cells)),
        temperature_degC=np.zeros((TICKS, 2, cells)),
        innovation_V=np.full((TICKS, 2, cells), 0.002),
        expected_V=np.full((TICKS, 2, cells), 0.005),
        overpotential_V=np.zeros((TICKS, 2, cells)),
        ocv_slope_V=np.ones((TICKS, 2, cells)),
        cell_soc=np.zeros((TICKS, 2, cells)),
        scores=np.full((TICKS, 2, 2), 1.5),
    )


def bits_at(*spans):
    bits = np.zeros(TICKS, np.uint64)
    for bit, begin, end in spans:
        bits[begin:end] |= np.uint64(1 << bit)
    return bits


SOC = np.full(TICKS, 0.5)


def test_onsets_are_counted_once_however_long_they_last():
    alarms = np.array([[True], [True], [False], [True]])
    assert alarm_onsets(alarms)[:, 0].tolist() == [True, False, False, True]


def test_before_is_false_and_after_is_detection():
    score = score_run(made_replay(bits_at((0, 10, 15), (1, 60, 70))), 1, 50.0, SOC)
    assert score.false_alarms == 1
    assert (score.detected, score.delay_s, score.detector) == (True, 10.0, "second")
    assert score.cell_named == 2
    assert score.soc_damage_pct == pytest.approx(6.0)
    assert not score.alarmed_at_start
    assert [(alarm.time_s, alarm.detector) for alarm in score.alarms] == [
        (10.0, "first"),
        (60.0, "second"),
    ]


def test_without_an_injection_every_onset_is_false():
    score = score_run(made_replay(bits_at((0, 10, 15), (1, 60, 70))), 1, None, SOC)
    assert score.false_alarms == 2
    assert score.detected is None


def test_an_alarm_from_before_the_injection_detects_nothing():
    score = score_run(made_replay(bits_at((0, 40, 100))), 1, 50.0, SOC)
    assert score.alarmed_at_start
    assert score.detected is False
    assert score.soc_damage_pct == pytest.approx(9.9)


def test_errors_are_those_of_the_samples_above_the_least_soc():
    replay = made_replay(bits_at())
    replay.open_loop_V[50:] = 1.0
    soc = np.where(np.arange(TICKS) < 50, 0.5, 0.1)
    score = score_run(replay, 0, None, soc)
    assert score.voltage_rmse_mV == pytest.approx(3.0)
    assert score.innovation_rmse_mV == pytest.approx(2.0)
    assert score.soc_rmse_pct == pytest.approx(0.0)
    empty = score_run(replay, 0, None, np.zeros(TICKS))
    assert empty.voltage_rmse_mV is None
    assert empty.soc_rmse_pct is None
