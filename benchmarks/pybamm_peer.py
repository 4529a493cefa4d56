"""PyBaMM's equivalent circuit as a child process: one line in, one batch solved, one line out.

It runs under an interpreter of its own choice, so that PyBaMM need not live where JAX lives.
"""

import json
import sys
import time
from typing import Any

import numpy as np
import pybamm

from benchmarks.load_profile import DURATION_S, INITIAL_SOC, current_C

RC_PAIRS = 2


def simulation(*, compiled: bool) -> pybamm.Simulation:
    """Return the two-RC Thevenin model with its thermal part on the profile, in C of its cell."""
    model = pybamm.equivalent_circuit.Thevenin(options={"number of rc elements": RC_PAIRS})
    model.events = []
    values = model.default_parameter_values
    capacity_Ah = values["Cell capacity [A.h]"]
    # PyBaMM counts discharge as positive.
    drive_A = -capacity_Ah * current_C()
    time_s = np.arange(DURATION_S, dtype=np.float64)
    values.update(
        {
            # The example cell has one pair; the second takes the same tables and a longer time.
            "R2 [Ohm]": values["R1 [Ohm]"],
            "C2 [F]": lambda T_cell, current, soc: 8.0 * values["C1 [F]"](T_cell, current, soc),
            "Element-2 initial overpotential [V]": 0.0,
            "Initial SoC": "[input]",
            "Current function [A]": pybamm.Interpolant(time_s, drive_A, pybamm.t),
        },
        check_already_exists=False,
    )
    options = {"compile": True} if compiled else {}
    solver = pybamm.IDAKLUSolver(rtol=1e-4, atol=1e-6, options=options)
    return pybamm.Simulation(model, parameter_values=values, solver=solver)


def solve(sim: pybamm.Simulation, cells: int) -> list[Any]:
    """Solve one hour for a batch of cells that differ in where they start."""
    starts = INITIAL_SOC + 0.005 * np.linspace(-1.0, 1.0, cells)
    end_s = DURATION_S - 1.0
    solutions = sim.solve(
        [0.0, end_s],
        t_interp=np.arange(DURATION_S, dtype=np.float64),
        inputs=[{"Initial SoC": float(start)} for start in starts],
    )
    return list(solutions)


def ready(cells: int) -> tuple[pybamm.Simulation, str]:
    """Return a simulation that has solved once, compiled where a C compiler is at hand."""
    try:
        sim = simulation(compiled=True)
        solve(sim, cells)
    except Exception as error:  # noqa: BLE001
        sim = simulation(compiled=False)
        solve(sim, cells)
        return sim, f"not compiled ({type(error).__name__})"
    return sim, "compiled"


def main() -> None:
    cells = int(sys.argv[1])
    begin = time.perf_counter()
    sim, how = ready(cells)
    first = {"version": pybamm.__version__, "solver": f"IDAKLU, {how}", "cells": cells}
    print(json.dumps({**first, "first_solve_s": time.perf_counter() - begin}), flush=True)
    for _ in sys.stdin:
        wall, cpu = time.perf_counter(), time.process_time()
        solutions = solve(sim, cells)
        taken = {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
        lowest = min(float(solution["Voltage [V]"].entries.min()) for solution in solutions[:2])
        print(json.dumps({**taken, "lowest_voltage_V": lowest}), flush=True)


if __name__ == "__main__":
    main()
