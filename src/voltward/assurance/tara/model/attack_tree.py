"""Attack trees: read from text, and rated by the cheapest way through them.

Grammar: ids joined by `&` (all of them) and `|` (any of them); `&` binds closer; parentheses group.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import product
from math import prod

Values = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Leaf:
    """One step, by its id."""

    id: str


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every branch is needed."""

    branches: "tuple[Tree, ...]"


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One branch is enough."""

    branches: "tuple[Tree, ...]"


Tree = Leaf | AllOf | AnyOf


@dataclass(frozen=True, slots=True)
class Way:
    """One way through a tree.

    Attributes:
        values: What it costs, one number a parameter, greater is harder.
        leaves: The steps taken, in order.
    """

    values: Values
    leaves: tuple[str, ...]


Front = tuple[Way, ...]
_TOKEN = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9_.-]*|[&|()])")


class TreeTextError(ValueError):
    """A text is not an attack tree; the message says where and why."""


def read_tree(text: str) -> Tree:
    """Read a tree.

    Raises:
        TreeTextError: The text does not fit the grammar.
    """
    tokens = _tokens(text)
    tree, rest = _any(tokens, 0)
    if rest != len(tokens):
        raise TreeTextError(f"'{tokens[rest]}' is not expected there")
    return tree


def _tokens(text: str) -> list[str]:
    tokens, place = [], 0
    text = text.rstrip()
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise TreeTextError(f"cannot read '{text[place:].strip()[:20]}'")
        tokens.append(match[1])
        place = match.end()
    return tokens


def _any(tokens: Sequence[str], place: int) -> tuple[Tree, int]:
    branches, place = _joined(tokens, place, "|", _all)
    return (branches[0] if len(branches) == 1 else AnyOf(tuple(branches))), place


def _all(tokens: Sequence[str], place: int) -> tuple[Tree, int]:
    branches, place = _joined(tokens, place, "&", _one)
    return (branches[0] if len(branches) == 1 else AllOf(tuple(branches))), place


def _joined(
    tokens: Sequence[str],
    place: int,
    sign: str,
    part: Callable[[Sequence[str], int], tuple[Tree, int]],
) -> tuple[list[Tree], int]:
    branch, place = part(tokens, place)
    branches = [branch]
    while place < len(tokens) and tokens[place] == sign:
        branch, place = part(tokens, place + 1)
        branches.append(branch)
    return branches, place


def _one(tokens: Sequence[str], place: int) -> tuple[Tree, int]:
    if place >= len(tokens):
        raise TreeTextError("it ends where an id or '(' is expected")
    sign = tokens[place]
    if sign == "(":
        tree, place = _any(tokens, place + 1)
        if place >= len(tokens) or tokens[place] != ")":
            raise TreeTextError("a '(' is never closed")
        return tree, place + 1
    if sign in {"&", "|", ")"}:
        raise TreeTextError(f"an id or '(' is expected, got '{sign}'")
    return Leaf(sign), place + 1


def leaves_of(tree: Tree) -> Iterator[str]:
    """Yield the ids of a tree's leaves in order, with repetitions."""
    if isinstance(tree, Leaf):
        yield tree.id
    else:
        for branch in tree.branches:
            yield from leaves_of(branch)


def expanded(tree: Tree) -> Iterator[tuple[str, ...]]:
    """Yield the ids of every way through a tree, without rating them."""
    if isinstance(tree, Leaf):
        yield (tree.id,)
    elif isinstance(tree, AnyOf):
        for branch in tree.branches:
            yield from expanded(branch)
    else:
        for parts in product(*(tuple(expanded(branch)) for branch in tree.branches)):
            yield tuple(leaf for part in parts for leaf in part)


def way_count(tree: Tree, below: Callable[[str], int]) -> int:
    """Return how many ways lead through a tree, without walking them.

    Args:
        tree: The tree.
        below: How many ways a leaf stands for: 1, or more where it is a branch with a name.
    """
    if isinstance(tree, Leaf):
        return below(tree.id)
    counts = [way_count(branch, below) for branch in tree.branches]
    return prod(counts) if isinstance(tree, AllOf) else sum(counts)


def all_of(fronts: Sequence[Front]) -> Front:
    """Return the ways that take one way of each front."""
    return reduce(_both, fronts)


def any_of(fronts: Sequence[Front]) -> Front:
    """Return the ways of all fronts that no other undercuts."""
    return _pruned([way for front in fronts for way in front])


def _both(first: Front, second: Front) -> Front:
    ways = [
        Way(tuple(map(max, a.values, b.values)), a.leaves + b.leaves) for a in first for b in second
    ]
    return _pruned(ways)


def _pruned(ways: list[Way]) -> Front:
    if len(ways) == 1:
        return (ways[0],)
    kept: list[Way] = []
    for way in ways:
        if any(_undercuts(other.values, way.values) for other in kept):
            continue
        kept = [other for other in kept if not _undercuts(way.values, other.values)]
        kept.append(way)
    return tuple(kept)


def _undercuts(values: Values, others: Values) -> bool:
    return all(a <= b for a, b in zip(values, others, strict=True))
