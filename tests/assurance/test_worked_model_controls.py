"""The worked models' judgements: capabilities, controls, impact rules, treatments, the headlamp."""

import tomllib
from datetime import date

import pytest

from voltward.assurance.standards.annex5 import load_annex5
from voltward.assurance.tara.checks.loading import load_model
from voltward.assurance.tara.method.profile import load_profile
from voltward.assurance.tara.model.attack_tree import leaves_of, read_tree
from voltward.assurance.tara.model.leaves import CAPABILITY_NAMES
from voltward.assurance.tara.model.model import resolved_sets
from voltward.assurance.tara.model.model_folder import Model, model_folder
from voltward.assurance.tara.model.words import Decision, Feasibility
from voltward.assurance.tara.rating.rating import rate
from voltward.controls.catalogue import CONTROLS
from voltward.core.capabilities import SECRETS, Capability
from voltward.core.control import Hook
from voltward.documents.toml_document import data_folder
from voltward.results.consequences import CONSEQUENCES

_SECRETS = {
    str(flag.name).lower().replace("_", "-") for flag in Capability if flag and flag in SECRETS
}
_GRID = {row.name for row in CONSEQUENCES if row.world == "grid"}


@pytest.fixture(scope="module")
def cbms() -> Model:
    return load_model(model_folder("cbms"))


@pytest.fixture(scope="module")
def headlamp() -> Model:
    return load_model(model_folder("headlamp"))


def test_every_capability_is_rated_once_with_a_source(cbms: Model) -> None:
    rated = [capability.id for capability in cbms.tables.capability]
    assert sorted(rated) == sorted(CAPABILITY_NAMES)
    for capability in cbms.tables.capability:
        assert capability.effort is not None
        assert capability.cvss
        assert capability.r155, capability.id
        assert len(capability.source) > 20, capability.id


def test_secrets_are_no_entry_position(cbms: Model) -> None:
    for capability in cbms.tables.capability:
        if capability.id in _SECRETS:
            assert capability.attack_vector is None, capability.id


def test_every_control_of_the_catalogue_is_in_the_model(cbms: Model) -> None:
    written = {control.id: control for control in cbms.tables.control}
    for name in CONTROLS.names():
        control = written[name]
        hooks = set(CONTROLS.load(name).hooks)
        # Only what keeps an attack out can be gone around; the others see it, or act.
        assert bool(control.bypass) == bool(hooks & {Hook.VERIFY, Hook.SHAPE}), name
        assert control.effort is None, name
        assert control.title == CONTROLS.load(name).title


def test_every_control_has_cost_and_requirement(cbms: Model) -> None:
    for control in cbms.tables.control:
        assert control.cost.once_person_days > 0, control.id
        assert control.cost.basis.startswith("assumed: "), control.id
        assert " shall " in control.requirement, control.id
        assert control.requirement.endswith("."), control.id


def test_untestable_controls_say_what_breaking_them_costs(cbms: Model) -> None:
    others = [c for c in cbms.tables.control if c.id not in CONTROLS.names()]
    assert len(others) >= 8
    for control in others:
        assert control.effort is not None, control.id
        assert control.mitigates, control.id
        assert not control.bypass, control.id


def test_a_bypass_is_work_for_the_attacker(cbms: Model) -> None:
    method = load_profile().method()
    steps = {step.id: step for step in (*cbms.tables.capability, *cbms.tables.step)}
    for control in cbms.tables.control:
        for leaf in leaves_of(read_tree(control.bypass)) if control.bypass else ():
            effort = steps[leaf].effort
            assert effort is not None, leaf
            assert sum(method.values(effort, "", None)) > 0, (control.id, leaf)


def test_control_sets_are_the_stacks(cbms: Model) -> None:
    stacks = tomllib.loads((data_folder() / "stacks.toml").read_text())["stack"]
    sets = resolved_sets(cbms.tables)
    prevention = set(stacks["prevention"]["controls"])
    detection = set(stacks["detection"]["controls"])
    organisational = {c.id for c in cbms.tables.control} - set(CONTROLS.names())
    assert sets["none"] == frozenset()
    assert sets["planned"] == prevention
    assert sets["all"] == prevention | detection | organisational


def test_impact_rules_speak_of_every_category_and_never_of_the_grid(cbms: Model) -> None:
    rules = cbms.tables.impact_rule
    assert {str(rule.category) for rule in rules} == {
        "safety",
        "financial",
        "operational",
        "privacy",
    }
    assert not {rule.consequence for rule in rules} & _GRID


def test_cited_rows_of_the_regulation_exist(cbms: Model) -> None:
    known = set(load_annex5().ids())
    for leaf in (*cbms.tables.capability, *cbms.tables.step):
        assert set(leaf.r155) <= known, leaf.id


def test_every_threat_is_treated_and_every_goal_used(cbms: Model) -> None:
    tables = cbms.tables
    treated = {treatment.threat for treatment in tables.treatment}
    assert {threat.id for threat in tables.threat} == treated
    assert {goal.id for goal in tables.goal} == {
        goal for treatment in tables.treatment for goal in treatment.goals
    }
    assert {claim.id for claim in tables.claim} == {
        claim for treatment in tables.treatment for claim in treatment.claims
    }
    for goal in tables.goal:
        assert goal.controls, goal.id
    for claim in tables.claim:
        assert date.fromisoformat(claim.expires).year == 2027, claim.id
    decided = {treatment.decision for treatment in tables.treatment}
    assert {Decision.REDUCE, Decision.SHARE, Decision.RETAIN} <= decided


@pytest.mark.parametrize(
    ("profile", "with_control"), [("iso21434-example", 44), ("itemis-example", 37)]
)
def test_the_headlamp_rates_as_published(headlamp: Model, profile: str, with_control: int) -> None:
    rating = rate(headlamp, load_profile(profile))
    rated = {(path.id, path.control_set): path for path in rating.paths}
    wanted = {
        ("P1", "none"): (14, Feasibility.MEDIUM),
        ("P2", "none"): (22, Feasibility.LOW),
        ("P1", "all"): (with_control, Feasibility.VERY_LOW),
        ("P2", "all"): (with_control, Feasibility.VERY_LOW),
    }
    for place, (potential, feasibility) in wanted.items():
        assert rated[place].potential == potential
        assert rated[place].feasibility == feasibility


@pytest.mark.parametrize(
    ("profile", "with_control"), [("iso21434-example", 2), ("itemis-example", 1)]
)
def test_the_headlamp_risks_are_those_published(
    headlamp: Model, profile: str, with_control: int
) -> None:
    rating = rate(headlamp, load_profile(profile))
    risks = {(r.control_set, r.damage, str(r.category)): r.risk for r in rating.risks}
    assert risks["none", "DS.1", "safety"] == 4
    assert risks["none", "DS.1", "operational"] == 3
    assert risks["none", "DS.1", "financial"] == 1
    assert risks["none", "DS.1", "privacy"] == 1
    assert risks["none", "DS.2", "operational"] == 3
    assert risks["all", "DS.1", "safety"] == with_control
    assert risks["all", "DS.2", "operational"] == 1
