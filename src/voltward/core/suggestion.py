"""What a user probably meant, for error messages: the nearest known name, or another unit."""

from collections.abc import Iterable
from difflib import get_close_matches

_MOST_NAMES = 8
# Smaller units that people think in: name and how many make one.
_SMALLER = {
    "V": ("mV", 1000),
    "A": ("mA", 1000),
    "V/s": ("mV/s", 1000),
    "A/s": ("mA/s", 1000),
    "s": ("ms", 1000),
    "1": ("%", 100),
}
# A relative change; other numbers without a unit are counted.
_LARGEST_SHARE = 2.0


def nearest(name: object, known: Iterable[str]) -> str:
    """Return a hint that names the closest known names, or the first of all.

    Args:
        name: What the user wrote.
        known: The names that exist.

    Returns:
        A sentence for the `hint` of an error.
    """
    names = sorted(known)
    close = get_close_matches(str(name), names, n=3, cutoff=0.5)
    if close:
        return "did you mean " + " or ".join(f"'{match}'" for match in close) + "?"
    first = ", ".join(names[:_MOST_NAMES])
    return f"known: {first}" + (f", ... ({len(names)} in all)" if len(names) > _MOST_NAMES else "")


def meant(value: float, low: float, high: float, unit: str) -> str:
    """Return a hint for a value out of range that would be in range in a smaller unit, else "".

    Args:
        value: What the user wrote, in `unit`.
        low: Smallest value allowed.
        high: Largest value allowed.
        unit: Such as "V"; "1" for a relative change.
    """
    if unit not in _SMALLER or (unit == "1" and max(abs(low), abs(high)) > _LARGEST_SHARE):
        return ""
    name, count = _SMALLER[unit]
    smaller = value / count
    if not low <= smaller <= high:
        return ""
    shown = "" if unit == "1" else f" {unit}"
    return f"did you mean {smaller:g}{shown} ({value:g} {name})?"
