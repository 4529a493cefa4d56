"""What one field of a text table can be: a number, a time or a date, nothing, or words."""

import re

NUMBER = r"[+-]?(?:\d[\d.,'\u00a0\u202f ]*|[.,]\d+)(?:[eEdD][+-]?\d+)?"
CLOCK = (
    r"[+-]?(?:\d+ ?d(?:ays?)?,? *|\d+-)?\d+:\d{1,2}(?::\d{1,2}(?:[.,:]\d*)?)?"
    r"(?: ?[AaPp]\.?[Mm]\.?)?"
)
DATE = r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}"
_STAMP = rf"{DATE}(?:[T ,]+{CLOCK}(?:Z| ?[+-]\d\d:?\d\d)?)?"
_DATUM = re.compile(rf"(?:[+-]?(?:[Nn]a[Nn]|[Ii]nf)|{NUMBER}\s*%?|{CLOCK}|{_STAMP})")
# No number or time is longer; patterns are slow on long text.
_LONGEST = 64
# What recorders write where there is no value.
NOTHING = frozenset(
    {"", "-", "--", "---", "nan", "-nan", "n/a", "na", "#n/a", "null", "none", "nil", "inf", "-inf"}
)


def is_datum(field: str) -> bool:
    """Return whether a field holds a number, a time or a date."""
    trimmed = field.strip()
    return len(trimmed) <= _LONGEST and _DATUM.fullmatch(trimmed) is not None


def is_nothing(field: str) -> bool:
    """Return whether a field holds no value."""
    return field.strip().lower() in NOTHING
