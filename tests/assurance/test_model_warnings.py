"""Warnings of `tara check` beyond the model's own gaps, and where its faults say they are."""

import json
import runpy
from datetime import date
from pathlib import Path

import pytest

from voltward.assurance.tara.checks.decisions import expiry_warnings
from voltward.assurance.tara.checks.model_counts import count_model
from voltward.assurance.tara.checks.values import bypass_warnings
from voltward.assurance.tara.model.model_folder import model_folder, model_names, read_model
from voltward.core.errors import ConfigurationError
from voltward.documents.toml_document import data_folder
from voltward.interfaces.cli import tara_model
from voltward.interfaces.cli.main import run

WORLD = runpy.run_path(str(Path(__file__).with_name("tara_world.py")))
write_model, replaced = WORLD["write_model"], WORLD["replaced"]


def test_a_claim_expires_after_its_day(tmp_path):
    model = read_model(write_model(tmp_path))
    assert list(expiry_warnings(model, date(2030, 1, 31))) == []
    (warning,) = expiry_warnings(model, date(2030, 2, 1))
    assert (warning.file, warning.key) == ("decisions.toml", "claim[0] CL: expires")
    assert "2030-01-31" in warning.what
    assert "today is 2030-02-01" in warning.why


def test_a_date_that_no_calendar_has_is_left_to_the_check_of_dates(tmp_path):
    decisions = replaced(WORLD["DECISIONS"], "2030-01-31", "2030-02-30")
    model = read_model(write_model(tmp_path, decisions=decisions))
    assert list(expiry_warnings(model, date(2040, 1, 1))) == []


def test_check_warns_of_what_expired(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(tara_model, "today", lambda: date(2031, 1, 1))
    folder = str(write_model(tmp_path))
    assert run(["tara", "check", folder]) == 0
    out = capsys.readouterr().out
    assert "warning: decisions.toml: claim[0] CL: expires: expired on 2030-01-31" in out
    assert "0 errors, 1 warnings" in out
    assert run(["tara", "check", folder, "--json"]) == 0
    (problem,) = json.loads(capsys.readouterr().out)["problems"]
    assert problem["severity"] == "warning"


@pytest.mark.parametrize("name", model_names())
def test_shipped_models_have_every_bypass(name):
    assert list(bypass_warnings(read_model(model_folder(name)))) == []


def test_a_control_that_verifies_without_a_bypass_is_told(tmp_path):
    more = '\n[[control]]\nid = "{}"\ntitle = "x"\n'
    added = "".join(map(more.format, ("command-signature", "bus-traffic", "own-measure")))
    model = read_model(write_model(tmp_path, more=added))
    (warning,) = bypass_warnings(model)
    assert warning.file == "more.toml"
    assert warning.key == "control[0] command-signature: bypass"
    assert "never cuts" in warning.what


def test_many_missing_attacks_are_counted_and_few_are_named():
    (line,) = count_model(read_model(model_folder("headlamp"))).lines()[1:]
    assert line.endswith("on none: 34")


@pytest.mark.parametrize(
    ("table", "old", "new", "words"),
    [
        ("decisions", "2030-01-31", "31.1.2030",
         ("claim[0] CL: expires'", '"31.1.2030"; write YYYY-MM-DD')),
        ("decisions", 'decision = "reduce"', 'decision = "reduced"',
         ("treatment[0].decision'", "config schema tara-model")),
        ("decisions", 'id = "CL"', 'id = "C L"',
         ("claim[0] C L: id'", "letters, digits, '.', '_' and '-'")),
        ("decisions", 'owner = "tester"\ncontrols', 'ownr = "tester"\ncontrols',
         ("unknown key 'goal[0] CG: ownr'", "did you mean 'owner'")),
        ("decisions", 'owner = "tester"\nrationale', "rationale",
         ("key 'claim[0] CL: owner' is missing", "add 'claim[0].owner'")),
    ],
)  # fmt: skip
def test_a_fault_of_the_schema_names_its_entry_and_what_is_allowed(
    tmp_path, table, old, new, words
):
    text = replaced(WORLD[table.upper()], old, new)
    with pytest.raises(ConfigurationError) as caught:
        read_model(write_model(tmp_path, **{table: text}))
    said = str(caught.value)
    assert "pattern" not in said
    for word in words:
        assert word in said


def test_a_fault_of_an_organisation_points_to_the_shipped_ones(tmp_path, capsys):
    text = (data_folder() / "tara" / "organisations" / "oem.toml").read_text(encoding="utf-8")
    (tmp_path / "our.toml").write_text(replaced(text, "horizon_years = ", "horizon_years = -"))
    assert run(["plan", "--org", str(tmp_path / "our.toml")]) == 2
    said = capsys.readouterr().err
    assert "organisations/oem.toml" in said
    assert "config schema" not in said
