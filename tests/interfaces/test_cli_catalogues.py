"""`attacks`, `defences`, `config`, `validate`, `runs`, `plant`, `doctor`: their text and JSON."""

import json
import runpy
from pathlib import Path

import numpy as np
import pytest

from voltward.attacks.catalogue import ATTACKS
from voltward.controls.catalogue import CONTROLS
from voltward.core.errors import EnvironmentLacksError, ExitCode
from voltward.interfaces.cli import doctor, plant, validate
from voltward.interfaces.cli.main import run
from voltward.physical.published_checks import Check

ROOT = Path(__file__).parents[2]
SYNTHETIC = runpy.run_path(str(ROOT / "tests" / "synthetic_run.py"))


def _json(arguments, capsys, code=0):
    assert run(arguments) == code
    return json.loads(capsys.readouterr().out)


def test_attacks_list_is_an_array_of_the_agreed_keys(capsys):
    entries = _json(["attacks", "list", "--json"], capsys)
    assert [entry["id"] for entry in entries] == list(ATTACKS.names())
    keys = {"id", "layer", "taps", "type", "needs", "goal", "parameters", "r155", "source"}
    for entry in entries:
        assert set(entry) == keys
        assert entry["taps"]
        assert entry["source"]
    assert run(["attacks", "list"]) == 0
    text = capsys.readouterr().out
    for name in ATTACKS.names():
        assert name in text


@pytest.mark.parametrize("name", ATTACKS.names())
def test_every_attack_is_shown(name, capsys):
    document = _json(["attacks", "show", name, "--json"], capsys)
    assert (document["schema_version"], document["id"]) == (1, name)
    assert document["steps"]
    assert run(["attacks", "show", name]) == 0
    text = capsys.readouterr().out
    for word in (name, "goal", "source", f"voltward run --attack {name}"):
        assert word in text


def test_defences_list_is_an_array_of_the_agreed_keys(capsys):
    entries = _json(["defences", "list", "--json"], capsys)
    assert [entry["id"] for entry in entries] == list(CONTROLS.names())
    for entry in entries:
        assert set(entry) == {"id", "layer", "hooks", "strength", "cost", "source"}
        assert set(entry["hooks"]) <= {"verify", "shape", "watch", "act"}
        assert entry["hooks"]


@pytest.mark.parametrize("name", [*CONTROLS.names(), "none", "full", "deployed"])
def test_every_control_and_stack_is_shown(name, capsys):
    document = _json(["defences", "show", name, "--json"], capsys)
    assert (document["schema_version"], document["id"]) == (1, name)
    assert run(["defences", "show", name]) == 0
    assert name in capsys.readouterr().out


def test_an_unknown_defence_gets_the_nearest_name(capsys):
    assert run(["defences", "show", "innovation-cusm"]) == 2
    assert "'innovation-cusum'" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["campaign", "system", "duty", "link"])
def test_schemas_are_published(kind, capsys):
    schema = _json(["config", "schema", kind], capsys)
    assert schema["type"] == "object"
    assert schema["additionalProperties"] is False
    assert schema["properties"]["name"]


@pytest.mark.parametrize(
    ("file", "kind"),
    [("sweep", "campaign"), ("own-system", "system"), ("own-duty", "duty")],
)
def test_shipped_examples_pass_the_check_and_are_told_apart(file, kind, capsys):
    path = str(ROOT / "examples" / f"{file}.toml")
    document = _json(["config", "check", path, "--json"], capsys)
    assert (document["kind"], document["valid"]) == (kind, True)
    assert (document["config_sha256"] is None) == (kind != "campaign")
    assert run(["config", "check", path]) == 0
    assert f"valid {kind}" in capsys.readouterr().out


def test_a_link_and_a_recorded_profile_are_checked_too(tmp_path, capsys):
    link = (ROOT / "src/voltward/data/links/lte.toml").read_text()
    (tmp_path / "link.toml").write_text(link)
    assert (
        _json(["config", "check", str(tmp_path / "link.toml"), "--json"], capsys)["kind"] == "link"
    )
    profile = tmp_path / "profile.csv"
    arguments = ["config", "check", str(profile), "--level", "cell", "--json"]
    for rows, words in (
        ("0,1\n1,nan\n2,1\n", "column 'current_A' is not a number in 1 of 3 rows, first in row 2"),
        ("0,1\n1,nan\n", "1 row at the end without a sample left out, from row 2 on"),
    ):
        profile.write_text("time_s,current_A\n" + rows)
        error = _json(arguments, capsys, ExitCode.USAGE)["error"]
        assert words in f"{error['what']} {error['why']}"


def test_validate_prints_every_check(capsys):
    document = _json(["validate", "--json"], capsys)
    assert document["passed"] is True
    keys = {"name", "expected", "got", "tolerance", "source", "passed"}
    for check in document["checks"]:
        assert keys <= set(check)
    assert len(document["checks"]) > 10


def test_a_failed_check_exits_3_with_one_document(monkeypatch, capsys):
    bad = Check("nadir", 1.0, 2.0, 0.1, "Hz", "test", passed=False)
    monkeypatch.setattr(validate, "checks", lambda: (bad,))
    assert _json(["validate", "--json"], capsys, ExitCode.GATE_FAILED)["passed"] is False
    assert run(["validate"]) == ExitCode.GATE_FAILED
    captured = capsys.readouterr()
    assert "FAIL" in captured.out
    assert "nadir" in captured.err


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    root = tmp_path_factory.mktemp("out")
    SYNTHETIC["make_folder"](root / "first", traces=False)
    SYNTHETIC["make_folder"](root / "second", traces=False, seed=8)
    return root


def test_runs_are_listed_shown_and_compared(runs, capsys):
    root = ["--root", str(runs)]
    listed = _json(["runs", "list", *root, "--json"], capsys)["runs"]
    assert [entry["name"] for entry in listed] == ["first", "second"]
    shown = _json(["runs", "show", "first", *root, "--json"], capsys)
    assert shown["run"]["seed"] == 7
    assert shown["matrix"]
    assert run(["runs", "show", str(runs / "first")]) == 0
    assert "all digests hold" in capsys.readouterr().out
    compared = _json(["runs", "compare", "first", "second", *root, "--json"], capsys)
    assert compared["same"] is True
    assert compared["settings"]["seed"] == {"before": 7, "after": 8}
    assert run(["runs", "compare", "first", "second", *root]) == 0
    assert "setting seed: 7 -> 8" in capsys.readouterr().out
    assert run(["runs", "list", *root]) == 0
    assert "whole" in capsys.readouterr().out


def test_a_run_that_is_not_there_or_damaged_is_named(tmp_path, capsys):
    root = ["--root", str(tmp_path)]
    assert run(["runs", "list", *root]) == 0
    assert "no run below" in capsys.readouterr().err
    SYNTHETIC["make_folder"](tmp_path / "demo", traces=False)
    assert run(["runs", "show", "dmeo", *root]) == 2
    assert "'demo'" in capsys.readouterr().err
    matrix = tmp_path / "demo" / "matrix.csv"
    matrix.write_bytes(matrix.read_bytes()[:-10])
    assert run(["runs", "show", "demo", *root]) == 2
    assert "matrix.csv" in capsys.readouterr().err
    listed = _json(["runs", "list", *root, "--json"], capsys)["runs"]
    assert listed[0]["state"].startswith("damaged")


def test_plant_hands_system_duty_and_folder_over(monkeypatch, tmp_path, capsys):
    calls = []

    def run_bare_plant(system, duty, out):
        calls.append((system.cell, duty, out.path))
        return {"peak_voltage_V": 4.1, "steps": 3}

    monkeypatch.setattr(plant, "run_bare_plant", run_bare_plant)
    profile = tmp_path / "drive.csv"
    profile.write_text("time_s,current_A\n0,-3\n1,-6\n")
    arguments = ["plant", "--duty", str(profile), "--level", "cell", "--out", str(tmp_path / "o")]
    document = _json([*arguments, "--json"], capsys)
    assert (document["peak_voltage_V"], document["duty"]) == (4.1, "drive")
    ((cell, duty, out),) = calls
    assert (cell, out) == ("reference-nmc", tmp_path / "o")
    np.testing.assert_array_equal(duty.current_A, [-3.0, -6.0])
    assert run(arguments) == 0
    assert "peak_voltage_V" in capsys.readouterr().out


def test_doctor_names_what_is_missing_and_how_to_get_it(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "requirements", lambda: ["numpy>=2.1", "absent-package>=1"])
    document = _json(["doctor", "--json"], capsys, ExitCode.ENVIRONMENT_LACKS)
    found = {finding["name"]: finding for finding in document["findings"]}
    assert document["complete"] is False
    assert found["numpy"]["present"]
    assert 'pip install "absent-package>=1"' in found["absent-package"]["install"]
    assert {"python", "mosquitto", "loopback port", "unix socket"} <= set(found)


def test_doctor_without_broker_gives_the_install_line(monkeypatch, capsys):
    def absent():
        raise EnvironmentLacksError("no mosquitto", hint="apt-get install mosquitto")

    monkeypatch.setattr(doctor, "mosquitto_program", absent)
    assert run(["doctor"]) == ExitCode.ENVIRONMENT_LACKS
    captured = capsys.readouterr()
    assert "apt-get install mosquitto" in captured.err
    assert "needed for live" in captured.err


def test_doctor_compares_versions():
    assert doctor.package("numpy>=2.1,<3").present
    old = doctor.package("numpy>=999.0")
    assert not old.present
    assert "older than 999.0" in old.found
