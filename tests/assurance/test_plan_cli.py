"""`voltward plan` on the worked model: shipped organisations, bad files, the document."""

import json
import tomllib
from pathlib import Path

import pytest

from voltward.assurance.plan.plan import make_plan
from voltward.assurance.plan.reach import reach_of
from voltward.assurance.plan.reading import KIND, load_organisation
from voltward.assurance.plan.valuation import Valuation
from voltward.assurance.tara.checks.loading import load_model
from voltward.assurance.tara.method.profile import load_profile
from voltward.assurance.tara.model.model_folder import WORKED_MODEL, model_folder
from voltward.assurance.tara.rating.rating import Rater
from voltward.core.errors import ConfigurationError
from voltward.documents.toml_document import data_folder, shipped_names
from voltward.interfaces.cli.main import run

SHIPPED = ("oem", "small-supplier", "tier1")


@pytest.fixture(scope="module")
def worked():
    model = load_model(model_folder(WORKED_MODEL))
    return model, Rater(model, load_profile())


def _file(tmp_path, *changes):
    text = (data_folder() / KIND / "small-supplier.toml").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path = tmp_path / "org.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_the_shipped_organisations_are_the_documented_ones():
    assert shipped_names(KIND) == SHIPPED


@pytest.mark.parametrize("name", SHIPPED)
def test_every_figure_of_a_shipped_organisation_says_that_it_is_assumed(name):
    document = tomllib.loads((data_folder() / KIND / f"{name}.toml").read_text(encoding="utf-8"))
    parts = [document, document["weights"], document.get("deployed", {"basis": "assumed"})]
    for table in ("role", "infrastructure", "contract"):
        parts += document[table]
    assert all(part["basis"].startswith("assumed") for part in parts)


def test_the_document_holds_the_plan(capsys):
    assert run(["plan", "--org", "small-supplier", "--budget", "150000", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["model"] == WORKED_MODEL
    assert document["runs"] == []
    within = [row for row in document["rows"] if row["within"]]
    assert within
    assert sum(row["pick"]["cost_EUR"] for row in within) == pytest.approx(document["spent_EUR"])
    assert document["spent_EUR"] <= 150_000.0
    gained = sum(row["pick"]["removed"]["expected"] for row in within)
    assert document["before"]["expected"] - gained == document["after"]["expected"]
    assert document["before"]["measured"] == document["after"]["measured"]
    known = set(document["bought"])
    assert known == {name for row in within for name in row["pick"]["controls"]}
    for row in document["rows"]:
        if row["severity"]:
            assert row["severity"]["vector"].startswith("CVSS:3.1/AV:")
            assert row["severity"]["vector_v4"].startswith("CVSS:4.0/AV:")
    assert all(risk["risk"] >= 4 for risk in document["left"])


def test_the_text_says_scale_order_budget_and_what_stays_open(capsys):
    assert run(["plan", "--org", "oem", "--controls", "planned", "--budget", "40000"]) == 0
    text = capsys.readouterr().out
    for part in ("weights of risk 1 to 5: 0 1 3 9 27", "order: by expected", "per 10 kEUR",
                 "within the budget of 40,000 EUR", "outside the set", "CVSS"):  # fmt: skip
        assert part in text


def test_the_same_plan_comes_out_twice(worked):
    model, rater = worked
    who, _ = load_organisation("oem")
    first, again = (make_plan(model.tables, rater, who, budget_EUR=3e5) for _ in range(2))
    assert first == again


def test_kept_ratings_are_those_of_the_rater(worked):
    model, rater = worked
    reach = reach_of(model.tables)
    near = {
        threat.id: frozenset(name for name, threats in reach.items() if threat.id in threats)
        for threat in model.tables.threat
    }
    valuation = Valuation(rater, (0, 1, 3, 9, 27), near, (), frozenset())
    names = sorted(reach)
    chosen = [frozenset(names[start::step]) for step in (2, 3, 7, 20) for start in (0, 1)]
    for controls in chosen:
        expected = {}
        for risk in rater.rate_set("x", controls)[1]:
            pair = risk.damage, risk.threat
            expected[pair] = max(expected.get(pair, 1), risk.if_shown)
        assert valuation.if_shown(controls) == expected


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('controls = ["charger-link-authentication"]', 'controls = ["charger-link-auth"]',
         ("contract[0].controls", "charger-link-auth", "charger-link-authentication")),
        ('id = "key-management"', 'id = "key-managment"',
         ("no entry for 'key-management'", "key-managment")),
        ('id = "soc"', 'id = "sock"', ("infrastructure", "'soc'", "sock")),
        ('needs = ["hsm"]', 'needs = ["hms"]', ("infrastructure[1].needs", "hms", "hsm")),
        ('skill = "cloud"', 'skill = "clod"', ("clod", "cloud")),
        ("day_rate_EUR = 750.0", "day_rate_EUR = 0.0", ("day_rate_EUR", "0.0")),
        ("horizon_years = 3.0", 'horizon_years = "3"', ("horizon_years",)),
        ("[weights]", 'curency = "EUR"\n[weights]', ("curency", "currency")),
        ("0.0, 1.0, 3.0, 9.0, 27.0", "0.0, 3.0, 1.0, 9.0, 27.0", ("weights.by_risk",)),
        ("0.0, 1.0, 3.0, 9.0, 27.0", "0.0, 1.0, 3.0, 9.0", ("weights.by_risk",)),
        ('id = "administrator"', 'id = "cloud-engineer"', ("role", "2 times")),
        ("[weights]", '[deployed]\ncontrols = ["tls"]\nbasis = "x"\n[weights]',
         ("deployed.controls", "tls")),
        ("[weights]", '[[ruled_out]]\ncontrol = "derat"\nreason = "x"\n[weights]',
         ("ruled_out[0].control", "derate")),
    ],
)  # fmt: skip
def test_a_bad_file_is_refused_with_file_key_and_nearest_name(tmp_path, capsys, old, new, words):
    path = _file(tmp_path, (old, new))
    assert run(["plan", "--org", path]) == 2
    error = capsys.readouterr().err
    for word in ("org.toml", *words):
        assert word in error


def test_the_documented_organisation_file_works(tmp_path, capsys):
    page = Path(__file__).parents[2] / "docs" / "howto" / "plan-controls.md"
    text = page.read_text(encoding="utf-8").split("```toml\n")[1].split("```")[0]
    path = tmp_path / "our.toml"
    path.write_text(text, encoding="utf-8")
    assert run(["plan", "--org", str(path), "--model", "headlamp"]) == 0
    assert "Our company: model headlamp" in capsys.readouterr().out


def test_a_control_is_deployed_or_ruled_out_never_both(tmp_path):
    both = (
        '[deployed]\ncontrols = ["derate"]\nbasis = "x"\n'
        '[[ruled_out]]\ncontrol = "derate"\nreason = "x"\n[weights]'
    )
    with pytest.raises(ConfigurationError, match="also in deployed"):
        load_organisation(_file(tmp_path, ("[weights]", both)))


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--org", "small-suplier"], "small-supplier"),
        (["--org", "oem", "--controls", "planed"], "planned"),
        (["--org", "oem", "--by", "measured"], "--run"),
        (["--org", "oem", "--run", "nowhere"], "nowhere"),
        (["--org", "oem", "--budget", "-1"], "budget"),
        (["--org", "oem", "--budget", "nan"], "budget"),
    ],
)
def test_a_bad_command_line_says_what_would_do(capsys, arguments, word):
    assert run(["plan", *arguments]) == 2
    assert word in capsys.readouterr().err
