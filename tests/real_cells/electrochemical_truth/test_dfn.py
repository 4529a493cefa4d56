"""The electrochemical cell: balances, published voltages, limits said with time and place."""

import dataclasses

import numpy as np
import pytest

from voltward.core.errors import ConfigurationError, EnvironmentLacksError
from voltward.real_cells.electrochemical_truth import parameter_sets
from voltward.real_cells.electrochemical_truth.cycler import run_protocol
from voltward.real_cells.electrochemical_truth.dfn import simulate
from voltward.real_cells.electrochemical_truth.parameter_sets import PUBLISHED, published_cell
from voltward.real_cells.electrochemical_truth.pulse_protocol import Hold, MoveTo
from voltward.real_cells.electrochemical_truth.virtual_tests import virtual_drive

# PyBaMM's own dependencies announce what they will drop.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def cell():
    pytest.importorskip("pybamm")
    return published_cell("lg-m50")


def test_unknown_set_gets_the_nearest_name():
    with pytest.raises(ConfigurationError, match="lg-m51") as caught:
        published_cell("lg-m51")
    assert "lg-m50" in caught.value.hint


def test_absent_pybamm_is_said_with_the_line_that_installs_it(monkeypatch):
    monkeypatch.setattr(parameter_sets, "find_spec", lambda _name: None)
    with pytest.raises(EnvironmentLacksError) as caught:
        published_cell("lg-m50")
    assert "pip install" in caught.value.hint


def test_every_published_set_says_where_it_comes_from_and_what_it_lacks():
    for known in PUBLISHED.values():
        assert known.source
        assert "degC" in known.limits


def test_the_window_is_the_data_sheets(cell):
    # LG M50: 5 Ah nominal, 2.5 to 4.2 V; between equilibria a little more is held than at C/5.
    assert (cell.lowest_V, cell.highest_V) == (2.5, 4.2)
    assert 5.0 < cell.capacity_Ah < 5.25


def test_a_cell_at_rest_stays_at_its_open_circuit_voltage(cell):
    full = simulate(cell, np.zeros(60), 25.0, 1.0)
    assert full.voltage_V == pytest.approx(4.2, abs=1e-3)
    assert full.soc == pytest.approx(1.0)


def test_positive_current_charges(cell):
    current_A = np.concatenate((np.zeros(5), np.full(60, 5.0)))
    charged = simulate(cell, current_A, 25.0, 0.5)
    discharged = simulate(cell, -current_A, 25.0, 0.5)
    assert charged.voltage_V[-1, 0] > charged.voltage_V[0, 0] + 0.05
    assert discharged.voltage_V[-1, 0] < discharged.voltage_V[0, 0] - 0.05
    assert charged.soc[-1] - 0.5 == pytest.approx(0.5 - discharged.soc[-1])
    assert charged.time_s.tolist() == list(range(65))


def test_cold_cells_polarise_more_and_a_temperature_may_change(cell):
    current_A = np.concatenate((np.zeros(5), np.full(115, -5.0)))
    warm = simulate(cell, current_A, 25.0, 0.6).voltage_V[:, 0]
    cold = simulate(cell, current_A, 0.0, 0.6).voltage_V[:, 0]
    assert cold[-1] < warm[-1] - 0.02
    ramp = np.linspace(0.0, 25.0, current_A.size)
    warming = simulate(cell, current_A, ramp, 0.6)
    assert warming.voltage_V[7, 0] == pytest.approx(cold[7], abs=6e-3)
    assert warming.voltage_V[-1, 0] == pytest.approx(warm[-1], abs=5e-3)
    assert warming.temperature_degC[-1] == 25.0


def test_a_limit_is_an_error_that_says_when_and_where(cell):
    current_A = np.concatenate((np.zeros(5), np.full(900, -10.0)))
    with pytest.raises(ConfigurationError, match=r"Minimum voltage.*after \d+ s, at 2\.5"):
        simulate(cell, current_A, 25.0, 0.1)
    kept = simulate(cell, current_A, 25.0, 0.1, until_limit=True)
    assert kept.time_s.size < current_A.size
    assert kept.voltage_V[-1, 0] == pytest.approx(2.5, abs=0.1)
    assert any("Minimum voltage" in note for note in kept.notes)


@pytest.mark.parametrize(
    ("current_A", "temperature", "soc", "words"),
    [
        (np.zeros(1), 25.0, 0.5, "two seconds"),
        (np.array([0.0, np.nan]), 25.0, 0.5, "no numbers"),
        (np.zeros(9), np.nan, 0.5, "no numbers"),
        (np.zeros(9), 25.0, 1.2, "1.2"),
    ],
)
def test_bad_input_is_refused_before_any_solve(current_A, temperature, soc, words):
    blank = parameter_sets.ElectrochemicalCell("x", 5.0, 2.5, 4.2, None, "", "")
    with pytest.raises(ConfigurationError, match=words):
        simulate(blank, current_A, temperature, soc)


def test_the_cycler_agrees_with_one_solve(cell):
    steps = (Hold(0.0, 30), Hold(-1.0, 30), Hold(0.0, 60), Hold(1.0, 30), Hold(0.0, 60))
    stepped = run_protocol(cell, steps, 25.0, initial_soc=0.5)
    whole = simulate(cell, stepped.current_A, 25.0, 0.5)
    # Samples stand at the ends of seconds: the cycler's first is one second into the rest.
    assert stepped.soc[-1] == pytest.approx(0.5, abs=1e-9)
    assert np.abs(stepped.voltage_V - whole.voltage_V).max() < 1e-3
    assert np.abs(stepped.soc - whole.soc).max() < 1e-9


def test_a_pulse_that_meets_a_limit_is_cut_or_left_out_and_noted(cell):
    steps = (Hold(0.0, 30), Hold(2.0, 600), Hold(0.0, 60))
    recording = run_protocol(cell, steps, 25.0, initial_soc=0.7)
    assert recording.voltage_V.max() <= 4.2 + 1e-3
    assert 3 <= np.count_nonzero(recording.current_A) < 600
    assert any("Maximum voltage" in note for note in recording.notes)


def test_a_move_ends_at_its_state_of_charge(cell):
    recording = run_protocol(cell, (MoveTo(0.45, 0.5), Hold(0.0, 60)), 25.0, initial_soc=0.5)
    assert recording.soc[-1] == pytest.approx(0.45, abs=2e-4)
    assert recording.current_A[0] == pytest.approx(-0.5 * cell.capacity_Ah)


def test_a_cell_that_can_do_nothing_is_an_error(cell):
    with pytest.raises(ConfigurationError, match="not one step"):
        run_protocol(cell, (Hold(3.0, 60),), 25.0, initial_soc=1.0)


def test_a_drive_that_a_cold_cell_cannot_finish_ends_at_the_limit(cell):
    weak = dataclasses.replace(cell, lowest_V=3.7)
    drive = virtual_drive(weak, "hard", 0.0, seed=7)
    assert drive.voltage_V.min() >= 3.69
    assert drive.time_s.size < 5400
    assert drive.name == "0degC_hard-7"
