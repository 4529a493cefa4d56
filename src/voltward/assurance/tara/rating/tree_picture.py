"""Attack trees as text pictures."""

from collections.abc import Callable

from voltward.assurance.tara.model.attack_tree import AllOf, Leaf, Tree


def tree_picture(tree: Tree, describe: Callable[[str], tuple[str, Tree | None]]) -> list[str]:
    """Return a tree as lines.

    Args:
        tree: The tree.
        describe: From a leaf to its line, and the tree below it when it is a branch with a name.
    """
    if isinstance(tree, Leaf):
        return _leaf(tree, describe)
    word = "ALL of" if isinstance(tree, AllOf) else "ANY of"
    lines = [word]
    for index, branch in enumerate(tree.branches):
        lines += _below(tree_picture(branch, describe), last=index == len(tree.branches) - 1)
    return lines


def _leaf(leaf: Leaf, describe: Callable[[str], tuple[str, Tree | None]]) -> list[str]:
    line, below = describe(leaf.id)
    if below is None:
        return [line]
    return [line, *_below(tree_picture(below, describe), last=True)]


def _below(lines: list[str], *, last: bool) -> list[str]:
    first, others = ("└─ ", "   ") if last else ("├─ ", "│  ")
    return [first + lines[0], *(others + line for line in lines[1:])]
