"""Attack steps that are refined by others, as trees.

Limits: a list of refinements is read as alternatives, which is what the template's example means.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from voltward.assurance.tara.model.attack_tree import (
    AnyOf,
    Leaf,
    Tree,
    TreeTextError,
    leaves_of,
    read_tree,
)

_WORDS = (
    (re.compile(r"\s*(?:[,;\n]|\bor\b)\s*", re.IGNORECASE), " | "),
    (re.compile(r"\s*(?:\+|\band\b)\s*", re.IGNORECASE), " & "),
)


@dataclass(frozen=True)
class Refined:
    """A step of somebody else's workbook.

    Attributes:
        tree: What refines it, or None.
        has_effort: Whether the step costs something itself.
        impossible: Whether it is out of the question.
    """

    tree: Tree | None
    has_effort: bool
    impossible: bool


def tree_text(text: str) -> str:
    """Return a cell's references as a tree: lists and words become signs.

    Raises:
        TreeTextError: What is left is no tree.
    """
    for pattern, sign in _WORDS:
        text = pattern.sub(sign, text.strip(" ,;\n"))
    read_tree(text)
    return text


def expanded_step(name: str, steps: Mapping[str, Refined], above: tuple[str, ...] = ()) -> str:
    """Return the tree of a step with all that refines it; empty when it cannot be done.

    Args:
        name: Id of the step.
        steps: Every step by id.
        above: Steps that led here.

    Raises:
        TreeTextError: A step refines itself.
    """
    if name in above:
        raise TreeTextError(f"{' -> '.join((*above, name))}: a step refines itself")
    step = steps.get(name)
    if step is None:
        return name
    if step.impossible:
        return ""
    if step.tree is None:
        return name
    inner = _text(step.tree, steps, (*above, name))
    if not inner:
        return ""
    if not step.has_effort:
        return inner
    return f"{name} & ({inner})" if " | " in inner else f"{name} & {inner}"


def _text(tree: Tree, steps: Mapping[str, Refined], above: tuple[str, ...]) -> str:
    if isinstance(tree, Leaf):
        return expanded_step(tree.id, steps, above)
    parts = [_text(branch, steps, above) for branch in tree.branches]
    if isinstance(tree, AnyOf):
        return " | ".join(part for part in parts if part)
    if not all(parts):
        return ""
    return " & ".join(f"({part})" if " | " in part else part for part in parts)


def leaves_in(text: str) -> tuple[str, ...]:
    """Return the ids in a tree's text."""
    return tuple(leaves_of(read_tree(text)))
