"""Lines of a log of any encoding, one by one, in constant memory; and what was left out of a log.

A log of a cut-off logger, a foreign program or another system must not end a filter: a line that is
too long is passed over, a compressed file that is cut ends where it is cut, and each is named.
"""

import codecs
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from gzip import BadGzipFile, GzipFile
from io import BufferedReader, TextIOWrapper
from typing import Protocol

LONGEST_LINE = 65_536  # characters; a line of a 64-byte frame has below 1,000
NAMED = 5
SHOWN_CHARACTERS = 60


class Readable(Protocol):
    """What hands out bytes."""

    def read(self, size: int, /) -> bytes:
        """Return up to so many bytes, none at the end."""


@dataclass
class LeftOut:
    """What of a log is no data frame: the first of each cause is named at once, all are counted.

    Args:
        name: Of the log.
        report: Takes one line of text for people.

    Attributes:
        first: Place and cause of the first line that could not be read.
        frames: How many data frames were read.
        unreadable: How often what was left out is not known to be without data.
        others: Count by kind of what has no data frames: error frames, remote frames, events.
        untimed: How many frames had no time.
    """

    name: str
    report: Callable[[str], None]
    first: str = ""
    frames: int = 0
    unreadable: int = 0
    untimed: int = 0
    others: Counter[str] = field(default_factory=Counter)

    def add(self, place: str, cause: str, text: str = "") -> None:
        """Name something that could not be read."""
        line = f"{place}: {cause}" + (f": {shown_line(text)}" if text else "")
        self.first = self.first or line
        self.unreadable += 1
        if self.unreadable <= NAMED:
            self.report(f"{self.name}: {line}; left out")

    def add_other(self, place: str, kind: str) -> None:
        """Name something that has no data."""
        self.others[kind] += 1
        if self.others[kind] <= NAMED:
            self.report(f"{self.name}: {place}: {kind}; left out")

    def conclude(self) -> None:
        """Say how often each cause was met, when not all were named."""
        if not self.frames:
            self.report(f"{self.name}: no data frame in it")
        if self.untimed:
            self.report(f"{self.name}: frames without a time, shown at 0 s: {self.untimed}")
        counts = [f"{count} times {kind}" for kind, count in self.others.items() if count > NAMED]
        if self.unreadable > NAMED:
            counts.append(f"{self.unreadable} lines that could not be read")
        if counts:
            self.report(f"{self.name}: left out in all: {', '.join(counts)}")


def shown_line(text: str) -> str:
    """Return the beginning of a line in quotes, with what does not print escaped."""
    line = text.strip()
    return repr(line if len(line) <= SHOWN_CHARACTERS else line[:SHOWN_CHARACTERS] + "...")


def encoding_of(head: bytes) -> str:
    """Return the encoding that the first bytes of a text show; UTF-8 when nothing else."""
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    for encoding, used in (("utf-32-le", 0), ("utf-32-be", 3)):
        characters = [head[at : at + 4] for at in range(0, min(len(head), 64) - 3, 4)]
        if characters and all(c[used] and c.count(0) == 3 for c in characters):
            return encoding
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    for encoding, high, low in (
        ("utf-16-le", head[1:64:2], head[:64:2]),
        ("utf-16-be", head[:64:2], head[1:64:2]),
    ):
        if len(high) > 1 and not any(high) and any(low):
            return encoding
    return "utf-8-sig"


def lines_of(
    stream: BufferedReader | GzipFile, head: bytes, left_out: LeftOut, *, mended: bool = True
) -> Iterator[tuple[int, str]]:
    """Yield number and text of each line, as it arrives.

    Args:
        stream: What to read, from its beginning.
        head: Its first bytes, which stay in the stream.
        left_out: Takes lines that are too long and the end of a damaged file.
        mended: Read a line that is not UTF-8 as cp1252; else its bytes are lone surrogates.
    """
    encoding = encoding_of(head)
    # UTF-8 is mended line by line, since one line of another encoding says nothing of the others.
    errors = "surrogateescape" if encoding == "utf-8-sig" else "replace"
    text = TextIOWrapper(stream, encoding=encoding, errors=errors)
    number = 0
    try:
        while line := text.readline(LONGEST_LINE):
            number += 1
            while not line.strip("\0") and not line.endswith("\n") and line:
                line = text.readline(LONGEST_LINE)
            if len(line) >= LONGEST_LINE and not line.endswith("\n"):
                left_out.add(f"line {number}", f"longer than {LONGEST_LINE} characters", line)
                while (rest := text.readline(LONGEST_LINE)) and not rest.endswith("\n"):
                    pass
                continue
            yield number, _mended(line) if mended else line
    except (EOFError, zlib.error, BadGzipFile) as error:
        left_out.add(f"after line {number}", f"the compressed file is cut or damaged: {error}")
    finally:
        text.detach()


def _mended(line: str) -> str:
    """Return a line whose bytes are not UTF-8 as the text of cp1252; zero bytes at its ends go."""
    line = line.strip("\0")
    if line.isascii():
        return line
    try:
        line.encode()
    except UnicodeEncodeError:
        return line.encode("utf-8", "surrogateescape").decode("cp1252", "replace")
    return line
