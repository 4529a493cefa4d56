"""Text, code and tables in Markdown."""

import re
from collections.abc import Iterable, Sequence

from voltward.core.parameter import Parameter


def cell(text: object) -> str:
    """Return a text that is safe in a table of Markdown."""
    one_line = " ".join(str(text).split()).replace("|", "\\|")
    return re.sub(r"<(?=[A-Za-z/!])", "&lt;", one_line)


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Return the lines of a table, with an empty line after it."""
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(cell(entry) for entry in row)} |" for row in rows]
    return [*lines, ""]


def code(names: Iterable[str]) -> str:
    """Return names as code, joined by blanks."""
    return " ".join(f"`{name}`" for name in names)


def parameter_table(parameters: Sequence[Parameter]) -> list[str]:
    """Return what a user may set."""
    rows = [
        (f"`{p.name}`", p.unit, f"{p.default:g}", f"{p.low:g} to {p.high:g}", p.description)
        for p in parameters
    ]
    return table(("parameter", "unit", "default", "range", "meaning"), rows)
