"""From an electrochemical cell to the parameters of the cell model, by virtual tests."""

from collections.abc import Callable, Sequence

import numpy as np

from voltward.core.errors import ConfigurationError
from voltward.real_cells.electrochemical_truth.parameter_sets import (
    ElectrochemicalCell,
    pybamm_module,
)
from voltward.real_cells.electrochemical_truth.virtual_tests import (
    FIT_SEED,
    STYLES,
    Progress,
    silent,
    slow_cycle_name,
    virtual_drive,
    virtual_tests,
)
from voltward.real_cells.identification.cell_facts import CellFacts
from voltward.real_cells.identification.identify import Identification, identify
from voltward.real_cells.identification.open_circuit import KNOTS, SlowCurve
from voltward.real_cells.recordings.recording import Recording

CHECK_SEED = 2001
REFERENCE_DEGC = 25.0
# Where a parameter set says nothing of heat (assumption; lithium-ion cells have 1.8 to 2.4e6).
_HEAT_PER_VOLUME_J_PER_M3_K = 2.0e6
_LOWEST_DEGC, _HIGHEST_DEGC = -40.0, 80.0


def extract(
    cell: ElectrochemicalCell,
    temperatures_degC: Sequence[float],
    *,
    chemistry: str = "lithium-ion",
    progress: Progress = silent,
    fitting: Callable[[int, float], None] = lambda _round, _error_V: None,
) -> Identification:
    """Run the virtual tests of a cell and fit the cell model to them.

    One more drive of each style at every temperature takes no part in the fit: the stated model
    error is that of these.

    Args:
        cell: Which cell.
        temperatures_degC: To test at.
        chemistry: In words, for the file.
        progress: Of the tests: stage, done, total.
        fitting: Of the fit: round, error in V.

    Raises:
        ConfigurationError: A temperature is out of range, the solver failed, or the fit failed.
        EnvironmentLacksError: PyBaMM is missing.
    """
    _require_temperatures(temperatures_degC)
    recordings = virtual_tests(cell, temperatures_degC, seed=FIT_SEED, progress=progress)
    checks = [
        virtual_drive(cell, style, temperature, seed=CHECK_SEED)
        for temperature in temperatures_degC
        for style in STYLES
    ]
    nearest = min(temperatures_degC, key=lambda value: abs(value - REFERENCE_DEGC))
    slow = next(record for record in recordings if record.name == slow_cycle_name(nearest))
    return identify(
        recordings, checks, middle_curve(slow, cell.capacity_Ah), facts(cell, chemistry), fitting
    )


def middle_curve(slow: Recording, capacity_Ah: float) -> SlowCurve:
    """Return the curve midway between a slow discharge and the charge after it, over true SoC.

    Args:
        slow: A slow cycle with its true state of charge.
        capacity_Ah: Of the cell.

    Raises:
        ConfigurationError: The recording lacks a state of charge, or one of the two directions.
    """
    falling, rising = slow.current_A < 0.0, slow.current_A > 0.0
    if slow.soc is None or not (falling.any() and rising.any()):
        raise ConfigurationError(f"{slow.name} is no slow discharge and charge with known SoC")
    voltage_V = slow.voltage_V[:, 0]
    knots = np.linspace(0.0, 1.0, KNOTS)
    discharge_V = np.interp(knots, slow.soc[falling][::-1], voltage_V[falling][::-1])
    charge_V = np.interp(knots, slow.soc[rising], voltage_V[rising])
    # Beyond the end of the charge the gap between the two stays what it was there.
    both = knots < float(slow.soc[rising][-1])
    gap_V = np.interp(knots, knots[both], (charge_V - discharge_V)[both])
    middle_V = np.maximum.accumulate(discharge_V + 0.5 * gap_V)
    temperature_degC = float(np.mean(slow.temperature_degC))
    # Two knots may share a voltage after the accumulation: 20 uV a knot keep the curve rising.
    return SlowCurve(slow.name, capacity_Ah, middle_V + np.arange(KNOTS) * 2e-5, temperature_degC)


def facts(cell: ElectrochemicalCell, chemistry: str) -> CellFacts:
    """Return what the tests do not show: size and heat, from the parameter set where it has them.

    Args:
        cell: Which cell.
        chemistry: In words.
    """
    volume_m3 = float(cell.values["Cell volume [m3]"])
    pybamm = pybamm_module()
    try:
        thermal = pybamm.LithiumIonParameters().therm
        per_volume = float(
            cell.values.evaluate(thermal.rho_c_p_eff(cell.values["Reference temperature [K]"]))
        )
    except (KeyError, ValueError, TypeError, AttributeError):
        per_volume = _HEAT_PER_VOLUME_J_PER_M3_K
    return CellFacts(
        name=cell.name,
        chemistry=chemistry,
        source=f"fitted to virtual tests of PyBaMM's DFN model; {cell.source}",
        heat_capacity_J_per_K=per_volume * volume_m3,
        surface_m2=float(cell.values["Cell cooling surface area [m2]"]),
        volume_m3=volume_m3,
    )


def _require_temperatures(temperatures_degC: Sequence[float]) -> None:
    if not temperatures_degC:
        raise ConfigurationError("no temperature is given to test at")
    for value in temperatures_degC:
        if not _LOWEST_DEGC <= value <= _HIGHEST_DEGC:
            raise ConfigurationError(
                f"{value:g} degC is not a temperature to test a cell at",
                why=f"tests run between {_LOWEST_DEGC:g} and {_HIGHEST_DEGC:g} degC",
                hint="temperatures are in degrees Celsius",
            )
