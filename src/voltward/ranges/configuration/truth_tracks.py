"""Truth tracks of the virtual range: how far the plant may differ from the twin's model.

On track mismatched a published electrochemical cell leads: which one, and what it may cost.
"""

from voltward.core.errors import ConfigurationError
from voltward.core.suggestion import nearest
from voltward.documents.toml_document import find_document, read_document
from voltward.ranges.configuration.duty import Duty
from voltward.ranges.configuration.system_settings import SystemSettings
from voltward.real_cells.electrochemical_truth.parameter_sets import PUBLISHED

MATCHED = "matched"
MISMATCHED = "mismatched"
_MATCHED_LIMIT = (
    "Track matched: the plant is the model that the twin uses, so detection here is a best case."
)
_MISMATCHED_LIMIT = (
    "Track mismatched: the mean cell is PyBaMM's Doyle-Fuller-Newman model, which the twin does "
    "not know; isothermal at the temperature of the duty's start."
)
_SPREAD_LIMIT = (
    "Cells differ from the mean cell, also by temperature, balancing and shorts, as in the twin's "
    "own circuit: what compares cells with one another is as on track matched."
)
_SHARED_LIMIT = (
    "Runs with the same start and the same currents, to the bit, share one electrochemical cell: "
    "it is computed once, and the injections are made afterwards."
)
# First lines of the limits that every run states.
TRACK_LIMITS = {
    MATCHED: (_MATCHED_LIMIT,),
    MISMATCHED: (_MISMATCHED_LIMIT, _SPREAD_LIMIT, _SHARED_LIMIT),
}
# Measured on one core of a small server: 1.7 to 6 ms a step, by load and by current.
MODEL_S_PER_STEP = 0.005


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
