"""Impact re-rated from measured damage."""

import math
import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voltward.assurance.tara.model.model import ImpactRule
from voltward.assurance.tara.model.words import Basis, ImpactLevel
from voltward.assurance.tara.rating.measured_impact import level_of

WORLD = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("tara_world.py"))))
DRIVE, Scope = WORLD.DRIVE, WORLD.Scope
ran, campaign, baseline = WORLD.ran, WORLD.campaign, WORLD.baseline
LOST, DENIED = "propulsion_lost_s", "charging_denied_s"
# Seconds of lost propulsion that the rules of the small model turn into each level of safety.
SECONDS = {"negligible": 0.0, "moderate": 5.0, "major": 50.0, "severe": 500.0}
LEVELS = tuple(ImpactLevel)


def _declared(level):
    text = WORLD.replaced(WORLD.SCENARIOS, 'safety = "severe"', f'safety = "{level}"')
    return WORLD.model_of(scenarios=text)


def _safety(model, *campaigns, controls=("derate",), category="safety"):
    _, risks = WORLD.rater_of(model, *campaigns).rate_set("asked", frozenset(controls))
    return next(risk for risk in risks if risk.category == category)


def _runs(before, after, **names):
    name = names.get("name", "made-up")
    return campaign(
        baseline(**{LOST: SECONDS[before]}),
        ran("react", ["derate"], 20, 20, **{LOST: SECONDS[after]}),
        name=name,
    )


@pytest.mark.parametrize("declared", LEVELS)
@pytest.mark.parametrize("before", LEVELS)
@pytest.mark.parametrize("after", LEVELS)
def test_the_level_falls_as_far_as_measured_and_never_below_the_measured_one(
    declared, before, after
):
    got = _safety(_declared(declared), _runs(before, after)).impact
    # Said anew: what is worse than declared raises; what falls, falls from there.
    start = max(declared.rank, before.rank)
    if after.rank > before.rank:
        expected = max(start, after.rank)
    else:
        expected = max(after.rank, start - (before.rank - after.rank))
    assert got.rank == expected


def test_a_fall_changes_the_risk_and_leaves_feasibility():
    model = WORLD.model_of()
    runs = _runs("severe", "negligible")
    with_it, without = _safety(model, runs), _safety(model, runs, controls=())
    assert (without.impact, without.risk) == (ImpactLevel.SEVERE, 5)
    assert (with_it.impact, with_it.risk) == (ImpactLevel.NEGLIGIBLE, 1)
    assert with_it.feasibility is without.feasibility
    assert with_it.basis is Basis.MEASURED
    assert "propulsion_lost_s 500 under none" in with_it.reasons[0]
    assert "propulsion_lost_s 0 under react" in with_it.reasons[0]


def test_the_assurance_level_stays_while_the_risk_moves():
    model = WORLD.model_of()
    runs = _runs("severe", "negligible")
    assert _safety(model, runs).cal == _safety(model, runs, controls=()).cal == 2


def test_worse_than_declared_raises_under_every_set():
    model = _declared("moderate")
    for controls in ((), ("enclosure",), ("derate",)):
        risk = _safety(model, _runs("severe", "severe"), controls=controls)
        assert risk.impact is ImpactLevel.SEVERE
        assert "worse than the declared moderate" in risk.reasons[0]


def test_harm_by_the_defence_raises_only_where_it_stands():
    model = _declared("moderate")
    runs = _runs("negligible", "severe")
    assert _safety(model, runs, controls=()).impact is ImpactLevel.MODERATE
    risk = _safety(model, runs)
    assert risk.impact is ImpactLevel.SEVERE
    assert "the defence itself does more damage" in risk.reasons[0]
    assert risk.evidence.stack in {"react", "none"}


def test_a_test_in_which_a_stopping_control_takes_part_is_not_used():
    model = WORLD.model_of()
    controls = ("derate", "can-frame-authentication")
    runs = campaign(baseline(**{LOST: 500.0}), ran("both", controls, 0, 100, **{LOST: 0.0}))
    assert _safety(model, runs, controls=controls).impact is ImpactLevel.SEVERE
    # Nor when the stopping control stands in a set of its own.
    assert _safety(model, runs, controls=("derate",)).impact is ImpactLevel.SEVERE


def test_a_test_with_a_control_that_is_not_in_the_set_is_not_used():
    runs = campaign(
        baseline(**{LOST: 500.0}),
        ran("more", ["derate", "open-contactors"], 20, 20, **{LOST: 0.0}),
    )
    assert _safety(WORLD.model_of(), runs).impact is ImpactLevel.SEVERE
    both = ("derate", "open-contactors")
    assert _safety(WORLD.model_of(), runs, controls=both).impact is ImpactLevel.NEGLIGIBLE


def test_without_a_baseline_nothing_is_re_rated():
    runs = campaign(ran("react", ["derate"], 20, 20, **{LOST: 0.0}))
    assert _safety(WORLD.model_of(), runs).impact is ImpactLevel.SEVERE


def test_a_category_without_a_rule_stays_as_declared():
    rules = WORLD.RULES.split("[[impact_rule]]")[1]
    model = WORLD.model_of(rules=f"[[impact_rule]]{rules}")
    runs = campaign(
        baseline(**{LOST: 500.0, DENIED: 5000.0}),
        ran("react", ["derate"], 20, 20, **{LOST: 0.0, DENIED: 0.0}),
    )
    assert _safety(model, runs).impact is ImpactLevel.NEGLIGIBLE
    assert _safety(model, runs, category="operational").impact is ImpactLevel.MAJOR


def test_a_consequence_that_the_damage_does_not_name_is_not_looked_at():
    text = WORLD.replaced(WORLD.SCENARIOS, '"propulsion_lost_s", ', "")
    model = WORLD.model_of(scenarios=text)
    assert _safety(model, _runs("severe", "negligible")).impact is ImpactLevel.SEVERE


def test_of_several_campaigns_the_worst_counts():
    good = _runs("severe", "negligible", name="good")
    bad = _runs("severe", "severe", name="bad")
    middle = _runs("severe", "moderate", name="middle")
    model = WORLD.model_of()
    for order in ((good, middle), (middle, good)):
        assert _safety(model, *order).impact is ImpactLevel.MODERATE
    for order in ((good, bad), (bad, good)):
        assert _safety(model, *order).impact is ImpactLevel.SEVERE


def test_a_fall_in_one_scope_says_nothing_of_a_worse_one():
    scopes = (DRIVE, Scope("matched", "drive", "bias=9"))
    before = baseline(20, scopes=scopes, **{LOST: 500.0})
    after = ran("react", ["derate"], 20, 20, **{LOST: 0.0})
    assert _safety(WORLD.model_of(), campaign(before, after)).impact is ImpactLevel.SEVERE


def test_an_attack_on_the_same_path_that_was_not_tested_keeps_the_level():
    paths = WORLD.replaced(WORLD.PATHS, "contactor-open", "(contactor-open | can-flood)")
    model = WORLD.model_of(paths=paths)
    assert _safety(model, _runs("severe", "negligible")).impact is ImpactLevel.SEVERE


def test_a_path_that_no_campaign_touches_keeps_the_level():
    model = WORLD.model_of(
        '[[path]]\nid = "AP-2"\nthreat = "TS"\ntree = "charger-link & charger-overrequest"\n'
    )
    risk = _safety(model, _runs("severe", "negligible"))
    assert (risk.impact, risk.path) == (ImpactLevel.SEVERE, "AP-2")


@given(st.lists(st.floats(0.0, 1e6), min_size=1, max_size=120))
def test_the_95th_percentile_is_an_observed_value_that_95_percent_do_not_exceed(values):
    got = ran("s", ["derate"], 0, len(values), **{LOST: values}).percentile(LOST)
    assert got in values
    within = sum(value <= got for value in values)
    assert within / len(values) >= 0.95
    lower = [value for value in values if value < got]
    assert len(lower) / len(values) < 0.95
    if len(values) < 20:
        assert got == max(values)


def test_the_95th_percentile_is_of_the_worst_scope():
    scopes = (DRIVE, Scope("matched", "charge", ""))
    low = ran("s", ["derate"], 0, 5, scopes=scopes[:1], **{LOST: 1.0})
    high = ran("s", ["derate"], 0, 5, scopes=scopes[1:], **{LOST: 9.0})
    both = WORLD.Tested("r", "a", "s", frozenset(["derate"]), {**low.scopes, **high.scopes})
    assert both.percentile(LOST) == 9.0


@given(st.floats(0.0, 1e3), st.floats(0.0, 1e3))
def test_a_rule_never_gives_more_damage_a_lower_level(one, other):
    rule = ImpactRule(
        consequence=LOST, category="safety", moderate=1.0, severe=100.0, source="made up"
    )
    low, high = sorted((one, other))
    assert level_of(rule, low).rank <= level_of(rule, high).rank
    assert level_of(rule, 1.0) is ImpactLevel.MODERATE
    assert level_of(rule, math.nextafter(1.0, 0.0)) is ImpactLevel.NEGLIGIBLE
    assert level_of(rule, 100.0) is ImpactLevel.SEVERE


def test_harm_by_the_defence_counts_even_if_only_a_part_of_the_scope_was_tested():
    scopes = (DRIVE, Scope("matched", "charge", ""))
    before = baseline(20, scopes=scopes, **{LOST: 0.0})
    after = ran("react", ["derate"], 20, 20, **{LOST: 500.0})
    risk = _safety(_declared("moderate"), campaign(before, after))
    assert risk.impact is ImpactLevel.SEVERE
    assert "the defence itself does more damage" in risk.reasons[0]


def test_a_part_of_the_scope_raises_nothing_by_itself():
    scopes = (DRIVE, Scope("matched", "charge", ""))
    runs = campaign(
        baseline(20, scopes=scopes, **{LOST: 5.0}), ran("react", ["derate"], 20, 20, **{LOST: 0.0})
    )
    assert _safety(_declared("major"), runs).impact is ImpactLevel.MAJOR
