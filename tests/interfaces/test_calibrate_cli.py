"""`voltward calibrate` from files to a file, and the recordings that it refuses."""

import runpy
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import csv, parquet

from voltward.controls.cell_calibration import load_calibration
from voltward.core.errors import ConfigurationError, ExitCode
from voltward.interfaces.cli.main import run
from voltward.real_cells.identification.cell_document import write_cell
from voltward.real_cells.identification.shared_data import shared_recordings
from voltward.real_cells.recordings.reading import read_recording

MADE = runpy.run_path(str(Path(__file__).parents[1] / "real_cells/identification/conftest.py"))


def drive(name, seed, seconds=900):
    """Return a drive of the known cell: a new current every five seconds."""
    level_C = np.random.default_rng(seed).uniform(-2.5, 0.8, seconds // 5)
    current_A = np.repeat(MADE["KNOWN"].capacity_Ah * level_C, 50)
    current_A[:50] = 0.0
    return MADE["recorded"](name, 0.1, current_A, 25.0, seed=seed)


def table_of(recording):
    return pa.table(
        {
            "time_s": recording.time_s,
            "voltage_V": recording.voltage_V[:, 0],
            "current_A": recording.current_A,
            "temperature_degC": recording.temperature_degC,
            "soc": recording.soc,
        }
    )


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    write_cell(folder / "cell.toml", replace(MADE["KNOWN"], error_degC=(25.0,), error_V=(0.005,)))
    for name, seed in (("fit", 2), ("clean", 3)):
        parquet.write_table(table_of(drive(name, seed)), folder / f"{name}.parquet")
    return folder


def calibrate(data, clean, *fit, out):
    """Return the exit code of a calibration on files of the folder."""
    files = [str(data / name) if "/" not in str(name) else str(name) for name in clean]
    fits = [part for name in fit for part in ("--fit", str(data / name))]
    return run(["calibrate", *files, *fits, "--cell", str(data / "cell.toml"), "--out", str(out)])


def test_thresholds_are_written_and_their_bound_is_called_in_sample(
    data, tmp_path, monkeypatch, capsys
):
    stages = []
    monkeypatch.setattr(
        "voltward.interfaces.cli.calibrate.progress_bar",
        lambda: nullcontext(lambda *shown: stages.append(shown)),
    )
    out = tmp_path / "cell.calibration.toml"
    assert calibrate(data, ["clean.parquet"], "fit.parquet", out=out) == ExitCode.DONE
    # What is waited for is said when the work begins, and all of it is counted.
    assert [done for stage, done, _ in stages if "compiling" in stage] == [0]
    assert stages[-1] == ("calibrate", 6, 6)
    found = load_calibration(tmp_path / "cell.toml")
    assert found.hours == pytest.approx(0.25, rel=0.02)
    said = capsys.readouterr().out
    (line,) = [line for line in said.splitlines() if "Poisson" in line]
    assert "in-sample" in line
    assert "replay some that set nothing" in line


def test_a_shipped_cell_is_not_calibrated_in_the_installation(data, capsys):
    files = [str(data / "clean.parquet"), "--fit", str(data / "fit.parquet")]
    assert run(["calibrate", *files, "--cell", "reference-nmc"]) == ExitCode.USAGE
    error = capsys.readouterr().err
    assert "--cell reference-nmc: is shipped" in error
    assert "hint: copy" in error


def copied(data, folder, kind):
    """Return the fitted recording under another name, and in another form."""
    table = parquet.read_table(data / "fit.parquet")
    if kind == "copy":
        path = folder / "other.parquet"
        path.write_bytes((data / "fit.parquet").read_bytes())
    elif kind == "link":
        path = folder / "linked.parquet"
        path.symlink_to(data / "fit.parquet")
    elif kind == "csv":
        path = folder / "text.csv"
        csv.write_csv(table, path)
    elif kind == "part":
        path = folder / "part.parquet"
        parquet.write_table(table.slice(2000, 4000), path)
    else:
        path = folder / "renamed.parquet"
        names = {"voltage_V": "Voltage_V", "current_A": "Current_A"}
        parquet.write_table(
            table.rename_columns([names.get(name, name) for name in table.column_names]), path
        )
    return path


@pytest.mark.parametrize("kind", ["copy", "link", "csv", "part", "renamed"])
def test_a_recording_of_the_fit_is_no_clean_recording(data, tmp_path, capsys, kind):
    path = copied(data, tmp_path, kind)
    out = tmp_path / "out.toml"
    clean = ["clean.parquet", str(path)]
    assert calibrate(data, clean, "fit.parquet", out=out) == ExitCode.USAGE
    error = capsys.readouterr().err
    assert path.stem in error
    assert "in-sample" in error
    assert "fit" in error
    assert not out.exists()


def test_the_same_file_and_the_same_folder_are_refused(data, tmp_path, capsys):
    out = tmp_path / "out.toml"
    for clean, fit in (("fit.parquet", "fit.parquet"), ("", "fit.parquet"), ("*.parquet", "")):
        assert calibrate(data, [clean], fit, out=out) == ExitCode.USAGE
        assert "DATA and --fit share recordings" in capsys.readouterr().err


def test_hours_do_not_count_twice(data, tmp_path, capsys):
    again = tmp_path / "again.parquet"
    again.write_bytes((data / "clean.parquet").read_bytes())
    code = calibrate(data, ["clean.parquet", str(again)], "fit.parquet", out=tmp_path / "out.toml")
    assert code == ExitCode.USAGE
    assert "again.parquet (the same as" in capsys.readouterr().err


def test_a_recording_of_another_cell_sets_no_thresholds(data, tmp_path, capsys):
    made = drive("other", 5)
    bent = made.voltage_V - 1.5 * np.abs(made.soc[:, None] - 0.9)
    path, out = tmp_path / "other.parquet", tmp_path / "out.toml"
    parquet.write_table(table_of(replace(made, voltage_V=bent)), path)
    assert calibrate(data, [str(path)], "fit.parquet", out=out) == ExitCode.USAGE
    error = capsys.readouterr().err
    assert "other: not a recording of the cell known" in error
    assert "--cell" in error
    assert not out.exists()


@given(first=st.integers(0, 6000), length=st.integers(200, 9000), seed=st.integers(2, 3))
def test_a_stretch_of_the_fit_is_recognised_and_another_drive_is_not(data, first, length, seed):
    name = {2: "fit", 3: "clean"}[seed]
    table = parquet.read_table(data / f"{name}.parquet").slice(first, length)
    path = data.parent / "stretch.parquet"
    parquet.write_table(table, path)
    fitted = read_recording(data / "fit.parquet")
    try:
        stretch = read_recording(path)
    except ConfigurationError:
        return
    assert bool(shared_recordings([stretch], [fitted])) == (name == "fit")
