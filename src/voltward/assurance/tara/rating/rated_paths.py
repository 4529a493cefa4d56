"""One attack path under one control set, with its reasons."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from voltward.assurance.tara.method.profile import Profile
from voltward.assurance.tara.model.attack_tree import Way
from voltward.assurance.tara.model.model import AttackPath, Override
from voltward.assurance.tara.model.words import Basis
from voltward.assurance.tara.rating.path_evidence import evidence_of
from voltward.assurance.tara.rating.path_rating import BREAK, PathRater
from voltward.assurance.tara.rating.rated import RatedPath


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
class RatedPaths:
    """Rates the paths of one model.

    Attributes:
        rater: Rates trees.
        profile: The method profile.
    """

    rater: PathRater
    profile: Profile
    _plain: dict[str, Way] = field(default_factory=dict)

    @cached_property
    def names_of(self) -> Mapping[str, tuple[str, ...]]:
        """The leaves of each path's tree text, named branches followed."""
        return {
            path.tree: tuple(
                dict.fromkeys(name for way in self.rater.ways(path.tree) for name in way)
            )
            for path in self.rater.model.tables.path
        }

    @cached_property
    def attacks_of(self) -> Mapping[str, tuple[str, ...]]:
        """The catalogue attacks of each path's tree text."""
        attacks = self.rater.leaves.attacks
        return {
            text: tuple(name for name in names if name in attacks)
            for text, names in self.names_of.items()
        }

    @cached_property
    def _overrides(self) -> Mapping[tuple[str, str], Override]:
        entries = self.rater.model.tables.override
        return {(entry.path, entry.control_set): entry for entry in entries if entry.path}

    def path(
        self, path: AttackPath, control_set: str, controls: frozenset[str], touched: frozenset[str]
    ) -> PathUnderSet:
        """Return a path under a control set.

        Args:
            path: The path.
            control_set: Name of the set.
            controls: Its measures.
            touched: Leaves that the set can change; a path without them is as without the set.
        """
        names, attacks = self.names_of[path.tree], self.attacks_of[path.tree]
        concerned = not touched.isdisjoint(names)
        way, shown = self._ways(path.tree, controls, concerned=concerned)
        method = self.rater.method
        native = method.native(way.values)
        # A control can only be shown to make a path harder.
        if_shown = min(native, method.native(shown.values))
        found = evidence_of(way.leaves, attacks, self.rater, controls)
        basis, reasons = found.basis, found.reasons
        by_tests = self._by_tests(path.tree, way, controls)
        if basis is Basis.MEASURED and by_tests != native:
            basis = Basis.ESTIMATED
            said = f"rests on declared efforts; by tests alone it is {method.reported(by_tests)}"
            reasons = (*reasons, said)
        override = self._overrides.get((path.id, control_set)) or self._overrides.get((path.id, ""))
        overruled = ""
        if override and override.feasibility:
            said = (
                f"{override.reviewer}, {override.date}: {override.feasibility} in place of "
                f"{method.reported(native)}, because {override.reason}"
            )
            reasons = (said, *reasons)
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
            shown = self.rater.easiest(text, controls, shown=True)
            return self.rater.easiest(text, controls), shown
        if text not in self._plain:
            self._plain[text] = self.rater.easiest(text, frozenset())
        return self._plain[text], self._plain[text]

    def _by_tests(self, text: str, way: Way, controls: frozenset[str]) -> int:
        """Return the level that is left when declared efforts do not count."""
        native = self.rater.method.native
        if not any(leaf.startswith(BREAK) for leaf in way.leaves):
            return native(way.values)
        return native(self.rater.easiest(text, controls - self.rater.declared).values)

    def _cut_by(self, names: tuple[str, ...], controls: frozenset[str]) -> tuple[str, ...]:
        cut = (control for name in names for control in self.rater.leaf(name, controls).cut_by)
        return tuple(dict.fromkeys(cut))
