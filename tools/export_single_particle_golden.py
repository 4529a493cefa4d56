"""Export voltages of an LG M50 from PyBaMM that the single particle model is tested against.

Run once, offline, in an environment that has PyBaMM (it is not a run-time dependency):

    python tools/export_single_particle_golden.py tests/physical/single_particle_golden.npz

Profiles: a 1C discharge, and a seeded drive of 10 s blocks with peaks of 2C, at 25 and at 5 degC.
Models: the single particle model with electrolyte and the Doyle-Fuller-Newman model, isothermal,
parameter set Chen2020, on meshes fine enough for the first second after a change of current.
"""

import sys
from pathlib import Path

import numpy as np
import pybamm
from numpy.typing import NDArray

BLOCK_S = 10.0
RAMP_S = 0.01
SAMPLE_S = 2
SEED = 20
NOMINAL_A = 5.0
SHELLS = {"SPMe": 200, "DFN": 100}


def drive_A() -> NDArray[np.float64]:
    """Return the current of each block, positive charging: driving, braking and stops."""
    rng = np.random.default_rng(SEED)
    blocks = 660
    kind = rng.uniform(size=blocks)
    braking = rng.uniform(0.0, 1.0, blocks)
    driving = -rng.uniform(0.1, 2.0, blocks)
    rate = np.where(kind < 0.2, 0.0, np.where(kind < 0.4, braking, driving))
    rate[[40, 100, 400]] = -2.0
    # Rested at both ends, as a pack is when it is switched on.
    rate[:6] = rate[-30:] = 0.0
    return NOMINAL_A * rate


def voltages(
    model: str, blocks_A: NDArray[np.float64], soc: float, temperature_degC: float
) -> NDArray[np.float64]:
    """Return the voltage at every full SAMPLE_S, each while the current before it still flows."""
    edges = BLOCK_S * np.arange(1, blocks_A.size)
    times = np.concatenate(
        [[0.0], np.stack([edges, edges + RAMP_S], 1).ravel(), [BLOCK_S * blocks_A.size]]
    )
    currents = np.repeat(blocks_A, 2)
    values = pybamm.ParameterValues("Chen2020")
    kelvin = temperature_degC + 273.15
    values.update({"Ambient temperature [K]": kelvin, "Initial temperature [K]": kelvin})
    values.set_initial_state(soc)
    values["Current function [A]"] = pybamm.Interpolant(times, -currents, pybamm.t)
    # The limits would stop the run; the profile stays within what the models can follow.
    values.update({"Lower voltage cut-off [V]": 1.5, "Upper voltage cut-off [V]": 4.6})
    mesh = {"x_n": 30, "x_s": 20, "x_p": 30, "r_n": SHELLS[model], "r_p": SHELLS[model]}
    simulation = pybamm.Simulation(
        getattr(pybamm.lithium_ion, model)(),
        parameter_values=values,
        solver=pybamm.IDAKLUSolver(rtol=1e-5, atol=1e-6),
        var_pts=mesh,
    )
    samples = np.arange(SAMPLE_S, times[-1] + 0.5, SAMPLE_S)
    solution = simulation.solve(t_eval=times, t_interp=samples)
    return np.asarray(solution["Terminal voltage [V]"](samples))


def main(target: Path) -> None:
    """Run the models and write the file."""
    pybamm.set_logging_level("ERROR")
    drive = drive_A()
    discharge = np.full(353, -NOMINAL_A)
    cases = {
        "discharge_25": (discharge, 1.0, 25.0),
        "drive_25": (drive, 0.95, 25.0),
        "drive_5": (drive, 0.95, 5.0),
    }
    arrays: dict[str, NDArray[np.float64]] = {"block_s": np.array(BLOCK_S)}
    arrays["sample_s"] = np.array(SAMPLE_S)
    for name, (blocks_A, soc, temperature_degC) in cases.items():
        arrays[f"{name}_current_A"] = blocks_A
        arrays[f"{name}_start"] = np.array([soc, temperature_degC])
        for model in SHELLS:
            found = voltages(model, blocks_A, soc, temperature_degC)
            arrays[f"{name}_{model}_V"] = found.astype(np.float32)
            print(f"{name} {model}: {found[0]:.3f} V to {found[-1]:.3f} V")
    np.savez_compressed(target, **arrays)
    print(f"{target}: PyBaMM {pybamm.__version__}, {target.stat().st_size} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
