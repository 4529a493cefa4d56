"""Electrochemical parameter sets: published cells of PyBaMM, by name."""

import os
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from voltward.core.errors import ConfigurationError, EnvironmentLacksError
from voltward.core.suggestion import nearest

INSTALL = 'python -m pip install "pybamm[bpx]>=26"'


@dataclass(frozen=True)
class PublishedSet:
    """A parameter set that PyBaMM ships.

    Attributes:
        pybamm_name: What PyBaMM calls it.
        source: The paper it comes from.
        limits: What it does not describe.
    """

    pybamm_name: str
    source: str
    limits: str


PUBLISHED = {
    "lg-m50": PublishedSet(
        "Chen2020",
        "Chen et al., J. Electrochem. Soc. 167 080534, 2020 (LG M50, NMC811/graphite-SiOx)",
        "measured at 25 degC; exchange currents follow Arrhenius laws, diffusion and the "
        "electrolyte do not change with temperature, so cold cells come out too good",
    ),
    "lg-m50-oregan": PublishedSet(
        "ORegan2022",
        "O'Regan et al., Electrochim. Acta 425 140700, 2022 (LG M50, temperature dependent)",
        "Arrhenius laws around 25 degC, also in diffusion and electrolyte; its window of 2.5 to "
        "4.4 V is wider than the data sheet's; below 10 degC its diffusion near full all but stops",
    ),
}


@dataclass(frozen=True)
class ElectrochemicalCell:
    """A cell that PyBaMM's Doyle-Fuller-Newman model can run.

    Attributes:
        name: Short name.
        capacity_Ah: Charge between the open-circuit voltages of SoC 0 and SoC 1.
        lowest_V: Lower cut-off; its open-circuit voltage is SoC 0.
        highest_V: Upper cut-off; its open-circuit voltage is SoC 1.
        values: `pybamm.ParameterValues`.
        source: Where the numbers come from.
        limits: What they do not describe.
    """

    name: str
    capacity_Ah: float
    lowest_V: float
    highest_V: float
    values: Any
    source: str
    limits: str


def pybamm_module() -> Any:
    """Import PyBaMM, which the package itself does not need.

    Raises:
        EnvironmentLacksError: It is not installed.
    """
    if find_spec("pybamm") is None:
        raise EnvironmentLacksError(
            "PyBaMM is not installed",
            why="the electrochemical truth runs on it",
            hint=INSTALL,
        )
    # PyBaMM would report its use over the network; telemetry is switched off here.
    os.environ.setdefault("PYBAMM_DISABLE_TELEMETRY", "true")
    pybamm = import_module("pybamm")
    # Its notices of early stops are turned into errors or notes here.
    pybamm.set_logging_level("ERROR")
    return pybamm


def published_cell(name: str) -> ElectrochemicalCell:
    """Return a published cell.

    Args:
        name: A key of `PUBLISHED`.

    Raises:
        ConfigurationError: There is no such set.
        EnvironmentLacksError: PyBaMM is missing.
    """
    if name not in PUBLISHED:
        raise ConfigurationError(
            f"there is no published electrochemical cell '{name}'", hint=nearest(name, PUBLISHED)
        )
    known = PUBLISHED[name]
    values = pybamm_module().ParameterValues(known.pybamm_name)
    return electrochemical_cell(name, values, source=known.source, limits=known.limits)


def electrochemical_cell(
    name: str, values: Any, *, source: str, limits: str
) -> ElectrochemicalCell:
    """Wrap parameter values; the capacity is that between the voltage limits at equilibrium.

    Args:
        name: Short name.
        values: `pybamm.ParameterValues`.
        source: Where they come from.
        limits: What they do not describe.

    Raises:
        ConfigurationError: The electrodes reach no equilibrium at the voltage limits.
    """
    pybamm = pybamm_module()
    lowest_V = float(values["Lower voltage cut-off [V]"])
    highest_V = float(values["Upper voltage cut-off [V]"])
    try:
        balance = pybamm.lithium_ion.ElectrodeSOHSolver(values).get_min_max_stoichiometries()
        lithium_Ah = float(values.evaluate(pybamm.LithiumIonParameters().n.prim.Q_init))
        capacity_Ah = lithium_Ah * float(balance[1] - balance[0])
    except (KeyError, ValueError, TypeError, IndexError, pybamm.SolverError) as error:
        raise ConfigurationError(
            f"{name}: no capacity can be computed between {lowest_V:g} and {highest_V:g} V",
            why=f"the open-circuit potentials of both electrodes do not meet the limits: {error}",
        ) from error
    if not all(0.0 <= float(share) <= 1.0 for share in balance):
        raise ConfigurationError(
            f"{name}: the voltage limits of {lowest_V:g} and {highest_V:g} V are outside what the "
            "electrodes can reach",
            why="an electrode would be more than full or less than empty at a limit",
        )
    return ElectrochemicalCell(name, capacity_Ah, lowest_V, highest_V, values, source, limits)
