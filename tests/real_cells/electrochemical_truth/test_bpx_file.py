"""BPX files: a written-down published cell behaves as that cell; bad files are named by field."""

import json
from pathlib import Path

import numpy as np
import pytest

from voltward.core.errors import ConfigurationError
from voltward.real_cells.electrochemical_truth.bpx_file import read_bpx
from voltward.real_cells.electrochemical_truth.dfn import simulate
from voltward.real_cells.electrochemical_truth.parameter_sets import published_cell

GOOD = Path(__file__).parent / "lg_m50_chen2020.bpx.json"
# PyBaMM's own dependencies announce what they will drop.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def needs_pybamm():
    pytest.importorskip("pybamm")
    pytest.importorskip("bpx")


def _changed(tmp_path, change):
    document = json.loads(GOOD.read_text())
    change(document)
    path = tmp_path / "cell.json"
    path.write_text(json.dumps(document))
    return path


def _part(document, name):
    return document["Parameterisation"][name]


def test_a_written_down_cell_behaves_as_the_published_one(needs_pybamm):
    cell, published = read_bpx(GOOD), published_cell("lg-m50")
    assert cell.name == "lg_m50_chen2020"
    assert "Chen et al." in cell.source
    assert cell.capacity_Ah == pytest.approx(published.capacity_Ah, rel=1e-6)
    current_A = np.concatenate((np.zeros(10), np.full(120, -7.0), np.full(60, 5.0), np.zeros(30)))
    for temperature_degC in (25.0, 0.0):
        got = simulate(cell, current_A, temperature_degC, 0.6).voltage_V
        expected = simulate(published, current_A, temperature_degC, 0.6).voltage_V
        assert np.abs(got - expected).max() < 0.3e-3


def test_what_the_file_leaves_open_is_said(needs_pybamm, tmp_path):
    cell = read_bpx(_changed(tmp_path, lambda document: document.pop("State")))
    assert "Initial concentration in electrolyte" in cell.limits


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "line 1.*not JSON"),
        ("[1, 2]", "no object Header"),
        ('{"Header": {"Model": "DFN"}}', "no object Parameterisation"),
        ('{"Header": {"Model": "SPM"}, "Parameterisation": {}}', "'SPM', without Electrolyte"),
    ],
)
def test_what_is_no_full_cell_is_refused_without_pybamm(tmp_path, text, words):
    path = tmp_path / "cell.json"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=words):
        read_bpx(path)


def test_an_absent_or_binary_file_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="no such BPX file"):
        read_bpx(tmp_path / "none.json")
    path = tmp_path / "cell.json"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigurationError, match="text in UTF-16"):
        read_bpx(path)


def test_a_file_without_electrolyte_is_refused_by_name(tmp_path):
    path = _changed(tmp_path, lambda document: document["Parameterisation"].pop("Electrolyte"))
    with pytest.raises(ConfigurationError, match="without Electrolyte"):
        read_bpx(path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: _part(d, "Cell").pop("Electrode area [m2]"), r"Electrode area \[m2\]"),
        (
            lambda d: _part(d, "Negative electrode").update({"Particle radius [m]": "wide"}),
            r"Negative electrode.*Particle radius \[m\]",
        ),
        (
            lambda d: _part(d, "Positive electrode").update({"OCP [V]": "import os"}),
            r"Positive electrode.*OCP \[V\]",
        ),
        (lambda d: _part(d, "Separator").update({"Colour": "blue"}), "Colour"),
        (lambda d: _part(d, "Cell").pop("Volume [m3]"), r"Volume \[m3\]"),
        (lambda d: d["Header"].pop("BPX"), "BPX"),
        (
            lambda d: _part(d, "Cell").update({"Electrode area [m2]": 1.0}),
            "Nominal cell capacity",
        ),
        (
            lambda d: _part(d, "Cell").update({"Upper voltage cut-off [V]": 9.0}),
            "2.5 and 9 V are outside",
        ),
    ],
)
def test_the_field_at_fault_is_named(needs_pybamm, tmp_path, change, words):
    with pytest.raises(ConfigurationError, match=words):
        read_bpx(_changed(tmp_path, change))
