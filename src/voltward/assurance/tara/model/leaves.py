"""The leaves that attack trees may name: capabilities, catalogue attacks, steps of a model."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from voltward.assurance.tara.model.model import Step, Tables
from voltward.attacks.catalogue import ATTACKS
from voltward.core.capabilities import Capability


def kebab(capability: Capability) -> str:
    """Return the name of one capability as models write it, such as "can-write"."""
    return str(capability.name).lower().replace("_", "-")


def names_in(bits: Capability) -> tuple[str, ...]:
    """Return the names of all capabilities in a set of bits."""
    return tuple(kebab(flag) for flag in Capability if flag and flag in bits)


CAPABILITY_NAMES = tuple(kebab(flag) for flag in Capability if flag)


@dataclass(frozen=True)
class AttackNeeds:
    """What an attack of the catalogue holds at its start, and what it gains on its way."""

    needs: tuple[str, ...]
    grants: tuple[str, ...]
    stopped_by: tuple[str, ...]


@cache
def attack_needs(attack: str) -> AttackNeeds:
    """Return what the catalogue says of an attack."""
    entry = ATTACKS.load(attack)
    grants = Capability.NONE
    for step in entry.steps(entry.defaults()):
        grants |= step.grants
    return AttackNeeds(names_in(entry.holds), names_in(grants), entry.stopped_by)


@dataclass(frozen=True)
class Leaves:
    """The names that trees of one model may use.

    Attributes:
        attacks: Ids of the attack catalogue.
        steps: Capabilities and steps of the model, by id; each of them costs something.
    """

    attacks: frozenset[str]
    steps: Mapping[str, Step]

    @classmethod
    def of(cls, tables: Tables) -> "Leaves":
        """Return the leaves of a model."""
        steps = {step.id: step for step in (*tables.capability, *tables.step)}
        return cls(frozenset(ATTACKS.names()), steps)

    def has(self, name: str) -> bool:
        """Return whether a tree may name it."""
        return name in self.attacks or name in self.steps

    def names(self) -> tuple[str, ...]:
        """Return every name, for hints."""
        return (*self.attacks, *self.steps)

    def given_by(self, leaf: str) -> frozenset[str]:
        """Return the capabilities that an attacker has after a leaf."""
        if leaf in self.attacks:
            return frozenset(attack_needs(leaf).grants)
        step = self.steps.get(leaf)
        given = set(step.gives) if step else set()
        return frozenset(given | ({leaf} & set(CAPABILITY_NAMES)))
