"""The protocol before any cell is connected: charge, rates, rests, limits of the drive."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voltward.real_cells.electrochemical_truth.dfn import counted_soc
from voltward.real_cells.electrochemical_truth.drive_profile import HARD, MILD, drive_current_A
from voltward.real_cells.electrochemical_truth.pulse_protocol import (
    EQUILIBRIUM_S,
    PULSES,
    Hold,
    MoveTo,
    pulse_test,
    slow_cycle,
)

CAPACITY_AH = 5.0
STYLES = {"hard": HARD, "mild": MILD}


def _levels(steps):
    """Return the holds between one move and the next."""
    levels = []
    for step in steps:
        if isinstance(step, MoveTo):
            levels.append([])
        elif levels:
            levels[-1].append(step)
    return levels


@pytest.mark.parametrize("soc_step", [0.05, 0.1, 0.25])
def test_levels_go_down_evenly_and_never_reach_empty(soc_step):
    targets = [step.soc for step in pulse_test(soc_step) if isinstance(step, MoveTo)]
    assert np.allclose(np.diff(targets), -soc_step)
    assert targets[0] == pytest.approx(1.0 - soc_step)
    assert targets[-1] == pytest.approx(soc_step)


def test_every_level_rests_for_an_hour_and_keeps_its_charge():
    levels = _levels(pulse_test())
    assert len(levels) == 19
    for holds in levels:
        assert holds[0] == Hold(0.0, EQUILIBRIUM_S)
        assert sum(hold.rate_C * hold.seconds for hold in holds) == pytest.approx(0.0)


def test_every_rate_is_seen_in_both_directions_with_rest_after_it():
    for holds in _levels(pulse_test()):
        assert {hold.rate_C for hold in holds} == {0.0, -0.5, 0.5, -1.0, 1.0, -2.0, 2.0}
        for hold, after in zip(holds, [*holds[1:], Hold(1.0, 1)], strict=True):
            assert (hold.rate_C == 0.0) != (after.rate_C == 0.0)
    assert all(10 <= seconds <= 30 for _, seconds in PULSES)


def test_pulses_of_a_level_move_less_than_half_a_step():
    for holds in _levels(pulse_test()):
        charge = np.cumsum([hold.rate_C * hold.seconds / 3600.0 for hold in holds])
        assert np.abs(charge).max() < 0.025


def test_slow_cycle_can_move_the_whole_capacity_both_ways():
    moved = [step.rate_C * step.seconds / 3600.0 for step in slow_cycle() if step.rate_C]
    assert moved[0] < -1.0
    assert moved[1] > 1.0
    assert {abs(step.rate_C) for step in slow_cycle()} == {0.0, 0.05}


@pytest.mark.parametrize("name", STYLES)
@pytest.mark.parametrize("seed", [7, 23, 107])
def test_drive_has_the_stated_mean_and_peaks(name, seed):
    style = STYLES[name]
    # Low enough that braking is never curtailed.
    current_C = drive_current_A(
        style, seed=seed, seconds=3600, capacity_Ah=1.0, initial_soc=0.6, rest_s=0
    )
    driving = current_C[10:]
    assert driving.mean() == pytest.approx(-style.mean_C, rel=1e-6)
    assert driving.min() == pytest.approx(-style.discharge_peak_C, rel=0.05)
    assert driving.max() == pytest.approx(style.charge_peak_C, rel=0.05)


@given(seed=st.integers(0, 2**31), soc=st.floats(0.6, 1.0), hard=st.booleans())
def test_drive_stays_within_its_peaks_and_begins_and_ends_at_rest(seed, soc, hard):
    style = HARD if hard else MILD
    current_A = drive_current_A(
        style, seed=seed, seconds=300, capacity_Ah=CAPACITY_AH, initial_soc=soc, rest_s=60
    )
    assert current_A.size == 370
    assert not current_A[:10].any()
    assert not current_A[-60:].any()
    assert current_A.min() >= -style.discharge_peak_C * CAPACITY_AH - 1e-9
    assert current_A.max() <= style.charge_peak_C * CAPACITY_AH + 1e-9


def test_a_full_cell_takes_no_braking_current():
    current_A = drive_current_A(HARD, seed=7, seconds=60, capacity_Ah=CAPACITY_AH, initial_soc=1.0)
    assert current_A.max() <= 0.0
    below = drive_current_A(HARD, seed=7, seconds=900, capacity_Ah=CAPACITY_AH, initial_soc=0.5)
    assert below.max() > 0.5 * CAPACITY_AH


def test_seeds_differ_and_repeat():
    first, again, other = (
        drive_current_A(HARD, seed=seed, seconds=600, capacity_Ah=1.0, initial_soc=0.9)
        for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_counted_charge_follows_the_straight_line_between_samples():
    current_A = np.array([0.0, 3600.0, 3600.0, 0.0])
    # Half a second, a second and half a second at 1 C of a 1 Ah cell in units of 3600 As.
    expected = 0.1 + np.array([0.0, 0.5, 1.5, 2.0]) / 2.0
    assert np.allclose(counted_soc(current_A, 0.1, 2.0), expected)
