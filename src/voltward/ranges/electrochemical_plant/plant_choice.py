"""The electrochemical cell that leads a mismatched campaign, checked against its circuit."""

from dataclasses import dataclass

import numpy as np

from voltward.core.errors import ConfigurationError
from voltward.documents.toml_document import find_document
from voltward.physical.cell import CellModel
from voltward.physical.cell_file import load_cell
from voltward.ranges.configuration.duty import Duty
from voltward.ranges.configuration.system_settings import SystemSettings
from voltward.ranges.configuration.truth_tracks import set_of
from voltward.ranges.electrochemical_plant.dfn_cell import DfnCell
from voltward.ranges.electrochemical_plant.host_cell import HostCell
from voltward.ranges.electrochemical_plant.shared_histories import SharedHistories
from voltward.real_cells.electrochemical_truth.parameter_sets import (
    ElectrochemicalCell,
    published_cell,
)

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
                f"track mismatched: the cell '{name}' does not match {cell.name}",
                why=f"at SoC {soc:g} the one rests at {believed_V:.3f} V, the other at "
                f"{rest_V:.3f} V; allowed is {1000 * LARGEST_REST_GAP_V:g} mV",
                hint="identify the circuit on this parameter set",
            )


def host_cell(leader: Leader, duty: Duty) -> HostCell:
    """Return the bridge to a new model, at the temperature of the duty's start."""
    model = DfnCell(leader.cell, float(duty.initial_temperature_degC), duty.tick_s)
    histories = SharedHistories(model, duty.tick_s, duty.ticks)
    return HostCell(histories, leader.side_by_side)
