"""From a written-down electrochemical cell to a parameter file: error stated, bad input named."""

import json
from pathlib import Path

import numpy as np
import pytest

from voltward.core.errors import ConfigurationError
from voltward.interfaces.cli.main import cli
from voltward.physical.cell_file import load_cell
from voltward.real_cells.electrochemical_truth.extraction import extract, middle_curve
from voltward.real_cells.electrochemical_truth.parameter_sets import ElectrochemicalCell
from voltward.real_cells.recordings.recording import Recording

GOOD = Path(__file__).parent / "lg_m50_chen2020.bpx.json"
BLANK = ElectrochemicalCell("x", 5.0, 2.5, 4.2, None, "", "")
# PyBaMM's own dependencies announce what they will drop.
pytestmark = pytest.mark.filterwarnings("ignore")


def _slow_cycle(gap_V):
    """Return a cycle between SoC 1 and 0.1 of a cell with a straight curve and a constant gap."""
    soc = np.concatenate((np.linspace(1.0, 0.0, 500), np.linspace(0.0, 0.9, 450)))
    current_A = np.concatenate((np.full(500, -0.25), np.full(450, 0.25)))
    voltage_V = 3.0 + soc + 0.5 * gap_V * np.sign(current_A)
    return Recording(
        "c20",
        np.arange(950.0),
        voltage_V[:, np.newaxis],
        current_A,
        np.full(950, 25.0),
        soc,
    )


@pytest.mark.parametrize("gap_V", [0.0, 0.02, 0.1])
def test_the_middle_curve_undoes_the_gap_also_beyond_the_charge(gap_V):
    curve = middle_curve(_slow_cycle(gap_V), 5.0)
    knots = np.linspace(0.0, 1.0, curve.voltage_V.size)
    assert np.abs(curve.voltage_V - (3.0 + knots)).max() < 3e-3
    assert np.all(np.diff(curve.voltage_V) > 0.0)
    assert curve.capacity_Ah == 5.0


def test_one_direction_is_no_slow_cycle():
    cycle = _slow_cycle(0.02)
    only = Recording(
        "c20",
        cycle.time_s,
        cycle.voltage_V,
        -abs(cycle.current_A),
        cycle.temperature_degC,
        cycle.soc,
    )
    with pytest.raises(ConfigurationError, match="no slow discharge and charge"):
        middle_curve(only, 5.0)


@pytest.mark.parametrize(
    ("temperatures_degC", "words"), [((), "no temperature"), ((25.0, 298.15), "298.15 degC")]
)
def test_temperatures_out_of_range_are_refused_first(temperatures_degC, words):
    with pytest.raises(ConfigurationError, match=words):
        extract(BLANK, temperatures_degC)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--out", "cell.json"], "ends in .toml"),
        (["--out", "cell.toml", "--temperatures", "25,cold"], "cold"),
        (["--out", "cell.toml"], "no such BPX file"),
    ],
)
def test_bad_arguments_are_refused_before_any_test(arguments, words, tmp_path):
    with pytest.raises(ConfigurationError, match=words):
        cli.main(["import-bpx", str(tmp_path / "none.json"), *arguments], standalone_mode=False)


def test_a_bpx_file_becomes_a_cell_that_follows_unseen_drives(tmp_path, capsys):
    pytest.importorskip("pybamm")
    out = tmp_path / "cell.toml"
    arguments = [str(GOOD), "--out", str(out), "--temperatures", "25", "--json"]
    cli.main(["import-bpx", *arguments], standalone_mode=False)
    document = json.loads(capsys.readouterr().out)
    held_out = {
        fit["recording"]: fit["voltage_rmse_mV"] for fit in document["fits"] if fit["held_out"]
    }
    # Stated for the published cell with a charge-transfer term: 2.3 mV mild, 4 mV hard.
    assert held_out["25degC_mild-2001"] < 3.0
    assert held_out["25degC_hard-2001"] < 5.0
    cell = load_cell(out)
    assert cell.capacity_Ah == pytest.approx(document["capacity_Ah"])
    assert cell.name == "lg_m50_chen2020"
