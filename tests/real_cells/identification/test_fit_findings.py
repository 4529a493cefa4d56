"""Findings on a poor or implausible fit."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from voltward.real_cells.identification.physical_range import fit_findings
from voltward.real_cells.identification.solve import Solution

CONVERGED = Solution(np.zeros(1), converged=True, rounds=5, cost=1.0)


@dataclass(frozen=True)
class Fit:
    name: str
    rmse_V: float


def findings(cell, known, solution=CONVERGED, fits=()):
    return fit_findings(cell, known, solution, fits)


def test_a_sound_fit_has_none(known):
    assert findings(known, known, fits=[Fit("good", 0.01)]) == ()


def test_a_poor_fit_is_mild_and_named(known):
    (finding,) = findings(known, known, fits=[Fit("good", 0.01), Fit("bad", 0.05)])
    assert finding.severity == "warning"
    assert "poor fit: bad is met within 50 mV" in finding.text


def test_a_recording_without_a_score_is_named(known):
    (finding,) = findings(known, known, fits=[Fit("empty", float("nan"))])
    assert "empty" in finding.text


def test_a_fit_that_did_not_converge_is_grave(known):
    (finding,) = findings(known, known, replace(CONVERGED, converged=False))
    assert finding.severity == "error"
    assert "did not converge in 5 rounds" in finding.text


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda cell: {"series_ohm": cell.series_ohm * 1000.0}, "resistances add up"),
        (lambda cell: {"series_ohm": cell.series_ohm * 1e-4}, "series resistance"),
        (lambda cell: {"slow_s": 1e6}, "slow_s"),
        (lambda cell: {"ocv_V": cell.ocv_V + 0.2}, "200 mV from the slow"),
    ],
)
def test_numbers_that_no_cell_has_are_grave(known, change, word):
    (finding,) = findings(replace(known, **change(known)), known)
    assert finding.severity == "error"
    assert word in finding.text


def test_what_happens_near_empty_is_no_ground(known):
    empty = np.linspace(0.0, 1.0, known.ocv_V.size) < 0.15
    strange = replace(known, diffusion_ohm=np.where(empty, 50.0, known.diffusion_ohm))
    assert findings(strange, known) == ()
