"""Checks of a model: its attack trees can be read, end, and give attacks what they need."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from voltward.assurance.tara.checks.problem import Place, Problem, nearest_id, places
from voltward.assurance.tara.model.attack_tree import (
    AllOf,
    AnyOf,
    Leaf,
    Tree,
    TreeTextError,
    leaves_of,
    read_tree,
    way_count,
)
from voltward.assurance.tara.model.leaves import Leaves, attack_needs
from voltward.assurance.tara.model.model_folder import Model

_GRAMMAR = "a tree is ids joined by '&' (all) and '|' (any), with parentheses"
# Where trees are written: table and key.
_TREES = (("path", "tree"), ("step", "tree"), ("capability", "tree"), ("control", "bypass"))
_Given = frozenset[str]
MOST_WAYS = 5000


def trees(model: Model) -> Iterator[Problem]:
    """Yield trees that cannot be read, name unknown leaves, or lead back to themselves."""
    leaves = Leaves.of(model.tables)
    known = frozenset(leaves.names())
    readable = True
    for place, key, text in _texts(model):
        try:
            tree = read_tree(text)
        except TreeTextError as error:
            readable = False
            hint = 'such as "can-write & can-spoof-telemetry"'
            yield place.problem(key, f"'{text}': {error}", why=_GRAMMAR, hint=hint)
            continue
        for name in dict.fromkeys(leaves_of(tree)):
            if key == "bypass" and name in leaves.attacks:
                yield place.problem(
                    key,
                    f"'{name}' is an attack of the catalogue",
                    why="a bypass names what is needed in addition: keys, positions, steps",
                    hint="name the capability that the attack would give",
                )
            if name not in known:
                what = f"no step, capability or attack '{name}'"
                yield place.problem(key, what, hint=nearest_id(name, known))
    if readable:
        cycles = tuple(_cycles(model))
        yield from cycles
        if not cycles:
            yield from _too_many_ways(model)


def _texts(model: Model) -> Iterator[tuple[Place, str, str]]:
    """Yield every tree text with its place and key."""
    for table, key in _TREES:
        for place, entry in places(model, table):
            if text := getattr(entry, key):
                yield place, key, text


def _too_many_ways(model: Model) -> Iterator[Problem]:
    steps = Leaves.of(model.tables).steps

    def below(name: str) -> int:
        step = steps.get(name)
        return way_count(read_tree(step.tree), below) if step and step.tree else 1

    for place, key, text in _texts(model):
        if (count := way_count(read_tree(text), below)) > MOST_WAYS:
            yield place.problem(
                key,
                f"{count} ways lead through it, more than {MOST_WAYS}",
                why="every way is rated by itself",
                hint="split the path, or use fewer '|' inside '&'",
            )


def _cycles(model: Model) -> Iterator[Problem]:
    steps = Leaves.of(model.tables).steps
    below = {n: tuple(leaves_of(read_tree(step.tree))) for n, step in steps.items() if step.tree}
    included = {entry.id: entry.includes for entry in model.tables.control_set}
    yield from _cycle("tree", find_cycle(below), places(model, "step", "capability"))
    yield from _cycle("includes", find_cycle(included), places(model, "control_set"))


def _cycle(
    key: str, cycle: tuple[str, ...], entries: Iterable[tuple[Place, Any]]
) -> Iterator[Problem]:
    if cycle:
        place = next(place for place, entry in entries if entry.id == cycle[0])
        yield place.problem(
            key,
            f"leads back to itself: {' -> '.join(cycle)}",
            why="a cycle has no end that could be rated",
            hint="take one of these links away",
        )


def find_cycle(edges: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """Return one cycle as the names along it, the first repeated at the end; or nothing.

    Args:
        edges: From a name to the names that it leads to; names without an entry lead nowhere.
    """
    done: set[str] = set()
    for start in edges:
        trail: list[str] = []
        waiting: list[tuple[str, bool]] = [(start, False)]
        while waiting:
            name, leaving = waiting.pop()
            if leaving:
                trail.pop()
                done.add(name)
                continue
            if name in trail:
                return (*trail[trail.index(name) :], name)
            if name in done:
                continue
            trail.append(name)
            waiting.append((name, True))
            waiting += [(following, False) for following in edges.get(name, ())]
    return ()


def efforts(model: Model) -> Iterator[Problem]:
    """Yield leaves without effort, and efforts beside a tree."""
    for place, step in places(model, "capability", "step"):
        if (step.effort is None) == (not step.tree):
            what = "has effort and tree" if step.tree else "has neither effort nor tree"
            yield place.problem(
                "effort",
                f"'{step.id}' {what}",
                why="a leaf costs effort; a branch costs what its tree costs",
                hint="write one of them",
            )


def needs(model: Model) -> Iterator[Problem]:
    """Yield attacks whose position or secret no other step of the same branch gives.

    Call it on trees that can be read and have no cycle.
    """
    leaves = Leaves.of(model.tables)
    branches = {name: read_tree(step.tree) for name, step in leaves.steps.items() if step.tree}
    for place, path in places(model, "path"):
        if path.impossible:
            continue
        for attack, lacking in _lacking(read_tree(path.tree), frozenset(), leaves, branches):
            name = min(lacking)
            yield place.problem(
                "tree",
                f"attack '{attack}' needs '{name}'",
                why="no step beside it gives that capability, so the attack could not start",
                hint=f"write '{name} & {attack}', or a step that gives '{name}'",
            )


def _lacking(
    tree: Tree, given: _Given, leaves: Leaves, branches: Mapping[str, Tree]
) -> Iterator[tuple[str, _Given]]:
    if isinstance(tree, Leaf):
        if tree.id in leaves.attacks:
            lacking = frozenset(attack_needs(tree.id).needs) - given
            if lacking:
                yield tree.id, lacking
        elif tree.id in branches:
            yield from _lacking(branches[tree.id], given, leaves, branches)
        return
    for index, branch in enumerate(tree.branches):
        beside = [other for place, other in enumerate(tree.branches) if place != index]
        more = (
            frozenset().union(*(_surely_given(other, leaves, branches) for other in beside))
            if isinstance(tree, AllOf)
            else frozenset()
        )
        yield from _lacking(branch, given | more, leaves, branches)


def _surely_given(tree: Tree, leaves: Leaves, branches: Mapping[str, Tree]) -> _Given:
    """Return what every way through a tree gives."""
    if isinstance(tree, Leaf):
        inner = branches.get(tree.id)
        below = _surely_given(inner, leaves, branches) if inner else frozenset()
        return leaves.given_by(tree.id) | below
    parts = [_surely_given(branch, leaves, branches) for branch in tree.branches]
    if isinstance(tree, AnyOf):
        return frozenset.intersection(*parts)
    return frozenset().union(*parts)
