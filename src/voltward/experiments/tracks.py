"""Truth tracks of the virtual range: how far the plant may differ from the twin's model."""

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
