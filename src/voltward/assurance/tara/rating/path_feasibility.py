"""The easiest way through an attack path under a set of controls.

A control that was shown to hold does not block a path: it adds its bypass, the cheapest way past
it. A control that no campaign can test adds the effort that the model declares for breaking it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product

from voltward.assurance.tara.method.feasibility_methods import Method, Values
from voltward.assurance.tara.model.attack_tree import (
    Front,
    Way,
    all_of,
    any_of,
    expanded,
    leaves_of,
)
from voltward.assurance.tara.model.leaves import Leaves, attack_needs
from voltward.assurance.tara.model.model import Effort, Measure, Step
from voltward.assurance.tara.model.model_folder import Model
from voltward.assurance.tara.rating.campaign_results import CampaignResults
from voltward.assurance.tara.rating.verdict import Holds, Verdict, judge_controls

# Prefix of a leaf that stands for breaking a control by its declared effort.
BREAK = "break:"


@dataclass(frozen=True)
class LeafUnderSet:
    """One leaf of the trees under one control set.

    Attributes:
        front: The cheapest ways to do it, bypasses included.
        cut_by: Controls whose bypass or effort was added.
        verdict: What the campaigns say, for attacks with controls that are meant to stop them.
    """

    front: Front
    cut_by: tuple[str, ...] = ()
    verdict: Verdict | None = None


@dataclass(frozen=True)
class TreeRater:
    """Finds the easiest ways through the trees of one model, by one feasibility method.

    Attributes:
        model: The model.
        method: The feasibility method.
        campaigns: What was executed.
    """

    model: Model
    method: Method
    campaigns: Sequence[CampaignResults] = ()
    _kept: dict[object, LeafUnderSet] = field(default_factory=dict)
    _ways: dict[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)

    @cached_property
    def leaves(self) -> Leaves:
        """The names that trees may use."""
        return Leaves.of(self.model.tables)

    @cached_property
    def measures(self) -> Mapping[str, Measure]:
        """Controls of the model by id."""
        return {measure.id: measure for measure in self.model.tables.control}

    @cached_property
    def neutral(self) -> Values:
        """The values of a step that costs nothing."""
        return self.method.values(Effort(), "", None)

    @cached_property
    def _stopping(self) -> Mapping[str, frozenset[str]]:
        """For each attack the `verify` and `shape` controls that are meant to stop it."""
        preventive = [measure for measure in self.measures.values() if measure.bypass]
        return {
            attack: frozenset(
                measure.id
                for measure in preventive
                if attack in measure.mitigates
                or (not measure.mitigates and measure.id in attack_needs(attack).stopped_by)
            )
            for attack in self.attacks
        }

    @cached_property
    def attacks(self) -> frozenset[str]:
        """The catalogue attacks that some path of the model uses."""
        used = {name for tree in self.model.trees.values() for name in leaves_of(tree)}
        return frozenset(used & self.leaves.attacks)

    @cached_property
    def _guarding(self) -> frozenset[str]:
        """Controls that watch and act: those without bypass and without an effort of their own."""
        return frozenset(
            name for name, m in self.measures.items() if not m.bypass and m.effort is None
        )

    @cached_property
    def declared(self) -> frozenset[str]:
        """Controls that no campaign can test: they make steps harder by an effort as judged."""
        return frozenset(name for name, measure in self.measures.items() if measure.effort)

    @cached_property
    def _breaking(self) -> Mapping[str, tuple[Measure, ...]]:
        """For each leaf the controls that no campaign can test, which make it harder by effort."""
        found: dict[str, list[Measure]] = {}
        for measure in self.measures.values():
            for name in measure.mitigates if measure.effort else ():
                found.setdefault(name, []).append(measure)
        return {name: tuple(measures) for name, measures in found.items()}

    def stopping(self, attack: str) -> frozenset[str]:
        """Return the controls of the whole model that are meant to keep an attack out."""
        return self._stopping.get(attack, frozenset())

    def verdict(self, attack: str, controls: frozenset[str]) -> Verdict | None:
        """Return what the campaigns say; None when no control of the set is meant to stop it."""
        stopping = self.stopping(attack) & controls
        if not stopping:
            return None
        return judge_controls(attack, stopping, controls, self._guarding, self.campaigns)

    def is_open_question(self, attack: str, controls: frozenset[str]) -> bool:
        """Tell whether tests of the set's controls against an attack left open if they hold."""
        verdict = self.leaf(attack, controls).verdict
        return verdict is not None and verdict.holds in {Holds.TOO_FEW, Holds.NO_BASELINE}

    def leaf(
        self,
        name: str,
        controls: frozenset[str],
        *,
        shown: bool = False,
        given: frozenset[str] = frozenset(),
    ) -> LeafUnderSet:
        """Return a leaf under a set of controls.

        Args:
            name: The leaf.
            controls: The set.
            shown: Whether each control that did not fail counts as shown to hold by itself.
            given: Capabilities that other steps of the same way give; a bypass gets them free.
        """
        useful = given & self._bypass_leaves.get(name, frozenset())
        key = (name, controls, shown, useful)
        if key not in self._kept:
            self._kept[key] = self._leaf(name, controls, shown=shown, given=useful)
        return self._kept[key]

    def _leaf(
        self, name: str, controls: frozenset[str], *, shown: bool, given: frozenset[str]
    ) -> LeafUnderSet:
        values = self.neutral
        if name not in self.leaves.attacks:
            values = self._values(self.leaves.steps[name])
        front, broken = self._broken(name, (Way(values, (name,)),), controls)
        verdict = self.verdict(name, controls)
        if verdict is None:
            return LeafUnderSet(front, broken)
        groups = verdict.groups
        if shown:
            refuted = verdict.controls if verdict.holds is Holds.NO else ()
            stopping = (self.stopping(name) & controls).difference(refuted)
            groups = tuple(frozenset({control}) for control in stopping)
        # Only declared efforts harden a bypass, so that no control guards its own bypass.
        hardening = controls & self.declared
        for group in groups:
            bypasses = [
                self._bypass(self.measures[control].bypass, hardening, given)
                for control in sorted(group)
            ]
            front = all_of([front, any_of(bypasses)])
        broken = (*broken, *sorted(frozenset().union(*groups)))
        return LeafUnderSet(front, broken, verdict)

    def _bypass(self, text: str, hardening: frozenset[str], given: frozenset[str]) -> Front:
        """Return the cheapest ways through a bypass; what the attacker has already is free."""
        fronts = []
        for leaves in self.ways(text):
            costly = [name for name in leaves if name not in given]
            # The name of the bypass stays in the way, so that a reader sees what was used.
            free = Way(self.neutral, tuple(name for name in leaves if name in given))
            fronts.append(all_of([(free,), *(self.leaf(n, hardening).front for n in costly)]))
        return any_of(fronts)

    @cached_property
    def _bypass_leaves(self) -> Mapping[str, frozenset[str]]:
        """For each attack the leaves of the bypasses of the controls that are meant to stop it."""
        return {
            attack: frozenset(
                name
                for control in self.stopping(attack)
                for way in self.ways(self.measures[control].bypass)
                for name in way
            )
            for attack in self.attacks
        }

    def _broken(
        self, name: str, front: Front, controls: frozenset[str]
    ) -> tuple[Front, tuple[str, ...]]:
        """Add the declared efforts of controls that no campaign can test."""
        names = []
        for measure in self._breaking.get(name, ()):
            if measure.id in controls and measure.effort:
                values = self.method.values(measure.effort, measure.cvss, measure.attack_vector)
                front = all_of([front, (Way(values, (BREAK + measure.id,)),)])
                names.append(measure.id)
        return front, tuple(names)

    def _values(self, step: Step) -> Values:
        return self.method.values(step.effort or Effort(), step.cvss, step.attack_vector)

    def ways(self, text: str) -> tuple[tuple[str, ...], ...]:
        """Return every way through a tree as the steps taken, named branches followed.

        The name of a branch stays among its steps: it costs nothing, and a control may guard it.
        """
        if text not in self._ways:
            self._ways[text] = tuple(
                way
                for plain in expanded(self.model.trees[text])
                for way in self._with_branches(plain)
            )
        return self._ways[text]

    def _with_branches(self, plain: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        parts = []
        for name in plain:
            step = self.leaves.steps.get(name)
            if step is not None and step.tree:
                parts.append(tuple((name, *inner) for inner in self.ways(step.tree)))
            else:
                parts.append(((name,),))
        for combination in product(*parts):
            yield tuple(dict.fromkeys(name for part in combination for name in part))

    def easiest(self, text: str, controls: frozenset[str], *, shown: bool = False) -> Way:
        """Return the easiest way through a tree under a set of controls.

        Args:
            text: A tree of the model.
            controls: The set.
            shown: Whether each control that did not fail counts as shown to hold by itself.
        """
        native = self.method.native
        best: Way | None = None
        rank = (-1, 0)
        for leaves in self.ways(text):
            fronts = [
                self.leaf(name, controls, shown=shown, given=self._beside(name, leaves)).front
                for name in leaves
            ]
            for way in all_of(fronts):
                ease = (native(way.values), -sum(way.values))
                if ease > rank:
                    best, rank = way, ease
        if best is None:
            raise ValueError(f"no way through '{text}'")
        return best

    def _beside(self, name: str, leaves: tuple[str, ...]) -> frozenset[str]:
        """Return what the other steps of a way give; a stopped attack gives nothing to itself."""
        if not self._bypass_leaves.get(name):
            return frozenset()
        others = (self._given_by[other] for other in leaves if other != name)
        return frozenset[str]().union(*others)

    @cached_property
    def _given_by(self) -> Mapping[str, frozenset[str]]:
        return {name: self.leaves.given_by(name) for name in (*self.attacks, *self.leaves.steps)}

    def touched(self, controls: frozenset[str]) -> frozenset[str]:
        """Return the leaves that a set of controls can change: all others stay as without it."""
        attacks = {attack for attack in self.attacks if self.stopping(attack) & controls}
        steps = {
            name
            for name, measures in self._breaking.items()
            if any(measure.id in controls for measure in measures)
        }
        return frozenset(attacks | steps)
