"""`voltward identify` from files to files: a tiny made-up cell, and all that can go wrong."""

import json
import runpy
from contextlib import nullcontext
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from voltward.core.errors import ConfigurationError, ExitCode
from voltward.interfaces.cli.main import run
from voltward.physical.cell_file import load_cell
from voltward.real_cells.identification.data_files import recording_files

MADE = runpy.run_path(str(Path(__file__).parents[1] / "real_cells/identification/conftest.py"))


def write(path, recording, *, cells=1, voltage_offset_V=0.0):
    """Write a recording under Voltward's own names, without its state of charge."""
    columns = {
        "time_s": recording.time_s,
        "current_A": recording.current_A,
        "temperature_degC": recording.temperature_degC,
    }
    names = ["voltage_V"] if cells == 1 else [f"voltage_{cell + 1}_V" for cell in range(cells)]
    columns |= dict.fromkeys(names, recording.voltage_V[:, 0] + voltage_offset_V)
    parquet.write_table(pa.table(columns), path)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    write(folder / "slow.parquet", MADE["slow_discharge"]("slow"))
    write(folder / "fit-25.parquet", MADE["drive"]("fit-25", 25.0, 2))
    write(folder / "fit-0.parquet", MADE["drive"]("fit-0", 0.0, 4))
    write(folder / "check-25.parquet", MADE["drive"]("check-25", 25.0, 12, seconds=900))
    write(folder / "random.parquet", MADE["random_loads"]("random", 25.0, 7))
    off = MADE["drive"]("check-off", 25.0, 15, seconds=600)
    write(folder / "check-off.parquet", off, voltage_offset_V=0.06)
    return folder


@pytest.fixture(scope="module")
def done(data, tmp_path_factory):
    """Return folder, exit code and output of a good run."""
    out = tmp_path_factory.mktemp("out")
    with pytest.MonkeyPatch.context() as patch:
        said, heard = [], []
        patch.setattr("voltward.interfaces.cli.identify.emit", said.append)
        patch.setattr("voltward.interfaces.cli.identify.message", heard.append)
        patch.setattr(
            "voltward.interfaces.cli.identify.progress_bar",
            lambda: nullcontext(lambda stage, *_: heard.append(f"progress {stage}")),
        )
        facts = ["--name", "tiny", "--chemistry", "NMC", "--source", "a test <&>"]
        held_out = ["--check", f"{data}/check-*"]
        files = [str(data), *held_out, "--out", f"{out}/cell.toml"]
        code = run(["identify", *files, *facts, "--surface", "0.01"])
    return out, code, "\n".join(said), "\n".join(heard)


def test_three_files_are_written_and_nothing_else(done):
    out, code, said, _ = done
    assert code == ExitCode.DONE
    names = {"cell.toml", "cell.report.html", "cell.report.json"}
    assert {path.name for path in out.iterdir()} == names
    assert all(f"wrote {out / name}" in said for name in names)


def test_the_cell_is_that_of_the_recordings(done):
    cell = load_cell(done[0] / "cell.toml")
    assert (cell.name, cell.chemistry, cell.surface_m2) == ("tiny", "NMC", 0.01)
    assert cell.capacity_Ah == pytest.approx(2.9, rel=0.005)
    middle = cell.series_ohm.size // 2
    assert cell.series_ohm[middle] == pytest.approx(0.0221, rel=0.08)
    assert len(cell.error_V) == 1


def test_the_table_tells_fit_from_check_and_poor_from_good(done):
    lines = {line.split()[0]: line for line in done[2].splitlines()}
    assert "held out" in lines["check-25"]
    assert "poor" not in lines["check-25"]
    assert "poor" in lines["check-off"]
    assert " fit " in lines["slow"]
    assert "warning poor fit: check-off is met within 6" in done[2]


def test_the_wait_for_the_compiler_is_announced(done):
    stages = [line for line in done[3].splitlines() if line.startswith("progress ")]
    first = stages.index("progress fit: compiling (up to half a minute)")
    assert stages[first - 1] == "progress read"
    assert "mV" in stages[first + 1]


def test_the_start_that_was_assumed_is_said(done):
    assert "recordings without a state of charge were taken to start full" in done[3]
    assert "state of charge counted from 100 %" in done[3]


def test_what_is_assumed_stands_in_the_file(done):
    lines = (done[0] / "cell.toml").read_text(encoding="utf-8").splitlines()
    assumed = lines.index("# Assumption: an 18650 scaled by capacity.")
    assert lines[assumed + 1].startswith("heat_capacity_J_per_K")
    assert not lines[lines.index("surface_m2 = 0.01") - 1].startswith("#")
    assert any(line.startswith("# Finding: poor fit: check-off") for line in lines)


def test_the_report_holds_all_by_itself(done):
    page = (done[0] / "cell.report.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 4
    assert "http-equiv" in page
    assert "<script" not in page
    assert "<img" not in page
    assert "a test &lt;&amp;&gt;" in page
    assert "✘ POOR" in page
    for words in ("check-off", "track measured", "heat_capacity_J_per_K, volume_m3"):
        assert words in page


def test_the_figures_of_the_report_are_numbers_too(done):
    document = json.loads((done[0] / "cell.report.json").read_text(encoding="utf-8"))
    rows = {row["recording"]: row for row in document["recordings"]}
    assert rows["check-25"]["voltage_rmse_mV"] < 5.0
    assert rows["check-off"]["voltage_bias_mV"] == pytest.approx(60.0, abs=5.0)
    assert document["track"] == "measured"
    assert document["usable"]
    assert [row["recordings"] for row in document["temperatures"]] == [1, 5]
    fitted = {row["name"]: row for row in document["fitted"]}
    assert fitted["slow_s"]["lowest"] == pytest.approx(
        load_cell(done[0] / "cell.toml").slow_s, 1e-4
    )


def test_a_fit_that_does_not_converge_is_written_marked_and_fails(
    data, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr("voltward.real_cells.identification.solve._ROUNDS", 1)
    files = [str(data / f"{name}.parquet") for name in ("slow", "fit-25")]
    out = tmp_path / "cell.toml"
    assert run(["identify", *files, "--out", str(out), "--json"]) == ExitCode.GATE_FAILED
    captured = capsys.readouterr()
    document = json.loads(captured.out)
    assert not document["usable"]
    assert document["doubts"][0]["grave"]
    assert "did not converge in 1 rounds" in captured.err
    assert "NOT SOUND" in out.with_suffix(".report.html").read_text(encoding="utf-8")
    assert "did not converge" in out.read_text(encoding="utf-8")


def test_a_discharge_at_random_currents_identifies_a_cell(data, tmp_path, capsys):
    names = ("slow", "random")
    files = [str(data / f"{name}.parquet") for name in names]
    check = ["--check", str(data / "check-25.parquet")]
    code = run(["identify", *files, *check, "--out", f"{tmp_path}/cell.toml", "--json"])
    assert code == ExitCode.DONE
    rows = {row["recording"]: row for row in json.loads(capsys.readouterr().out)["recordings"]}
    assert rows["random"]["drive"]
    assert not rows["slow"]["drive"]
    assert rows["check-25"]["voltage_rmse_mV"] < 10.0


def test_a_copy_of_a_check_is_held_out_too(data, tmp_path, capsys):
    copy = tmp_path / "copy.parquet"
    copy.write_bytes((data / "check-25.parquet").read_bytes())
    out = ["--out", f"{tmp_path}/cell.toml"]
    check = ["--check", str(data / "check-25.parquet")]
    code = run(["identify", str(data / "slow.parquet"), str(copy), *check, *out])
    assert code == ExitCode.USAGE
    # The slow discharge alone is left, and it is no profile.
    assert "no recording is a profile" in capsys.readouterr().err
    assert run(["identify", str(copy), *check, *out]) == ExitCode.USAGE
    error = capsys.readouterr().err
    assert "every recording is held out" in error
    assert "in-sample" in error


def test_an_error_without_a_check_is_called_in_sample(data, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("voltward.real_cells.identification.solve._ROUNDS", 1)
    files = [str(data / f"{name}.parquet") for name in ("slow", "fit-25")]
    run(["identify", *files, "--out", f"{tmp_path}/cell.toml"])
    assert "the stated model error is in-sample" in capsys.readouterr().err


def test_an_interruption_leaves_nothing(data, tmp_path, monkeypatch, capsys):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("voltward.real_cells.identification.identified_files.identify", stop)
    assert run(["identify", str(data), "--out", f"{tmp_path}/cell.toml"]) == ExitCode.INTERRUPTED
    assert list(tmp_path.iterdir()) == []
    assert "interrupted" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("names", "options", "words"),
    [
        (["fit-25"], [], "no recording is a slow discharge"),
        (["fit-25"], [], "fit-25: discharge within 10% of"),
        (["random"], [], "random: discharge within 10% of"),
        (["slow"], [], "no recording is a profile"),
        (["slow"], [], "slow: within 10 s of a change of current: 0% of the samples"),
        (["slow", "fit-25"], ["--capacity", "2900"], "2900 Ah are stated"),
        (["slow", "fit-25"], ["--initial-soc", "0.3"], "leads to"),
        (["slow", "fit-25"], ["--cut", "lowest-charge"], "no charge counter"),
        (["slow", "absent"], [], "no such file"),
        (["slow"], ["--columns", "kolmeyer"], "column map"),
    ],
)
def test_what_cannot_be_used_is_said_before_anything_is_written(
    data, tmp_path, capsys, names, options, words
):
    files = [str(data / f"{name}.parquet") for name in names]
    assert run(["identify", *files, "--out", f"{tmp_path}/cell.toml", *options]) == ExitCode.USAGE
    assert words in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_string_of_two_cells_is_refused(data, tmp_path, capsys):
    two = tmp_path / "two.parquet"
    write(two, MADE["drive"]("two", 25.0, 9, seconds=300), cells=2)
    out = tmp_path / "cell.toml"
    code = run(["identify", str(data / "slow.parquet"), str(two), "--out", str(out)])
    assert code == ExitCode.USAGE
    assert "one cell" in capsys.readouterr().err


def test_the_parameter_file_must_be_toml(data, tmp_path, capsys):
    assert run(["identify", str(data), "--out", f"{tmp_path}/cell.json"]) == ExitCode.USAGE
    assert "ends in .toml" in capsys.readouterr().err


def test_all_held_out_leaves_nothing_to_fit(data, tmp_path, capsys):
    arguments = ["identify", str(data), "--check", str(data), "--out", f"{tmp_path}/cell.toml"]
    assert run(arguments) == ExitCode.USAGE
    assert "held out" in capsys.readouterr().err


def test_files_folders_and_patterns_name_each_file_once(data, tmp_path):
    drives = recording_files([f"{data}/fit-*", str(data / "fit-0.parquet"), str(data)])
    assert [path.stem for path in drives] == [
        "fit-0", "fit-25", "check-25", "check-off", "random", "slow",
    ]  # fmt: skip
    for name in (str(tmp_path), f"{tmp_path}/*.csv"):
        with pytest.raises(ConfigurationError, match=r"no recording|no file"):
            recording_files([name])
    (tmp_path / "a[1].csv").write_text("x", encoding="utf-8")
    assert recording_files([f"{tmp_path}/a[1].csv"]) == [tmp_path / "a[1].csv"]
