"""What a campaign on track mismatched is refused for, and what is asked of PyBaMM's model."""

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from voltward.core.errors import ConfigurationError, EnvironmentLacksError
from voltward.ranges.campaign.campaign import run_campaign
from voltward.ranges.campaign.campaign_facts import truth_facts
from voltward.ranges.configuration.campaign_file import load_campaign
from voltward.ranges.configuration.truth_tracks import check_cost, set_of
from voltward.ranges.electrochemical_plant.dfn_cell import DfnCell
from voltward.ranges.electrochemical_plant.plant_choice import (
    host_cell,
    leader_of,
)
from voltward.ranges.electrochemical_plant.shared_histories import StepCounts
from voltward.ranges.electrochemical_plant.stepper import OutOfRangeError
from voltward.real_cells.electrochemical_truth import parameter_sets
from voltward.real_cells.electrochemical_truth.parameter_sets import published_cell

EXAMPLE = Path(__file__).parents[3] / "examples" / "mismatched.toml"
needs_pybamm = pytest.mark.skipif(
    find_spec("pybamm") is None, reason="the extra 'truth' is not installed"
)


def test_the_example_names_eight_attacks_and_is_within_its_hours():
    settings = load_campaign(EXAMPLE)
    assert settings.track == "mismatched"
    assert len(settings.attacks) == 8
    assert set_of(settings.load_system(), "") == "lg-m50"


def test_an_unknown_track_is_refused():
    with pytest.raises(ConfigurationError, match="track") as caught:
        load_campaign(EXAMPLE, {"track": "mismatch"})
    assert "mismatched" in str(caught.value)


def test_a_cell_without_a_set_is_refused():
    with pytest.raises(ConfigurationError, match="reference-nmc") as caught:
        load_campaign(None, {"attacks": ["voltage-bias"], "seeds": 1, "track": "mismatched"})
    assert "lg-m50 (Chen2020)" in caught.value.why


def test_an_unknown_set_is_refused_with_the_nearest():
    with pytest.raises(ConfigurationError, match="Chen2021") as caught:
        load_campaign(EXAMPLE, {"truth_set": "Chen2021"})
    assert "Chen2020" in caught.value.hint


def test_sets_go_by_both_names():
    system = load_campaign(EXAMPLE).load_system()
    assert set_of(system, "Chen2020") == set_of(system, "lg-m50") == "lg-m50"


def test_too_many_hours_are_refused_with_an_estimate():
    with pytest.raises(ConfigurationError, match="run-hours") as caught:
        load_campaign(EXAMPLE, {"seeds": 40})
    assert "minutes" in caught.value.why
    assert "truth_hours" in caught.value.hint


def test_hours_that_are_allowed_pass():
    settings = load_campaign(EXAMPLE)
    duty = settings.load_duty()
    check_cost(10, duty, 10 * duty.duration_s / 3600.0)
    with pytest.raises(ConfigurationError):
        check_cost(11, duty, 10 * duty.duration_s / 3600.0)


def test_the_digest_of_a_matched_campaign_does_not_know_other_tracks():
    base = load_campaign(EXAMPLE, {"track": "matched"})
    assert base.config_sha256 == replace(base, truth_set="lg-m50").config_sha256
    assert base.config_sha256 == replace(base, truth_hours=99.0).config_sha256
    assert base.config_sha256 != load_campaign(EXAMPLE).config_sha256


def test_without_the_extra_a_run_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr(parameter_sets, "find_spec", lambda name: None)
    with pytest.raises(EnvironmentLacksError) as caught:
        run_campaign(load_campaign(EXAMPLE), tmp_path / "out", lambda *_: None)
    assert "pip install" in caught.value.hint
    assert not (tmp_path / "out").exists()


def test_a_matched_run_says_nothing_of_another_truth():
    settings = load_campaign(EXAMPLE, {"track": "matched"})
    assert truth_facts(settings, settings.load_system(), StepCounts()) == {}


@pytest.fixture(scope="module")
def lg_m50():
    return published_cell("lg-m50")


@pytest.fixture(scope="module")
def model(lg_m50):
    return DfnCell(lg_m50, 25.0, 1.0)


@needs_pybamm
def test_a_rested_cell_shows_its_open_circuit_voltage(model):
    for soc, limit_V in ((0.0, 2.5), (1.0, 4.2)):
        _, reading = model.start(soc)
        # The cut-offs of the set are the ends of its window.
        assert reading.open_circuit_V == pytest.approx(limit_V, abs=1e-4)
        assert reading.voltage_V == pytest.approx(reading.open_circuit_V, abs=1e-4)
        assert reading.soc == pytest.approx(soc, abs=1e-6)


@needs_pybamm
def test_charge_is_conserved_and_a_charge_lifts_the_voltage(model, lg_m50):
    state, start = model.start(0.5)
    for _ in range(60):
        state, reading = model.step(state, 5.0)
    assert reading.soc - 0.5 == pytest.approx(5.0 * 60.0 / 3600.0 / lg_m50.capacity_Ah, rel=1e-4)
    assert reading.voltage_V > reading.open_circuit_V > start.open_circuit_V


@needs_pybamm
def test_a_history_may_branch(model):
    state, _ = model.start(0.5)
    state, _ = model.step(state, -5.0)
    first = model.step(state, 5.0)[1]
    model.step(state, -10.0)
    assert model.step(state, 5.0)[1] == first


@needs_pybamm
def test_a_cell_that_is_driven_too_far_says_so(model):
    def emptied():
        state, _ = model.start(0.02)
        for _ in range(600):
            state, _ = model.step(state, -10.0)

    with pytest.raises(OutOfRangeError):
        emptied()


@needs_pybamm
def test_a_circuit_of_another_cell_is_refused():
    other = load_campaign(None, {"attacks": ["voltage-bias"], "seeds": 1}).load_system()
    with pytest.raises(ConfigurationError, match="no circuit of lg-m50"):
        leader_of(other, "lg-m50")


@needs_pybamm
def test_the_example_has_twelve_cells_side_by_side():
    settings = load_campaign(EXAMPLE)
    leader = leader_of(settings.load_system(), settings.truth_set)
    assert leader.side_by_side == 12
    host = host_cell(leader, settings.load_duty())
    host.histories.expect(["c"])
    table = host.histories.start(np.array([0.5]))
    assert table[2] == pytest.approx([0.5])
    facts = truth_facts(settings, settings.load_system(), host.histories.counts)
    assert facts["truth"]["parameter_set"] == "Chen2020"
