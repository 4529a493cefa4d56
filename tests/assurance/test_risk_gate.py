"""Gates over a rating: what they count, and what they refuse."""

import operator
import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voltward.assurance.tara.rating.risk_gate import METRICS, judge_risks
from voltward.core.errors import ConfigurationError

WORLD = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("tara_world.py"))))
OPERATORS = {
    "<=": operator.le,
    "<": operator.lt,
    ">=": operator.ge,
    ">": operator.gt,
    "==": operator.eq,
}


@pytest.fixture(scope="module")
def rating():
    """Safety 5 and operational 4 of one pair; with the box 4 and 3."""
    return WORLD.rater_of(WORLD.model_of()).rate()


@pytest.mark.parametrize(
    ("metric", "without", "with_box"),
    [("max_risk", 5, 4), ("risks_of_5", 1, 0), ("risks_of_4", 1, 1), ("risks_of_3", 1, 1),
     ("untested", 1, 1)],
)  # fmt: skip
def test_each_metric_counts_pairs_or_the_highest(rating, metric, without, with_box):
    for control_set, value in (("none", without), ("box", with_box)):
        verdict = judge_risks(f"{metric}({control_set})=={value}", rating)
        assert verdict.passed
        assert f"got {value}" in verdict.reason
        assert not judge_risks(f"{metric}({control_set})=={value + 1}", rating).passed


def test_every_metric_is_tried_above():
    assert set(METRICS) == {"max_risk", "risks_of_5", "risks_of_4", "risks_of_3", "untested"}


@given(st.sampled_from(tuple(OPERATORS)), st.integers(0, 8), st.sampled_from(["", " ", "  "]))
def test_every_operator_compares(sign, number, space):
    rated = WORLD.rater_of(WORLD.model_of()).rate(["none"])
    verdict = judge_risks(f"max_risk(none){space}{sign}{space}{number}", rated)
    assert verdict.passed == OPERATORS[sign](5, number)


def test_measured_pairs_are_not_untested():
    runs = WORLD.campaign(WORLD.baseline())
    rated = WORLD.rater_of(WORLD.model_of(), runs).rate(["none"])
    assert judge_risks("untested(none)==0", rated).passed


def test_all_terms_must_hold_and_the_broken_ones_are_told(rating):
    assert judge_risks("max_risk(none)<=5 and max_risk(box)<=4", rating).passed
    verdict = judge_risks("max_risk(none)<=5 and max_risk(box)<=3", rating)
    assert not verdict.passed
    assert "max_risk(box) <= 3 fails: got 4 (DS.TS.safety)" in verdict.reason
    assert "max_risk(none)" not in verdict.reason


@pytest.mark.parametrize(
    ("expression", "near"),
    [
        ("max_risk(al)<=3", "all"),
        ("max_rsk(all)<=3", "max_risk"),
        ("max_risk(all)=<3", "such as"),
        ("max_risk(all)<=three", "such as"),
        ("max_risk(all)<=3 and", "such as"),
        ("max_risk(all)<=3 or max_risk(all)<=4", "such as"),
        ("", "such as"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_hint(rating, expression, near):
    with pytest.raises(ConfigurationError) as caught:
        judge_risks(expression, rating)
    assert near in (caught.value.hint or "")


def test_a_term_that_fails_is_not_healed_by_a_later_one(rating):
    assert not judge_risks("max_risk(box)<=3 and max_risk(none)<=5", rating).passed
