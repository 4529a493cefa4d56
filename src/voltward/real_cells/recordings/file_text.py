"""The text of a file, in whichever of the usual encodings it was written.

1. A byte order mark says it.
2. Zero bytes at every second place are UTF-16 without a mark; elsewhere they are no text.
3. UTF-8, which text in another encoding hardly ever passes for.
4. What is left was written by a Western Windows: cp1252, with a note.
"""

import codecs
from pathlib import Path

from voltward.core.errors import ConfigurationError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LOOKED_AT = 4096
# A text of digits in UTF-16 has a zero in nearly every pair.
_ZERO_SHARE = 0.3
_CONTROL = frozenset(range(32)) - {9, 10, 12, 13}


def text_of(path: Path, data: bytes) -> tuple[str, tuple[str, ...]]:
    """Return the text with plain line ends, and a note where the encoding was guessed.

    Args:
        path: For messages.
        data: Content of the file.

    Raises:
        ConfigurationError: It is not text.
    """
    text, notes = _decoded(path, data)
    start = text[:_LOOKED_AT]
    if sum(ord(letter) in _CONTROL for letter in start) > 0.01 * len(start):
        raise _no_text(path)
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", ""), notes


def _decoded(path: Path, data: bytes) -> tuple[str, tuple[str, ...]]:
    # 1. Byte order marks.
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _decode(path, data, encoding), ()
    # 2. Zero bytes.
    start = data[: _LOOKED_AT & ~1]
    if b"\0" in start:
        for offset, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
            if start[offset::2].count(0) > _ZERO_SHARE * len(start) / 2:
                return _decode(path, data, encoding), ("read as UTF-16 without a byte order mark",)
        raise _no_text(path)
    # 3. UTF-8.
    try:
        return data.decode("utf-8"), ()
    except UnicodeDecodeError as error:
        place = error.start
    # 4. Windows; five bytes that cp1252 leaves open are those of Latin-1.
    line = data.count(b"\n", 0, place) + 1
    note = f"not UTF-8 (line {line}): read as cp1252"
    try:
        return data.decode("cp1252"), (note,)
    except UnicodeDecodeError:
        return data.decode("latin-1"), (note,)


def _decode(path: Path, data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"{path}: cannot be read as {encoding}, which its first bytes say",
            why=str(error),
            hint="save it as UTF-8",
        ) from error


def _no_text(path: Path) -> ConfigurationError:
    return ConfigurationError(
        f"{path}: cannot be read as text",
        why="it holds bytes that no text has",
        hint="export the table as CSV, .xlsx or Parquet",
    )
