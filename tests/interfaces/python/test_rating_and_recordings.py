"""Risks, plans and recordings from Python, and what they answer to mistakes."""

import runpy
from pathlib import Path

import pytest

import voltward as vw
from voltward.assurance.tara.checks.loading import load_model
from voltward.assurance.tara.method.profile import load_profile
from voltward.assurance.tara.model.model_folder import model_folder
from voltward.assurance.tara.rating.campaign_results import read_campaign
from voltward.assurance.tara.rating.rating import rate
from voltward.core.errors import ConfigurationError

MADE = runpy.run_path(str(Path(__file__).parents[2] / "synthetic_run.py"))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    MADE["make_folder"](folder)
    return vw.open_run(folder)


def test_the_risks_are_those_of_the_rating(run):
    model = load_model(model_folder("cbms"))
    expected = rate(model, load_profile(model.tables.model.profile), [read_campaign(run.path)])
    rating = vw.Model("cbms").rate(run)
    assert rating.control_sets == expected.control_sets
    assert [(risk.id, risk["control_set"], risk.value, risk.reasons) for risk in rating.risks] == [
        (risk.id, risk.control_set, risk.risk, risk.reasons) for risk in expected.risks
    ]
    assert rating.document["run"] == run.name
    assert rating.risks[0]["basis"] == expected.risks[0].basis


def test_a_risk_is_explained_and_a_wrong_id_is_answered(run):
    rating = vw.Model("cbms").rate(run, controls="none")
    risk = rating.risks[0]
    text = rating.explain(risk.id)
    assert risk["damage"] in text
    assert all(reason in text for reason in risk.reasons)
    with pytest.raises(ConfigurationError, match="'DS-18'"):
        rating.explain("DS-1")


def test_a_plan_is_made_for_an_organisation_and_bounds_its_budget(run):
    plan = vw.plan("small-supplier", runs=[run], budget_EUR=100_000, controls="planned")
    assert plan.spent_EUR <= 100_000
    assert plan.bought


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ({"by": "measured"}, "no campaign"),
        ({"budget_EUR": float("nan")}, "out of range"),
        ({"budget_EUR": -3}, "a number from 0"),
        ({"budget_EUR": "x"}, "a number from 0"),
        ({"by": "expectd"}, "'expected'"),
        ({"runs": "demo"}, "a list of runs"),
        ({"profile": None}, "a name or a path"),
        ({"controls": "planed"}, "planned"),
    ],
)
def test_a_plan_that_cannot_be_made_says_why(asked, answer):
    with pytest.raises(ConfigurationError, match=answer):
        vw.plan("small-supplier", **asked)


def test_a_pack_holds_the_rating_that_was_given(run, tmp_path):
    vw.evidence.keygen(tmp_path / "key.pem", passphrase="open")
    rating = vw.Model("cbms").rate(run)
    pack = vw.evidence.sign(
        run, key=tmp_path / "key.pem", out=tmp_path / "pack", rating=rating, passphrase="open"
    )
    examined = vw.evidence.verify(pack.path)
    assert examined.predicate["risk"]["model"] == "cbms"
    assert examined.predicate["signer"]["key_id"] == pack.key_id


@pytest.mark.parametrize(
    ("inject", "answer"),
    [
        (vw.Attack("can-flood"), "can-flood"),
        (vw.Attack("voltage-bias", bias_V=[0.1, 0.2]), "once for each value"),
        ("voltage-bais@5", "voltage-bias"),
    ],
)
def test_an_attack_that_no_recording_can_show_is_refused(inject, answer):
    with pytest.raises(ConfigurationError, match=answer):
        vw.replay("drive.csv", cell="reference-nmc", inject=inject)


def test_a_parameter_file_is_refused_before_the_fit(tmp_path):
    with pytest.raises(ConfigurationError, match=r"ends in \.toml"):
        vw.identify("nowhere", out="cell.json")
    (tmp_path / "cell.report.json").touch()
    with pytest.raises(ConfigurationError, match="already exists"):
        vw.identify("nowhere", out=tmp_path / "cell.toml")


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ({"initial_soc": 7}, "from 0 to 1"),
        ({"track": "mesured"}, "'measured'"),
        ({"detectors": "innovation-cusum"}, "a list of ids of watches"),
        ({"inject": 5}, "a list of attacks"),
        ({"inject": [5]}, "an attack, or a text"),
        ({"cell": None}, "a name or a path"),
    ],
)
def test_a_replay_refuses_what_the_command_line_refuses(asked, answer):
    with pytest.raises(ConfigurationError) as caught:
        vw.replay("drive.csv", **{"cell": "reference-nmc", **asked})
    assert answer in f"{caught.value.why} {caught.value.hint}"


@pytest.mark.parametrize(
    "make", [lambda: vw.Model(None), lambda: vw.Model("headlamp").rate(5), lambda: vw.identify(5)]
)
def test_what_is_no_name_is_refused(make):
    with pytest.raises(ConfigurationError, match="allowed is"):
        make()


def test_risks_are_chosen_by_value_and_control_set():
    rating = vw.Model("headlamp").rate()
    with pytest.raises(ConfigurationError, match="where"):
        rating.risks["DS-01"]
    with pytest.raises(ConfigurationError, match="control set 'non'"):
        rating.risks.where(control_set="non")
    with pytest.raises(ConfigurationError, match="a name or a path"):
        rating.explain(None)
    assert len(rating.risks.where(value=9)) == 0
