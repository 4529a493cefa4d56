"""A run folder from Python: what reading needs, what it gives, and what it answers to mistakes."""

import runpy
import subprocess
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from scipy import stats

import voltward as vw
from voltward.core.errors import ConfigurationError, EnvironmentLacksError
from voltward.interfaces.python import table as table_module
from voltward.results.matrix import matrix_rows

MADE = runpy.run_path(str(Path(__file__).parents[2] / "synthetic_run.py"))
READ = """
import sys, voltward as vw
run = vw.open_run(sys.argv[1])
run.matrix["voltage-bias", "full"].goal_share
run.cases[0], run.trace(run.traces()[0])["time_s"], repr(run.matrix), run._repr_html_()
print([name for name in ("jax", "scipy", "matplotlib", "click") if name in sys.modules])
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    MADE["make_folder"](folder, name="<b>bold</b>")
    return vw.open_run(folder)


def test_reading_loads_neither_compiler_nor_statistics(run):
    done = subprocess.run(
        [sys.executable, "-c", READ, str(run.path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_the_shares_of_an_outcome_are_those_of_its_cases(run):
    cases = run.cases.where(attack="frame-replay", stack="prevention")
    outcome = run.matrix["frame-replay", "prevention"]
    for name in ("goal", "blocked", "detected", "contained"):
        share = getattr(outcome, f"{name}_share")
        column = "goal_reached" if name == "goal" else name
        assert float(share) == pytest.approx(np.mean(cases.column(column)))
        assert share.low <= share.value <= share.high
    reached = round(float(outcome.goal_share) * outcome["n"])
    wilson = stats.binomtest(reached, outcome["n"]).proportion_ci(method="wilson")
    assert (outcome.goal_share.low, outcome.goal_share.high) == pytest.approx(wilson, abs=1e-8)


def test_false_alarms_and_damage_avoided_carry_their_interval(run):
    clean = run.matrix["no-attack", "full"].false_alarms_per_hour
    assert clean.low <= clean.value <= clean.high
    saved = run.matrix["voltage-bias", "full"].avoided("plated_charge_mAh")
    assert saved.low < saved.value < saved.high
    with pytest.raises(ConfigurationError, match="avoided_nothing"):
        run.matrix["voltage-bias", "full"].avoided("nothing")


def test_what_was_run_selects_cases_before_they_are_counted(run):
    chosen = run.matrix.where(seed=[0, 1], stack="full")
    fitting = [case for case in run.cases if case["seed"] in {0, 1}]
    expected = [row for row in matrix_rows(fitting) if row["stack"] == "full"]
    assert list(chosen) == expected
    assert chosen.where(seed=0)["voltage-bias", "full"]["n"] == 1
    assert len(run.matrix[:3]) == 3


def test_frames_hold_every_row_and_column(run):
    frame = run.matrix.where(duty="synthetic-drive").to_pandas()
    assert frame.shape == (len(run.matrix), len(run.matrix.columns))
    assert frame.loc[0, "goal_share"] == run.matrix[0]["goal_share"]
    trace = run.trace(run.traces()[0])
    assert isinstance(trace.to_pandas().index, pd.Index)
    assert trace.to_arrow().column_names == list(trace.column_names)


def test_without_pandas_the_extra_is_named(run, monkeypatch):
    def lacking(name):
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(table_module, "import_module", lacking)
    with pytest.raises(EnvironmentLacksError, match="voltward\\[pandas\\]"):
        run.matrix.to_pandas()


@pytest.mark.parametrize(
    ("ask", "answer"),
    [
        (lambda run: run.matrix["voltage-bais", "full"], "'voltage-bias'"),
        (lambda run: run.matrix["voltage-bias", "ful"], "'full'"),
        (lambda run: run.matrix.where(stack="none")["voltage-bias", "full"], "known: none"),
        (lambda run: run.matrix.where(atack="x"), "'attack'"),
        (lambda run: run.matrix.where(stack="ful"), "'full'"),
        (lambda run: run.matrix.where(stack=["none", "ful"], seed=0), "'full'"),
        (lambda run: run.matrix.where(duty="another"), "synthetic-drive"),
        (lambda run: run.cases.where(attack="voltage-bais"), "'voltage-bias'"),
        (lambda run: run.matrix["voltage-bias"], "an attack and a stack"),
        (lambda run: run.matrix["voltage-bias", "full", "matched"], "an attack and a stack"),
        (lambda run: run.cases["c00000"], "where("),
        (lambda run: vw.open_run(None), "a name or a path"),
        (lambda run: run.cases.column("sed"), "'seed'"),
        (lambda run: run.cases[0]["stak"], "'stack'"),
        (lambda run: run.cases[0].number("stack"), "holds text"),
        (lambda run: run.trace("c0000x"), "'c0000"),
        (lambda run: run.trace(run.cases[1]), "run.traces()"),
        (lambda run: run.trace(run.cases[0])["true_sco"], "'true_soc'"),
        (lambda run: run.trace(run.cases[0]).plot("cell_voltage"), "'cell_voltage_V'"),
    ],
)
def test_mistakes_are_answered_by_near_names(run, ask, answer):
    with pytest.raises(ConfigurationError) as caught:
        ask(run)
    assert answer in str(caught.value)
    assert plt.get_fignums() == []


def test_a_row_beyond_the_last_is_an_index_error(run):
    with pytest.raises(IndexError, match=f"{len(run.matrix)} rows"):
        run.matrix[10**6]
    assert run.matrix[-1] == run.matrix[len(run.matrix) - 1]


def test_the_hint_on_a_trace_names_few_cases_and_only_traced_ones(run):
    with pytest.raises(ConfigurationError) as caught:
        run.trace("x9")
    named = caught.value.hint.removeprefix("known: ").split(", ")
    assert set(named) - set(run.traces()) <= {f"... ({len(run.traces())} in all)"}
    assert len(named) <= 9


def test_a_file_that_was_deleted_is_missing(tmp_path):
    MADE["make_folder"](tmp_path / "run")
    run = vw.open_run(tmp_path / "run")
    (run.path / "events.jsonl").unlink()
    (run.path / "matrix.csv").unlink()
    (run.path / "traces" / f"{run.traces()[0]}.parquet").unlink()
    for read in (lambda: run.events, lambda: run.matrix, lambda: run.trace(run.traces()[0])):
        with pytest.raises(ConfigurationError, match="is missing"):
            read()


def test_two_tracks_are_two_rows(run):
    both = vw.Matrix(
        (*run.matrix.rows, *(type(row)({**row, "track": "mismatched"}) for row in run.matrix)),
        run.matrix.columns, run.matrix.shown, run.folder.cases,
    )  # fmt: skip
    with pytest.raises(ConfigurationError, match="one for each track"):
        both["voltage-bias", "full"]
    assert both.where(track="mismatched")["voltage-bias", "full"]["track"] == "mismatched"


def test_a_plot_draws_a_quantity_from_all_who_know_it(run):
    axes = run.trace(run.cases[0]).plot("cell_voltage_V")
    assert [line.get_label() for line in axes.lines] == [
        f"{who}_voltage_target_V" for who in ("true", "reported", "twin")
    ]
    assert axes.get_ylabel() == "cell_voltage (V)"
    assert run.trace(run.cases[0]).plot("true_soc", axes=axes) is axes
    plt.close("all")


def test_pictures_in_notebooks_are_escaped_and_bounded(run):
    page = run._repr_html_()
    assert "&lt;b&gt;bold" in page
    assert "<b>bold" not in page
    cases = run.cases._repr_html_()
    assert cases.count("<tr>") == 31
    assert f"[{len(run.cases)} rows" in cases
    assert len(repr(run.cases).splitlines()) == 12
    assert len(repr(run.cases[0])) < 120


def test_what_was_written_before_still_reads(run):
    assert run.matrix() is run.matrix
    assert run.cases()[0]["case_id"] == "c00000"
    assert run.trace(run.traces()[0]).column_names[0] == "time_s"


def test_the_report_is_written_into_the_folder(run):
    assert run.report() == run.path / "report.html"
    assert vw.open_run(run.path).matrix.rows == run.matrix.rows
