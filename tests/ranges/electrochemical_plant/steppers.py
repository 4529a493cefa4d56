"""Cells without PyBaMM: the twin's own circuit, and one whose voltage is its charge."""

from dataclasses import dataclass

import numpy as np

from voltward.physical.cell import CellModel
from voltward.ranges.electrochemical_plant.stepper import OutOfRangeError, Reading


@dataclass(frozen=True)
class CircuitStepper:
    """The circuit of a cell at 25 degC, written once more in plain arithmetic."""

    cell: CellModel
    tick_s: float
    extra_V: float = 0.0

    def _at(self, table, soc, *, held):
        """Value on uniform knots; beyond the ends it is held, or goes on in a straight line."""
        inside = float(np.clip(soc, 0.0, 1.0)) if held else soc
        last = table.size - 2
        index = int(np.clip(np.floor(inside * (table.size - 1)), 0, last))
        return table[index] + (table[index + 1] - table[index]) * (
            inside * (table.size - 1) - index
        )

    def start(self, soc):
        rest_V = self._at(self.cell.ocv_V, soc, held=False)
        return (soc, 0.0, 0.0), Reading(rest_V, rest_V, soc)

    def step(self, state, current_A):
        soc, fast_V, slow_V = state
        cell = self.cell
        series, fast, slow = (
            self._at(table, soc, held=True)
            for table in (cell.series_ohm, cell.fast_ohm, cell.slow_ohm)
        )
        keep_fast, keep_slow = (
            np.exp(-self.tick_s / cell.fast_s),
            np.exp(-self.tick_s / cell.slow_s),
        )
        fast_V = keep_fast * fast_V + (1.0 - keep_fast) * fast * current_A
        slow_V = keep_slow * slow_V + (1.0 - keep_slow) * slow * current_A
        soc = soc + current_A * self.tick_s / (3600.0 * cell.capacity_Ah)
        rest_V = self._at(cell.ocv_V, soc, held=False)
        voltage_V = rest_V + series * current_A + fast_V + slow_V + self.extra_V
        return (soc, fast_V, slow_V), Reading(voltage_V, rest_V, soc)


class CountingStepper:
    """A cell of one coulomb: SoC is charge; beyond 10 it has no solution."""

    def __init__(self):
        self.steps = []

    def start(self, soc):
        return soc, Reading(soc, soc, soc)

    def step(self, state, current_A):
        self.steps.append((state, current_A))
        moved = state + current_A
        if moved > 10.0:
            raise OutOfRangeError("full")
        return moved, Reading(moved, moved, moved)
