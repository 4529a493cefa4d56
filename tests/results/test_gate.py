import runpy
from pathlib import Path

import pytest

from voltward.core.errors import ConfigurationError
from voltward.results.gate import check_gate, judge, parse_gate
from voltward.results.matrix import matrix_rows

SYNTHETIC = runpy.run_path(str(Path(__file__).parents[1] / "synthetic_run.py"))
TEMPLATE = matrix_rows(SYNTHETIC["make_cases"](seeds=1))[0]
ROWS = [
    TEMPLATE | {"attack": attack, "stack": "full", "n": n, "goal_share": goal} | more
    for attack, n, goal, more in (
        ("a", 10, 0.1, {"detected_share": 1.0, "delay_median_s": 3.0, "plated_charge_mAh": 0.5}),
        ("b", 30, 0.0, {"detected_share": 0.8, "delay_median_s": None, "plated_charge_mAh": 2.0}),
        ("no-attack", 10, 0.0, {"detected_share": 0.0, "harm_energy_unserved_Wh": 9.0}),
    )
]


def test_goal_share_is_pooled_over_attacks_without_clean_duty():
    verdict = judge("goal_share(full)<=0.05", ROWS)
    assert verdict.passed
    assert verdict.terms[0].value == pytest.approx(1 / 40)
    assert [row["attack"] for row in verdict.terms[0].rows] == ["a"]


def test_max_takes_the_worst_row_of_the_pooled_metric():
    verdict = judge("max goal_share(full)<=0.05", ROWS)
    assert not verdict.passed
    assert verdict.terms[0].value == 0.1


def test_other_metrics_take_the_worst_row():
    assert not judge("detected_share(full)>=0.9", ROWS).passed
    assert not judge("max plated_charge_mAh(full) < 1", ROWS).passed
    assert judge("min plated_charge_mAh(full) < 1", ROWS).passed
    assert judge("plated_charge_mAh(full, a) < 1", ROWS).passed


@pytest.mark.parametrize(
    ("op", "passed"), [("<=", True), (">=", True), ("==", True), ("<", False), (">", False)]
)
def test_every_operator_at_the_limit(op, passed):
    assert judge(f"detected_share(full, b){op}0.8", ROWS).passed is passed


def test_a_missing_value_fails():
    verdict = judge("delay_median_s(full)<=10", ROWS)
    assert not verdict.passed
    assert "no value" in verdict.reason
    assert [row["attack"] for row in verdict.terms[0].rows] == ["b"]


def test_and_needs_every_term():
    verdict = judge("goal_share(full)<=0.05 and detected_share(full,b) >= 0.9", ROWS)
    assert not verdict.passed
    assert "got 0.8" in verdict.reason
    assert "goal_share" not in verdict.reason


def test_clean_duty_by_name():
    assert judge("harm_energy_unserved_Wh(full, no-attack)<10", ROWS).passed


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("goal_shar(full)<=0.05", "did you mean 'goal_share'"),
        ("goal_share(ful)<=0.05", "did you mean 'full'"),
        ("goal_share(full, zz)<=1", "known: a, b, no-attack"),
        ("goal_share(full)", "METRIC(STACK"),
        ("goal_share(full)<=x", "METRIC(STACK"),
        ("goal_share(full)<=0.1 or 1==1", "METRIC(STACK"),
        ("", "METRIC(STACK"),
        ("__import__('os')(full)<1", "METRIC(STACK"),
    ],
)
def test_bad_expressions_say_what_is_allowed(expression, words):
    with pytest.raises(ConfigurationError) as caught:
        judge(expression, ROWS)
    assert words in str(caught.value)


def test_a_term_prints_as_it_is_read():
    text = "max goal_share(full, a) <= 0.05"
    assert str(parse_gate(text)[0]) == text
    assert parse_gate(str(parse_gate(text)[0])) == parse_gate(text)


def test_verdict_as_document():
    document = judge("goal_share(full)<=0.05", ROWS).as_document()
    assert document["passed"] is True
    assert document["terms"][0]["rows"] == [{"attack": "a", "stack": "full"}]


def test_a_gate_is_checked_before_anything_runs():
    check_gate("goal_share(full)<=0.05 and detected_share(full, a)>0", ["a", "no-attack"], ["full"])
    with pytest.raises(ConfigurationError, match="no stack 'none'"):
        check_gate("goal_share(none)<=0.05", ["a"], ["full"])
    with pytest.raises(ConfigurationError, match="met no attack"):
        check_gate("goal_share(full)<=0.05", ["no-attack"], ["full"])
