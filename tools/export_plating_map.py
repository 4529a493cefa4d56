"""Export the lithium-plating current limit of an LG M50 cell from PyBaMM and fit the shipped form.

Run once, offline, in an environment that has PyBaMM (it is not a run-time dependency):

    python tools/export_plating_map.py src/voltward/data/plating/lg-m50.json

For each state of charge and temperature the tool looks for the charge current at which the anode
potential against lithium, at the separator, reaches 0 V at the end of a 300 s isothermal
constant-current charge that starts from rest and ends at that state of charge. The model is the
Doyle-Fuller-Newman model with the parameter set OKane2022.
"""

import json
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pybamm
from numpy.typing import NDArray
from scipy.optimize import brentq, least_squares

SOC_GRID = tuple(round(0.05 * step, 2) for step in range(2, 21))
TEMPERATURE_GRID_DEGC = (-10.0, -5.0, 0.0, 5.0, 10.0, 15.0, 25.0, 35.0, 45.0)
PULSE_S = 300.0
LOWEST_START_SOC = 0.02
SEARCH_RANGE_C = (0.005, 15.0)
CAPACITY_AH = 5.0
REFERENCE_K = 298.15
POWERS = ((0, 0), (1, 0), (2, 0), (3, 0), (0, 1), (1, 1), (0, 2))
ANODE = "Negative electrode surface potential difference at separator interface [V]"
PLATED = "Loss of capacity to negative lithium plating [A.h]"


def build_simulation(plating: str = "none") -> pybamm.Simulation:
    """Return a DFN simulation whose current and temperature are inputs, without voltage limits."""
    model = pybamm.lithium_ion.DFN({"lithium plating": plating})
    model.events = []
    values = pybamm.ParameterValues("OKane2022")
    values.update(
        {
            "Current function [A]": "[input]",
            "Ambient temperature [K]": "[input]",
            "Initial temperature [K]": "[input]",
        }
    )
    solver = pybamm.IDAKLUSolver(rtol=1e-5, atol=1e-7, output_variables=[ANODE, PLATED])
    points = {"x_n": 15, "x_s": 8, "x_p": 15, "r_n": 25, "r_p": 20}
    return pybamm.Simulation(model, parameter_values=values, solver=solver, var_pts=points)


def run_pulse(
    simulation: pybamm.Simulation, soc: float, temperature_degC: float, rate_C: float, frames: int
) -> Any:
    """Charge from rest so that the pulse ends at the given state of charge."""
    start = max(LOWEST_START_SOC, soc - rate_C * PULSE_S / 3600.0)
    duration_s = (soc - start) * 3600.0 / rate_C
    temperature_K = temperature_degC + 273.15
    inputs = {
        "Current function [A]": -CAPACITY_AH * rate_C,
        "Ambient temperature [K]": temperature_K,
        "Initial temperature [K]": temperature_K,
    }
    frame_s = np.linspace(0.0, duration_s, frames)
    return simulation.solve([0.0, duration_s], t_interp=frame_s, inputs=inputs, initial_soc=start)


def anode_potential_V(
    simulation: pybamm.Simulation, soc: float, temperature_degC: float, rate_C: float
) -> float:
    """Return the anode potential at the end of the pulse; a failed solve counts as plating."""
    try:
        solution = run_pulse(simulation, soc, temperature_degC, rate_C, frames=2)
    except pybamm.SolverError:
        return -1.0  # the electrolyte or a particle surface ran empty: far beyond the limit
    return float(np.ravel(solution[ANODE].entries)[-1])


def find_limit_C(simulation: pybamm.Simulation, soc: float, temperature_degC: float) -> float:
    """Return the C-rate at which the anode potential is 0 V at the end of the pulse."""

    def potential(log_rate: float) -> float:
        return anode_potential_V(simulation, soc, temperature_degC, math.exp(log_rate))

    low, high = (math.log(rate) for rate in SEARCH_RANGE_C)
    return math.exp(float(brentq(potential, low, high, xtol=2e-3)))


def basis(
    soc: NDArray[np.float64], temperature_degC: NDArray[np.float64], step: tuple[float, float]
) -> NDArray[np.float64]:
    """Return the columns of the fitted form: soc^i * x^j, then the staging step g and g * x."""
    x = 1000.0 * (1.0 / REFERENCE_K - 1.0 / (temperature_degC + 273.15))
    distance = (soc - step[0]) / step[1]
    smooth_step = distance / np.sqrt(1.0 + distance**2)
    columns = [soc**i * x**j for i, j in POWERS]
    return np.stack([*columns, smooth_step, smooth_step * x], axis=-1)


def fit_coefficients(columns: NDArray[np.float64], limit_C: NDArray[np.float64]) -> Any:
    """Return the least-squares coefficients of ln(limit)."""
    coefficients, *_ = np.linalg.lstsq(columns, np.log(limit_C), rcond=None)
    return coefficients


def plated_shares(limits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return plated current over excess current at 1.3 to 3 times the limit, over SoC and T."""
    simulation = build_simulation("partially reversible")
    shares = []
    for soc in (0.3, 0.6, 0.9):
        for temperature_degC in (-10.0, 0.0, 25.0):
            index = SOC_GRID.index(soc), TEMPERATURE_GRID_DEGC.index(temperature_degC)
            for ratio in (1.3, 1.6, 2.0, 3.0):
                rate_C = ratio * float(limits[index])
                solution = run_pulse(simulation, soc, temperature_degC, rate_C, frames=7)
                lost_Ah = np.ravel(solution[PLATED].entries)
                plated_A = 3600.0 * float(np.diff(lost_Ah)[-1] / np.diff(solution.t)[-1])
                shares.append(plated_A / (CAPACITY_AH * (rate_C - float(limits[index]))))
    return np.array(shares)


def main(target: Path) -> None:
    """Compute the grid, fit ln(limit) and write the JSON file."""
    pybamm.set_logging_level("ERROR")
    simulation = build_simulation()
    limits = np.array(
        [[find_limit_C(simulation, s, t) for t in TEMPERATURE_GRID_DEGC] for s in SOC_GRID]
    )
    soc, temperature = np.meshgrid(SOC_GRID, TEMPERATURE_GRID_DEGC, indexing="ij")
    flat = limits.ravel()

    def log_error(step: NDArray[np.float64]) -> NDArray[np.float64]:
        columns = basis(soc.ravel(), temperature.ravel(), (step[0], step[1]))
        return columns @ fit_coefficients(columns, flat) - np.log(flat)

    step_soc, step_width = (round(float(v), 3) for v in least_squares(log_error, (0.64, 0.04)).x)
    columns = basis(soc.ravel(), temperature.ravel(), (step_soc, step_width))
    coefficients = fit_coefficients(columns, flat)
    error = np.exp(columns @ coefficients) / flat - 1.0
    shares = plated_shares(limits)
    document = {
        "schema_version": 1,
        "name": "lg-m50",
        "quantity": "charge current at which the anode potential reaches 0 V against lithium",
        "unit": "C-rate of the 5 Ah cell",
        "source": (
            f"PyBaMM {pybamm.__version__}, Doyle-Fuller-Newman model, parameter set OKane2022 "
            "(O'Kane et al., Phys. Chem. Chem. Phys. 24 (2022) 7909; Chen et al., "
            "J. Electrochem. Soc. 167 (2020) 080534), exported by tools/export_plating_map.py"
        ),
        "method": (
            f"{PULSE_S:.0f} s isothermal constant-current charge from rest that ends at the given "
            "state of charge; anode potential at the separator; cell voltage not limited"
        ),
        "form": (
            "limit_C = exp(sum_k c_k * soc^i_k * x^j_k + c_g * g + c_gx * g * x), "
            "x = 1000 K * (1/T_ref - 1/T), T in kelvin, "
            "g = d / sqrt(1 + d^2), d = (soc - step_soc) / step_width (graphite staging)"
        ),
        "reference_temperature_K": REFERENCE_K,
        "soc_range": [min(SOC_GRID), max(SOC_GRID)],
        "temperature_range_degC": [min(TEMPERATURE_GRID_DEGC), max(TEMPERATURE_GRID_DEGC)],
        "step_soc": step_soc,
        "step_width": step_width,
        "powers": [list(pair) for pair in POWERS],
        "coefficients": [float(f"{value:.8g}") for value in coefficients],
        "fit_relative_error": {
            "rms": round(float(np.sqrt(np.mean(error**2))), 4),
            "largest": round(float(np.max(np.abs(error))), 4),
        },
        "plated_share": {
            "meaning": (
                "plated current over charge current in excess of the limit, at the end of the "
                "pulse, same model with partially reversible plating, 1.3 to 3 times the limit, "
                "SoC 0.3 to 0.9, -10 to 25 degC"
            ),
            "median": round(float(np.median(shares)), 2),
            "lowest": round(float(shares.min()), 2),
            "largest": round(float(shares.max()), 2),
        },
        "grid": {
            "soc": list(SOC_GRID),
            "temperature_degC": list(TEMPERATURE_GRID_DEGC),
            "limit_C": [[float(f"{value:.4g}") for value in row] for row in limits],
        },
    }
    target.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    print(f"{target}: rms error {error.std():.1%}, largest {np.abs(error).max():.1%}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
