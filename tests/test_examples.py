"""Every example in a docstring runs, and every public name has one."""

import doctest
import importlib
import inspect
import json
import runpy
import shutil
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

import voltward

TESTS = Path(__file__).parent
SOURCE = TESTS.parent / "src"
MADE_RUN = runpy.run_path(str(TESTS / "synthetic_run.py"))
MADE_CELL = runpy.run_path(str(TESTS / "real_cells/identification/conftest.py"))
MADE_DRIVE = runpy.run_path(str(TESTS / "real_cells/replay/conftest.py"))
NOTEBOOK = TESTS.parent / "docs" / "tutorials" / "in-python.ipynb"
SHORT_DUTY = """
name = "short"
title = "two minutes of charging"
source = "made up for the examples"
initial_soc = 0.3
target_soc = 0.9
initial_temperature_degC = 25.0
ambient_degC = 20.0
[[segment]]
kind = "charge"
seconds = 120.0
"""
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def examples():
    """Find every docstring with an example, in modules that have one."""
    finder = doctest.DocTestFinder(exclude_empty=True)
    for path in sorted((SOURCE / "voltward").rglob("*.py")):
        if "data" in path.parts or ">>>" not in path.read_text("utf-8"):
            continue
        name = ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")
        yield from (test for test in finder.find(importlib.import_module(name)) if test.examples)


def write_recording(path, recording):
    """Write a recording under Voltward's own names."""
    columns = {
        "time_s": recording.time_s,
        "voltage_V": recording.voltage_V[:, 0],
        "current_A": recording.current_A,
        "temperature_degC": recording.temperature_degC,
    }
    if path.suffix == ".csv":
        columns["soc"] = recording.soc
        head = ",".join(columns)
        np.savetxt(
            path, np.column_stack(list(columns.values())), "%.6f", ",", header=head, comments=""
        )
    else:
        parquet.write_table(pa.table(columns), path)


@pytest.fixture(scope="session")
def shelf(tmp_path_factory):
    """Return a folder with what the examples read: a run, recordings, a duty."""
    folder = tmp_path_factory.mktemp("examples")
    MADE_RUN["make_folder"](folder / "out" / "demo")
    (folder / "short.toml").write_text(SHORT_DUTY, encoding="utf-8")
    cell = voltward.replay.__globals__["FileReplay"]("reference-nmc").cell
    write_recording(folder / "drive.csv", MADE_DRIVE["drive_of"](cell, 700))
    (folder / "recordings").mkdir()
    write_recording(folder / "recordings/slow.parquet", MADE_CELL["slow_discharge"]("slow"))
    write_recording(folder / "recordings/drive.parquet", MADE_CELL["drive"]("drive", 25.0, 2))
    check = MADE_CELL["drive"]("check", 25.0, 12, seconds=900)
    write_recording(folder / "recordings/check.parquet", check)
    return folder


@pytest.mark.parametrize("example", list(examples()), ids=lambda test: test.name)
def test_the_example_runs(example, shelf, tmp_path, monkeypatch):
    shutil.copytree(shelf, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    said = []
    runner = doctest.DocTestRunner(optionflags=OPTIONS)
    runner.run(example, out=said.append)
    plt.close("all")
    assert runner.summarize(verbose=False).failed == 0, "".join(said)


def test_the_notebook_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "__main__"}
    for cell in json.loads(NOTEBOOK.read_text("utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)
            assert cell["outputs"] == []
    plt.close("all")
    assert names["run"].matrix.stacks == ("none", "full-cross-cell-residual")


@pytest.mark.parametrize("name", voltward.__all__)
def test_every_public_name_has_an_example(name):
    documented = voltward if name == "__version__" else getattr(voltward, name)
    text = inspect.getdoc(documented) or ""
    assert ">>>" in text
