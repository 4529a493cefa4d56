"""A cycle in a graph of names, found for messages."""

from collections.abc import Iterable, Mapping


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
