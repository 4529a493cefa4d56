"""Which records of a model belong together, where the model says so only indirectly."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from voltward.assurance.tara.model.attack_tree import TreeTextError, leaves_of, read_tree
from voltward.assurance.tara.model.leaves import attack_needs
from voltward.assurance.tara.model.model import (
    Asset,
    AttackPath,
    Effort,
    Measure,
    Step,
    Tables,
    Threat,
    resolved_sets,
)
from voltward.attacks.catalogue import ATTACKS


@dataclass(frozen=True)
class Links:
    """A model seen from its references; dangling ones are left out, never an error."""

    tables: Tables

    @cached_property
    def steps(self) -> dict[str, Step]:
        """Return capabilities and steps by id."""
        return {step.id: step for step in (*self.tables.capability, *self.tables.step)}

    @cached_property
    def assets(self) -> dict[str, Asset]:
        """Return assets by id."""
        return {asset.id: asset for asset in self.tables.asset}

    @cached_property
    def paths_of(self) -> dict[str, list[AttackPath]]:
        """Return the attack paths of each threat."""
        found: dict[str, list[AttackPath]] = {}
        for path in self.tables.path:
            found.setdefault(path.threat, []).append(path)
        return found

    @cached_property
    def control_sets(self) -> dict[str, frozenset[str]]:
        """Return the controls of each set, those of included sets with them."""
        return resolved_sets(self.tables)

    @cached_property
    def attacks(self) -> tuple[str, ...]:
        """Return the leaves that are not a step of the model: attacks of the catalogue."""
        texts = [path.tree for path in self.tables.path]
        texts += [step.tree for step in self.steps.values()]
        texts += [control.bypass for control in self.tables.control]
        found = {leaf for text in texts for leaf in leaves(text)}
        return tuple(sorted(found - self.steps.keys()))

    @cached_property
    def _leaves_of_threat(self) -> dict[str, frozenset[str]]:
        return {
            threat: frozenset(leaf for path in paths for leaf in leaves(path.tree))
            for threat, paths in self.paths_of.items()
        }

    @cached_property
    def _measures_of_leaf(self) -> dict[str, list[Measure]]:
        found: dict[str, list[Measure]] = {}
        for control in self.tables.control:
            for leaf in control.mitigates or self._stopped_in_catalogue(control):
                found.setdefault(leaf, []).append(control)
        return found

    def _stopped_in_catalogue(self, control: Measure) -> list[str]:
        """Return the attacks that a control is meant to stop by what the catalogue says."""
        known = self._attacks_in_catalogue
        return [attack for attack in known if control.id in attack_needs(attack).stopped_by]

    @cached_property
    def _attacks_in_catalogue(self) -> list[str]:
        names = set(ATTACKS.names())
        return [attack for attack in self.attacks if attack in names]

    def lessened_by(self, threat: Threat) -> list[str]:
        """Return the controls that are meant to stop a step of a path, in the model's order."""
        named = {
            control.id
            for leaf in self._leaves_of_threat.get(threat.id, ())
            for control in self._measures_of_leaf.get(leaf, ())
        }
        return [control.id for control in self.tables.control if control.id in named]

    def mitigated_by(self, leaf: str) -> list[str]:
        """Return the controls that are meant to stop a step or an attack."""
        return [control.id for control in self._measures_of_leaf.get(leaf, ())]

    def least_expertise(self, threat: Threat) -> str:
        """Return the expertise that the easiest path of a threat asks for.

        Limits: every step of a path counts, alternatives too; a threat without path asks for none.
        """
        words = ("layman", "proficient", "expert", "multiple")
        needed = [
            max((words.index(effort.expertise) for effort in self._efforts(path)), default=0)
            for path in self.paths_of.get(threat.id, ())
        ]
        return words[min(needed, default=0)]

    def _efforts(self, path: AttackPath) -> Iterator[Effort]:
        for leaf in leaves(path.tree):
            step = self.steps.get(leaf)
            if step and step.effort:
                yield step.effort


def leaves(text: str) -> tuple[str, ...]:
    """Return the ids in a tree's text; none when it is not a tree."""
    try:
        return tuple(leaves_of(read_tree(text))) if text else ()
    except TreeTextError:
        return ()
