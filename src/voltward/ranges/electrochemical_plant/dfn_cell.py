"""PyBaMM's Doyle-Fuller-Newman model of one published cell, stepped tick by tick."""

from typing import Any

import numpy as np

from voltward.physical.cell import ZERO_DEGC_K
from voltward.ranges.electrochemical_plant.stepper import OutOfRangeError, Reading
from voltward.real_cells.electrochemical_truth.dfn import model_of
from voltward.real_cells.electrochemical_truth.parameter_sets import (
    ElectrochemicalCell,
    pybamm_module,
)

_CURRENT = "Current function [A]"
_NEGATIVE = "Initial concentration in negative electrode [mol.m-3]"
_POSITIVE = "Initial concentration in positive electrode [mol.m-3]"
_MOST_NEGATIVE = "Maximum concentration in negative electrode [mol.m-3]"
_MOST_POSITIVE = "Maximum concentration in positive electrode [mol.m-3]"
_READ = ("Voltage [V]", "Bulk open-circuit voltage [V]", "Negative electrode stoichiometry")
# A terminal voltage outside is not physical: the algebra found a root beyond the tables.
_PLAUSIBLE_V = (1.0, 5.5)
_SETTLING_S = 1e-3


class DfnCell:
    """One cell of a published parameter set.

    Args:
        cell: Whose parameters.
        temperature_degC: Of the cell, all the time.
        tick_s: Length of a tick.

    Raises:
        EnvironmentLacksError: PyBaMM is missing.

    Limits:
        Isothermal, no ageing, no side reactions. The voltage cut-offs of the set do not end a run,
        for the pack's own protection is what is tested.
    """

    def __init__(self, cell: ElectrochemicalCell, temperature_degC: float, tick_s: float) -> None:
        self._pybamm = pybamm_module()
        values, kelvin = cell.values, temperature_degC + ZERO_DEGC_K
        self._most = (float(values[_MOST_NEGATIVE]), float(values[_MOST_POSITIVE]))
        window = self._pybamm.lithium_ion.ElectrodeSOHSolver(values).get_min_max_stoichiometries()
        # Negative electrode empty and full, then the positive one of the full and the empty cell.
        self._empty, self._full, self._positive_full, self._positive_empty = map(float, window)
        changes: dict[str, Any] = {"Ambient temperature [K]": kelvin}
        changes |= {"Initial temperature [K]": kelvin}
        changes |= dict.fromkeys((_CURRENT, _NEGATIVE, _POSITIVE), "[input]")
        simulation, self._solver = model_of(cell, changes)
        simulation.build(inputs=self._inputs(0.0, 0.5, 0.5))
        self._model = simulation.built_model
        self._model.events = []
        self._read = self._reader()
        self._tick_s = tick_s

    def start(self, soc: float) -> tuple[Any, Reading]:
        """Return a rested cell; a moment without current settles its potentials."""
        negative = self._empty + soc * (self._full - self._empty)
        positive = self._positive_empty + soc * (self._positive_full - self._positive_empty)
        inputs = self._inputs(0.0, negative, positive)
        solution = self._rested_solution(inputs)
        return (solution, inputs), self._reading(solution, inputs)

    def step(self, state: Any, current_A: float) -> tuple[Any, Reading]:
        """Advance by one tick; a solution that stands is never changed.

        Raises:
            OutOfRangeError: The solver finds no solution, or one that is no cell.
        """
        before, given = state
        # PyBaMM counts discharge as positive.
        inputs = {**given, _CURRENT: -current_A}
        try:
            solution = self._solver.step(
                before, self._model, self._tick_s, inputs=inputs, save=False
            )
        except self._pybamm.SolverError as error:
            raise OutOfRangeError(str(error)) from error
        reading = self._reading(solution, inputs)
        low_V, high_V = _PLAUSIBLE_V
        if not (low_V < reading.voltage_V < high_V and np.isfinite(reading.open_circuit_V)):
            raise OutOfRangeError(f"{reading.voltage_V:g} V")
        return (solution, inputs), reading

    def _inputs(self, current_A: float, negative: float, positive: float) -> dict[str, float]:
        most_negative, most_positive = self._most
        return {
            _CURRENT: current_A,
            _NEGATIVE: negative * most_negative,
            _POSITIVE: positive * most_positive,
        }

    def _rested_solution(self, inputs: dict[str, float]) -> Any:
        return self._solver.step(
            self._pybamm.EmptySolution(), self._model, _SETTLING_S, inputs=inputs, save=False
        )

    def _reader(self) -> Any:
        """Return one function of the state for all that is read; observing each costs more."""
        symbol, join = self._pybamm.casadi.MX.sym, self._pybamm.casadi.vertcat
        inputs = self._inputs(0.0, 0.5, 0.5)
        rested = self._rested_solution(inputs)
        time, state = symbol("t"), symbol("y", self._model.len_rhs_and_alg)
        symbols = {name: symbol(name) for name in inputs}
        read = []
        for name in _READ:
            # PyBaMM discretises a variable when it is first asked for.
            _ = rested[name]
            variable = self._model.get_processed_variable(name)
            read.append(variable.to_casadi(time, state, inputs=symbols))
        given = [time, state, *symbols.values()]
        return self._pybamm.casadi.Function("read", given, [join(*read)])

    def _reading(self, solution: Any, inputs: dict[str, float]) -> Reading:
        last = solution.all_ys[-1][:, -1]
        voltage_V, rest_V, held = np.asarray(self._read(0.0, last, *inputs.values())).ravel()
        soc = (held - self._empty) / (self._full - self._empty)
        return Reading(float(voltage_V), float(rest_V), float(soc))
