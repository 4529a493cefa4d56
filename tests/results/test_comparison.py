import runpy
from pathlib import Path

import pytest

from voltward.results.comparison import compare
from voltward.results.run_folder import RunWriter

SYNTHETIC = runpy.run_path(str(Path(__file__).parents[1] / "synthetic_run.py"))


def write(folder, cases, **changes):
    writer = RunWriter.begin(folder, "", {})
    writer.parts.write(0, cases, [])
    return writer.finish(SYNTHETIC["make_run"](**changes))


@pytest.fixture(scope="module")
def cases():
    return SYNTHETIC["make_cases"](seeds=2)


def test_a_run_equals_itself(tmp_path, cases):
    run = write(tmp_path / "a", cases)
    comparison = compare(run, run)
    assert comparison.same
    assert comparison.settings == {}


def test_newly_failing_goals_and_deltas(tmp_path, cases):
    def failing(case, attack, *, reached):
        hit = (case["attack"], case["stack"]) == (attack, "full")
        return case | {"goal_reached": reached} if hit else case

    before = [failing(case, "frame-replay", reached=False) for case in cases]
    after = [failing(case, "frame-replay", reached=True) for case in cases]
    comparison = compare(
        write(tmp_path / "a", before), write(tmp_path / "b", after, config_sha256="f" * 64)
    )
    assert comparison.newly_reached == (("frame-replay", "full", "matched"),)
    assert comparison.newly_stopped == ()
    assert [d.change for d in comparison.differences if d.metric == "goal_share"] == [1.0]
    assert set(comparison.settings) == {"config_sha256"}
    back = compare(
        write(tmp_path / "c", after, config_sha256="f" * 64), write(tmp_path / "d", before)
    )
    assert back.newly_stopped == (("frame-replay", "full", "matched"),)


def test_rows_of_one_run_only(tmp_path, cases):
    fewer = [case for case in cases if case["attack"] != "uplink-flood"]
    comparison = compare(write(tmp_path / "a", cases), write(tmp_path / "b", fewer))
    assert {key[0] for key in comparison.only_before} == {"uplink-flood"}
    assert comparison.only_after == ()
    assert not comparison.as_document()["same"]
