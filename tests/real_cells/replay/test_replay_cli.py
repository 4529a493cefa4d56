"""`voltward replay` from files to output."""

import json

import numpy as np
import pytest

from voltward.core.errors import ExitCode
from voltward.interfaces.cli.main import run

FIELDS = {
    "profile", "track", "samples", "hours", "initial_soc", "voltage_rmse_mV",
    "innovation_rmse_mV", "soc_rmse_pct", "false_alarms", "detected", "delay_s", "detector",
    "cell_named", "soc_damage_pct", "alarmed_at_start", "alarms", "notes", "warnings",
}  # fmt: skip
CELL = ["--cell", "reference-nmc"]


@pytest.fixture
def data(tmp_path, recording):
    path = tmp_path / "drive.csv"
    table = np.column_stack(
        [
            recording.time_s,
            recording.voltage_V[:, 0],
            recording.current_A,
            recording.temperature_degC,
            recording.soc,
        ]
    )
    head = "time_s,voltage_V,current_A,temperature_degC,soc"
    np.savetxt(path, table, delimiter=",", header=head, comments="", fmt="%.9g")
    return path


def test_json_is_one_document_with_every_field(data, capsys):
    arguments = ["replay", str(data), *CELL, "--inject", "voltage=bias:0.050@400", "--json"]
    assert run(arguments) == ExitCode.DONE
    document = json.loads(capsys.readouterr().out)
    (profile,) = document["profiles"]
    assert set(profile) == FIELDS
    assert profile["profile"] == "drive"
    assert profile["track"] == "measured"
    assert profile["samples"] == 700
    assert profile["initial_soc"] == pytest.approx(0.8)
    assert profile["voltage_rmse_mV"] < 1.0
    assert profile["detected"] is True
    assert profile["delay_s"] < 15.0
    assert set(profile["alarms"][0]) == {"time_s", "detector", "score"}


def test_without_an_injection_nothing_is_detected_and_nothing_rings(data, capsys):
    assert run(["replay", str(data), *CELL, "--json"]) == ExitCode.DONE
    (profile,) = json.loads(capsys.readouterr().out)["profiles"]
    assert profile["false_alarms"] == 0
    assert profile["detected"] is None
    assert profile["alarms"] == []


def test_the_table_names_track_hours_and_detectors(data, capsys):
    arguments = ["replay", str(data), *CELL, "--track", "matched", "--detector", "soc-drift"]
    assert run([*arguments, "--inject", "voltage=bias:0.3@300"]) == ExitCode.DONE
    out = capsys.readouterr().out
    assert "track matched; 0.19 h; 0 false alarms; detected in 1 of 1" in out
    assert "detectors: soc-drift" in out


def test_traces_take_the_names_of_several_profiles(data, tmp_path, capsys):
    other = tmp_path / "again.csv"
    other.write_bytes(data.read_bytes())
    out = tmp_path / "out" / "trace.csv"
    assert run(["replay", str(data), str(other), *CELL, "--trace", str(out)]) == ExitCode.DONE
    names = sorted(path.name for path in out.parent.iterdir())
    assert names == ["trace-again.csv", "trace-drive.csv"]
    assert f"wrote {out.with_name('trace-drive.csv')}" in capsys.readouterr().err


def test_traces_of_like_names_do_not_overwrite_one_another(data, tmp_path, capsys):
    others = []
    for folder in ("a", "b", "c/a"):
        path = tmp_path / folder / "drive.csv"
        path.parent.mkdir(parents=True)
        path.write_bytes(data.read_bytes())
        others.append(str(path))
    out = tmp_path / "out" / "t.csv"
    folders = [str(tmp_path / "b"), f"{tmp_path}/a/*.csv", others[2]]
    assert run(["replay", *folders, *CELL, "--trace", str(out)]) == ExitCode.DONE
    names = sorted(path.name for path in out.parent.iterdir())
    assert names == ["t-a-drive-1.csv", "t-a-drive-2.csv", "t-b-drive.csv"]
    assert capsys.readouterr().out.count("\ndrive ") == 3


def test_the_wrong_cell_gets_a_warning_in_words_and_in_json(data, capsys):
    bent = []
    head, *rows = data.read_text().splitlines()
    for row in rows:
        time_s, voltage_V, *rest = row.split(",")
        level = 0.2 * np.sin(float(time_s) / 30.0)
        bent.append(",".join([time_s, str(float(voltage_V) + level), *rest]))
    data.write_text("\n".join([head, *bent]) + "\n")
    assert run(["replay", str(data), *CELL]) == ExitCode.DONE
    out = capsys.readouterr().out
    assert "warning drive: the open-loop twin of reference-nmc is 14" in out
    assert "'voltward identify'" in out
    assert run(["replay", str(data), *CELL, "--json"]) == ExitCode.DONE
    (profile,) = json.loads(capsys.readouterr().out)["profiles"]
    assert "the voltage curve" in profile["warnings"][0]


def test_a_recording_of_a_larger_cell_is_refused(data, capsys):
    run(["replay", str(data), "--cell", "lg-18650hg2", "--initial-soc", "0.8"])
    captured = capsys.readouterr()
    assert f"error: {data}: not a recording of the cell lg-18650hg2: the capacity" in captured.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([*CELL, "--inject", "voltage=bias:20"], "did you mean 0.02 V (20 mV)?"),
        ([*CELL, "--inject", "current=bias:3000@10"], "allowed are -300 to 300 A"),
        ([*CELL, "--inject", "temperature=ramp:1"], "after 699 s it would add 699 K"),
        (["--cell", "reference-nmd"], "did you mean 'reference-nmc'"),
        (["--cell", "missing.toml"], "there is no such file"),
        ([*CELL, "--inject", "voltag=bias:1"], "did you mean 'voltage'"),
        ([*CELL, "--inject", "voltage=bias:1@9999"], "ends at 699 s"),
        ([*CELL, "--inject", "mqtt-drop@10"], "acts beyond the sensors"),
        ([*CELL, "--detector", "soc-drfit"], "did you mean 'soc-drift'"),
        ([*CELL, "--trace", "trace.txt"], ".parquet, .csv, .png"),
        ([*CELL, "--initial-soc", "80"], "initial-soc"),
        ([], "--cell"),
    ],
)
def test_bad_input_exits_2_and_says_why(data, arguments, words, capsys):
    assert run(["replay", str(data), *arguments]) == ExitCode.USAGE
    assert words in capsys.readouterr().err


def test_a_missing_file_is_named(tmp_path, capsys):
    assert run(["replay", str(tmp_path / "none.csv"), *CELL]) == ExitCode.USAGE
    assert "none.csv" in capsys.readouterr().err


def test_time_in_reverse_is_refused(data, capsys):
    head, *rows = data.read_text().splitlines()
    data.write_text("\n".join([head, *reversed(rows)]) + "\n")
    assert run(["replay", str(data), *CELL]) == ExitCode.USAGE
    assert "time" in capsys.readouterr().err


def test_without_soc_and_rest_the_start_must_be_given(data, capsys):
    lines = [line.rsplit(",", 1)[0] for line in data.read_text().splitlines()]
    data.write_text("\n".join([lines[0], *lines[20:]]) + "\n")
    assert run(["replay", str(data), *CELL]) == ExitCode.USAGE
    assert "--initial-soc" in capsys.readouterr().err
    assert run(["replay", str(data), *CELL, "--initial-soc", "0.79"]) == ExitCode.DONE
