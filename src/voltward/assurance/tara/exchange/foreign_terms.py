"""Terms of other tools for columns, levels and options, as tables: ours to theirs."""

from voltward.assurance.tara.model.model import Effort
from voltward.assurance.tara.model.words import IMPACT_LEVELS, ImpactLevel

_EFFORT: dict[str, dict[str, tuple[str, ...]]] = {
    "elapsed_time": {
        "1d": ("1 day", "<= 1 day", "<=1 day", "≤ 1 day", "≤1 day", "one day"),
        "1w": ("1 week", "<= 1 week", "<=1 week", "≤ 1 week", "≤1 week", "one week"),
        "1m": ("1 month", "<= 1 month", "<=1 month", "≤ 1 month", "≤1 month", "one month"),
        "6m": ("6 months", "<= 6 months", "<=6 months", "≤ 6 months", "≤6 months"),
        "more": ("> 6 months", ">6 months", "more than 6 months"),
    },
    "expertise": {
        "multiple": ("multiple experts", "several experts"),
    },
    "knowledge": {
        "public": ("public information",),
        "restricted": ("restricted information",),
        "confidential": ("confidential information",),
        "strict": ("strictly confidential", "strictly confidential information"),
    },
    "window": {
        "unlimited": ("unnecessary/unlimited",),
        "difficult": ("difficult/none", "none", "difficult / none"),
    },
    "equipment": {
        "specialised": ("specialized",),
        "multiple": ("multiple bespoke",),
    },
}
# Titles that other tools give to a column of the template.
ALIASES = {
    "S": ("safety",),
    "F": ("financial",),
    "O": ("operational",),
    "P": ("privacy",),
    "SE": ("expertise", "specialist expertise"),
    "WoO": ("window of opportunity", "window"),
    "ET": ("elapsed time",),
    "Eq": ("equipment",),
    "KoIC": ("knowledge of the item or component", "knowledge"),
}
EFFORT_KEYS = tuple(Effort.__annotations__)


def choice_of(key: tuple[str, ...], text: str, choices: tuple[str, ...]) -> str:
    """Return the value that a text of a choice column means, or an empty text.

    Args:
        key: Place of the value in a record.
        text: As written.
        choices: Allowed values.
    """
    word = " ".join(text.split()).casefold()
    for choice in choices:
        if word in {choice, choice.replace("_", " "), choice.replace("-", " ")}:
            return choice
    if choices == tuple(IMPACT_LEVELS):
        return _impact(word, key[-1][0])
    for choice, others in _EFFORT.get(key[-1], {}).items():
        if word in others and choice in choices:
            return choice
    return ""


def _impact(word: str, letter: str) -> str:
    """Return the level of a number such as "S3" or "3", as ISO 26262-3 counts severity."""
    digit = word.removeprefix(letter)
    if digit in {"0", "1", "2", "3"}:
        return IMPACT_LEVELS[int(digit)].value
    return ImpactLevel.NEGLIGIBLE.value if word == "none" else ""
