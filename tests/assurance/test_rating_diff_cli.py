"""`voltward tara diff`: which ratings moved, and why."""

import json
import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

from voltward.interfaces.cli.main import run

WORLD = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("tara_world.py"))))
PROOF = "can-frame-authentication"


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "400")


def _rated(tmp_path, name, *groups, **changes):
    """Rate the small model, by a hand-made run where groups are given; return the file."""
    folder = WORLD.write_model(tmp_path / f"{name}-model", **changes)
    options = []
    if groups:
        run_folder = WORLD.write_run(tmp_path / f"{name}-run", WORLD.cases_of(*groups), name=name)
        options = ["--run", str(run_folder)]
    out = tmp_path / f"{name}.json"
    assert run(["tara", "rate", str(folder), *options, "--out", str(out)]) == 0
    return str(out)


def _moves(capsys, old, new):
    capsys.readouterr()
    assert run(["tara", "diff", old, new, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    return {(move["id"], move["control_set"]): move for move in document["moves"]}, document


def test_what_did_not_move_says_so(capsys, tmp_path):
    one, other = _rated(tmp_path, "one"), _rated(tmp_path, "other")
    moves, document = _moves(capsys, one, other)
    assert (moves, document["edited"], document["settings"]) == ({}, {}, {})
    assert run(["tara", "diff", one, other]) == 0
    assert "no rating moved" in capsys.readouterr().out


def test_an_edit_of_the_model_is_named_as_the_cause(capsys, tmp_path):
    edited = WORLD.replaced(
        WORLD.CAPABILITIES,
        'effort = { elapsed_time = "1w" }\nattack_vector',
        'effort = { elapsed_time = "more" }\nattack_vector',
    )
    old, new = _rated(tmp_path, "old"), _rated(tmp_path, "new", capabilities=edited)
    moves, document = _moves(capsys, old, new)
    assert document["edited"] == {"capability:can-write": "changed"}
    move = moves["DS.TS.safety", "none"]
    assert (move["before"], move["after"]) == (5, 4)
    assert move["causes"] == ["model edit: capability:can-write changed"]
    assert run(["tara", "diff", old, new]) == 0
    out = capsys.readouterr().out
    assert "5 -> 4" in out
    assert "model edit: capability:can-write changed" in out
    assert "0 risks up" in out


@pytest.mark.parametrize(
    ("file", "old", "new", "part"),
    [
        ("scenarios", 'safety = "severe"', 'safety = "moderate"', "damage:DS"),
        (
            "paths",
            "can-write & contactor-open",
            "can-write & frame-key & contactor-open",
            "path:AP",
        ),
    ],
)
def test_the_entry_that_was_edited_is_named(capsys, tmp_path, file, old, new, part):
    text = WORLD.replaced(WORLD.FILES[f"{file}.toml"], old, new)
    pair = _rated(tmp_path, "old"), _rated(tmp_path, "new", **{file: text})
    moves, _ = _moves(capsys, *pair)
    assert moves["DS.TS.safety", "none"]["causes"] == [f"model edit: {part} changed"]


def test_a_new_campaign_is_named_as_the_cause(capsys, tmp_path):
    old = _rated(tmp_path, "old")
    new = _rated(tmp_path, "new", ("none", "", 20, 20), ("proof", PROOF, 0, 73))
    moves, document = _moves(capsys, old, new)
    assert document["settings"]["run"] == ["", "new"]
    move = moves["DS.TS.safety", "key"]
    assert (move["before"], move["after"]) == (5, 3)
    assert move["causes"][0] == "new campaign: new tests contactor-open under proof"
    assert "0 of 73" in move["causes"][1]
    # The basis alone has moved here.
    move = moves["DS.TS.safety", "none"]
    assert (move["before"], move["after"]) == (5, 5)
    assert "new campaign" in move["causes"][0]
    assert ("DS.TS.safety", "box") not in moves


def test_a_failing_control_is_named_as_the_cause(capsys, tmp_path):
    old = _rated(tmp_path, "old", ("none", "", 20, 20), ("proof", PROOF, 0, 73))
    new = _rated(tmp_path, "new", ("none", "", 20, 20), ("proof", PROOF, 60, 73))
    moves, document = _moves(capsys, old, new)
    assert set(document["settings"]) == {"run", "run_sha256"}
    move = moves["DS.TS.safety", "key"]
    assert (move["before"], move["after"]) == (3, 5)
    assert move["causes"][0].startswith(
        "failing control: goal reached by contactor-open in 0 of 73 runs -> 60 of 73"
    )
    assert f"{PROOF} does not stop it" in move["causes"][1]
    assert ("DS.TS.safety", "none") not in moves
    moves, _ = _moves(capsys, new, old)
    assert moves["DS.TS.safety", "key"]["causes"][0].startswith("new campaign: goal reached")


def test_without_controls_no_control_is_blamed(capsys, tmp_path):
    old = _rated(tmp_path, "old", ("none", "", 15, 20))
    new = _rated(tmp_path, "new", ("none", "", 20, 20), scenarios=WORLD.SCENARIOS.replace(
        'safety = "severe"', 'safety = "major"'))  # fmt: skip
    moves, _ = _moves(capsys, old, new)
    causes = moves["DS.TS.safety", "none"]["causes"]
    assert causes[0] == "model edit: damage:DS changed"
    assert not any(cause.startswith("failing control") for cause in causes)


def test_a_risk_that_is_new_or_gone_moves_too(capsys, tmp_path):
    more = WORLD.SCENARIOS.replace(', operational = "major"', "")
    pair = _rated(tmp_path, "old"), _rated(tmp_path, "new", scenarios=more)
    moves, _ = _moves(capsys, *pair)
    move = moves["DS.TS.operational", "none"]
    assert (move["before"], move["after"]) == (4, None)
    assert move["causes"] == ["model edit: damage:DS changed"]


def test_another_profile_is_named_as_the_cause(capsys, tmp_path):
    model = str(WORLD.write_model(tmp_path / "model"))
    for profile in ("iso21434-example", "heavens"):
        arguments = ["--profile", profile, "--out", f"{profile}.json"]
        assert run(["tara", "rate", model, *arguments]) == 0
    moves, _ = _moves(capsys, "iso21434-example.json", "heavens.json")
    assert moves
    for move in moves.values():
        assert move["causes"][0] == "profile: iso21434-example -> heavens"


def test_model_folders_and_run_folders_are_taken_too(capsys, tmp_path):
    model = str(WORLD.write_model(tmp_path / "model"))
    file = _rated(tmp_path, "old")
    assert _moves(capsys, model, file)[0] == {}
    folder = WORLD.write_run(tmp_path / "run", WORLD.cases_of(("none", "", 2, 2)))
    assert run(["tara", "diff", model, str(folder)]) == 2
    assert "holds no risk.json" in capsys.readouterr().err
    (folder / "risk.json").write_text(Path(file).read_text())
    assert _moves(capsys, model, str(folder))[0] == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is not JSON"),
        ("[]", "is not a rating file"),
        ("{}", "is not a rating file"),
        ('{"model": "x"}', "is not a rating file"),
        ("\x00", "holds a NUL character"),
        ("nothing", "is not JSON"),
    ],
)
def test_what_is_no_rating_is_refused(capsys, tmp_path, text, words):
    (tmp_path / "bad.json").write_text(text)
    assert run(["tara", "diff", "bad.json", "headlamp"]) == 2
    err = capsys.readouterr().err
    assert words in err
    assert run(["tara", "diff", "headlamp", "absent"]) == 2
