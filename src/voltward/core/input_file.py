"""Files that come from outside: plain files of a limited size, as bytes, text, lines, JSON or TOML.

Whatever a file holds, reading it takes bounded time and memory and ends in a value or in a message:

1. Only plain files are opened, and pipes that the shell opened: nothing waits for ever.
2. A file has a largest size, and a document a largest number of values and a deepest nesting.
3. Text is UTF-8, with or without a byte order mark, and holds no NUL.
4. Numbers are finite and fit into 64 bits; a key of an object appears once.
"""

import errno
import json
import math
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from io import BufferedReader
from pathlib import Path
from typing import Any

from voltward.core.errors import ConfigurationError
from voltward.core.files import printable, shortened
from voltward.core.plain_file import open_plain

# A rating of 10,000 attack paths has 30 MB; what is larger is not a document that people exchange.
LARGEST_BYTES = 64 * 2**20
# The parser of TOML reads about 2 MB in a second; the largest shipped document has 0.2 MB.
LARGEST_TOML_BYTES = 8 * 2**20
# A value takes about 100 bytes of memory.
MOST_VALUES = 1_500_000
# The parser of TOML keeps about a kilobyte for each name of a table.
_MOST_NAMES = 100_000
# Shipped documents are nested up to 6 deep; each level costs parsers a call.
DEEPEST = 64
LONGEST_LINE_BYTES = 2**20
# The largest integer of 64 bits without a sign, and the smallest with one.
_LARGEST, _SMALLEST = 2**64 - 1, -(2**63)
_BYTE_ORDER_MARKS = {
    b"\xff\xfe\x00\x00": "UTF-32",
    b"\x00\x00\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}
# The parser takes the square of the time for each part of a dotted key.
_PART = r"""(?:[\w-]+|"[^"\n]*"|'[^'\n]*')"""
_DEEP_KEY = re.compile(rf"(?m)(?:^|[\[{{,])[ \t]*(?:{_PART}[ \t]*\.[ \t]*){{{DEEPEST}}}")
_NAMES = re.compile(
    r"(?m)^[ \t]*(?!-?\d+\.\d+[,\]])"
    rf"(?:\[{{1,2}}(?:[ \t]*{_PART}[ \t]*\.)*|(?:{_PART}[ \t]*\.[ \t]*)+)"
)
_SAVE_AS_UTF_8 = "save it as text in UTF-8"


class _DuplicateKeyError(ValueError):
    """A key that appears twice; it is the first argument."""


def read_bytes(
    path: Path,
    noun: str = "file",
    *,
    largest_bytes: int = LARGEST_BYTES,
    hint: str = "check the path",
) -> bytes:
    """Return the content of a plain file.

    Args:
        path: The file; links are followed.
        noun: What it is called in messages, such as "rating".
        largest_bytes: A larger file is refused unread.
        hint: What to do when there is no such file.

    Raises:
        ConfigurationError: It is absent, a folder, a device or a pipe, too large, or cannot be
            read.
    """
    try:
        with open_plain(path) as stream:
            content = _next_piece(stream, largest_bytes + 1)
    except OSError as error:
        raise _not_read(path, noun, error, hint) from error
    except ValueError as error:  # a NUL in the name
        raise ConfigurationError(
            f"{shortened(printable(str(path)))}: there is no such {noun}", why=str(error), hint=hint
        ) from error
    if len(content) > largest_bytes:
        raise ConfigurationError(
            f"{shortened(path)}: is too large",
            why=f"a {noun} of at most {largest_bytes:,} bytes is read",
            hint="is it the right file?",
        )
    return content


def read_pieces(path: Path, noun: str = "file") -> Iterator[bytes]:
    """Yield the content of a plain file of any size, piece by piece.

    Raises:
        ConfigurationError: As `read_bytes`, but for the size.
    """
    try:
        with open_plain(path) as stream:
            yield from iter(partial(_next_piece, stream, LONGEST_LINE_BYTES), b"")
    except OSError as error:
        raise _not_read(path, noun, error, "check the path") from error


def read_text(
    path: Path,
    noun: str = "file",
    *,
    largest_bytes: int = LARGEST_BYTES,
    hint: str = "check the path",
) -> str:
    """Return the text of a plain file in UTF-8, without a byte order mark.

    Raises:
        ConfigurationError: As `read_bytes`, or the file is not text in UTF-8; names the line.
    """
    content = read_bytes(path, noun, largest_bytes=largest_bytes, hint=hint)
    return text_of(content, shortened(path))


def read_lines(path: Path, noun: str = "file") -> Iterator[str]:
    """Yield the lines of a text of any size, one at a time, with their line ends.

    Raises:
        ConfigurationError: As `read_text`, or a line is longer than `LONGEST_LINE_BYTES`.
    """
    try:
        with open_plain(path) as stream:
            for number, line in enumerate(iter(partial(stream.readline, LONGEST_LINE_BYTES), b"")):
                if len(line) == LONGEST_LINE_BYTES:
                    raise ConfigurationError(
                        f"{shortened(path)}: line {number + 1} is too long",
                        why=f"a line of less than {LONGEST_LINE_BYTES:,} bytes is read",
                        hint="is it the right file?",
                    )
                yield text_of(line, shortened(path), first_line=number + 1)
    except OSError as error:
        raise _not_read(path, noun, error, "check the path") from error


def read_json(path: Path, noun: str = "file", *, hint: str = "check the path") -> Any:
    """Return the document of a JSON file.

    Raises:
        ConfigurationError: As `read_text` and `parse_json`.
    """
    return parse_json(read_text(path, noun, hint=hint), shortened(path), hint=hint)


def read_toml(path: Path, noun: str = "file") -> dict[str, Any]:
    """Return the document of a TOML file.

    Raises:
        ConfigurationError: As `read_text` and `parse_toml`.
    """
    text = read_text(path, noun, largest_bytes=LARGEST_TOML_BYTES)
    return parse_toml(text, shortened(path))


def text_of(content: bytes, name: str, *, first_line: int = 1) -> str:
    """Return bytes as text, without a byte order mark.

    Args:
        content: UTF-8.
        name: What messages call it, such as the path of the file.
        first_line: Number of its first line.

    Raises:
        ConfigurationError: It is not UTF-8, or holds a NUL; names the line.
    """
    for mark, encoding in _BYTE_ORDER_MARKS.items():
        if first_line == 1 and content.startswith(mark):
            raise ConfigurationError(
                f"{name}: is text in {encoding}", why="text is read in UTF-8", hint=_SAVE_AS_UTF_8
            )
    try:
        text = content.decode("utf-8-sig" if first_line == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"{name}: {_line_at(content, error.start, first_line)}: cannot be read as text",
            why=f"the byte 0x{content[error.start]:02x} is not UTF-8",
            hint=_SAVE_AS_UTF_8,
        ) from error
    if "\0" in text:
        raise ConfigurationError(
            f"{name}: {_line_at(content, content.index(0), first_line)}: holds a NUL character",
            why="that is not text",
            hint="is it the right file, and was it copied whole?",
        )
    return text


def parse_json(text: str, name: str, *, hint: str = "check the file") -> Any:
    """Return the document of a JSON text.

    Args:
        text: The text.
        name: What messages call it, such as the path of the file.
        hint: What to do when it is not JSON.

    Raises:
        ConfigurationError: It is not JSON, too large or too deeply nested, a key appears twice, or
            a number is not finite or too large.
    """
    _refuse_many(text, name)
    try:
        document = json.loads(
            text,
            object_pairs_hook=_reject_duplicate_keys,
        )
    except json.JSONDecodeError as error:
        raise ConfigurationError(
            f"{name}: line {error.lineno}, column {error.colno}: is not JSON",
            why=error.msg[0].lower() + error.msg[1:] if text.strip() else "it is empty",
            hint=hint,
        ) from error
    except _DuplicateKeyError as error:
        key = str(error.args[0])
        raise ConfigurationError(
            f"{name}: the key {shortened(repr(key))} appears twice in one object",
            why="it is not clear which value counts",
            hint="remove one of them",
        ) from error
    except RecursionError as error:
        raise _too_deep(name) from error
    except ValueError as error:
        raise _too_many_digits(text, name) from error
    return _bounded(document, name)


def parse_toml(text: str, name: str) -> dict[str, Any]:
    """Return the document of a TOML text.

    Args:
        text: The text.
        name: What messages call it, such as the path of the file.

    Raises:
        ConfigurationError: It is not TOML, too large or too deeply nested, or a number is not
            finite or too large.
    """
    _refuse_many(text, name)
    if _DEEP_KEY.search(text):
        raise _too_deep(name)
    if sum(found[0].count(".") + 1 for found in _NAMES.finditer(text)) > _MOST_NAMES:
        raise _too_many(name, _MOST_NAMES, "names of tables")
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(
            f"{name}: is not valid TOML", why=str(error), hint="text needs quotes, keys need ' = '"
        ) from error
    except RecursionError as error:
        raise _too_deep(name) from error
    except ValueError as error:
        raise _too_many_digits(text, name) from error
    return _bounded(document, name)


def _next_piece(stream: BufferedReader, most_bytes: int) -> bytes:
    # Some files of the kernel look plain and have nothing to say yet.
    piece: bytes | None = stream.read(most_bytes)
    if piece is None:
        raise BlockingIOError(errno.EAGAIN, "it is not a plain file")
    return piece


def _not_read(path: Path, noun: str, error: OSError, hint: str) -> ConfigurationError:
    name = shortened(printable(str(path)))
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return ConfigurationError(f"{name}: there is no such {noun}", hint=hint)
    if isinstance(error, IsADirectoryError):
        return ConfigurationError(f"{name}: is a folder", why=f"a {noun} is a file", hint=hint)
    return ConfigurationError(
        f"{name}: cannot be read",
        why=(error.strerror or str(error)).lower(),
        hint="give a plain file that you may read",
    )


def _line_at(content: bytes, index: int, first_line: int) -> str:
    number = content.count(b"\n", 0, index) + first_line
    return f"line {number}"


def _refuse_many(text: str, name: str) -> None:
    """Refuse a document by the count of signs of which each value needs one before it."""
    if sum(map(text.count, ",[{=")) > MOST_VALUES:
        raise _too_many(name, MOST_VALUES, "values")


def _too_many(name: str, most: int, noun: str) -> ConfigurationError:
    return ConfigurationError(
        f"{name}: holds too many {noun}",
        why=f"a document of at most {most:,} {noun} is read",
        hint="is it the right file?",
    )


def _bounded(document: Any, name: str) -> Any:
    """Return a document that is not nested too deeply and whose numbers can be used."""
    level = [document]
    for _ in range(DEEPEST):
        level = [child for value in level for _, child in _children(value)]
        if not level:
            break
    else:
        raise _too_deep(name)
    if not all(map(_is_usable, (value for _, value in _leaves(document, with_places=False)))):
        leaves = _leaves(document, with_places=True)
        place, value = next((place, value) for place, value in leaves if not _is_usable(value))
        raise ConfigurationError(
            f"{name}: key '{place}' has a value that is not allowed",
            why=f"got {_number_text(value)}; allowed is a finite number, and an integer of 64 bits",
            hint="write a number in that range, or put it in quotes when it is text",
        )
    return document


def _children(value: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(value, Mapping):
        return ((f".{key}", child) for key, child in value.items())
    if isinstance(value, list):
        return ((f"[{index}]", child) for index, child in enumerate(value))
    return ()


def _leaves(document: Any, *, with_places: bool) -> Iterator[tuple[str, Any]]:
    waiting = [("", document)]
    while waiting:
        place, value = waiting.pop()
        more = _children(value)
        waiting.extend((place + key if with_places else "", child) for key, child in more)
        yield place.removeprefix("."), value


def _is_usable(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return not isinstance(value, int) or _SMALLEST <= value <= _LARGEST


def _number_text(value: float) -> str:
    if isinstance(value, int) and value.bit_length() > 1000:
        return f"an integer of {value.bit_length()} bits"
    return shortened(str(value))


def _too_deep(name: str) -> ConfigurationError:
    return ConfigurationError(
        f"{name}: is nested too deeply",
        why=f"tables and lists are read up to {DEEPEST} deep",
        hint="is it the right file?",
    )


def _too_many_digits(text: str, name: str) -> ConfigurationError:
    """Return the message on an integer that Python does not convert."""
    digits = re.search(r"[0-9_]{1000,}", text)
    number = text.count("\n", 0, digits.start()) + 1 if digits else 0
    line = f"line {number}: " if number else ""
    return ConfigurationError(
        f"{name}: {line}an integer has too many digits",
        why="integers fit into 64 bits",
        hint="put it in quotes when it is text",
    )


def _reject_duplicate_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise _DuplicateKeyError(next(key for key in keys if keys.count(key) > 1))
    return found
