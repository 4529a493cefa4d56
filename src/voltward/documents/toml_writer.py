"""TOML documents as text: the one writer of every file that is read back as TOML.

1. Each key is written by `tomli_w`, which escapes texts and keys.
2. Values come before tables, as TOML asks for; comments stand above the key that they are about.
3. Lists of numbers are joined into rows, so that a table of a cell can be looked at.
"""

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import tomli_w

_WIDTH = 100
_NUMBERS = re.compile(r"\[\n((?: +[-+.\w]+,\n)+)( *)\]")
# A comment may hold no control character but the tab.
_CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), 127) if chr(code) != "\t"}


def toml_text(
    document: Mapping[str, Any],
    *,
    head: Sequence[str] = (),
    remarks: Mapping[str, str] | None = None,
) -> str:
    """Return a document as TOML, in the order of its keys; `tomllib` reads the same values back.

    Args:
        document: Tables, lists, texts, numbers and flags.
        head: Comments at the top.
        remarks: Comment above a key or table of the document.
    """
    values, tables = list(_comments(head)), []
    for key, value in document.items():
        text = tomli_w.dumps({key: value})
        block = [*_comments([(remarks or {}).get(key, "")]), _NUMBERS.sub(_in_rows, text)]
        if text.startswith("["):
            tables.append("".join(block))
        else:
            values += block
    return "\n".join(filter(None, ["".join(values), *tables]))


def _comments(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        for line in text.splitlines():
            yield f"# {line.translate(_CONTROL)}".rstrip() + "\n"


def _in_rows(found: re.Match[str]) -> str:
    """Return a list of numbers that stood one on a line: on one line, or in rows."""
    text, indent = " ".join(found[1].split()), found[2]
    if len(text) < _WIDTH - 20:
        return f"[{text[:-1]}]"
    rows = textwrap.wrap(text, _WIDTH - len(indent) - 4, break_on_hyphens=False)
    return "[\n" + "".join(f"{indent}    {row}\n" for row in rows) + f"{indent}]"
