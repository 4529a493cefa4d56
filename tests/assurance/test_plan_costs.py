"""Prices, people, contracts, reach: each against figures worked out by hand."""

import runpy
from pathlib import Path

import pytest

from voltward.assurance.plan.organisation import Contract, Infrastructure, Role, Work
from voltward.assurance.plan.prices import price_list
from voltward.assurance.plan.reach import catalogued, reach_of, watched_by
from voltward.assurance.tara.model.attacks import AttackPath, Cost, Effort, Measure, Step
from voltward.assurance.tara.model.model import Tables

WORLD = runpy.run_path(str(Path(__file__).with_name("plan_world.py")))
organisation, world = WORLD["organisation"], WORLD["world"]

COST = Cost(
    once_person_days=10.0, yearly_person_days=2.0, once_EUR=500.0, yearly_EUR=30.0, basis="assumed"
)
FENCE = Measure(id="fence", title="x", cost=COST)
SKILLS = tuple(
    Role(id=f"{skill}-{place}", skill=skill, days_a_year=30.0, basis="x")
    for place, skill in enumerate(("work", "pki", "pki"))
)


def _price(who, layers=None, **changes):
    measure = Measure(id="fence", title="x", cost=COST, **changes)
    return price_list(who, [measure], layers or {})


def test_person_days_become_money_and_stay_days():
    prices = _price(organisation())
    price = prices.price({"fence"})
    assert (price.once_EUR, price.yearly_EUR) == (10_500.0, 2_030.0)
    assert price.over(2.0) == 14_560.0
    assert prices.days({"fence"}) == {"work": 14.0}
    assert prices.lacking("fence") == ""


@pytest.mark.parametrize(("days_by", "days"), [("partner", {}), ("own", {"work": 7.0})])
def test_a_contract_multiplies_the_cost_and_adds_a_change_request(days_by, days):
    contract = Contract(
        id="c", title="x", kind="supplier", controls=("fence",), factor=0.5,
        change_request_EUR=1000.0, days_by=days_by, basis="x",
    )  # fmt: skip
    prices = _price(organisation(contract=(contract,)))
    price = prices.price({"fence"})
    assert (price.once_EUR, price.yearly_EUR) == (6_250.0, 1_015.0)
    assert prices.days({"fence"}) == days


def test_a_contract_that_names_a_control_goes_before_one_of_its_layer():
    by_layer = Contract(
        id="l", title="x", kind="supplier", layers=("cloud",), factor=9.0, basis="x"
    )
    by_name = Contract(
        id="n", title="x", kind="cloud-provider", controls=("fence",), factor=0.0, basis="x"
    )
    who = organisation(contract=(by_layer, by_name))
    assert _price(who, {"fence": "cloud"}).price({"fence"}).over(2.0) == 0.0


@pytest.mark.parametrize(
    ("work", "skill"),
    [
        ((), "work"),
        ((Work(skill="pki", layers=("cloud",)),), "pki"),
        ((Work(skill="pki", layers=("physical",)),), "work"),
        ((Work(skill="work", layers=("cloud",)), Work(skill="pki", controls=("fence",))), "pki"),
    ],
)
def test_the_skill_is_that_of_the_control_then_of_the_first_entry_that_fits(work, skill):
    prices = _price(organisation(role=SKILLS, work=work), {"fence": "cloud"})
    assert set(prices.days({"fence"})) == {skill}


def test_roles_of_one_skill_are_added_up():
    assert organisation(role=SKILLS).available() == {"work": 30.0, "pki": 60.0}


def test_missing_infrastructure_can_be_what_people_lack():
    entry = Infrastructure(
        id="pki",
        exists=False,
        once_person_days=35.0,
        yearly_person_days=5.0,
        skill="work",
        basis="x",
    )
    measure = Measure(id="fence", title="x", cost=Cost(infrastructure=("pki",), basis="x"))
    role = (Role(id="r", skill="work", days_a_year=39.0, basis="x"),)
    prices = price_list(organisation(role=role, infrastructure=(entry,)), [measure], {})
    assert prices.lacking("fence") == "its pki needs 40 days of work a year, 39 available"


def _step(name, tree=""):
    return Step(id=name, title="x", effort=None if tree else Effort(), tree=tree)


def test_a_control_reaches_paths_through_branches_and_through_bypasses():
    tables = Tables(
        step=(_step("door"), _step("steal-key"), _step("house", "door | steal-key"), _step("far")),
        path=(
            AttackPath(id="P1", threat="T1", tree="house"),
            AttackPath(id="P2", threat="T2", tree="far"),
            AttackPath(id="P3", threat="T3", tree="door", impossible="walled up"),
        ),
        control=(
            Measure(id="lock", title="x", mitigates=("far",), bypass="steal-key"),
            Measure(id="safe", title="x", mitigates=("steal-key",)),
            Measure(id="idle", title="x", mitigates=("nothing",)),
        ),
    )
    assert reach_of(tables) == {
        "lock": frozenset({"T2"}),
        "safe": frozenset({"T1", "T2"}),
        "idle": frozenset(),
    }


def test_the_attack_catalogue_says_what_its_controls_stop_and_watch():
    tables = Tables(
        path=(AttackPath(id="P", threat="T", tree="voltage-bias"),),
        control=(
            Measure(id="innovation-cusum", title="x"),
            Measure(id="second-factor", title="x"),
        ),
    )
    testable = catalogued(tables.control)
    assert testable.alarms == {"innovation-cusum"}
    assert set(testable.layers) == {"innovation-cusum", "second-factor"}
    assert watched_by(tables, testable.alarms) == {"T": frozenset({"innovation-cusum"})}


def test_the_hand_made_world_is_what_it_says():
    _, judge = world({"a": 1.0}, {"T": 5}, [("T", "a", 2)])
    (risk,) = judge.rate_set("x", frozenset({"a"}))[1]
    assert (risk.risk, risk.if_shown) == (5, 2)
