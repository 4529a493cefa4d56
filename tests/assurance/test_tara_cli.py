"""`voltward tara init`, `check`, `rate` and `show` as a user runs them."""

import json
import runpy
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest

from voltward.assurance.tara.model.model_folder import model_folder, model_names
from voltward.documents.toml_document import data_folder
from voltward.interfaces.cli import tara_model
from voltward.interfaces.cli.main import run

WORLD = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("tara_world.py"))))
PROOF = "can-frame-authentication"
RISK_KEYS = {
    "id", "damage", "threat", "category", "impact", "feasibility", "risk", "cal", "treatment",
    "control_set", "basis", "evidence",
}  # fmt: skip
EVIDENCE_KEYS = {"run", "cases", "n", "goal_share", "low", "high"}


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "300")


@pytest.fixture
def small(tmp_path):
    return str(WORLD.write_model(tmp_path / "small"))


@pytest.fixture
def measured(tmp_path):
    rows = WORLD.cases_of(("none", "", 20, 20), ("proof", PROOF, 0, 73))
    return str(WORLD.write_run(tmp_path / "run", rows))


def _json(capsys, *arguments, code=0):
    assert run([*arguments, "--json"]) == code
    return json.loads(capsys.readouterr().out)


def _risks(document):
    return {(risk["id"], risk["control_set"]): risk for risk in document["risks"]}


@pytest.mark.parametrize("name", model_names())
def test_init_writes_every_file_of_a_shipped_model(capsys, tmp_path, name):
    assert run(["tara", "init", "mine", "--model", name]) == 0
    source = model_folder(name)
    for file in source.glob("*.toml"):
        assert (tmp_path / "mine" / file.name).read_bytes() == file.read_bytes()
    said = capsys.readouterr().out
    assert "assets" in said
    assert "voltward tara check mine" in said
    assert run(["tara", "check", "mine"]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_init_gives_the_worked_model_and_organisations_to_plan_for(tmp_path):
    assert run(["tara", "init", "deep/er/mine"]) == 0
    folder = tmp_path / "deep" / "er" / "mine"
    assert (folder / "damages.toml").is_file()
    shipped = {path.name for path in (data_folder() / "tara" / "organisations").iterdir()}
    assert {path.name for path in (folder / "organisations").iterdir()} == shipped


def test_init_takes_an_empty_folder_and_no_other(capsys, tmp_path):
    (tmp_path / "empty").mkdir()
    assert run(["tara", "init", "empty"]) == 0
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("mine")
    assert run(["tara", "init", "full"]) == 2
    assert "full: is not empty" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["notes.txt"]
    assert run(["tara", "init", "full/notes.txt"]) == 2
    assert (tmp_path / "full" / "notes.txt").read_text() == "mine"


def test_init_writes_to_the_empty_folder_that_one_stands_in(tmp_path):
    assert run(["tara", "init", "."]) == 0
    assert (tmp_path / "model.toml").is_file()
    assert run(["tara", "check"]) == 0


def test_an_interrupted_init_leaves_nothing(capsys, tmp_path, monkeypatch):
    def fail(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    assert run(["tara", "init", "mine"]) == 2
    assert "No space left" in capsys.readouterr().err
    assert not (tmp_path / "mine").exists()
    assert [path.name for path in tmp_path.iterdir()] == []


def test_check_says_what_is_sound(capsys, small, monkeypatch):
    monkeypatch.setattr(tara_model, "today", lambda: date(2030, 1, 31))
    assert run(["tara", "check", small]) == 0
    captured = capsys.readouterr()
    assert "small is sound: 0 errors, 0 warnings" in captured.out
    assert "1 paths hold an attack" in captured.out
    document = _json(capsys, "tara", "check", small)
    assert document["problems"] == []
    assert document["counts"]["tables"]["path"] == 1
    assert document["counts"]["attacks"] == [WORLD.ATTACK]


def test_check_names_every_fault_and_ends_with_2(capsys, tmp_path):
    paths = WORLD.PATHS.replace("contactor-open", "contactor-opn")
    sets = WORLD.SETS.replace('controls = ["enclosure"]', 'controls = ["enclosur"]')
    folder = str(WORLD.write_model(tmp_path / "bad", paths=paths, sets=sets))
    assert run(["tara", "check", folder]) == 2
    captured = capsys.readouterr()
    assert "error: paths.toml: path[0] AP: tree: no step" in captured.out
    assert "'contactor-open'" in captured.out
    assert "error: sets.toml: control_set[2] box: controls" in captured.out
    assert "2 errors, 0 warnings" in captured.err
    document = _json(capsys, "tara", "check", folder, code=2)
    assert {fault["file"] for fault in document["problems"]} == {"paths.toml", "sets.toml"}
    assert {"file", "key", "what", "why", "hint", "severity"} <= set(document["problems"][0])
    assert document["counts"] == {}


def test_check_tells_a_gap_without_refusing(capsys, tmp_path):
    folder = str(WORLD.write_model(tmp_path / "gap", paths=""))
    assert run(["tara", "check", folder]) == 0
    out = capsys.readouterr().out
    assert "warning: scenarios.toml: threat[0] TS: no attack path realises it" in out
    assert "0 errors, 1 warnings" in out


def test_rate_gives_the_published_keys(capsys, small, measured):
    document = _json(capsys, "tara", "rate", small, "--run", measured)
    assert document["schema_version"] == 1
    for risk in document["risks"]:
        assert set(risk) >= RISK_KEYS
        assert risk["basis"] in {"measured", "estimated", "assumed"}
        # A test beside a declared effort that decides the level is told, and is not the basis.
        by_effort = any("declared efforts" in reason for reason in risk["reasons"])
        assert (risk["evidence"] is not None) == (risk["basis"] == "measured" or by_effort)
        if risk["evidence"]:
            assert set(risk["evidence"]) >= EVIDENCE_KEYS
    found = _risks(document)
    assert {key[1] for key in found} == {"none", "key", "box", "react", "all"}
    risk = found["DS.TS.safety", "key"]
    assert (risk["impact"], risk["feasibility"], risk["risk"], risk["basis"]) == (
        "severe", "low", 3, "measured",
    )  # fmt: skip
    evidence = risk["evidence"]
    assert (evidence["run"], evidence["n"], evidence["goal_share"]) == ("hand-made", 73, 0.0)
    assert evidence["cases"] == [f"h{number:05d}" for number in range(20, 93)]
    assert evidence["low"] == 0.0
    assert 0.0499 < evidence["high"] <= 0.05
    assert found["DS.TS.safety", "none"]["risk"] == 5
    assert document["goals"][0]["id"] == "CG"
    assert document["claims"][0]["owner"] == "tester"
    assert {path["id"] for path in document["paths"]} == {"AP"}


def test_rate_prints_every_set_side_by_side(capsys, small, measured):
    assert run(["tara", "rate", small]) == 0
    out = capsys.readouterr().out
    head, row = out.splitlines()[:2]
    assert [name for name in head.split() if name in {"none", "key", "box", "react", "all"}] == [
        "none", "key", "box", "react", "all",
    ]  # fmt: skip
    assert row.split()[0] == "DS.TS"
    assert "5 (3)" in row
    assert "nothing is measured" in out
    assert run(["tara", "rate", small, "--run", measured]) == 0
    out = capsys.readouterr().out
    assert "1 of 1 paths executed by hand-made" in out
    assert "voltward tara show DS.TS" in out


def test_rate_takes_one_set(capsys, small):
    document = _json(capsys, "tara", "rate", small, "--controls", "box")
    assert document["control_sets"] == ["box"]
    assert {risk["control_set"] for risk in document["risks"]} == {"box"}
    assert run(["tara", "rate", small, "--controls", "box"]) == 0


def test_the_gate_decides_the_exit_code(capsys, small, measured):
    gate = ["--gate", "max_risk(key)<=3"]
    assert run(["tara", "rate", small, *gate]) == 3
    captured = capsys.readouterr()
    assert "got 5" in captured.err
    assert "DS.TS.safety" in captured.err
    assert run(["tara", "rate", small, "--run", measured, *gate]) == 0
    assert "PASS" in capsys.readouterr().out
    document = _json(capsys, "tara", "rate", small, *gate, code=3)
    assert document["gate"]["passed"] is False
    assert _json(capsys, "tara", "rate", small)["gate"] is None


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--controls", "bxo"], ("bxo", "box")),
        (["--profile", "iso21434-exampel"], ("iso21434-exampel", "iso21434-example")),
        (["--run", "absent"], ("no run 'absent'", "out/absent")),
        (["--gate", "max_risk(al)<=3"], ("'al'", "all")),
        (["--gate", "max_risks(all)<=3"], ("max_risks", "max_risk")),
        (["--gate", "max_risk(all) is low"], ("cannot read",)),
        (["--profile", "heavens", "--method", "cvss"], ("heavens", "cvss")),
        (["--method", "guess"], ("guess",)),
    ],
)
def test_rate_refuses_what_it_does_not_know(capsys, small, options, words):
    assert run(["tara", "rate", small, *options]) == 2
    captured = capsys.readouterr()
    for word in words:
        assert word in captured.err, captured.err
    assert "Traceback" not in captured.err


def test_rate_refuses_a_model_with_a_fault(capsys, tmp_path):
    paths = WORLD.PATHS.replace("contactor-open", "contactor-opn")
    assert run(["tara", "rate", str(WORLD.write_model(tmp_path / "bad", paths=paths))]) == 2
    err = capsys.readouterr().err
    assert "paths.toml" in err
    assert "path[0] AP: tree" in err
    assert "contactor-open" in err
    assert run(["tara", "rate", "absent"]) == 2
    assert "no such model folder" in capsys.readouterr().err


# Profile, set: attack potentials of P1 and P2, and risks of DS.1 and DS.2.
HEADLAMP = {
    ("iso21434-example", "none"): ((14, "medium"), (22, "low"), (4, 3, 1, 1), 3),
    ("iso21434-example", "all"): ((44, "very_low"), (44, "very_low"), (2, 1, 1, 1), 1),
    ("itemis-example", "none"): ((14, "medium"), (22, "low"), (4, 3, 1, 1), 3),
    ("itemis-example", "all"): ((37, "very_low"), (37, "very_low"), (1, 1, 1, 1), 1),
}


@pytest.mark.parametrize(("profile", "control_set"), HEADLAMP)
def test_the_headlamp_example_has_its_published_values(capsys, profile, control_set):
    document = _json(
        capsys, "tara", "rate", "headlamp", "--profile", profile, "--controls", control_set
    )
    one, other, of_first, of_second = HEADLAMP[profile, control_set]
    paths = {path["id"]: path for path in document["paths"]}
    assert (paths["P1"]["potential"], paths["P1"]["feasibility"]) == one
    assert (paths["P2"]["potential"], paths["P2"]["feasibility"]) == other
    found = {risk["id"]: risk["risk"] for risk in document["risks"]}
    names = ("safety", "operational", "financial", "privacy")
    assert tuple(found[f"DS.1.TS.1.{name}"] for name in names) == of_first
    assert found["DS.2.TS.1.operational"] == of_second
    assert len(found) == 5


@pytest.mark.parametrize("name", ["DS.TS.safety", "DS.TS", "DS", "TS", "AP"])
def test_show_explains_every_kind_of_id(capsys, small, measured, name):
    assert run(["tara", "show", name, "--model", small, "--run", measured]) == 0
    out = capsys.readouterr().out
    for word in (
        "Contactors open at speed", "Forged frames", "ALL of", "├─ can-write", "└─ contactor-open",
        "safety: impact severe", "treatment reduce", "goal  CG (tester)",
        "goal reached in 0 of 73 runs", "in run hand-made", "11.1",
    ):  # fmt: skip
        assert word in out, word
    assert ("operational: impact major" in out) == (name != "DS.TS.safety")


def test_show_without_a_campaign_says_what_is_not_tested(capsys, small):
    assert run(["tara", "show", "DS.TS", "--model", small]) == 0
    out = capsys.readouterr().out
    assert "untested with can-frame-authentication" in out
    assert "3 if each control were shown to hold" in out


def test_show_uses_the_model_of_the_current_folder(capsys, small, monkeypatch):
    monkeypatch.chdir(small)
    assert run(["tara", "show", "AP"]) == 0
    assert "Forged frames" in capsys.readouterr().out


def test_show_of_an_unknown_id_gives_the_nearest(capsys, small):
    assert run(["tara", "show", "DS.TS.safty", "--model", small]) == 2
    assert "DS.TS.safety" in capsys.readouterr().err
    assert run(["tara", "show", "zzzzzzz", "--model", small]) == 2
    assert "voltward tara rate" in capsys.readouterr().err


def test_show_names_a_path_that_is_left_out_with_its_reason(capsys, tmp_path):
    more = WORLD.PATHS.replace('"AP"', '"AP-2"') + 'impossible = "the plug is gone"\n'
    folder = WORLD.write_model(tmp_path / "some", paths=WORLD.PATHS + more)
    assert run(["tara", "show", "TS", "--model", str(folder)]) == 0
    assert "AP-2: left out, because the plug is gone" in capsys.readouterr().out
