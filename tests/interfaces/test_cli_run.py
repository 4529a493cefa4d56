"""`voltward run` around the engine: a stand-in writes a made-up folder."""

import json
import os
import runpy
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voltward.core.errors import ConfigurationError, ExitCode
from voltward.core.files import checked_name
from voltward.interfaces.cli.main import run
from voltward.interfaces.cli.run import read_attack_options
from voltward.ranges.configuration.campaign_file import load_campaign
from voltward.results.run_folder import RunFolder

SYNTHETIC = runpy.run_path(str(Path(__file__).parents[1] / "synthetic_run.py"))
BASE = ["run", "--attack", "voltage-bias", "--stack", "none", "--seeds", "1", "--no-report"]


@pytest.fixture
def engine(monkeypatch):
    calls = []

    def run_campaign(settings, out, progress, *, resume, replacing):
        progress("campaign", 0, 2)
        calls.append((settings, out, resume))
        SYNTHETIC["make_folder"](out)

    monkeypatch.setattr("voltward.interfaces.cli.run.run_campaign", run_campaign)
    return calls


def test_the_result_goes_to_output_and_the_rest_to_error(engine, tmp_path, capsys):
    out = tmp_path / "run"
    assert run([*BASE, "--out", str(out)]) == ExitCode.DONE
    captured = capsys.readouterr()
    assert "voltage-bias" in captured.out
    assert "run.json" in captured.out
    assert f"voltward runs show {out}" in captured.out
    first = captured.err.splitlines()[0]
    for word in ("voltward 0.1.0", "python", "seed 7", "config", "1 attacks x 1 stacks x 1 seeds"):
        assert word in first
    assert "96s1p of reference-nmc" in captured.err
    assert "\x1b[" not in captured.out + captured.err


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/etc/x", "..", ".", " ", "a\nb", "x\0"])
def test_a_name_does_not_lead_out_of_the_folder(engine, tmp_path, monkeypatch, capsys, name):
    monkeypatch.chdir(tmp_path)
    assert run([*BASE, "--name", name]) == ExitCode.USAGE
    assert "--name" in capsys.readouterr().err
    campaign = tmp_path / "campaign.toml"
    campaign.write_text(f'name = {json.dumps(name)}\nattacks = ["voltage-bias"]\n')
    assert run(["run", str(campaign), "--no-report"]) == ExitCode.USAGE
    assert engine == []
    assert list(tmp_path.iterdir()) == [campaign]
    # With a folder of its own the name is a title.
    assert run([*BASE, "--name", name, "--out", str(tmp_path / "run")]) == ExitCode.DONE


@given(st.text(min_size=1, max_size=100))
def test_any_name_stays_below_its_folder(name):
    try:
        path = checked_name(name, "--name")
    except ConfigurationError:
        return
    folder = Path("/somewhere/out")
    assert Path(os.path.normpath(folder / path)).is_relative_to(folder)
    assert Path(os.path.normpath(folder / path)) != folder


@pytest.mark.parametrize("name", ["winter", "winter/a", "2026-11 cold: b", ".hidden", "Straße"])
def test_other_names_are_taken(engine, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    assert run([*BASE, "--name", name]) == ExitCode.DONE
    assert engine[0][1] == Path("out") / name


def test_quiet_says_nothing_beside_the_result(engine, tmp_path, capsys):
    assert run(["--quiet", *BASE, "--out", str(tmp_path / "run")]) == ExitCode.DONE
    assert capsys.readouterr().err == ""
    run(["doctor"])


def test_json_is_one_document(engine, tmp_path, capsys):
    out = tmp_path / "run"
    assert run([*BASE, "--out", str(out), "--json", "--gate", "goal_share(none)<=1"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema_version"] == 1
    assert document["out"] == str(out)
    assert document["run"]["config_sha256"]
    assert document["gate"]["passed"] is True
    assert {row["stack"] for row in document["matrix"]} == {
        "none",
        "prevention",
        "detection",
        "full",
    }


@pytest.mark.parametrize("as_json", [False, True])
def test_a_failed_gate_exits_3_after_the_result(engine, tmp_path, capsys, as_json):
    arguments = [*BASE, "--out", str(tmp_path / "run"), "--gate", "goal_share(none)<=0.01"]
    assert run([*arguments, *(["--json"] if as_json else [])]) == ExitCode.GATE_FAILED
    captured = capsys.readouterr()
    assert "gate failed" in captured.err
    if as_json:
        assert json.loads(captured.out)["gate"]["passed"] is False
    else:
        assert "FAIL" in captured.out


def test_flags_reach_the_engine(engine, tmp_path):
    out = tmp_path / "run"
    flags = ["--resume", "--seed", "3", "--no-cloud", "--link", "wifi", "--keep", "none"]
    assert run([*BASE, "--out", str(out), *flags]) == 0
    ((settings, folder, resume),) = engine
    assert (settings.seed, settings.cloud, settings.link, settings.keep) == (
        3,
        False,
        "wifi",
        "none",
    )
    assert (folder, resume) == (out, True)


@pytest.fixture
def finished(tmp_path):
    """Return the folder of a finished run of BASE, with the arguments that lead there."""
    flags = {"attacks": [{"id": "voltage-bias"}], "stacks": ["none"], "seeds": 1}
    out = tmp_path / "run"
    SYNTHETIC["make_folder"](out, config_sha256=load_campaign(None, flags).config_sha256)
    return out, [*BASE, "--tara", "none", "--out", str(out)]


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_finished_run_is_left_as_it_is_by_resume(engine, finished, capsys):
    out, arguments = finished
    before = contents(out)
    assert run([*arguments, "--resume"]) == ExitCode.DONE
    assert f"already finished: {out}" in capsys.readouterr().out
    assert run([*arguments, "--resume", "--json"]) == ExitCode.DONE
    captured = capsys.readouterr()
    assert json.loads(captured.out)["out"] == str(out)
    assert "already finished" in captured.err
    assert run([*arguments, "--resume", "--seed", "8"]) == ExitCode.USAGE
    assert "of another configuration" in capsys.readouterr().err
    assert engine == []
    assert contents(out) == before


def test_resume_adds_the_report_that_a_finished_run_lacks(engine, finished, capsys):
    out, arguments = finished
    arguments.remove("--no-report")
    assert run([*arguments, "--resume"]) == ExitCode.DONE
    assert "wrote" in capsys.readouterr().out
    assert "report.html" in RunFolder.open(out).run["files"]
    before = contents(out)
    assert run([*arguments, "--resume"]) == ExitCode.DONE
    assert engine == []
    assert contents(out) == before


def test_an_edited_rating_is_replaced_only_by_force_which_names_it(engine, tmp_path, capsys):
    arguments = [*BASE, "--tara", "headlamp", "--out", str(tmp_path / "run")]
    assert run(arguments) == ExitCode.DONE
    assert run(arguments) == ExitCode.DONE
    rating = tmp_path / "run" / "risk.json"
    rating.write_text("edited")
    capsys.readouterr()
    assert run(arguments) == ExitCode.USAGE
    assert "risk.json" in capsys.readouterr().err
    assert rating.read_text() == "edited"


def test_force_reaches_the_engine(monkeypatch, tmp_path, capsys):
    def run_campaign(settings, out, progress, *, resume, replacing):
        SYNTHETIC["make_folder"](out)
        (out / "risk.json").write_text("mine")
        replacing(out / "matrix.csv")

    monkeypatch.setattr("voltward.interfaces.cli.run.run_campaign", run_campaign)
    arguments = [*BASE, "--tara", "headlamp", "--out", str(tmp_path), "--force"]
    assert run(arguments) == ExitCode.DONE
    said = capsys.readouterr().err
    assert f"replaces {tmp_path / 'matrix.csv'}\n" in said
    assert f"replaces {tmp_path / 'risk.json'}\n" in said


def test_a_bad_gate_is_found_before_anything_runs(engine, tmp_path, capsys):
    assert run([*BASE, "--out", str(tmp_path / "run"), "--gate", "goal_share(ful)<=0"]) == 2
    assert engine == []
    assert not (tmp_path / "run").exists()


def test_nothing_selected_exits_2_and_an_empty_selection_5(engine, tmp_path, capsys):
    assert run(["run"]) == ExitCode.USAGE
    assert "--attack all" in capsys.readouterr().err
    empty = tmp_path / "empty.toml"
    empty.write_text("attacks = []\n")
    assert run(["run", str(empty)]) == ExitCode.NOTHING_RAN
    assert "attacks is empty" in capsys.readouterr().err
    assert engine == []


def test_attack_options():
    assert read_attack_options(("all",)) == "all"
    assert read_attack_options(("a", "b:x_V=0.5,y=2")) == [
        {"id": "a"},
        {"id": "b", "x_V": 0.5, "y": 2},
    ]


@pytest.mark.parametrize(
    ("option", "words"),
    [("a:x", "cannot read 'x'"), ("a:", "cannot read ''"), ("a:x=b", "got 'b'"), ("a:=1", "'=1'")],
)
def test_bad_attack_options(option, words):
    with pytest.raises(ConfigurationError) as caught:
        read_attack_options((option,))
    assert words in caught.value.what
