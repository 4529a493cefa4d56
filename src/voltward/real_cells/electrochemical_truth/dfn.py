"""The Doyle-Fuller-Newman cell under a given current: PyBaMM's model, one solve a profile."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Float

from voltward.core.errors import ConfigurationError
from voltward.physical.cell import ZERO_DEGC_K
from voltward.real_cells.electrochemical_truth.parameter_sets import (
    ElectrochemicalCell,
    pybamm_module,
)
from voltward.real_cells.recordings.recording import Recording

# Points through anode, separator, cathode, and along the radius of their particles, dense at the
# surface, where PyBaMM's even spacing of 20 is 3 mV off on a hard drive. Against 15/8/15/80/80 the
# voltage of such a drive moves by 0.4 mV RMS (lg-m50), 1.6 mV (lg-m50-oregan, 25 degC) and 10 mV
# (lg-m50-oregan, 0 degC, where its diffusion nearly stops near full).
POINTS = {"x_n": 10, "x_s": 5, "x_p": 10, "r_n": 30, "r_p": 30}
RELATIVE_TOLERANCE = 1e-4
ABSOLUTE_TOLERANCE = 1e-6
# The first step after a rest may have to shrink a long way: the usual 10 attempts fall short.
SOLVER_OPTIONS = {"max_error_test_failures": 50}
# A full cell rests at its upper cut-off; so much beyond it is not a violation.
CUT_OFF_MARGIN_V = 1e-3
CONVENTION = "current runs straight from one sample to the next"


@dataclass(frozen=True)
class Ended:
    """Why a solution ended before the profile did.

    Attributes:
        reason: In words.
        time_s: When.
        voltage_V: The last voltage.
        soc: The last state of charge.
    """

    reason: str
    time_s: float
    voltage_V: float
    soc: float

    def __str__(self) -> str:
        return (
            f"{self.reason} after {self.time_s:.0f} s, at {self.voltage_V:.3f} V and "
            f"SoC {self.soc:.3f}"
        )


def model_of(cell: ElectrochemicalCell, changes: dict[str, Any]) -> tuple[Any, Any]:
    """Return PyBaMM's isothermal DFN simulation of a cell and its solver.

    Args:
        cell: Whose parameters.
        changes: Parameters to replace, such as the current function.

    Source:
        Doyle, Fuller, Newman, J. Electrochem. Soc. 140 1526, 1993; Sulzer et al., Journal of Open
        Research Software 9 14, 2021 (PyBaMM).
    Limits:
        Isothermal: the cell has the temperature of its surroundings.
    """
    pybamm = pybamm_module()
    model = pybamm.lithium_ion.DFN()
    values = cell.values.copy()
    values.update(
        {
            "Lower voltage cut-off [V]": cell.lowest_V - CUT_OFF_MARGIN_V,
            "Upper voltage cut-off [V]": cell.highest_V + CUT_OFF_MARGIN_V,
            "Open-circuit voltage at 0% SOC [V]": cell.lowest_V,
            "Open-circuit voltage at 100% SOC [V]": cell.highest_V,
            **changes,
        }
    )
    meshes = dict(model.default_submesh_types)
    for particle in ("negative particle", "positive particle"):
        meshes[particle] = pybamm.MeshGenerator(
            pybamm.Exponential1DSubMesh, submesh_params={"side": "right"}
        )
    solver = pybamm.IDAKLUSolver(
        rtol=RELATIVE_TOLERANCE, atol=ABSOLUTE_TOLERANCE, options=SOLVER_OPTIONS
    )
    simulation = pybamm.Simulation(
        model, parameter_values=values, solver=solver, var_pts=POINTS, submesh_types=meshes
    )
    return simulation, solver


def simulate(
    cell: ElectrochemicalCell,
    current_A: Float[np.ndarray, " time"],
    temperature_degC: float | Float[np.ndarray, " time"],
    initial_soc: float,
    *,
    name: str = "dfn",
    until_limit: bool = False,
) -> Recording:
    """Run a cell from equilibrium under a current, and record it every second.

    Args:
        cell: Which cell.
        current_A: Every second; positive charges; straight between samples.
        temperature_degC: Of the cell, one number or every second.
        initial_soc: Between 0 and 1.
        name: Of the recording.
        until_limit: Keep what came before a voltage limit, with a note, instead of raising.

    Returns:
        The recording, with the true state of charge.

    Raises:
        ConfigurationError: Bad input, or the cell reached a limit or the solver failed: it says
            when, at what voltage and state of charge.
        EnvironmentLacksError: PyBaMM is missing.
    """
    current = np.asarray(current_A, dtype=np.float64)
    temperature = np.broadcast_to(np.asarray(temperature_degC, dtype=np.float64), current.shape)
    _require_usable(current, temperature, initial_soc)
    time_s = np.arange(current.size, dtype=np.float64)
    voltage, ended = _solve(cell, time_s, current, temperature, initial_soc)
    soc = counted_soc(current, initial_soc, cell.capacity_Ah)
    if ended is not None and not (until_limit and voltage.size > 1):
        raise ConfigurationError(
            f"{name}: {_at(ended, voltage, soc)}",
            why=f"{cell.name} works between {cell.lowest_V:g} and {cell.highest_V:g} V",
            hint="lower the current, or begin at another state of charge",
        )
    notes = (CONVENTION, *([] if ended is None else [str(_at(ended, voltage, soc))]))
    kept = voltage.size
    return Recording(
        name=name,
        time_s=time_s[:kept],
        voltage_V=voltage[:, np.newaxis],
        current_A=current[:kept],
        temperature_degC=temperature[:kept].copy(),
        soc=soc[:kept],
        notes=notes,
    )


def counted_soc(
    current_A: Float[np.ndarray, " time"], initial_soc: float, capacity_Ah: float
) -> Float[np.ndarray, " time"]:
    """Return the state of charge under a current that is straight between seconds."""
    charge_As = np.concatenate(([0.0], np.cumsum(0.5 * (current_A[1:] + current_A[:-1]))))
    return initial_soc + charge_As / (3600.0 * capacity_Ah)


def _solve(
    cell: ElectrochemicalCell,
    time_s: np.ndarray,
    current: np.ndarray,
    temperature: np.ndarray,
    initial_soc: float,
) -> tuple[np.ndarray, str | None]:
    """Return the voltage up to the end of the solution, and why it ended early."""
    pybamm = pybamm_module()
    kelvin = temperature + ZERO_DEGC_K
    varies = bool(np.ptp(kelvin) > 0)
    ambient = partial(_table, time_s, kelvin) if varies else float(kelvin[0])
    changes = {
        # PyBaMM counts discharge as positive.
        "Current function [A]": pybamm.Interpolant(time_s, -current, pybamm.t),
        "Ambient temperature [K]": ambient,
        "Initial temperature [K]": float(kelvin[0]),
    }
    simulation, _ = model_of(cell, changes)
    try:
        solution = simulation.solve(
            [0.0, float(time_s[-1])], t_interp=time_s, initial_soc=initial_soc
        )
    except pybamm.SolverError as error:
        return np.empty(0), f"the solver failed ({str(error).splitlines()[0]})"
    finished = solution.termination == "final time"
    # The instant of the event itself is not a full second.
    inside = solution.t <= time_s[-1] if finished else solution.t < solution.t[-1]
    voltage = np.ravel(solution["Voltage [V]"].entries)[inside]
    return voltage, None if finished else f"it reached the {solution.termination}"


def _table(time_s: np.ndarray, values: np.ndarray, _y: Any, _z: Any, t: Any) -> Any:
    return pybamm_module().Interpolant(time_s, values, t)


def _at(reason: str, voltage: np.ndarray, soc: np.ndarray) -> Ended:
    if voltage.size == 0:
        return Ended(reason, 0.0, float("nan"), float(soc[0]))
    last = voltage.size - 1
    return Ended(reason, float(last), float(voltage[last]), float(soc[last]))


def _require_usable(current: np.ndarray, temperature: np.ndarray, initial_soc: float) -> None:
    if current.ndim != 1 or current.size < 2:
        raise ConfigurationError("a profile needs at least two seconds of current")
    if not (np.all(np.isfinite(current)) and np.all(np.isfinite(temperature))):
        raise ConfigurationError("the current or the temperature holds values that are no numbers")
    if not 0.0 <= initial_soc <= 1.0:
        raise ConfigurationError(
            f"the initial state of charge is {initial_soc:g}", why="allowed is 0 to 1"
        )
