"""What a rating says: paths, risks and their reasons, as plain records."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Any, Literal

from annotated_types import Interval
from pydantic import TypeAdapter

from voltward.assurance.tara.model.words import Basis, Category, Feasibility, ImpactLevel

SCHEMA_VERSION = 1
RiskValue = Annotated[int, Interval(ge=1, le=5)]
CalValue = Annotated[int, Interval(ge=1, le=4)]
Decided = Literal["", "avoid", "reduce", "share", "retain"]
Share = Annotated[float, Interval(ge=0.0, le=1.0)]
# Damage scenario and threat scenario.
Pair = tuple[str, str]
_FIRMEST_FIRST = tuple(Basis)


@dataclass(frozen=True)
class Evidence:
    """Executed cases that a rating rests on.

    Attributes:
        run: Name of the campaign.
        attack: Id of the attack.
        stack: The stack that was tested.
        track: Truth track.
        duty: Duty of the worst tested scope.
        parameters: Attack parameters of the worst tested scope, "" for defaults.
        cases: Ids of the cases of that scope.
        n: How many they are.
        goal_share: Share in which the attacker's goal was met.
        low: Lower end of the 95 % Wilson interval.
        high: Upper end.
    """

    run: str
    attack: str
    stack: str
    track: str
    duty: str
    parameters: str
    cases: tuple[str, ...]
    n: Annotated[int, Interval(ge=1)]
    goal_share: Share
    low: Share
    high: Share

    @property
    def reached(self) -> int:
        """In how many cases the goal was met."""
        return round(self.goal_share * self.n)


@dataclass(frozen=True)
class RatedPath:
    """One attack path under one control set.

    Attributes:
        id: Of the path.
        threat: Its threat.
        control_set: Of the rating.
        feasibility: Level.
        potential: Sum of the attack potential, or None for the other methods.
        leaves: Steps of the easiest alternative, bypasses included.
        attacks: Catalogue attacks among the path's leaves.
        cut_by: Controls that hold, whose bypass was added.
        basis: What the feasibility rests on.
        evidence: The deciding test, or None.
        reasons: Sentences, most important first.
        overruled: The rated level where a reviewer put another in its place, or "".
        if_shown: Feasibility if every control of the set that no test refutes were shown to
            hold by itself.
    """

    id: str
    threat: str
    control_set: str
    feasibility: Feasibility
    potential: int | None
    leaves: tuple[str, ...]
    attacks: tuple[str, ...]
    cut_by: tuple[str, ...]
    basis: Basis
    evidence: Evidence | None
    reasons: tuple[str, ...]
    if_shown: Feasibility
    overruled: str = ""


@dataclass(frozen=True)
class RatedRisk:
    """One risk: a threat that leads to a damage, in one category, under one control set.

    Attributes:
        id: `DAMAGE.THREAT.CATEGORY`, the same under every control set.
        damage: Damage scenario.
        threat: Threat scenario.
        category: Impact category.
        impact: Level, as declared or re-rated.
        feasibility: Level of the deciding path.
        risk: 1 to 5.
        cal: 1 to 4, or None; the same under every control set.
        treatment: Decision, or "" where none is written.
        control_set: Of the rating.
        basis: What the rating rests on.
        evidence: The deciding test of the path, or None.
        impact_evidence: The test that re-rated the impact, or None.
        path: The deciding path, or "" where the threat has none.
        reasons: Sentences, most important first.
        if_shown: Risk if every control of the set that no test refutes were shown to hold by
            itself.
        stakeholders: Name to {impact, risk}, outside SFOP.
    """

    id: str
    damage: str
    threat: str
    category: Category
    impact: ImpactLevel
    feasibility: Feasibility
    risk: RiskValue
    cal: CalValue | None
    treatment: Decided
    control_set: str
    basis: Basis
    evidence: Evidence | None
    path: str
    reasons: tuple[str, ...]
    if_shown: RiskValue
    stakeholders: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    impact_evidence: Evidence | None = None

    @property
    def pair(self) -> Pair:
        """The damage and the threat."""
        return self.damage, self.threat


@dataclass(frozen=True)
class RatedPair:
    """A threat that leads to a damage, over all impact categories, under one control set.

    Attributes:
        worst: The category with the highest risk; of several the one with the highest impact, then
            the first.
        if_shown: The highest risk of all categories if every control of the set that no test
            refutes were shown to hold by itself.
        basis: The weakest basis among the categories with the highest risk.
    """

    worst: RatedRisk
    if_shown: int
    basis: Basis


def by_pair(risks: Iterable[RatedRisk]) -> dict[Pair, RatedPair]:
    """Return every pair of damage and threat at its highest category.

    Args:
        risks: Of one control set.
    """
    groups: dict[Pair, list[RatedRisk]] = {}
    for risk in risks:
        groups.setdefault(risk.pair, []).append(risk)
    pairs = {}
    for pair, group in groups.items():
        worst = max(group, key=lambda risk: (risk.risk, risk.impact.rank))
        highest = [risk for risk in group if risk.risk == worst.risk]
        pairs[pair] = RatedPair(
            worst,
            max(risk.if_shown for risk in group),
            max((risk.basis for risk in highest), key=_FIRMEST_FIRST.index),
        )
    return pairs


@dataclass(frozen=True)
class Rating:
    """A model rated by a profile, with or without a campaign.

    Attributes:
        model: Id of the model.
        model_sha256: Digest of the model's canonical form.
        profile: Name of the profile.
        profile_sha256: Digest of what the profile holds.
        method: Feasibility method.
        run: Name of the campaign, or "".
        run_sha256: Digest of its table of cases, or "".
        control_sets: Ids in order; the first is `none`.
        paths: Every path under every control set.
        risks: Every risk under every control set.
        parts: `table:id` to the digest of that entry of the model, so that two ratings can tell
            what was edited between them.
    """

    model: str
    model_sha256: str
    profile: str
    run: str
    run_sha256: str
    control_sets: tuple[str, ...]
    paths: tuple[RatedPath, ...]
    risks: tuple[RatedRisk, ...]
    parts: Mapping[str, str] = field(default_factory=dict)
    profile_sha256: str = ""
    method: str = ""

    def of_set(self, control_set: str) -> tuple[RatedRisk, ...]:
        """Return the risks under one control set."""
        return tuple(risk for risk in self.risks if risk.control_set == control_set)

    def pairs(self, control_set: str) -> dict[Pair, RatedPair]:
        """Return the pairs of damage and threat under one control set."""
        return by_pair(self.of_set(control_set))

    def as_document(self) -> dict[str, Any]:
        """Return plain data: what `diff`, the report and an evidence pack read."""
        plain: dict[str, Any] = rating_adapter().dump_python(self, mode="json")
        return {"schema_version": SCHEMA_VERSION, **plain}


@cache
def rating_adapter() -> TypeAdapter[Rating]:
    """Return what turns a rating into plain data and back, key by key."""
    return TypeAdapter(Rating)
