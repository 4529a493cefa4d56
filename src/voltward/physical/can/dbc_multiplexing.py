"""Which signals of a DBC message are there only with some value of another, and whether it says so.

A signal marked `M` is a multiplexer, one marked `m3` is there while the multiplexer is 3, one
marked `m3M` is both. With several multiplexers `SG_MUL_VAL_` must say which one is meant.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

DEEPEST = 16  # multiplexers below one another, assumption: files in use have three
# Of one file: layouts times their bits, each counted as 400 at least. cantools makes a layout for
# each value of a multiplexer, and takes below 4 s and 150 MB for so many.
MOST_LAYOUT_BITS, LEAST_LAYOUT_BITS = 20_000_000, 400

MARKER = re.compile(r"m\d{1,19}M?|M")


@dataclass
class DbcSignal:
    """A signal as its statement gives it.

    Args:
        line: Where.
        name: Of the signal.
        marker: Multiplexing mark, or empty.
        bits: Length.
        definition: The statement from its start bit to its unit.
        receivers: Nodes, separated by commas.
        labels: How many values have names.
    """

    line: int
    name: str
    marker: str
    bits: int
    definition: str
    receivers: str
    labels: int = 0


@dataclass(frozen=True)
class Pages:
    """One `SG_MUL_VAL_`: the values of a multiplexer with which a signal is there.

    Args:
        line: Where.
        parent: Name of the multiplexer.
        ranges: First and last of each range.
    """

    line: int
    parent: str
    ranges: tuple[tuple[int, int], ...]


@dataclass
class DbcMessage:
    """A message as its statements give it.

    Args:
        line: Where.
        number: Identifier as the file gives it.
        identifier: With bit 31 set when it has 29 bits.
        name: Of the message.
        length: Bytes.
        sender: Node, or empty.
        signals: By the name in the file.
        pages: By signal.
    """

    line: int
    number: int
    identifier: int
    name: str
    length: int
    sender: str = ""
    signals: dict[str, DbcSignal] = field(default_factory=dict)
    pages: dict[str, Pages] = field(default_factory=dict)


def check_multiplexing(message: DbcMessage) -> Iterator[tuple[int, str]]:
    """Leave out signals of which nothing says when they are there; yield line and fault of each."""
    multiplexers = [s for s in message.signals.values() if s.marker.endswith("M")]
    only = multiplexers[0] if len(multiplexers) == 1 else None
    if only is not None and only.marker != "M" and only.name not in message.pages:
        what = f"multiplexer '{only.name}' of message '{message.name}' is marked {only.marker}"
        yield only.line, f"{what}, and there is no other multiplexer"
        only.marker = "M"
    for name, signal in list(message.signals.items()):
        lacking = ""
        if name in message.pages:
            if _depth(message, name) > DEEPEST:
                lacking = "multiplexed by itself, or by too many others"
        elif signal.marker not in {"", "M"} and only is None:
            several = "several multiplexers and no SG_MUL_VAL_ that says which one is meant"
            there = several if multiplexers else "no multiplexer"
            lacking = f"marked {signal.marker}, and there is {there}"
        if lacking:
            yield signal.line, f"signal '{name}' of message '{message.name}' is {lacking}"
            del message.signals[name]
    while lost := [
        (name, pages)
        for name, pages in message.pages.items()
        if name in message.signals and pages.parent not in message.signals
    ]:
        for name, pages in lost:
            what = f"signal '{name}' of message '{message.name}' is multiplexed by"
            yield pages.line, f"{what} '{pages.parent}', which is left out"
            del message.signals[name]
    message.pages = {name: p for name, p in message.pages.items() if name in message.signals}


def layouts(message: DbcMessage) -> int:
    """Return how many layouts of signals a message has, one for each value of each multiplexer."""
    children: dict[str, list[str]] = {}
    for name, pages in message.pages.items():
        children.setdefault(pages.parent, []).append(name)
    marked = {s.marker for s in message.signals.values() if s.marker.startswith("m")}

    def below(parent: str, others: int) -> int:
        names = children.get(parent, [])
        values = others + message.signals[parent].labels
        values += sum(high - low + 1 for n in names for low, high in message.pages[n].ranges)
        nested = [n for n in names if message.signals[n].marker.endswith("M")]
        return values * (1 + sum(below(name, 0) for name in nested))

    roots = [name for name, s in message.signals.items() if s.marker == "M"]
    return sum(below(name, len(marked)) for name in roots)


def _depth(message: DbcMessage, name: str) -> int:
    depth = 0
    while name in message.pages and depth <= DEEPEST:
        name = message.pages[name].parent
        depth += 1
    return depth
