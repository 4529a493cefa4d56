"""What a rating says of itself: overruled levels, method and profile, evidence of the impact."""

import json
import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

from voltward.assurance.tara.model.words import Basis, Feasibility, ImpactLevel
from voltward.assurance.tara.rating.rating_file import read_rating_file
from voltward.core.errors import ConfigurationError, ExitCode
from voltward.documents.toml_document import data_folder
from voltward.interfaces.cli.main import run

WORLD = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("tara_world.py"))))
PROOF = "can-frame-authentication"
OVERRIDE = """
[[override]]
{}
reason = "a penetration test of the real part"
date = "2026-11-01"
reviewer = "security board"
"""


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "300")


def _campaign():
    return WORLD.campaign(WORLD.baseline(20), WORLD.ran("proof", [PROOF], 0, 100))


def _rating(override=""):
    decisions = WORLD.DECISIONS + (OVERRIDE.format(override) if override else "")
    model = WORLD.model_of(decisions=decisions)
    return WORLD.rater_of(model, _campaign()).rate(["none", "key"])


def test_an_overruled_feasibility_is_a_judgement_and_keeps_the_rated_level():
    rating = _rating('path = "AP"\nfeasibility = "very_low"')
    for path in rating.paths:
        assert path.feasibility is Feasibility.VERY_LOW
        assert path.basis is Basis.ESTIMATED
        assert path.overruled == next(
            str(p.feasibility) for p in _rating().paths if p.control_set == path.control_set
        )
        assert "a penetration test of the real part" in path.reasons[0]


def test_an_overruled_impact_is_a_judgement():
    rating = _rating('damage = "DS"\ncategory = "safety"\nimpact = "moderate"')
    bases = {risk.category: (risk.impact, risk.basis) for risk in rating.of_set("none")}
    assert bases["safety"] == (ImpactLevel.MODERATE, Basis.ESTIMATED)
    assert bases["operational"][1] is Basis.MEASURED


def test_without_override_nothing_is_marked():
    assert {path.overruled for path in _rating().paths} == {""}


def test_show_names_the_level_that_was_overruled(tmp_path, capsys):
    decisions = WORLD.DECISIONS + OVERRIDE.format('path = "AP"\nfeasibility = "very_low"')
    folder = WORLD.write_model(tmp_path / "model", decisions=decisions)
    assert run(["tara", "show", "AP", "--model", str(folder)]) == 0
    assert "very_low (1) in place of high" in capsys.readouterr().out


def test_a_rating_names_method_and_profile():
    rating = _rating()
    assert rating.method == "attack-potential"
    assert len(rating.profile_sha256) == 64


def test_diff_names_another_method(tmp_path, capsys):
    folder = str(WORLD.write_model(tmp_path / "model"))
    assert run(["tara", "rate", folder, "--out", "a.json"]) == 0
    assert run(["tara", "rate", folder, "--method", "attack-vector", "--out", "b.json"]) == 0
    capsys.readouterr()
    assert run(["tara", "diff", "a.json", "b.json"]) == 0
    assert "method: attack-potential -> attack-vector" in capsys.readouterr().out


def test_diff_names_an_edited_profile(tmp_path, capsys):
    folder = str(WORLD.write_model(tmp_path / "model"))
    text = (data_folder() / "tara" / "profiles" / "iso21434-example.toml").read_text("utf-8")
    edited = tmp_path / "own.toml"
    edited.write_text(text.replace("severe = [2, 3, 4, 5]", "severe = [3, 4, 5, 5]"), "utf-8")
    assert edited.read_text("utf-8") != text
    assert run(["tara", "rate", folder, "--out", "a.json"]) == 0
    assert run(["tara", "rate", folder, "--profile", str(edited), "--out", "b.json"]) == 0
    assert run(["tara", "rate", folder, "--controls", "key", "--out", "c.json"]) == 0
    capsys.readouterr()
    assert run(["tara", "diff", "a.json", "b.json", "--all"]) == 0
    out = capsys.readouterr().out
    assert "profile_sha256" in out


def test_next_repeats_what_was_given(tmp_path, capsys):
    folder = str(WORLD.write_model(tmp_path / "model"))
    assert run(["tara", "rate", folder, "--profile", "itemis-example"]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == f"next    voltward tara show DS.TS --model {folder} --profile itemis-example"
    assert run(last.removeprefix("next    voltward ").split()) == 0


def test_out_replaces_a_rating_and_nothing_else(tmp_path, capsys):
    folder = WORLD.write_model(tmp_path / "model")
    file = next(folder.glob("*.toml"))
    before = file.read_bytes()
    assert run(["tara", "rate", str(folder), "--out", str(file)]) == ExitCode.USAGE
    assert "is not a rating file" in capsys.readouterr().err
    assert file.read_bytes() == before
    for _ in range(2):
        assert run(["tara", "rate", str(folder), "--out", "again.json"]) == 0


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda d: d["risks"][0].update(risk=99), "risks[0].risk"),
        (lambda d: d["risks"][0].pop("basis"), "risks[0].basis"),
        (lambda d: d["risks"][0].update(impact="dire"), "risks[0].impact"),
        (lambda d: d.update(schema_version=99), "schema_version: expected 1"),
        (lambda d: d["risks"].append("x"), "risks"),
    ],
)
def test_a_damaged_rating_is_refused(tmp_path, change, named):
    folder = WORLD.write_model(tmp_path / "model")
    assert run(["tara", "rate", str(folder), "--out", "a.json"]) == 0
    document = json.loads(Path("a.json").read_text("utf-8"))
    change(document)
    Path("a.json").write_text(json.dumps(document), "utf-8")
    with pytest.raises(ConfigurationError) as raised:
        read_rating_file(Path("a.json"))
    assert named in str(raised.value)


def test_a_re_rated_impact_names_its_test():
    lost = {"propulsion_lost_s": 500.0}
    none = WORLD.baseline(20, **lost)
    react = WORLD.ran("react", ["derate"], 20, 20, propulsion_lost_s=0.0)
    rating = WORLD.rater_of(WORLD.model_of(), WORLD.campaign(none, react)).rate(["none", "react"])
    changed = [risk for risk in rating.of_set("react") if risk.impact_evidence]
    assert changed
    for risk in changed:
        assert risk.impact_evidence.stack == "react"
        assert risk.impact_evidence.n == 20
