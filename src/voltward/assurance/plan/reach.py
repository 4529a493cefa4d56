"""Which threats a control can touch, and which controls only watch or act."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from voltward.assurance.tara.model.attack_tree import leaves_of, read_tree
from voltward.assurance.tara.model.attacks import Measure
from voltward.assurance.tara.model.leaves import attack_needs
from voltward.assurance.tara.model.model import Tables
from voltward.attacks.catalogue import ATTACKS
from voltward.controls.catalogue import CONTROLS
from voltward.core.control import Hook

_ALARMS = {Hook.WATCH, Hook.ACT}


@dataclass(frozen=True)
class Catalogued:
    """What the control catalogue says of a model's controls.

    Attributes:
        layers: Control to the layer that it protects; its keys are what a campaign can test.
        alarms: Controls that only watch or act: they change the damage, not the attack.
    """

    layers: Mapping[str, str]
    alarms: frozenset[str]


def catalogued(measures: Iterable[Measure]) -> Catalogued:
    """Return what the catalogue says of the controls that it has."""
    known = set(CONTROLS.names())
    entries = [CONTROLS.load(measure.id) for measure in measures if measure.id in known]
    return Catalogued(
        {entry.id: entry.layer.value for entry in entries},
        frozenset(entry.id for entry in entries if {*entry.hooks} <= _ALARMS),
    )


def reach_of(tables: Tables) -> Mapping[str, frozenset[str]]:
    """Return for every control the threats of which it can make a path harder.

    A control touches a path when it is meant to stop one of its leaves, or a leaf of the bypass
    that another control adds to it.
    """
    parts = {
        step.id: _leaves(step.tree) for step in (*tables.capability, *tables.step) if step.tree
    }
    stops = {control.id: _stopped(control) for control in tables.control}
    bypass = {control.id: _whole(_leaves(control.bypass), parts) for control in tables.control}
    reach: dict[str, set[str]] = {control.id: set() for control in tables.control}
    for path in tables.path:
        if path.impossible:
            continue
        leaves = _whole(_leaves(path.tree), parts)
        touching: set[str] = set()
        while True:
            more = {name for name, stopped in stops.items() if stopped & leaves} - touching
            if not more:
                break
            touching |= more
            leaves = leaves.union(*(bypass[name] for name in more))
        for name in touching:
            reach[name].add(path.threat)
    return {name: frozenset(threats) for name, threats in reach.items()}


def watched_by(tables: Tables, alarms: frozenset[str]) -> Mapping[str, frozenset[str]]:
    """Return for every threat the alarms of the model that claim to see an attack on its paths."""
    attacks = set(ATTACKS.names())
    found: dict[str, frozenset[str]] = {}
    for path in tables.path:
        for attack in _leaves(path.tree) & attacks:
            claims = alarms & frozenset(ATTACKS.load(attack).claimed_by)
            found[path.threat] = found.get(path.threat, frozenset()) | claims
    return found


def larger_tests(
    tables: Tables, tested: Mapping[str, Collection[frozenset[str]]], bought: frozenset[str]
) -> frozenset[str]:
    """Return threats whose bought controls were tested, but only beside controls not bought.

    A test counts for a set of controls only where it holds every control that was on. Every attack
    of such a threat that bought controls are meant to stop, and that no such test concerns, was
    tested with one of them in a larger stack.

    Args:
        tables: The model.
        tested: Attack to the sets of controls that campaigns tested it under.
        bought: Controls in place and bought.
    """
    parts = {
        step.id: _leaves(step.tree) for step in (*tables.capability, *tables.step) if step.tree
    }
    stops = {
        control.id: _stopped(control)
        for control in tables.control
        if control.id in bought and control.effort is None
    }
    attacks: dict[str, set[str]] = {}
    for path in tables.path:
        if not path.impossible:
            attacks.setdefault(path.threat, set()).update(_whole(_leaves(path.tree), parts))
    found = set()
    for threat, leaves in attacks.items():
        larger = []
        for attack in sorted(leaves & {*ATTACKS.names()}):
            stopping = {name for name, stopped in stops.items() if attack in stopped}
            stacks = [stack for stack in tested.get(attack, ()) if stack & stopping]
            if stopping and not any(stack <= bought for stack in stacks):
                larger.append(bool(stacks))
        if larger and all(larger):
            found.add(threat)
    return frozenset(found)


def _stopped(control: Measure) -> frozenset[str]:
    if control.mitigates:
        return frozenset(control.mitigates)
    return frozenset(a for a in ATTACKS.names() if control.id in attack_needs(a).stopped_by)


def _leaves(text: str) -> frozenset[str]:
    return frozenset(leaves_of(read_tree(text))) if text else frozenset()


def _whole(leaves: frozenset[str], parts: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """Return leaves with all that the named branches among them consist of."""
    found: set[str] = set()
    waiting = list(leaves)
    while waiting:
        leaf = waiting.pop()
        if leaf not in found:
            found.add(leaf)
            waiting += parts.get(leaf, frozenset())
    return frozenset(found)
