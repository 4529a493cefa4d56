"""The risk chapter: counts, the top risks before and after, and the stakes of others."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from voltward.assurance.tara.rating.records import Evidence, RatedRisk
from voltward.interfaces.report.content import Content
from voltward.interfaces.report.risk_moves import Moved, moved
from voltward.interfaces.report.risk_stays import Stayed, stayed
from voltward.interfaces.report.risk_view import RiskView
from voltward.interfaces.report.words import count

_TOP_SHOWN = 15
_STAKES_SHOWN = 8
# For ratings that bring no limits of their own.
_LIMITS = (
    (
        "A test on a simulator shows whether this control stops this attack at this budget, not "
        "the true effort of an attacker."
    ),
    "Efforts of steps and bypasses are judged by the profile's scale, not measured.",
)
_ALWAYS = "Feasibility says how hard an attack is, not how often it happens."


@dataclass(frozen=True)
class Count:
    """Risks at each value under one control set, and what they rest on."""

    name: str
    title: str
    values: tuple[int, ...]
    bases: tuple[int, ...]


@dataclass(frozen=True)
class Value:
    """A risk value under one control set; `if_shown` where untested controls would lower it."""

    value: int | None
    if_shown: int | None


@dataclass(frozen=True)
class Rests:
    """What a rating rests on: control set, basis, evidence in words, and the attack's id."""

    name: str
    basis: str
    evidence: str
    attack: str


@dataclass(frozen=True)
class TopRisk:
    """One row of the table of top risks."""

    id: str
    damage: str
    threat: str
    category: str
    impact: str
    feasibility: str
    values: tuple[Value, ...]
    cal: str
    treatment: str
    rests: tuple[Rests, ...]


@dataclass(frozen=True)
class Stake:
    """What a stakeholder outside the road user's view may lose."""

    damage: str
    threat: str
    impact: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Stakes:
    """The worst stakes of one stakeholder, and how many more there are."""

    name: str
    rows: tuple[Stake, ...]
    more: int


@dataclass(frozen=True)
class RiskChapter:
    """What the report says of risk.

    Attributes:
        headline: The line of page 1, after its link's text.
        link: Text of that link.
        lead: The sentences that open the chapter.
        sets: Ids of the control sets.
        counts: One for each control set.
        top: The top risks.
        more: How many further pairs of damage and threat there are.
        moved: What changed the risks that moved.
        stayed: Why the others did not.
        stakes: Fleet and grid.
        limits: Sentences.
        label: Track, seeds and profile.
        after: The control set that the sentences speak of.
    """

    headline: str
    link: str
    lead: tuple[str, ...]
    sets: tuple[str, ...]
    counts: tuple[Count, ...]
    top: tuple[TopRisk, ...]
    more: int
    moved: Moved
    stayed: Stayed
    stakes: tuple[Stakes, ...]
    limits: tuple[str, ...]
    label: str
    after: str


def write_risk_chapter(content: Content) -> RiskChapter | None:
    """Return the risk chapter, or nothing where the folder holds no rating."""
    risk = content.risk
    if risk is None:
        return None
    worst = sorted(
        (pair.worst for pair in risk.pairs(risk.before)), key=lambda entry: _order(risk, entry)
    )
    total = len(worst)
    high = risk.high(risk.before)
    given = risk.presentation.limits or _LIMITS
    of_track = f"Track {content.track}: what was measured holds for this truth track only."
    return RiskChapter(
        headline=_headline(risk),
        link=f"{high} of {count(total, 'risk')}",
        lead=_lead(content, risk),
        sets=risk.sets,
        counts=tuple(
            Count(name, risk.title(name), risk.values(name), risk.bases(name)) for name in risk.sets
        ),
        top=tuple(_top_risk(content, risk, entry) for entry in worst[:_TOP_SHOWN]),
        more=max(0, len(worst) - _TOP_SHOWN),
        moved=moved(risk),
        stayed=stayed(risk),
        stakes=_stakes(risk),
        limits=(*given, _ALWAYS, of_track),
        label=risk_label(content, risk).replace("track", "Track", 1),
        after=risk.after,
    )


def risk_label(content: Content, risk: RiskView) -> str:
    """Return what figure and tables of the chapter name: track, seeds and profile."""
    return f"track {content.track} · {content.seed_words()} · profile {risk.profile}"


def _headline(risk: RiskView) -> str:
    if risk.before == risk.after:
        return f" at 4 or 5 (control set {risk.after})."
    return f" at 4 or 5 before, {risk.high(risk.after)} after (control set {risk.after})."


def _lead(content: Content, risk: RiskView) -> tuple[str, ...]:
    total = count(len(risk.pairs(risk.before)), "pair")
    first = (
        f"{risk.high(risk.before)} of {total} of damage and threat are at 4 or 5 with control set "
        f"{risk.before}"
    )
    first = ", ".join((first, *(f"{risk.high(name)} with {name}" for name in risk.sets[1:])))
    measured, estimated, assumed = risk.bases(risk.after)
    run = risk.rating.run
    rests = (
        f"Under {risk.after}, {measured} rest on measurement, {estimated} on estimates with a "
        f"source and {assumed} on assumptions."
    )
    scope = (
        f"Profile {risk.profile}, {f'run {run}' if run else 'no run'}, track {content.track}, "
        f"{content.seed_words()}."
    )
    return f"{first}.", rests, scope


def _order(risk: RiskView, worst: RatedRisk) -> tuple[Any, ...]:
    """Highest before first, then highest after, then by impact and id."""
    after = risk.risk(worst.id, risk.after)
    return -worst.risk, -(after.risk if after else 0), -worst.impact.rank, worst.id


def _top_risk(content: Content, risk: RiskView, worst: RatedRisk) -> TopRisk:
    after = risk.risk(worst.id, risk.after) or worst
    return TopRisk(
        id=worst.id,
        damage=risk.title(worst.damage),
        threat=risk.title(worst.threat),
        category=worst.category,
        impact=_change(worst.impact, after.impact),
        feasibility=_change(worst.feasibility, after.feasibility),
        values=tuple(_value(risk.risk(worst.id, name)) for name in risk.sets),
        cal=f"CAL{worst.cal}" if worst.cal else "–",
        treatment=worst.treatment or "open",
        rests=_rests(content, risk, worst),
    )


def _change(before: str, after: str) -> str:
    change = before if before == after else f"{before} → {after}"
    return change.replace("_", " ")


def _value(risk: RatedRisk | None) -> Value:
    if risk is None:
        return Value(None, None)
    shown = risk.if_shown
    return Value(risk.risk, shown if shown < risk.risk else None)


def _rests(content: Content, risk: RiskView, worst: RatedRisk) -> tuple[Rests, ...]:
    """Return the basis before and after, as one where they are the same."""
    found: list[Rests] = []
    for name in dict.fromkeys((risk.before, risk.after)):
        rated = risk.risk(worst.id, name)
        if rated is None:
            continue
        attack = rated.evidence.attack if rated.evidence else ""
        known = attack if attack in content.attacks else ""
        found.append(Rests(name, rated.basis, evidence_words(rated.evidence), known))
    if len(found) > 1 and len({(rest.basis, rest.evidence, rest.attack) for rest in found}) == 1:
        return (Rests("", found[0].basis, found[0].evidence, found[0].attack),)
    return tuple(found)


def evidence_words(evidence: Evidence | None) -> str:
    """Return the deciding test of a risk in words."""
    if evidence is None:
        return "untested"
    if evidence.reached == 0:
        return f"goal 0 of {evidence.n}, upper 95 % bound {100 * evidence.high:.1f} %"
    low, high = 100 * evidence.low, 100 * evidence.high
    return f"goal {evidence.reached} of {evidence.n}, 95 % interval {low:.0f} to {high:.0f} %"


def _stakes(risk: RiskView) -> tuple[Stakes, ...]:
    """Return the worst stakes of each stakeholder, each pair of damage and threat once."""
    first = {rated.pair: rated for rated in reversed(risk.rating.of_set(risk.before))}
    names = dict.fromkeys(name for rated in first.values() for name in sorted(rated.stakeholders))
    return tuple(
        _stakes_of(risk, name, [rated for rated in first.values() if name in rated.stakeholders])
        for name in sorted(names)
    )


def _stakes_of(risk: RiskView, name: str, risks: Sequence[RatedRisk]) -> Stakes:
    rows = []
    for first in risks:
        rated = [risk.risk(first.id, control_set) for control_set in risk.sets]
        stakes = [other.stakeholders.get(name, {}) if other else {} for other in rated]
        values = tuple(Value(stake.get("risk"), None) for stake in stakes)
        impact = _change(stakes[0]["impact"], stakes[-1].get("impact", stakes[0]["impact"]))
        rows.append(Stake(risk.title(first.damage), risk.title(first.threat), impact, values))
    rows.sort(key=lambda row: (*(-(value.value or 0) for value in row.values), row.damage))
    return Stakes(name, tuple(rows[:_STAKES_SHOWN]), max(0, len(rows) - _STAKES_SHOWN))
