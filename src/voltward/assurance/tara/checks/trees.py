"""Checks of a model: its attack trees can be read, end, and give attacks what they need."""

from collections.abc import Iterator, Mapping

from voltward.assurance.tara.checks.cycles import find_cycle
from voltward.assurance.tara.checks.problem import Problem, nearest_id, problem_at
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
_PLACES = (("path", "tree"), ("step", "tree"), ("capability", "tree"), ("control", "bypass"))
_Given = frozenset[str]
MOST_WAYS = 5000


def trees(model: Model) -> Iterator[Problem]:
    """Yield trees that cannot be read, name unknown leaves, or lead back to themselves."""
    leaves = Leaves.of(model.tables)
    known = frozenset(leaves.names())
    readable = True
    for table, key in _PLACES:
        for index, entry in enumerate(getattr(model.tables, table)):
            text = getattr(entry, key)
            if not text:
                continue
            try:
                tree = read_tree(text)
            except TreeTextError as error:
                readable = False
                yield problem_at(
                    model, table, index, key, f"'{text}': {error}", why=_GRAMMAR,
                    hint='such as "can-write & can-spoof-telemetry"',
                )  # fmt: skip
                continue
            for name in dict.fromkeys(leaves_of(tree)):
                if key == "bypass" and name in leaves.attacks:
                    yield problem_at(
                        model,
                        table,
                        index,
                        key,
                        f"'{name}' is an attack of the catalogue",
                        why="a bypass names what is needed in addition: keys, positions, steps",
                        hint="name the capability that the attack would give",
                    )
                if name not in known:
                    yield problem_at(
                        model, table, index, key, f"no step, capability or attack '{name}'",
                        hint=nearest_id(name, known),
                    )  # fmt: skip
    if readable:
        cycles = tuple(_cycles(model))
        yield from cycles
        if not cycles:
            yield from _too_many_ways(model)


def _too_many_ways(model: Model) -> Iterator[Problem]:
    branches = {step.id: step for step in (*model.tables.capability, *model.tables.step)}

    def below(name: str) -> int:
        step = branches.get(name)
        return way_count(read_tree(step.tree), below) if step and step.tree else 1

    for table, key in _PLACES:
        for index, entry in enumerate(getattr(model.tables, table)):
            text = getattr(entry, key)
            if text and (count := way_count(read_tree(text), below)) > MOST_WAYS:
                yield problem_at(
                    model,
                    table,
                    index,
                    key,
                    f"{count} ways lead through it, more than {MOST_WAYS}",
                    why="every way is rated by itself",
                    hint="split the path, or say less with '|' inside '&'",
                )


def _cycles(model: Model) -> Iterator[Problem]:
    steps = {step.id: step for step in (*model.tables.capability, *model.tables.step)}
    cycle = find_cycle(
        {name: tuple(leaves_of(read_tree(step.tree))) for name, step in steps.items() if step.tree}
    )
    if cycle:
        own = {step.id for step in model.tables.step}
        yield _cycle(model, "step" if cycle[0] in own else "capability", "tree", cycle)
    sets = {entry.id: entry.includes for entry in model.tables.control_set}
    cycle = find_cycle(sets)
    if cycle:
        yield _cycle(model, "control_set", "includes", cycle)


def _cycle(model: Model, table: str, key: str, cycle: tuple[str, ...]) -> Problem:
    ids = [entry.id for entry in getattr(model.tables, table)]
    index = ids.index(cycle[0]) if cycle[0] in ids else 0
    return problem_at(
        model, table, index, key, f"leads back to itself: {' -> '.join(cycle)}",
        why="a cycle has no end that could be rated", hint="take one of these links away",
    )  # fmt: skip


def efforts(model: Model) -> Iterator[Problem]:
    """Yield leaves without effort, and efforts beside a tree."""
    for table in ("capability", "step"):
        for index, step in enumerate(getattr(model.tables, table)):
            if (step.effort is None) == (not step.tree):
                what = "has neither effort nor tree" if not step.tree else "has effort and tree"
                yield problem_at(
                    model, table, index, "effort", f"'{step.id}' {what}",
                    why="a leaf costs effort; a branch costs what its tree costs",
                    hint="write one of them",
                )  # fmt: skip


def needs(model: Model) -> Iterator[Problem]:
    """Yield attacks whose position or secret no other step of the same branch gives.

    Call it on trees that can be read and have no cycle.
    """
    leaves = Leaves.of(model.tables)
    branches = {name: read_tree(step.tree) for name, step in leaves.steps.items() if step.tree}
    for index, path in enumerate(model.tables.path):
        if path.impossible:
            continue
        for attack, lacking in _lacking(read_tree(path.tree), frozenset(), leaves, branches):
            name = min(lacking)
            yield problem_at(
                model, "path", index, "tree", f"attack '{attack}' needs '{name}'",
                why="no step beside it gives that capability, so the attack could not start",
                hint=f"write '{name} & {attack}', or a step that gives '{name}'",
            )  # fmt: skip


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
