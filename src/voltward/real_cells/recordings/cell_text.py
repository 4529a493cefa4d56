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
# What recorders write where there is no value.
NOTHING = frozenset(
    {"", "-", "--", "---", "nan", "-nan", "n/a", "na", "#n/a", "null", "none", "nil", "inf", "-inf"}
)


def is_datum(field: str) -> bool:
    """Return whether a field holds a number, a time or a date."""
    return _DATUM.fullmatch(field.strip()) is not None


def is_nothing(field: str) -> bool:
    """Return whether a field holds no value."""
    return field.strip().lower() in NOTHING
