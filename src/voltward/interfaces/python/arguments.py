"""Checks of what a script hands over: an argument of another kind is refused at the door.

Each returns the argument in one form, or raises ConfigurationError with its name and what it takes.
"""

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from voltward.core.errors import ConfigurationError
from voltward.core.suggestion import nearest


def text_of(label: str, value: object) -> str:
    """Return a name or a path as text.

    Raises:
        ConfigurationError: It is neither a text nor a path, or holds what no name holds.
    """
    if isinstance(value, str | Path):
        if "\0" in str(value):
            raise wrong_kind(label, value, "a name without a null character")
        return str(value)
    raise wrong_kind(label, value, "a name or a path", "write it in quotes")


def path_of(label: str, value: object) -> Path:
    """Return a path.

    Raises:
        ConfigurationError: It is neither a text nor a path.
    """
    return Path(text_of(label, value))


def entries_of(label: str, value: Any, entries: str) -> list[Any]:
    """Return the entries of a list; a text is one entry and not its letters.

    Args:
        label: Name of the argument.
        value: What was given.
        entries: What the list holds, for the message.

    Raises:
        ConfigurationError: It is a text, or nothing that holds entries.
    """
    if isinstance(value, Iterable) and not isinstance(value, str | bytes | Path):
        return list(value)
    raise wrong_kind(label, value, f"a list of {entries}", "put it in brackets, as [...]")


def number_of(
    label: str, value: float | None, *, low: float = -math.inf, high: float = math.inf
) -> float | None:
    """Return a finite number within its range, or None where none was given.

    Raises:
        ConfigurationError: It is not a number, not finite, or out of range.
    """
    if value is None:
        return None
    allowed = "a number" + (f" from {low:g}" if math.isfinite(low) else "")
    allowed += f" to {high:g}" if math.isfinite(high) else ""
    if isinstance(value, bool | str) or not hasattr(value, "__float__"):
        raise wrong_kind(label, value, allowed, "leave it out for the default")
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise wrong_kind(label, value, allowed, "leave it out for the default") from error
    if not (math.isfinite(number) and low <= number <= high):
        raise ConfigurationError(
            f"{label} = {value} is out of range",
            why=f"allowed is {allowed}",
            hint="leave it out for the default",
        )
    return number


def choice_of(label: str, value: object, allowed: Sequence[str]) -> str:
    """Return one of the allowed words.

    Raises:
        ConfigurationError: It is none of them.
    """
    if isinstance(value, str) and value in allowed:
        return value
    words = ", ".join(repr(word) for word in allowed)
    raise ConfigurationError(
        f"{label}: got {value!r}",
        why=f"allowed is one of {words}",
        hint=nearest(str(value), allowed),
    )


def wrong_kind(label: str, value: Any, allowed: str, hint: str = "") -> ConfigurationError:
    """Return the error for an argument of another kind than its place takes."""
    got = repr(value)
    shown = got if len(got) <= 60 else f"{got[:57]}..."
    return ConfigurationError(f"{label}: got {shown}", why=f"allowed is {allowed}", hint=hint)
