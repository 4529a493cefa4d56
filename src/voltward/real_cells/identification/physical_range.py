"""Findings on a fit: a large error, no convergence, numbers outside the physical range."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from voltward.physical.cell import CellModel
from voltward.real_cells.identification.solve import Solution

POOR_V = 0.040
# Of all resistances together: a 10 mohm power cell of 2.3 Ah has 0.02, a 60 mohm cell of 3 Ah 0.2;
# the bounds are ten times wider (assumption). A single branch may be close to zero.
_OHM_AH = (0.002, 2.0)
_SERIES_OHM_AH = 0.0005
_TIMES_S = (0.1, 20000.0)
_SHIFT_V = 0.1
# Nearer to empty the collapse of voltage is put into some branch or the open-circuit voltage.
_LOWEST_SOC = 0.2


@dataclass(frozen=True)
class FitFinding:
    """One finding on a fit.

    Attributes:
        text: Description.
        severity: "error" when the numbers should not be used as they are.
    """

    text: str
    severity: Literal["error", "warning"]


class Fitted(Protocol):
    """A fitted recording: its name and its error."""

    @property
    def rmse_V(self) -> float:
        """Root mean square error."""

    @property
    def name(self) -> str:
        """Of the recording."""


def fit_findings(
    cell: CellModel, base: CellModel, solution: Solution, fits: Sequence[Fitted]
) -> tuple[FitFinding, ...]:
    """Return the findings on a fit, errors first.

    Args:
        cell: As fitted.
        base: With the slow curve that the fit started from.
        solution: Of the least squares.
        fits: Of the recordings.
    """
    errors = []
    if not solution.converged:
        errors.append(
            f"the fit did not converge in {solution.rounds} rounds: the numbers are provisional"
        )
    errors += [*_resistances(cell), *_times(cell)]
    inside = _inside(cell.ocv_V.size)
    shift_V = float(np.max(np.abs(cell.ocv_V - base.ocv_V)[inside]))
    if shift_V > _SHIFT_V:
        errors.append(
            f"the open-circuit voltage was moved by up to {1e3 * shift_V:.0f} mV from the slow "
            "curve: check the capacity and the starting SoC of the recordings"
        )
    warnings = [
        f"poor fit: {fit.name} is met within {1e3 * fit.rmse_V:.0f} mV only, above "
        f"{1e3 * POOR_V:.0f} mV"
        for fit in fits
        if fit.rmse_V > POOR_V
    ]
    warnings += [
        f"{fit.name} has no sample above 12 % state of charge: it is not scored"
        for fit in fits
        if np.isnan(fit.rmse_V)
    ]
    return tuple(FitFinding(text, "error") for text in errors) + tuple(
        FitFinding(text, "warning") for text in warnings
    )


def _inside(knots: int) -> np.ndarray:
    return np.linspace(0.0, 1.0, knots) >= _LOWEST_SOC


def _resistances(cell: CellModel) -> list[str]:
    found = []
    inside = _inside(cell.series_ohm.size)
    branches = (cell.series_ohm, cell.fast_ohm, cell.slow_ohm, cell.diffusion_ohm)
    total = np.sum([table for table in branches if table is not None], axis=0)[inside]
    scaled = total * cell.capacity_Ah
    if np.min(scaled) < _OHM_AH[0] or np.max(scaled) > _OHM_AH[1]:
        found.append(
            f"the resistances add up to {1e3 * np.min(total):.3g} to {1e3 * np.max(total):.3g} "
            f"mohm at 25 degC, outside of lithium-ion cells ({_OHM_AH[0]:g} to {_OHM_AH[1]:g} ohm "
            "times Ah): check the units of current and voltage"
        )
    if np.min(cell.series_ohm[inside]) * cell.capacity_Ah < _SERIES_OHM_AH:
        found.append(
            "the series resistance is close to zero: the recordings are too slow to show it"
        )
    return found


def _times(cell: CellModel) -> list[str]:
    return [
        f"{name} = {getattr(cell, name):.3g} s is outside {_TIMES_S[0]:g} to {_TIMES_S[1]:g} s"
        for name in ("fast_s", "slow_s", "diffusion_s")
        if not _TIMES_S[0] <= getattr(cell, name) <= _TIMES_S[1]
    ]
