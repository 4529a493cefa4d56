"""What moved the risks between the first and the last control set: tests, damage or judgement."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from voltward.assurance.tara.model.words import Basis
from voltward.assurance.tara.rating.records import RatedRisk
from voltward.assurance.tara.rating.verdict import UPPER_BOUND
from voltward.interfaces.report.risk_view import RiskView

_GROUPS_SHOWN, _REASONS_SHOWN, _THREATS_SHOWN = 6, 2, 4
# Damage is measured under a whole stack: the controls on the path are not what helped.
_WATCHED = "those that watch and act"
BY_TEST = "A test showed that controls hold"
BY_BOTH = "A test showed that controls hold; declared efforts bring it further down"
BY_DAMAGE = "Measured damage re-rated the impact"
BY_EFFORT = "Effort as declared, not tested"


@dataclass(frozen=True)
class MovedRisk:
    """One risk that moved.

    Attributes:
        id: Of the risk.
        threat: Its threat.
        kind: One of the four above.
        controls: Controls on its paths that made the attack harder, joined by commas.
        reason: The sentence of the rating that tells why.
        before: Value under the first control set.
        after: Value under the last one.
        first: The first control set under which it differs.
    """

    id: str
    threat: str
    kind: str
    controls: str
    reason: str
    before: int
    after: int
    first: str


@dataclass(frozen=True)
class Move:
    """Risks that moved by the same controls.

    Attributes:
        controls: The controls, joined by commas.
        reasons: The most common reasons.
        more_reasons: How many further reasons there are.
        risks: How many they are.
        steps: Such as "4 × 5 → 2": four risks fell from 5 to 2.
        threats: Ids of the first few threats.
        more: How many threats are left out.
    """

    controls: str
    reasons: tuple[str, ...]
    more_reasons: int
    risks: int
    steps: str
    threats: tuple[str, ...]
    more: int


@dataclass(frozen=True)
class MoveKind:
    """Risks that moved by one kind of knowledge, in groups; the most removed first."""

    what: str
    risks: int
    groups: tuple[Move, ...]
    more_risks: int


@dataclass(frozen=True)
class Moved:
    """All risks that moved, in the order of the rating, and the same by kind."""

    risks: tuple[MovedRisk, ...]
    kinds: tuple[MoveKind, ...]


def moved(risk: RiskView) -> Moved:
    """Return the risks whose value differs between the first and the last control set."""
    found = tuple(
        _moved_risk(risk, before, after)
        for before, after in risk.both()
        if before.risk != after.risk
    )
    kinds = []
    for kind in (BY_TEST, BY_BOTH, BY_DAMAGE, BY_EFFORT):
        members = [entry for entry in found if entry.kind == kind]
        if members:
            kinds.append(_kind(kind, members))
    return Moved(found, tuple(kinds))


def _moved_risk(risk: RiskView, before: RatedRisk, after: RatedRisk) -> MovedRisk:
    evidence = after.evidence
    if before.impact != after.impact:
        kind, reason = BY_DAMAGE, first_reason(after)
    elif evidence and evidence.high <= UPPER_BOUND:
        kind = BY_TEST if after.basis == Basis.MEASURED else BY_BOTH
        reason = reason_of_test(after)
    else:
        kind, reason = BY_EFFORT, first_reason(after)
    return MovedRisk(
        id=before.id,
        threat=before.threat,
        kind=kind,
        controls=", ".join(risk.cut_by((before.path, after.path), risk.after)),
        reason=reason,
        before=before.risk,
        after=after.risk,
        first=_first_set(risk, before),
    )


def first_reason(risk: RatedRisk) -> str:
    """Return the most important reason of a risk."""
    return risk.reasons[0] if risk.reasons else "no reason was written"


def reason_of_test(risk: RatedRisk) -> str:
    """Return the reason that speaks of the deciding test; without one, the test in words."""
    evidence = risk.evidence
    if evidence is None:
        return first_reason(risk)
    naming = (reason for reason in risk.reasons if evidence.attack in reason)
    return next(
        naming,
        f"{evidence.attack} under {evidence.stack}: goal reached in {evidence.reached} of "
        f"{evidence.n} runs",
    )


def _first_set(risk: RiskView, before: RatedRisk) -> str:
    for name in risk.sets[1:]:
        other = risk.risk(before.id, name)
        if other is not None and other.risk != before.risk:
            return name
    return risk.after


def _kind(what: str, members: Sequence[MovedRisk]) -> MoveKind:
    groups: dict[str, list[MovedRisk]] = {}
    for entry in members:
        groups.setdefault(_WATCHED if what == BY_DAMAGE else entry.controls, []).append(entry)
    ordered = sorted(groups.items(), key=lambda item: (-_removed(item[1]), item[0]))
    hidden = ordered[_GROUPS_SHOWN:]
    return MoveKind(
        what=what,
        risks=len(members),
        groups=tuple(_move(controls, entries) for controls, entries in ordered[:_GROUPS_SHOWN]),
        more_risks=sum(len(entries) for _, entries in hidden),
    )


def _removed(entries: Sequence[MovedRisk]) -> int:
    return sum(entry.before - entry.after for entry in entries)


def _move(controls: str, entries: Sequence[MovedRisk]) -> Move:
    steps = Counter((entry.before, entry.after) for entry in entries)
    reasons = [reason for reason, _ in Counter(entry.reason for entry in entries).most_common()]
    threats = tuple(dict.fromkeys(entry.threat for entry in entries))
    return Move(
        controls=controls,
        reasons=tuple(reasons[:_REASONS_SHOWN]),
        more_reasons=max(0, len(reasons) - _REASONS_SHOWN),
        risks=len(entries),
        steps=", ".join(
            f"{times} × {old} → {new}".replace(" ", "\u00a0")
            for (old, new), times in sorted(steps.items(), reverse=True)
        ),
        threats=threats[:_THREATS_SHOWN],
        more=max(0, len(threats) - _THREATS_SHOWN),
    )
