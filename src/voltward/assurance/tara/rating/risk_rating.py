"""The risks of one threat and one damage under one control set.

1. The impact is re-rated where campaigns measured the damage.
2. The path with the highest risk decides; of several with the same risk the easiest.
3. The assurance level (CAL) follows from the declared impact and from where the attack begins.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from voltward.assurance.tara.method.profile import Profile
from voltward.assurance.tara.model.model import Damage, Override, Threat
from voltward.assurance.tara.model.words import (
    ATTACK_VECTORS,
    AttackVector,
    Basis,
    Category,
    ImpactLevel,
)
from voltward.assurance.tara.rating.campaign_results import CampaignResults
from voltward.assurance.tara.rating.measured_impact import (
    ImpactChange,
    measured_changes,
    worst_change,
)
from voltward.assurance.tara.rating.path_feasibility import TreeRater
from voltward.assurance.tara.rating.path_rating import PathUnderSet
from voltward.assurance.tara.rating.records import Decided, RatedRisk

_NO_PATH = "no attack path is written, so it counts as feasible with ease"
_Changes = Mapping[str, Mapping[Category, ImpactChange]]


@dataclass(frozen=True)
class _Deciding:
    """The path that decides a risk, with the impact that it leaves."""

    path: PathUnderSet | None
    impact: ImpactLevel
    change: ImpactChange | None
    native: int
    risk: int


@dataclass(frozen=True)
class RiskRater:
    """Rates threats and damages from their rated paths.

    Attributes:
        trees: Finds the easiest ways through trees.
        profile: The method profile.
        campaigns: What was executed.
    """

    trees: TreeRater
    profile: Profile
    campaigns: Sequence[CampaignResults]
    _values: dict[tuple[Category, ImpactLevel, int], int] = field(default_factory=dict)

    def rate(
        self,
        threat: Threat,
        damage: Damage,
        control_set: str,
        controls: frozenset[str],
        paths: Sequence[PathUnderSet],
    ) -> list[RatedRisk]:
        """Return one risk for each rated category of a damage.

        Args:
            threat: The threat scenario.
            damage: A damage scenario that it leads to.
            control_set: Name of the set.
            controls: Its measures.
            paths: The threat's paths under that set.
        """
        # 1. Measured impact.
        changes = self._changes(damage, controls, paths)
        paths = _that_may_decide(paths, changes)
        stakeholders = self._stakeholders(damage, paths)
        decision = self._treatments.get(
            (threat.id, damage.id), self._treatments.get((threat.id, ""), "")
        )
        risks = []
        for category, declared in damage.impact.items():
            # 2. The deciding path.
            override = self._override(damage.id, category, control_set)
            deciding = self._deciding(category, declared, override, paths, changes)
            path = deciding.path.rated if deciding.path else None
            risks.append(
                RatedRisk(
                    id=f"{damage.id}.{threat.id}.{category}",
                    damage=damage.id,
                    threat=threat.id,
                    category=category,
                    impact=deciding.impact,
                    feasibility=self.trees.method.reported(deciding.native),
                    risk=deciding.risk,
                    # 3. The assurance level.
                    cal=self._cal(threat.id, declared),
                    treatment=decision,
                    control_set=control_set,
                    basis=_basis(deciding, override),
                    evidence=path.evidence if path else None,
                    impact_evidence=deciding.change.evidence if deciding.change else None,
                    path=path.id if path else "",
                    reasons=_reasons(deciding, override),
                    if_shown=self._if_shown(category, declared, override, paths, changes),
                    stakeholders=stakeholders,
                )
            )
        return risks

    def _changes(
        self, damage: Damage, controls: frozenset[str], paths: Sequence[PathUnderSet]
    ) -> _Changes:
        if not self.campaigns:
            return {}
        attacks = dict.fromkeys(attack for path in paths for attack in path.rated.attacks)
        return {
            attack: measured_changes(
                damage,
                attack,
                controls,
                self.trees.stopping(attack),
                self.trees.model.tables.impact_rule,
                self.campaigns,
            )
            for attack in attacks
        }

    def _deciding(
        self,
        category: Category,
        declared: ImpactLevel,
        override: Override | None,
        paths: Sequence[PathUnderSet],
        changes: _Changes,
    ) -> _Deciding:
        """Return the path of the highest risk; of several the easiest."""
        easiest = len(self.profile.levels) - 1
        best = _Deciding(None, declared, None, easiest, 0)
        for path in paths:
            level, change = self._level(category, declared, override, path, changes)
            risk = self._value(category, level, path.native)
            if (risk, path.native) > (best.risk, best.native if best.path else -1):
                best = _Deciding(path, level, change, path.native, risk)
        if best.path is None:
            level = override.impact if override and override.impact else declared
            risk = self.profile.overall_risk({category: level}, easiest)
            return _Deciding(None, level, None, easiest, risk)
        return best

    def _if_shown(
        self,
        category: Category,
        declared: ImpactLevel,
        override: Override | None,
        paths: Sequence[PathUnderSet],
        changes: _Changes,
    ) -> int:
        easiest = len(self.profile.levels) - 1
        if not paths:
            level = override.impact if override and override.impact else declared
            return self.profile.overall_risk({category: level}, easiest)
        return max(
            self._value(
                category,
                self._level(category, declared, override, path, changes)[0],
                path.native_if_shown,
            )
            for path in paths
        )

    def _value(self, category: Category, level: ImpactLevel, native: int) -> int:
        key = (category, level, native)
        if key not in self._values:
            self._values[key] = self.profile.overall_risk({category: level}, native)
        return self._values[key]

    @staticmethod
    def _level(
        category: Category,
        declared: ImpactLevel,
        override: Override | None,
        path: PathUnderSet,
        changes: _Changes,
    ) -> tuple[ImpactLevel, ImpactChange | None]:
        """Return the impact that a path leaves, and the measurement that changed it."""
        if override and override.impact:
            return override.impact, None
        found = [changes.get(attack, {}) for attack in path.rated.attacks]
        return worst_change(found, category, declared)

    @cached_property
    def _treatments(self) -> Mapping[tuple[str, str], Decided]:
        return {(t.threat, t.damage): t.decision.value for t in self.trees.model.tables.treatment}

    @cached_property
    def _overrides(self) -> Mapping[tuple[str, str, str], Override]:
        return {
            (entry.damage, str(entry.category), entry.control_set): entry
            for entry in self.trees.model.tables.override
            if entry.damage
        }

    def _override(self, damage: str, category: Category, control_set: str) -> Override | None:
        of_set = self._overrides.get((damage, str(category), control_set))
        return of_set or self._overrides.get((damage, str(category), ""))

    @cached_property
    def _vectors(self) -> Mapping[str, AttackVector]:
        """For each threat where its most remote path begins, without controls."""
        vectors: dict[str, AttackVector] = {}
        for path in self.trees.model.tables.path:
            if path.impossible:
                continue
            way = self.trees.easiest(path.tree, frozenset())
            steps = (self.trees.leaves.steps.get(leaf) for leaf in way.leaves)
            ranks = [step.attack_vector.rank for step in steps if step and step.attack_vector]
            if ranks:
                known = vectors.get(path.threat)
                # A path needs every step of its way, so its nearest position decides; of several
                # paths an attacker takes the most remote one.
                rank = max(min(ranks), known.rank if known else 0)
                vectors[path.threat] = ATTACK_VECTORS[rank]
        return vectors

    def _cal(self, threat: str, declared: ImpactLevel) -> int | None:
        """Return the assurance level: of the declared impact, so that it stays while risk moves."""
        vector = self._vectors.get(threat)
        return None if vector is None else self.profile.cal(declared, vector)

    def _stakeholders(
        self, damage: Damage, paths: Sequence[PathUnderSet]
    ) -> dict[str, dict[str, Any]]:
        native = max((path.native for path in paths), default=len(self.profile.levels) - 1)
        return {
            name: {"impact": str(level), "risk": self.profile.level_risk(level, native)}
            for name, level in damage.stakeholders.items()
        }


def _that_may_decide(paths: Sequence[PathUnderSet], changes: _Changes) -> Sequence[PathUnderSet]:
    """Leave out paths that are no easier than another one with the same impact."""
    changed = [path for path in paths if any(changes.get(name) for name in path.rated.attacks)]
    kept = set(map(id, changed))
    plain = [path for path in paths if id(path) not in kept]
    if not plain:
        return changed
    easiest = max(plain, key=lambda path: path.native)
    if_shown = max(plain, key=lambda path: path.native_if_shown)
    return [*changed, easiest, *([] if if_shown is easiest else [if_shown])]


def _basis(deciding: _Deciding, override: Override | None) -> Basis:
    if deciding.path is None:
        return Basis.ASSUMED
    basis = deciding.path.rated.basis
    judged = override is not None and override.impact is not None
    return Basis.ESTIMATED if judged and basis is Basis.MEASURED else basis


def _reasons(deciding: _Deciding, override: Override | None) -> tuple[str, ...]:
    reasons = list(deciding.path.rated.reasons) if deciding.path else [_NO_PATH]
    if deciding.change is not None:
        reasons.insert(0, deciding.change.reason)
    if override is not None and override.impact is not None:
        review = f"{override.reviewer}, {override.date}: impact {override.impact}"
        reasons.insert(0, f"{review}, because {override.reason}")
    return tuple(reasons)
