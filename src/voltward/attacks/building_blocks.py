"""What several entries share: goals, claims, the choice of cells.

A threshold is said once here, so that entries with the same aim stay comparable.
"""

from collections.abc import Mapping
from typing import TypedDict

from voltward.core.attack import Goal
from voltward.core.parameter import Parameter

PROPULSION_LOST = Goal("propulsion_lost_s", 5.0, "propulsion gone for 5 s in traffic (assumption)")
CHARGING_DENIED = Goal(
    "charging_denied_s", 600.0, "ten minutes without charge at the charger (assumption)"
)
LITHIUM_PLATED = Goal("plated_charge_mAh", 100.0, "lithium plated in one session (assumption)")
CELLS_APART = Goal("soc_spread_pct", 3.5, "a larger spread than fresh cells have")
BMS_MISLED = Goal("soc_error_pct", 5.0, "the BMS is off by 5 points of SoC (assumption)")
TWIN_MISLED = Goal("twin_soc_error_pct", 5.0, "the twin is off by 5 points of SoC (assumption)")
CLOUD_BLIND = Goal("cloud_blind_s", 300.0, "the cloud sees nothing for five minutes (assumption)")

# Claimed to see whatever makes the twin's model and its readings disagree.
INNOVATION_TESTS = ("innovation-cusum", "innovation-chi-square")

# The two parameters of an attack on some of the cells, and what they make of a step.
CHOSEN_CELLS = (
    Parameter("first_cell", "1", 0.0, 0.0, 399.0, "first cell touched"),
    Parameter("cell_share", "1", 1.0, 0.0, 1.0, "share of the cells touched"),
)


class ChosenCells(TypedDict):
    """Fields of `Step` that say which cells it touches."""

    first_cell: int
    cell_share: float


def chosen_cells(values: Mapping[str, float]) -> ChosenCells:
    """Return the fields of a step that acts on the cells of `CHOSEN_CELLS`."""
    return {"first_cell": int(values["first_cell"]), "cell_share": values["cell_share"]}
