"""Text as a workbook's cell can hold it, without loss.

Source: ECMA-376 part 1, 22.9.2.19 (ST_Xstring): `_xHHHH_` stands for a character that XML cannot
hold; a text that looks like that has its underscore written as `_x005F_`.
"""

import json
import re
from collections.abc import Iterable

# Characters that XML 1.0 forbids or changes; a carriage return would come back as a line feed.
_FORBIDDEN = "\x00-\x08\x0b-\x1f\ufffe\uffff"
_TO_ESCAPE = re.compile(f"[{_FORBIDDEN}]|_(?=x[0-9A-Fa-f]{{4}}(?:_|[{_FORBIDDEN}]))")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_ITEM = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[^,;\n"][^,;\n]*)?\s*(?:[,;\n]|$)', re.DOTALL)


class CellTextError(ValueError):
    """A cell's text does not fit its column; the message says what is allowed."""


def escaped(text: str) -> str:
    """Return a text as it is written into a cell."""
    return _TO_ESCAPE.sub(lambda found: f"_x{ord(found[0]):04X}_", text)


def unescaped(text: str) -> str:
    """Return the text of a cell as it was before it was written."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)


def list_text(items: Iterable[str]) -> str:
    """Return a list as one cell: items with commas between, quoted where they hold a separator."""
    return ", ".join(item if _is_bare(item) else json.dumps(item) for item in items)


def list_items(text: str) -> list[str]:
    """Return the items of a cell; commas, semicolons and line breaks separate.

    Raises:
        CellTextError: A quoted item is not closed.
    """
    items, place = [], 0
    while place < len(text):
        found = _ITEM.match(text, place)
        if found is None or found.end() == place:
            raise CellTextError(
                "items are separated by commas, and quoted in double quotes where needed"
            )
        item = (found[1] or "").strip()
        if item:
            items.append(_item(item))
        place = found.end()
    return items


def _is_bare(item: str) -> bool:
    return bool(item) and item == item.strip() and not any(sign in item for sign in ',;\n"')


def _item(text: str) -> str:
    if not text.startswith('"'):
        return text
    try:
        return str(json.loads(text, strict=False))
    except json.JSONDecodeError as error:
        raise CellTextError("a quoted item is written as in JSON") from error
