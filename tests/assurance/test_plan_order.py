"""The order of purchase against orders known by hand."""

import runpy
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voltward.assurance.plan.left_open import Why
from voltward.assurance.plan.organisation import Deployed, Infrastructure, Role, RuledOut
from voltward.assurance.plan.plan import make_plan
from voltward.assurance.plan.valuation import Worth
from voltward.interfaces.cli.plan_text import plan_text

WORLD = runpy.run_path(str(Path(__file__).with_name("plan_world.py")))
organisation, world = WORLD["organisation"], WORLD["world"]


def _names(plan, *, within=True):
    return ["+".join(row.pick.controls) for row in plan.rows if row.within or not within]


def test_the_order_is_risk_removed_per_euro_recomputed_after_each_pick():
    # Weights 0 1 3 9 27. one: 27 -> 9 for 1 kEUR; both: 27 -> 1 for 2 kEUR, after `one` only 8;
    # other: 9 -> 3 for 1 kEUR. Per kEUR first 18, 13, 6; then 4 against 6.
    tables, judge = world(
        {"one": 1000.0, "both": 2000.0, "other": 1000.0, "idle": 1.0},
        {"T1": 5, "T2": 4},
        [("T1", "one", 4), ("T1", "both", 2), ("T2", "other", 3)],
    )
    plan = make_plan(tables, judge, organisation())
    assert _names(plan) == ["one", "other", "both"]
    assert [row.pick.removed.expected for row in plan.rows] == [18.0, 6.0, 8.0]
    assert [row.spent_EUR for row in plan.rows] == [1000.0, 2000.0, 4000.0]
    assert (plan.before.expected, plan.after.expected) == (36.0, 4.0)
    assert plan.useless == ("idle",)


def test_without_a_campaign_nothing_counts_as_measured():
    tables, judge = world({"a": 10.0}, {"T": 5}, [("T", "a", 1)])
    plan = make_plan(tables, judge, organisation())
    assert plan.rows[0].pick.removed.measured == 0.0
    assert plan.rows[0].pick.removed.expected == 27.0


def test_a_judged_control_never_moves_the_measured_figure():
    # `second-factor` is of the catalogue, `fence` is not: a campaign cannot have shown the fence.
    tables, judge = world(
        {"second-factor": 10.0, "fence": 10.0},
        {"T1": 5, "T2": 5},
        [("T1", "second-factor", 1, True), ("T2", "fence", 1, True)],
    )
    stacks = {frozenset({"second-factor"})}
    plan = make_plan(tables, judge, organisation(), stacks=stacks, scales=("measured", "expected"))
    by_name = {row.pick.controls[0]: row.pick for row in plan.rows}
    assert by_name["second-factor"].removed.measured == 27.0
    assert by_name["fence"].removed.measured == 0.0
    assert [row.pick.decided_by for row in plan.rows] == ["measured", "expected"]


def test_a_tested_stack_is_bought_whole():
    stack = frozenset({"sensor-voting", "derate"})
    tables, judge = world(
        dict.fromkeys(stack, 10.0), {"T": 5}, [("T", "+".join(stack), 3, True)], blind=stack
    )
    plan = make_plan(tables, judge, organisation(), stacks={stack})
    assert _names(plan) == ["derate+sensor-voting"]
    assert plan.rows[0].pick.because == "tested together"
    assert plan.rows[0].pick.removed.measured == 24.0


def test_two_controls_that_only_work_together_are_found():
    tables, judge = world(
        {"left": 100.0, "right": 100.0, "dear": 1e6},
        {"T": 5},
        [("T", "left+right", 2), ("T", "dear", 2)],
    )
    plan = make_plan(tables, judge, organisation())
    assert _names(plan)[0] == "left+right"
    assert plan.rows[0].pick.because


def test_watch_and_act_are_considered_together():
    # The judge knows of a benefit that no attack path shows: damage, not feasibility.
    tables, judge = world(
        {"soc-drift": 10.0, "derate": 10.0, "fence": 5.0},
        {"T": 5},
        [("T", "soc-drift+derate", 3, True)],
        blind=("soc-drift", "derate"),
    )
    stacks = {frozenset({"soc-drift", "derate"})}
    plan = make_plan(tables, judge, organisation(), stacks=stacks)
    assert _names(plan) == ["derate+soc-drift"]
    assert plan.useless == ("fence",)


def test_shared_infrastructure_is_paid_once():
    tables, judge = world(
        {"a": 100.0, "b": 100.0, "c": 100.0},
        {"T1": 5, "T2": 5, "T3": 2},
        [("T1", "a", 1), ("T2", "b", 1), ("T3", "c", 1)],
        {"a": ("pki",), "b": ("pki",), "c": ("pki", "room")},
    )
    entries = (
        Infrastructure(
            id="pki", exists=False, once_EUR=5000.0, yearly_EUR=100.0, needs=("hsm",), basis="x"
        ),
        Infrastructure(id="hsm", exists=False, once_EUR=700.0, basis="x"),
        Infrastructure(id="room", exists=True, once_EUR=9e8, basis="x"),
    )
    plan = make_plan(tables, judge, organisation(infrastructure=entries))
    assert [row.pick.infrastructure for row in plan.rows] == [("hsm", "pki"), (), ()]
    # 5000 + 700 + 2 years of 100, once; 100 for each control.
    assert [row.spent_EUR for row in plan.rows] == [6000.0, 6100.0, 6200.0]


def test_what_is_deployed_costs_nothing_and_removes_nothing():
    tables, judge = world({"a": 100.0, "b": 50.0}, {"T": 5}, [("T", "a", 4), ("T", "b", 3)])
    plan = make_plan(tables, judge, organisation(deployed=Deployed(controls=("a",), basis="seen")))
    assert plan.before.expected == 9.0
    assert _names(plan) == ["b"]
    assert plan.spent_EUR == 50.0


@pytest.mark.parametrize(
    ("budget", "bought"), [(0.0, []), (99.0, []), (100.0, ["a"]), (1e9, ["a"])]
)
def test_a_budget_pays_up_to_its_last_euro(budget, bought):
    tables, judge = world({"a": 100.0}, {"T": 5}, [("T", "a", 1)])
    plan = make_plan(tables, judge, organisation(), budget_EUR=budget)
    assert list(plan.bought) == bought
    assert plan.spent_EUR <= budget
    assert _names(plan, within=False) == ["a"]


def test_a_budget_that_ends_before_the_best_pick_still_buys_what_it_can():
    tables, judge = world(
        {"best": 50_000.0, "small": 3_000.0},
        {"T1": 5, "T2": 3},
        [("T1", "best", 1), ("T2", "small", 2)],
    )
    assert make_plan(tables, judge, organisation(), budget_EUR=10_000.0).bought == ("small",)


def test_people_who_are_missing_are_named():
    tables, judge = world({"a": 1.0, "b": 2.0}, {"T": 5}, [("T", "a", 1), ("T", "b", 4)])
    days = {control.id: control for control in tables.control}
    object.__setattr__(days["a"].cost, "once_person_days", 140.0)
    plan = make_plan(tables, judge, organisation())
    assert _names(plan) == ["b"]
    assert [(one.control, one.lacks) for one in plan.unstaffed] == [
        ("a", "needs 140 days of work a year, 100 available")
    ]
    # With b it is 4 still; only a would bring it down.
    (left,) = plan.left
    assert (left.why, left.controls, left.if_shown) == (Why.PEOPLE, ("a",), 4)


def test_the_plan_never_needs_more_people_than_the_horizon_has():
    tables, judge = world(
        {"a": 1.0, "b": 1.0, "c": 1.0},
        {"T1": 5, "T2": 5, "T3": 4},
        [("T1", "a", 1), ("T2", "b", 1), ("T3", "c", 1)],
    )
    for control in tables.control:
        object.__setattr__(control.cost, "once_person_days", 80.0)
    plan = make_plan(tables, judge, organisation())
    assert plan.days == {"work": 160.0}
    assert [one.control for one in plan.unstaffed] == ["c"]
    assert "200 available" in plan.unstaffed[0].lacks


def test_every_open_risk_has_its_reason():
    tables, judge = world(
        {"shown": 10.0, "dear": 1e6, "slow": 10.0, "never": 10.0},
        {"tested": 5, "costly": 5, "staffless": 5, "refused": 5, "naked": 5, "low": 3},
        [
            ("tested", "shown", 1),
            ("costly", "dear", 1),
            ("staffless", "slow", 1),
            ("refused", "never", 1),
        ],
    )
    slow = next(control for control in tables.control if control.id == "slow")
    object.__setattr__(slow.cost, "once_person_days", 500.0)
    who = organisation(ruled_out=(RuledOut(control="never", reason="noise"),))
    plan = make_plan(tables, judge, who, budget_EUR=1000.0)
    assert {risk.threat: risk.why for risk in plan.left} == {
        "tested": Why.UNTESTED,
        "costly": Why.TOO_DEAR,
        "staffless": Why.PEOPLE,
        "refused": Why.RULED_OUT,
        "naked": Why.NO_CONTROL,
    }
    details = {risk.threat: risk.detail for risk in plan.left}
    assert details["refused"] == "would make it 1; never: noise"
    assert details["costly"] == "1,000,000 EUR more would make it 1"
    outside = make_plan(tables, judge, who, among={"shown"})
    reasons = {risk.threat: risk.why for risk in outside.left}
    assert reasons["costly"] is Why.OUTSIDE
    assert _names(outside) == ["shown"]


@pytest.mark.parametrize(
    ("stacks", "why"),
    [
        ([], Why.UNTESTED),
        ([frozenset()], Why.UNTESTED),
        ([frozenset({"shown", "other"})], Why.NOT_ALONE),
        ([frozenset({"other"})], Why.UNTESTED),
        ([frozenset({"shown"}), frozenset({"shown", "other"})], Why.UNTESTED),
    ],
)
def test_a_control_tested_beside_others_only_is_not_called_untested(stacks, why):
    tables, judge = world({"shown": 10.0, "other": 1e9}, {"T": 5}, [("T", "shown", 1)])
    controls = tuple(
        replace(control, mitigates=("voltage-bias",)) if control.id == "shown" else control
        for control in tables.control
    )
    path = replace(tables.path[0], tree="voltage-bias & step-T")
    tables = replace(tables, control=controls, path=(path,))
    plan = make_plan(
        tables, judge, organisation(), budget_EUR=100.0, tested={"voltage-bias": stacks}
    )
    (left,) = plan.left
    assert (left.why, left.controls) == (why, ("shown",))
    assert ("larger stack" in left.detail) is (why is Why.NOT_ALONE)


def test_the_text_says_once_why_nothing_is_measured():
    tables, judge = world({"a": 10.0, "b": 10.0}, {"T": 5}, [("T", "a", 3), ("T", "b", 2)])
    plan = make_plan(tables, judge, organisation())
    words = "removed measured is 0 in every row"
    assert plan_text(plan, "title", "demo").count(words) == 1
    assert words not in plan_text(plan, "title", "")
    rows = tuple(replace(row, pick=replace(row.pick, removed=Worth(1.0, 2.0))) for row in plan.rows)
    assert words not in plan_text(replace(plan, rows=rows), "title", "demo")


@settings(max_examples=40)
@given(
    costs=st.lists(st.integers(1, 60).map(lambda n: 500.0 * n), min_size=3, max_size=6),
    data=st.data(),
)
def test_a_larger_budget_never_leaves_more_open(costs, data):
    names = [f"c{place}" for place in range(len(costs))]
    groups = st.lists(st.sampled_from(names), min_size=1, max_size=2, unique=True).map("+".join)
    threat = st.sampled_from(["T1", "T2", "T3"])
    cuts = data.draw(st.lists(st.tuples(threat, groups, st.integers(1, 4)), max_size=6))
    tables, judge = world(dict(zip(names, costs, strict=True)), {"T1": 5, "T2": 5, "T3": 4}, cuts)
    team = (Role(id="team", skill="work", days_a_year=100.0, basis="x"),)
    before = None
    for budget in (0.0, 700.0, 3000.0, 8000.0, 20_000.0, 45_000.0, 1e6):
        plan = make_plan(tables, judge, organisation(role=team), budget_EUR=budget)
        assert plan.spent_EUR <= budget
        if before is not None:
            assert plan.after.expected <= before
        before = plan.after.expected
    unlimited = make_plan(tables, judge, organisation(role=team))
    assert unlimited.after.expected == before


def test_the_vector_beside_a_pick_is_that_of_the_path_it_makes_harder():
    tables, judge = world({"a": 10.0}, {"T": 5}, [("T", "a", 1)])
    (row,) = make_plan(tables, judge, organisation()).rows
    # Integrity of a severe damage, nothing operational: C:N I:H A:N.
    assert row.severity.vector == "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:N"
    assert row.severity.score == 7.5
    assert row.severity.vector_v4.endswith("VC:N/VI:H/VA:N/SC:N/SI:N/SA:N")
    assert row.severity.score_v4 == 8.7
    assert (row.threats, row.r155) == (("T",), ("4.1",))
    assert row.mitigations
