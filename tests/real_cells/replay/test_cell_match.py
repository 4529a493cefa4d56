"""A recording of another cell is noticed; the right one is not, be it aged, cold or attacked."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voltward.core.errors import ConfigurationError
from voltward.documents.toml_document import find_document
from voltward.physical.cell_file import load_cell
from voltward.real_cells.replay.cell_match import cell_match, refuse_impossible
from voltward.real_cells.replay.injected_rows import parse_injection
from voltward.real_cells.replay.profile import replay_profile
from voltward.real_cells.replay.session import ReplaySession


@pytest.fixture(scope="module")
def twin_cell():
    """Return a cell whose file states how far it is from its recordings."""
    known = load_cell(find_document("cells", "reference-nmc", "cell"))
    return replace(known, error_degC=(25.0,), error_V=(0.008,), error_s=60.0)


@pytest.fixture(scope="module")
def session(twin_cell):
    return ReplaySession(twin_cell, (), traced=1)


def scaled(cell, *, capacity=1.0, resistance=1.0, curve_V=0.0):
    """Return a cell like another, aged or of another make."""
    tables = {
        name: getattr(cell, name) * resistance for name in ("series_ohm", "fast_ohm", "slow_ohm")
    }
    bend = curve_V * np.sin(np.linspace(0.0, 9.0, cell.ocv_V.size))
    return replace(cell, capacity_Ah=cell.capacity_Ah * capacity, ocv_V=cell.ocv_V + bend, **tables)


@pytest.fixture(scope="module")
def recorded(twin_cell, made_by):
    """Return a deep discharge by a cell, with the current of the reference cell."""

    def make(of, seconds=5000):
        made = made_by(of, seconds, level_C=0.5 * twin_cell.capacity_Ah / of.capacity_Ah)
        return replace(made, soc=None)

    return make


def match_of(session, recording, initial_soc=0.8):
    replay = session.replay(recording, initial_soc)
    return cell_match(recording, session.cell, replay.open_loop_V, initial_soc)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"capacity": 0.98, "resistance": 1.05},
        {"resistance": 1.3, "capacity": 0.95},
    ],
)
def test_the_right_cell_fits(session, twin_cell, recorded, change):
    assert match_of(session, recorded(scaled(twin_cell, **change))).verdict == "fits"


@pytest.mark.parametrize("change", [{"capacity": 0.8, "resistance": 1.6}, {"capacity": 0.75}])
def test_an_aged_cell_is_told_from_another(session, twin_cell, recorded, change):
    match = match_of(session, recorded(scaled(twin_cell, **change)))
    assert match.verdict == "aged"
    assert f"{change['capacity']:.0%}"[:-2] in match.text
    assert "identify" in match.text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"capacity": 0.4}, "the capacity (about 4"),
        ({"resistance": 8.0}, "the resistance (about 8"),
        ({"curve_V": 0.1}, "the voltage curve"),
        ({"capacity": 2.0, "resistance": 6.0}, "the capacity (about 2"),
    ],
)
def test_another_cell_is_noticed_and_what_does_not_fit_is_named(
    session, twin_cell, recorded, change, words
):
    match = match_of(session, recorded(scaled(twin_cell, **change), 2500))
    assert match.verdict == "other"
    assert words in match.text
    assert "--cell" in match.text or "name the cell" in match.text


@settings(max_examples=12)
@given(capacity=st.floats(0.76, 1.06), resistance=st.floats(0.75, 2.2))
def test_no_cell_that_ageing_can_make_is_another(
    session, twin_cell, recorded, capacity, resistance
):
    aged = scaled(twin_cell, capacity=capacity, resistance=resistance)
    assert match_of(session, recorded(aged)).verdict != "other"


@settings(max_examples=12)
@given(
    capacity=st.floats(0.35, 0.5) | st.floats(2.0, 4.0),
    resistance=st.floats(3.5, 10.0),
    curve_V=st.floats(0.0, 0.1),
)
def test_every_cell_far_from_it_is_noticed(
    session, twin_cell, recorded, capacity, resistance, curve_V
):
    far = scaled(twin_cell, capacity=capacity, resistance=resistance, curve_V=curve_V)
    assert match_of(session, recorded(far, 2500)).verdict == "other"


def test_a_charge_and_what_follows_a_hole_are_not_judged(session, twin_cell, recorded):
    other = recorded(scaled(twin_cell, curve_V=0.1))
    assert match_of(session, other).verdict == "other"
    # Before the hole it is the cell; what was recorded behind it is another.
    right = recorded(twin_cell)
    joined_V = np.where(np.arange(5000)[:, None] < 2000, right.voltage_V, other.voltage_V)
    assert match_of(session, replace(right, voltage_V=joined_V)).verdict != "fits"
    joined_V[2000:2200] = np.nan
    assert match_of(session, replace(right, voltage_V=joined_V)).verdict == "fits"
    assert match_of(session, replace(right, current_A=abs(right.current_A)), 0.1).verdict == "fits"


def test_a_wrong_start_is_not_another_cell(session, twin_cell, recorded):
    match = match_of(session, recorded(twin_cell), initial_soc=0.65)
    assert match.verdict == "start"
    assert "state of charge of 0.80" in match.text


def test_an_attack_does_not_make_it_another_cell(session, recording):
    for text in ("voltage=bias:0.5@100", "voltage=noise:0.3", "current=gain:-2@50"):
        score = replay_profile(session, recording, [parse_injection(text)]).score
        assert score.warnings == ()
        assert not [note for note in score.notes if "twin of" in note]


def test_what_cannot_be_is_refused(twin_cell, recorded):
    made = recorded(twin_cell, 1500)
    lfp = load_cell(find_document("cells", "reference-lfp", "cell"))
    with pytest.raises(ConfigurationError, match="the voltage window does not fit") as caught:
        refuse_impossible(made, lfp)
    assert "identify" in caught.value.hint
    with pytest.raises(ConfigurationError, match="the capacity does not fit"):
        refuse_impossible(made, replace(twin_cell, capacity_Ah=3.0))
    refuse_impossible(made, twin_cell)
    refuse_impossible(replace(made, voltage_V=np.full_like(made.voltage_V, np.nan)), twin_cell)


def test_the_replay_warns_of_another_cell(session, twin_cell, recorded):
    score = replay_profile(session, recorded(scaled(twin_cell, curve_V=0.1)), initial_soc=0.8).score
    assert len(score.warnings) == 1
    aged = replay_profile(
        session, recorded(scaled(twin_cell, capacity=0.75)), initial_soc=0.8
    ).score
    assert aged.warnings == ()
    assert "of its capacity" in aged.notes[-1]
