"""The worked model as a whole: how much it holds, and that nothing is left open."""

import pytest

from voltward.assurance.tara.checks.annex5_coverage import coverage
from voltward.assurance.tara.checks.loading import load_model, problems
from voltward.assurance.tara.checks.model_counts import count_model
from voltward.assurance.tara.method.profile import load_profile
from voltward.assurance.tara.model.generated_threats import generated
from voltward.assurance.tara.model.model_folder import model_folder, model_names
from voltward.assurance.tara.rating.rating import rate
from voltward.attacks.catalogue import ATTACKS


@pytest.fixture(scope="module")
def cbms():
    return load_model(model_folder("cbms"))


@pytest.mark.parametrize("name", model_names())
def test_a_shipped_model_has_neither_error_nor_warning(name):
    assert problems(load_model(model_folder(name))) == ()


def test_it_is_as_large_as_it_claims(cbms):
    counts = count_model(cbms)
    assert counts.tables["asset"] >= 30
    assert counts.tables["damage"] >= 20
    assert counts.tables["threat"] >= 40
    assert counts.testable_paths + counts.untested_paths == sum(
        not path.impossible for path in cbms.tables.path
    )
    assert [entry.id for entry in cbms.tables.control_set] == ["none", "planned", "all"]
    layers = {component.layer for component in cbms.tables.component}
    assert layers >= {"physical", "communication", "cloud"}


def test_every_threat_has_a_path_and_a_treatment(cbms):
    threats = {threat.id for threat in cbms.tables.threat}
    assert {path.threat for path in cbms.tables.path if not path.impossible} == threats
    assert {treatment.threat for treatment in cbms.tables.treatment} == threats


def test_every_attack_of_the_catalogue_is_on_some_path(cbms):
    counts = count_model(cbms)
    assert counts.missing_attacks == ()
    assert counts.attacks == tuple(sorted(ATTACKS.names()))


def test_every_id_of_the_regulation_is_answered(cbms):
    found = coverage(cbms.tables)
    assert found.counts()["ids"] == 67
    assert found.counts()["missing"] == 0
    assert found.problems == ()


def test_no_candidate_is_open(cbms):
    candidates = generated(cbms.tables)
    assert candidates
    assert [one for one in candidates if one.status == "open"] == []


@pytest.mark.parametrize("profile", ["iso21434-example", "itemis-example", "heavens"])
def test_more_controls_never_raise_a_rating_without_a_campaign(cbms, profile):
    rating = rate(cbms, load_profile(profile))
    under = {name: {risk.id: risk for risk in rating.of_set(name)} for name in rating.control_sets}
    assert set(under["none"]) == set(under["planned"]) == set(under["all"])
    for name, risk in under["none"].items():
        assert under["planned"][name].risk <= risk.risk
        assert under["all"][name].risk <= under["planned"][name].risk
        assert under["all"][name].if_shown <= under["planned"][name].if_shown <= risk.risk
    assert {risk.basis for risk in rating.risks} <= {"estimated", "assumed"}
    assert any(under["all"][name].risk < under["none"][name].risk for name in under["none"])
