"""The nearest known name, for error messages."""

from collections.abc import Iterable
from difflib import get_close_matches

_MOST_NAMES = 8


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
