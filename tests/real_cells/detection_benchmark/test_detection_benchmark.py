"""The benchmark counts what it should, keeps every row, and sees what is plain to see."""

import json
from dataclasses import replace

import numpy as np
import pytest

from voltward.controls.catalogue import CONTROLS
from voltward.controls.in_force import default_parameters
from voltward.core.errors import ConfigurationError
from voltward.documents.toml_document import find_document
from voltward.interfaces.cli.main import run
from voltward.interfaces.report.figure_detection import write_detection_picture
from voltward.physical.cell_file import load_cell
from voltward.real_cells.composed_strings.circuit_run import circuit_run
from voltward.real_cells.composed_strings.spread import draw_cells, load_spread
from voltward.real_cells.composed_strings.string import compose
from voltward.real_cells.detection_benchmark import benchmark as whole
from voltward.real_cells.detection_benchmark.attacks import BIASES, STRING_BIASES
from voltward.real_cells.detection_benchmark.benchmark import Benchmark, Effort
from voltward.real_cells.detection_benchmark.data_set import known_sets, sets_in
from voltward.real_cells.detection_benchmark.matched import (
    matched_bench,
    matched_recordings,
    matched_rows,
)
from voltward.real_cells.detection_benchmark.mismatched import absent_reason, mismatched_rows
from voltward.real_cells.detection_benchmark.table_text import HEAD, cells_of, markdown
from voltward.real_cells.detection_benchmark.tally import CleanHours, absent_row, row_of
from voltward.real_cells.detection_benchmark.trial import (
    BiasInjection,
    Outcome,
    Scored,
    Trial,
    draw_biases,
    factor_from,
    false_alarms,
    outcomes,
    run_trial,
    scored_part,
    traced_runs,
)
from voltward.real_cells.recordings.recording import Recording
from voltward.real_cells.replay.session import ReplaySession

BIAS = BIASES[2]
INJECTION = BiasInjection(BIAS, 700, 1.0, None)


def outcome(delay_s, *, already_in_alarm=False, named=None, damage_pct=0.1):
    return Outcome(INJECTION, delay_s, already_in_alarm, named, damage_pct)


def trial_of(clean, window, *, before=0.0, start_s=700, injection=INJECTION):
    ticks = clean.shape[0]
    scored = Scored(np.arange(ticks) >= 600, np.zeros(ticks, dtype=np.int64))
    seconds = window.shape[0]
    return Trial(
        name="made",
        scored=scored,
        detectors=("cross-cell-residual",),
        injections=(replace(injection, start_s=start_s),),
        clean=clean,
        largest=np.full((2, 1), float(np.max(clean[600:]))),
        scores=(window,),
        pointed=(np.full((seconds, 1), 4),),
        pointing=(0,),
        before=(np.array([before]),),
        moved=(np.linspace(0.0, 0.01, seconds + 1),),
    )


def test_a_row_counts_shares_of_the_onsets():
    found = [
        outcome(5.0),
        outcome(50.0),
        outcome(None),
        outcome(100.0),
        outcome(3.0, already_in_alarm=True),
    ]
    row = row_of("measured", "c", 25.0, BIAS, found, CleanHours(0, 10.0), 2, "how")
    assert (row.onsets, row.already_in_alarm, row.detected) == (4, 1, 3)
    assert (row.within_15_s, row.within_60_s, row.within_120_s) == (0.25, 0.5, 0.75)
    assert row.delay_median_s == 50.0
    assert row.detected_low < 0.75 < row.detected_high
    # Rule of three: 2.996 events at most, in 10 h.
    assert row.false_alarms_upper_per_hour == pytest.approx(0.2996, abs=1e-4)
    assert row.aim_s == 120.0
    assert row.aim_met is False


def test_aims_hold_for_25_degc_and_matched_ones_for_5_mv():
    cold = row_of("measured", "c", 0.0, BIAS, [outcome(5.0)], CleanHours(0, 1.0), 1, "")
    assert cold.aim_s is None
    small, large = BIASES[0], BIASES[4]
    assert absent_row("matched", "c", 0.0, small, "r").aim_s == 600.0
    assert absent_row("matched", "c", 0.0, large, "r").aim_s is None


def test_a_detection_is_an_alarm_that_begins_after_the_injection():
    clean, window = np.zeros((1500, 1)), np.zeros((601, 1))
    window[30:] = 2.0
    (seen,) = outcomes(trial_of(clean, window), np.ones((2, 1)))
    assert seen.delay_s == 30.0
    assert not seen.already_in_alarm
    assert seen.damage_pct == pytest.approx(100.0 * 0.01 * 30 / 601)
    # One that rings on is none.
    (already,) = outcomes(trial_of(clean, np.full((601, 1), 2.0), before=2.0), np.ones((2, 1)))
    assert already.delay_s is None
    assert already.already_in_alarm


@pytest.mark.parametrize(("cell", "named"), [(5, True), (4, False)])
def test_the_cell_is_named_at_the_onset(cell, named):
    window = np.zeros((601, 1))
    window[3:] = 2.0
    injection = BiasInjection(STRING_BIASES[0], 700, 1.0, cell)
    (seen,) = outcomes(trial_of(np.zeros((1500, 1)), window, injection=injection), np.ones((2, 1)))
    assert seen.named is named


def test_false_alarms_less_than_a_minute_apart_are_one():
    clean = np.zeros((3000, 1))
    clean[[100, 700, 720, 2000]] = 2.0
    # The first comes before the recording counts.
    assert false_alarms(trial_of(clean, np.zeros((601, 1))), np.ones((2, 1))) == 2
    assert false_alarms(trial_of(clean, np.zeros((601, 1))), np.full((2, 1), 3.0)) == 0


def test_thresholds_lie_a_margin_above_the_largest_clean_score():
    clean = np.zeros((3000, 1))
    clean[800] = 0.4
    quiet = trial_of(clean, np.zeros((601, 1)))
    np.testing.assert_allclose(factor_from([quiet], 1.15), 0.46)
    with pytest.raises(ConfigurationError):
        factor_from([], 1.15)


def test_biases_are_injected_while_the_recording_counts():
    recording = Recording(
        "r", np.arange(2000.0), np.full((2000, 1), 3.7), np.zeros(2000), np.full(2000, 25.0)
    )
    scored = scored_part(recording, np.linspace(0.9, 0.05, 2000))
    injections = draw_biases(BIASES[:2], 10, scored, 1, np.random.default_rng(1))
    last = int(np.flatnonzero(scored.counted)[-1])
    assert len(injections) == 20
    assert all(600 <= entry.start_s <= last - 600 for entry in injections)
    assert sum(entry.sign for entry in injections) == 0.0
    short = scored_part(
        replace(recording, voltage_V=np.full((2000, 1), np.nan)), np.full(2000, 0.5)
    )
    with pytest.raises(ConfigurationError, match="too short"):
        draw_biases(BIASES[:1], 1, short, 1, np.random.default_rng(1))


@pytest.fixture(scope="module")
def cell():
    return load_cell(find_document("cells", "reference-nmc", "cell"))


@pytest.fixture(scope="module")
def matched(cell):
    stages = []
    rows = matched_rows(matched_bench(cell), 25.0, 3, 3, lambda *shown: stages.append(shown))
    # The wait for the compiler is announced before anything is made.
    assert "compiling" in stages[0][0]
    assert stages[-1] == ("matched 25 degC", 6, 6)
    return rows


def test_where_model_and_plant_are_one_large_biases_are_found_at_once(matched):
    rows, smallest = matched
    by_bias = {row.bias: row for row in rows}
    assert set(by_bias) == {bias.label for bias in BIASES}
    for label in ("voltage bias 20 mV", "voltage bias 50 mV"):
        assert by_bias[label].detected == 3
        assert by_bias[label].delay_p95_s <= 15.0
    assert smallest.bias_V is None or smallest.bias_V <= 0.005
    assert len(smallest.shares) == len(smallest.grid_V)


def test_matched_recordings_follow_from_their_seed(cell):
    first, other = matched_recordings(cell, 10.0, (1, 2))
    (again,) = matched_recordings(cell, 10.0, (1,))
    np.testing.assert_allclose(first.voltage_V, again.voltage_V, atol=1e-9)
    assert not np.array_equal(first.current_A, other.current_A)
    assert abs(first.temperature_degC[0] - 10.0) < 0.5


def test_cross_cell_residual_names_the_cell_with_a_bias(cell):
    ticks = 2600
    draw = np.random.default_rng(4)
    current_A = cell.capacity_Ah * np.repeat(draw.uniform(-0.9, 0.3, ticks // 20), 20)
    temperature_degC = np.full(ticks, 25.0)
    voltage_V, soc = circuit_run(cell, current_A, temperature_degC, np.array([0.9]))
    record = Recording(
        "r", np.arange(float(ticks)), voltage_V, current_A, temperature_degC, soc[:, 0]
    )
    spread = load_spread("sorted-string")
    string = compose(record, cell, 0.9, draw_cells(spread, draw), spread, draw)
    control = CONTROLS.load("cross-cell-residual")
    session = ReplaySession(cell, [control], traced=traced_runs())
    injections = [
        BiasInjection(STRING_BIASES[1], 1200, sign, place)
        for place in (2, 9)
        for sign in (-1.0, 1.0)
    ]
    columns = np.array([default_parameters(control)])
    trial = run_trial(session, string, soc[:, 0], injections, columns)
    assert false_alarms(trial, np.ones((2, 1))) == 0
    for seen in outcomes(trial, np.ones((2, 1))):
        assert seen.delay_s is not None
        assert seen.delay_s <= 60.0
        assert seen.named


def test_a_row_that_cannot_be_run_keeps_its_place_and_its_reason():
    if absent_reason():
        rows = mismatched_rows(25.0, 1, 1, 1, lambda *_: None)
        assert [row.bias for row in rows] == [bias.label for bias in BIASES]
        assert "truth extra" in cells_of(rows[0])[5]
    row = absent_row("measured", "c", 25.0, BIAS, "not run: give --data")
    assert len(cells_of(row)) == len(HEAD)
    assert "not run: give --data" in markdown(Benchmark((row,), (), (), Effort()))


def test_maps_of_known_sets_point_at_shipped_cells(tmp_path):
    for data_set in known_sets():
        assert find_document("cells", data_set.cell, "cell").is_file()
        assert find_document("columns", data_set.columns, "column map").is_file()
    with pytest.raises(ConfigurationError, match="none of the known sets"):
        sets_in(tmp_path)


def test_the_picture_needs_a_detection(tmp_path):
    found = row_of("matched", "c", 25.0, BIAS, [outcome(5.0)] * 3, CleanHours(0, 1.0), 1, "")
    assert write_detection_picture(tmp_path, [absent_row("matched", "c", 25.0, BIAS, "r")]) == []
    assert [path.name for path in write_detection_picture(tmp_path, [found])] == [
        "benchmark.png",
        "benchmark.svg",
    ]


def test_command_writes_every_row(tmp_path, monkeypatch, capsys, matched):
    monkeypatch.setattr(whole, "matched_rows", lambda *_: matched)
    monkeypatch.setattr(
        whole,
        "mismatched_rows",
        lambda warm, *_: [absent_row("mismatched", "lg-m50", warm, bias, "r") for bias in BIASES],
    )
    assert run(["benchmark", "detection", "--quick", "--out", str(tmp_path), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    rows = document["rows"]
    tracks = {row["track"] for row in rows}
    assert tracks == {"matched", "mismatched", "composed", "measured"}
    for row in rows:
        # Keys of the published format, though the fields have other names.
        assert {"lie", "ringing"} <= row.keys()
        assert row["reason"] or row["onsets"]
        if row["track"] in ("composed", "measured"):
            assert row["reason"] == "not run: give --data"
    assert json.loads((tmp_path / "benchmark.json").read_text(encoding="utf-8")) == document
    assert (tmp_path / "benchmark.md").read_text(encoding="utf-8").startswith("# Detection")
    command = ["benchmark", "detection", "--quick", "--out", str(tmp_path)]
    (tmp_path / "notes.txt").write_text("mine")
    assert run(command) == 0
    (tmp_path / "benchmark.md").write_text("edited")
    assert run(command) == 2
    assert (tmp_path / "benchmark.md").read_text() == "edited"
    capsys.readouterr()
    assert run([*command, "--force"]) == 0
    assert capsys.readouterr().err.startswith(f"replaces {tmp_path / 'benchmark.md'}\n")
    assert run(["benchmark", "detection", "--data", str(tmp_path), "--quick"]) == 2
