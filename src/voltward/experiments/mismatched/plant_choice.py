"""Which electrochemical cell leads a mismatched campaign, whether it may run, and what it costs."""

from dataclasses import dataclass

import numpy as np

from voltward.core.errors import ConfigurationError
from voltward.core.suggestion import nearest
from voltward.experiments.document import find_document, read_document
from voltward.experiments.duty import Duty
from voltward.experiments.mismatched.dfn_cell import DfnCell
from voltward.experiments.mismatched.host_cell import HostCell
from voltward.experiments.mismatched.shared_histories import SharedHistories
from voltward.experiments.settings import SystemSettings
from voltward.experiments.truth.parameter_sets import (
    PUBLISHED,
    ElectrochemicalCell,
    published_cell,
)
from voltward.physical.cell import CellModel
from voltward.physical.cell_file import load_cell

# Measured on one core of a small server: 1.7 to 6 ms a step, by load and by current.
MODEL_S_PER_STEP = 0.005
# A circuit that was made for the cell lies within some millivolts of its rest voltage; that of the
# LG HG2, of the same chemistry, lies 63 mV off at SoC 0.1 and 17 mV elsewhere.
LARGEST_REST_GAP_V = 0.05
LARGEST_CAPACITY_GAP = 0.15
_CHECKED_SOC = (0.1, 0.3, 0.5, 0.7, 0.9)


@dataclass(frozen=True)
class Leader:
    """The electrochemical cell behind a pack's cell.

    Attributes:
        cell: Published.
        side_by_side: How many of them make one cell of the pack.
    """

    cell: ElectrochemicalCell
    side_by_side: int


def set_of(system: SystemSettings, wanted: str) -> str:
    """Return which published cell stands behind a system's cell.

    Args:
        system: Its cell file may name one as `truth_set`, or bear its name.
        wanted: As the campaign says, by the cell's name or PyBaMM's; empty for the file's own.

    Raises:
        ConfigurationError: There is none.
    """
    by_name = {entry.pybamm_name: name for name, entry in PUBLISHED.items()}
    document = read_document(find_document("cells", system.cell, "cell"))
    asked = wanted or str(document.get("truth_set", document.get("name", "")))
    name = by_name.get(asked, asked)
    known = ", ".join(f"{key} ({entry.pybamm_name})" for key, entry in PUBLISHED.items())
    if name in PUBLISHED:
        return name
    if wanted:
        raise ConfigurationError(
            f"truth_set: there is no published electrochemical cell '{wanted}'",
            why=f"allowed are {known}",
            hint=nearest(wanted, [*PUBLISHED, *by_name]),
        )
    raise ConfigurationError(
        f"track mismatched: the cell '{system.cell}' has no electrochemical parameter set",
        why=f"the plant is an electrochemical model; there are {known}",
        hint='use a cell that was identified on one of them, or name it: truth_set = "lg-m50"',
    )


def leader_of(system: SystemSettings, wanted: str) -> Leader:
    """Return the published cell behind a system's cell, checked against its circuit.

    Raises:
        ConfigurationError: There is none, or the circuit describes another cell.
        EnvironmentLacksError: PyBaMM is missing.
    """
    circuit = load_cell(find_document("cells", system.cell, "cell"))
    cell = published_cell(set_of(system, wanted))
    side_by_side = max(1, round(circuit.capacity_Ah / cell.capacity_Ah))
    gap = circuit.capacity_Ah / (cell.capacity_Ah * side_by_side) - 1.0
    if abs(gap) > LARGEST_CAPACITY_GAP:
        raise ConfigurationError(
            f"track mismatched: the cell '{system.cell}' has {circuit.capacity_Ah:g} Ah, which is "
            f"no multiple of the {cell.capacity_Ah:.3g} Ah of {cell.name}",
            why=f"allowed is a difference of {100 * LARGEST_CAPACITY_GAP:g} %",
            hint="scale capacity_Ah of the cell file to a whole number of cells side by side",
        )
    _check_rest(circuit, cell, system.cell)
    return Leader(cell, side_by_side)


def _check_rest(circuit: CellModel, cell: ElectrochemicalCell, name: str) -> None:
    model = DfnCell(cell, 25.0, 1.0)
    knots = np.linspace(0.0, 1.0, circuit.ocv_V.size)
    for soc in _CHECKED_SOC:
        believed_V = float(np.interp(soc, knots, circuit.ocv_V))
        rest_V = model.start(soc)[1].open_circuit_V
        if abs(believed_V - rest_V) > LARGEST_REST_GAP_V:
            raise ConfigurationError(
                f"track mismatched: the cell '{name}' is no circuit of {cell.name}",
                why=f"at SoC {soc:g} the one rests at {believed_V:.3f} V, the other at "
                f"{rest_V:.3f} V; allowed is {1000 * LARGEST_REST_GAP_V:g} mV",
                hint="identify the circuit on this parameter set",
            )


def host_cell(leader: Leader, duty: Duty) -> HostCell:
    """Return the bridge to a new model, at the temperature of the duty's start."""
    model = DfnCell(leader.cell, float(duty.initial_temperature_degC), duty.tick_s)
    histories = SharedHistories(model, duty.tick_s, duty.ticks)
    return HostCell(histories, leader.side_by_side)


def check_cost(cases: int, duty: Duty, most_hours: float) -> None:
    """Refuse a campaign that would take longer than allowed.

    Args:
        cases: Of the campaign.
        duty: Of each of them.
        most_hours: Allowed sum of the cases' durations.

    Raises:
        ConfigurationError: It would; the message holds an estimate.
    """
    hours = cases * duty.duration_s / 3600.0
    if hours <= most_hours:
        return
    minutes = cases * duty.ticks * MODEL_S_PER_STEP / 60.0
    raise ConfigurationError(
        f"track mismatched: {cases} cases of {duty.duration_s:g} s are {hours:.3g} run-hours",
        why=f"allowed are truth_hours = {most_hours:g}; the electrochemical model takes up to "
        f"{minutes:.0f} minutes for this, less where runs share their current",
        hint=f"fewer attacks, stacks or seeds, a shorter duty, or truth_hours = {hours:.3g}",
    )
