"""A column of text as numbers: decimal comma or point, thousands marks, fields without a value.

1. Which mark is the decimal one is read off the column: a point behind a comma, a comma that is
   not followed by three digits, and so on.
2. Thousands marks and blanks are taken out.
3. What is then no number is nothing, or words; the words are handed back with their rows.
"""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool, Float

from voltward.real_cells.recordings.cell_text import NOTHING

# So many different fields with a comma tell which mark it is.
_LOOKED_AT = 2_000
_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+")
_COMMA = re.compile(r"[+-]?\d*,\d*(?:[eE][+-]?\d+)?")
_POINTED = r"^\s*[+-]?\d+\.(\d{1,2}|\d{4,})\s*$"
_PLAIN = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"


@dataclass(frozen=True)
class Numbers:
    """A column of text as numbers.

    Attributes:
        values: NaN where there is none.
        words: Where a field holds something that is neither a number nor nothing.
    """

    values: Float[np.ndarray, " time"]
    words: Bool[np.ndarray, " time"]


def decimal_mark(text: Any) -> str:
    """Return the decimal mark of a column: a point, a comma, or "?" where it may be either.

    Args:
        text: Column of text; a field such as 3,700 alone says nothing, 0,700 and 3,70 do.
    """
    with_comma = pc.match_substring(text, ",")
    fields = pc.unique(text.filter(with_comma))[:_LOOKED_AT].to_pylist()
    shown = {_mark_of(field.strip()) for field in fields} - {""}
    if shown == {"?"}:
        if has_points(text):
            return "."
        # Whoever marks thousands marks them everywhere.
        return "," if pc.any(pc.match_substring_regex(text, r"^\s*[+-]?\d{4,}")).as_py() else "?"
    if "," in shown:
        # A column that has both is written in two ways, and no rule reads it.
        return "?" if has_points(text) or "." in shown else ","
    return "."


def has_points(text: Any) -> bool:
    """Return whether a column has decimals behind a point."""
    return bool(pc.any(pc.match_substring_regex(text, _POINTED)).as_py())


def has_grouped_points(text: Any) -> bool:
    """Return whether all points of a column can be marks of thousands, and there are some."""
    with_point = text.filter(pc.match_substring(text, "."))
    grouped = pc.match_substring_regex(with_point, r"^\s*[+-]?[1-9]\d{0,2}(\.\d{3})+\s*$")
    return bool(len(with_point) and pc.all(grouped).as_py())


def _mark_of(field: str) -> str:
    """Return the decimal mark that one field with a comma shows; "?" for either, or nothing."""
    if "." in field:
        return "." if field.rfind(".") > field.rfind(",") else ","
    if _GROUPED.fullmatch(field):
        return "." if field.count(",") > 1 else "?"
    return "," if _COMMA.fullmatch(field) else ""


def to_numbers(text: Any, mark: str) -> Numbers:
    """Return a column of text as numbers.

    Args:
        text: Column of text.
        mark: The decimal mark.
    """
    trimmed = pc.utf8_trim_whitespace(text)
    plain = pc.match_substring_regex(trimmed, _PLAIN)
    if mark == "," or not pc.all(plain).as_py():
        trimmed = _cleaned(trimmed, mark)
        plain = pc.match_substring_regex(trimmed, _PLAIN)
    absent = pc.is_in(pc.utf8_lower(trimmed), pa.array(sorted(NOTHING)))
    bare = pc.replace_substring_regex(trimmed, r"^\+", "")
    values = pc.if_else(plain, bare, pa.scalar(None, pa.string())).cast("float64")
    return Numbers(
        np.array(values.to_numpy(zero_copy_only=False), dtype=np.float64),
        ~_flags(plain) & ~_flags(absent),
    )


def _cleaned(text: Any, mark: str) -> Any:
    """Return fields as a programming language writes numbers, where they are such in one mark."""
    group, comma = (
        (r"[.'\s\x{a0}\x{202f}]", ",") if mark == "," else (r"[,'\s\x{a0}\x{202f}]", r"\.")
    )
    grouped = pc.match_substring_regex(
        text, rf"^[+-]?\d{{1,3}}({group}\d{{3}})+({comma}\d*)?([eE][+-]?\d+)?$"
    )
    text = pc.if_else(grouped, pc.replace_substring_regex(text, group, ""), text)
    if mark == ",":
        decimal = pc.match_substring_regex(text, r"^[+-]?\d*,\d*([eE][+-]?\d+)?$")
        text = pc.if_else(decimal, pc.replace_substring(text, ",", "."), text)
    text = pc.replace_substring_regex(text, r"^([+-]?[\d.]+)[dD]([+-]?\d+)$", r"\1e\2")
    return pc.replace_substring_regex(text, r"^([+-]?[\d.]+)\s*%$", r"\1")


def _flags(values: Any) -> Bool[np.ndarray, " time"]:
    return np.array(pc.fill_null(values, fill_value=False).to_numpy(zero_copy_only=False), bool)
