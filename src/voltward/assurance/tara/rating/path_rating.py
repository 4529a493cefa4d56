"""One attack path rated under one control set: its level, and what the level rests on.

The level rests on executed cases where attacks of the catalogue are on the easiest way; else on
values with a source, or on assumptions. A reviewer's override comes last and replaces it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from voltward.assurance.tara.method.profile import Profile
from voltward.assurance.tara.model.attack_tree import Way
from voltward.assurance.tara.model.model import AttackPath, Override
from voltward.assurance.tara.model.words import Basis
from voltward.assurance.tara.rating.path_feasibility import BREAK, TreeRater
from voltward.assurance.tara.rating.records import Evidence, RatedPath
from voltward.assurance.tara.rating.verdict import Holds


@dataclass(frozen=True)
class PathUnderSet:
    """A rated path with its level in the profile's own scale.

    Attributes:
        rated: The result.
        native: Level of the profile, 0 is the hardest.
        native_if_shown: The same if untested controls held.
        way: The deciding way.
    """

    rated: RatedPath
    native: int
    native_if_shown: int
    way: Way


@dataclass(frozen=True)
class PathRater:
    """Rates the paths of one model.

    Attributes:
        trees: Finds the easiest ways through trees.
        profile: The method profile.
    """

    trees: TreeRater
    profile: Profile
    _plain: dict[str, Way] = field(default_factory=dict)

    @cached_property
    def names_of(self) -> Mapping[str, tuple[str, ...]]:
        """The leaves of each path's tree text, named branches followed."""
        return {
            path.tree: tuple(
                dict.fromkeys(name for way in self.trees.ways(path.tree) for name in way)
            )
            for path in self.trees.model.tables.path
        }

    @cached_property
    def attacks_of(self) -> Mapping[str, tuple[str, ...]]:
        """The catalogue attacks of each path's tree text."""
        attacks = self.trees.leaves.attacks
        return {
            text: tuple(name for name in names if name in attacks)
            for text, names in self.names_of.items()
        }

    @cached_property
    def _overrides(self) -> Mapping[tuple[str, str], Override]:
        entries = self.trees.model.tables.override
        return {(entry.path, entry.control_set): entry for entry in entries if entry.path}

    def rate(
        self, path: AttackPath, control_set: str, controls: frozenset[str], touched: frozenset[str]
    ) -> PathUnderSet:
        """Return a rated path.

        Args:
            path: The path.
            control_set: Name of the set.
            controls: Its measures.
            touched: Leaves that the set can change; a path without them is as without the set.
        """
        # 1. The easiest way, as shown and if untested controls held.
        names, attacks = self.names_of[path.tree], self.attacks_of[path.tree]
        concerned = not touched.isdisjoint(names)
        way, shown = self._ways(path.tree, controls, concerned=concerned)
        method = self.trees.method
        native = method.native(way.values)
        # A control can only be shown to make a path harder.
        if_shown = min(native, method.native(shown.values))
        # 2. What it rests on.
        found = _evidence_of(way.leaves, attacks, self.trees, controls)
        basis, reasons = found.basis, found.reasons
        by_tests = self._by_tests(path.tree, way, controls)
        if basis is Basis.MEASURED and by_tests != native:
            basis = Basis.ESTIMATED
            by_tests_word = method.reported(by_tests)
            reasons = (*reasons, f"rests on declared efforts; by tests alone it is {by_tests_word}")
        # 3. A reviewer's override.
        override = self._overrides.get((path.id, control_set)) or self._overrides.get((path.id, ""))
        overruled = ""
        if override and override.feasibility:
            sentence = (
                f"{override.reviewer}, {override.date}: {override.feasibility} in place of "
                f"{method.reported(native)}, because {override.reason}"
            )
            reasons = (sentence, *reasons)
            overruled = str(method.reported(native))
            # A reviewer's level is a judgement, whatever was executed.
            basis = Basis.ESTIMATED if basis is Basis.MEASURED else basis
            native = if_shown = self.profile.native_of(override.feasibility)
        rated = RatedPath(
            id=path.id,
            threat=path.threat,
            control_set=control_set,
            feasibility=method.reported(native),
            potential=method.potential(way.values),
            leaves=tuple(dict.fromkeys(way.leaves)),
            attacks=attacks,
            cut_by=self._cut_by(names, controls) if concerned else (),
            basis=basis,
            evidence=found.evidence,
            reasons=reasons,
            if_shown=method.reported(if_shown),
            overruled=overruled,
        )
        return PathUnderSet(rated, native, if_shown, way)

    def _ways(self, text: str, controls: frozenset[str], *, concerned: bool) -> tuple[Way, Way]:
        """Return the easiest way as shown, and if untested controls held."""
        if concerned:
            shown = self.trees.easiest(text, controls, shown=True)
            return self.trees.easiest(text, controls), shown
        if text not in self._plain:
            self._plain[text] = self.trees.easiest(text, frozenset())
        return self._plain[text], self._plain[text]

    def _by_tests(self, text: str, way: Way, controls: frozenset[str]) -> int:
        """Return the level that is left when declared efforts do not count."""
        native = self.trees.method.native
        if not any(leaf.startswith(BREAK) for leaf in way.leaves):
            return native(way.values)
        return native(self.trees.easiest(text, controls - self.trees.declared).values)

    def _cut_by(self, names: tuple[str, ...], controls: frozenset[str]) -> tuple[str, ...]:
        cut = (control for name in names for control in self.trees.leaf(name, controls).cut_by)
        return tuple(dict.fromkeys(cut))


@dataclass(frozen=True)
class _PathEvidence:
    """What was executed of a path under a control set.

    Attributes:
        basis: See `Basis`.
        evidence: The test that decided, or None.
        reasons: Sentences.
    """

    basis: Basis
    evidence: Evidence | None
    reasons: tuple[str, ...]


def _evidence_of(
    leaves: Sequence[str], attacks: Sequence[str], trees: TreeRater, controls: frozenset[str]
) -> _PathEvidence:
    """Return what a path's rating rests on.

    Args:
        leaves: Steps of the deciding way.
        attacks: Catalogue attacks of the whole path.
        trees: Finds the easiest ways through trees.
        controls: The control set.
    """
    known_leaves = (name for name in dict.fromkeys((*leaves, *attacks)) if trees.leaves.has(name))
    under_set = [trees.leaf(name, controls) for name in known_leaves]
    reasons = [leaf.verdict.reason for leaf in under_set if leaf.verdict]
    declared = dict.fromkeys(
        control for leaf in under_set for control in leaf.cut_by if control in trees.declared
    )
    if declared:
        reasons.append(f"by declared effort: {', '.join(declared)}")
    found = [_of_attack(attack, trees, controls) for attack in leaves if attack in attacks]
    if not found:
        own = [leaf for leaf in leaves if _is_assumed(leaf, trees)]
        sentence = f"no attack of the catalogue tests {', '.join(own or leaves)}"
        return _PathEvidence(
            Basis.ASSUMED if own else Basis.ESTIMATED, None, (*dict.fromkeys(reasons), sentence)
        )
    known = [entry for entry in found if entry is not None]
    if len(known) < len(found):
        if not controls:
            reasons.append("not executed")
        elif not any(leaf.verdict for leaf in (trees.leaf(a, controls) for a in attacks)):
            reasons.append("not executed with these controls")
        return _PathEvidence(Basis.ESTIMATED, None, tuple(dict.fromkeys(reasons)))
    basis = Basis.MEASURED
    if any(trees.is_open_question(attack, controls) for attack in leaves if attack in attacks):
        basis = Basis.ESTIMATED
    # Of several attacks on one way the one that is stopped most decides whether the way is open.
    deciding = min(known, key=lambda entry: entry.goal_share)
    if not reasons:
        reasons.append(
            f"{deciding.attack} under {deciding.stack}: goal reached in "
            f"{deciding.reached} of {deciding.n} runs"
        )
    return _PathEvidence(basis, deciding, tuple(dict.fromkeys(reasons)))


def _is_assumed(leaf: str, trees: TreeRater) -> bool:
    step = trees.leaves.steps.get(leaf)
    return step is not None and step.source.lower().startswith("assum")


def _of_attack(attack: str, trees: TreeRater, controls: frozenset[str]) -> Evidence | None:
    """Return the deciding test of one attack under a control set."""
    verdict = trees.leaf(attack, controls).verdict
    if verdict is not None:
        return None if verdict.holds is Holds.UNTESTED else verdict.evidence
    for campaign in trees.campaigns:
        test = campaign.closest(attack, controls) if controls else campaign.baseline(attack)
        if test is not None:
            return test.worst
    return None
