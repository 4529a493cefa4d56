"""Control sets: which measures stand together, with those of the sets that they include."""

from collections.abc import Mapping

from voltward.assurance.tara.model.model import ControlSet, Tables

NONE_SET = "none"


def measures_of(sets: Mapping[str, ControlSet], name: str) -> frozenset[str]:
    """Return the ids of all measures of a set; a set that includes itself adds nothing."""
    seen: set[str] = set()
    found: set[str] = set()
    waiting = [name]
    while waiting:
        current = waiting.pop()
        if current in seen or current not in sets:
            continue
        seen.add(current)
        found.update(sets[current].controls)
        waiting += sets[current].includes
    return frozenset(found)


def resolved_sets(tables: Tables) -> dict[str, frozenset[str]]:
    """Return every control set in the order of the model, `none` first."""
    sets = {entry.id: entry for entry in tables.control_set}
    ordered = sorted(sets, key=lambda name: name != NONE_SET)
    return {name: measures_of(sets, name) for name in ordered}
