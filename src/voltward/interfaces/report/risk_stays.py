"""Why risks stayed where they were although a control set was applied."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from voltward.assurance.tara.rating.records import RatedRisk
from voltward.interfaces.report.risk_moves import first_reason, reason_of_test
from voltward.interfaces.report.risk_view import HIGH_RISK, RiskView

_REASONS_SHOWN = 4
TOO_FEW = "Tested, but too little to show that a control holds"
UNTESTED = "Controls of the set lie on the path, but no test of this campaign covers them"
FAILED = "Tested, and the attack still reaches its goal"
NO_EFFECT = "No control of the set would change the value, even if shown to hold"
LOWEST = "Already at the lowest value"


@dataclass(frozen=True)
class Stay:
    """Risks that did not move, of one kind.

    Attributes:
        what: The kind.
        risks: How many they are.
        high: How many of them are at 4 or 5.
        if_shown: How many would be lower if the untested controls were shown to hold.
        reasons: The most common reasons with their counts.
        more: How many further reasons there are.
    """

    what: str
    risks: int
    high: int
    if_shown: int
    reasons: tuple[tuple[str, int], ...]
    more: int


@dataclass(frozen=True)
class Stayed:
    """Kinds of risks that stayed where they were."""

    risks: int
    kinds: tuple[Stay, ...]


def stayed(risk: RiskView) -> Stayed:
    """Return the risks that are the same under the first and the last control set, by kind."""
    if risk.before == risk.after:
        return Stayed(0, ())
    kinds: dict[str, list[RatedRisk]] = {
        kind: [] for kind in (TOO_FEW, UNTESTED, FAILED, NO_EFFECT, LOWEST)
    }
    for before, after in risk.both():
        if before.risk == after.risk:
            kinds[_kind(before, after)].append(after)
    return Stayed(
        risks=sum(len(members) for members in kinds.values()),
        kinds=tuple(_stay(kind, members) for kind, members in kinds.items() if members),
    )


def _kind(before: RatedRisk, after: RatedRisk) -> str:
    if after.risk == 1:
        return LOWEST
    evidence = after.evidence
    # The deciding test of the risk without controls does not test a control.
    if evidence and before.evidence and evidence.stack == before.evidence.stack:
        evidence = None
    if after.if_shown < after.risk:
        return TOO_FEW if evidence else UNTESTED
    return FAILED if evidence and evidence.goal_share > 0.0 else NO_EFFECT


def _stay(kind: str, members: Sequence[RatedRisk]) -> Stay:
    reasons = Counter(_reason(risk) for risk in members) if kind != LOWEST else Counter()
    ordered = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    return Stay(
        what=kind,
        risks=len(members),
        high=sum(risk.risk >= HIGH_RISK for risk in members),
        if_shown=sum(risk.if_shown < risk.risk for risk in members),
        reasons=tuple(ordered[:_REASONS_SHOWN]),
        more=max(0, len(ordered) - _REASONS_SHOWN),
    )


def _reason(risk: RatedRisk) -> str:
    """Return why a value stayed: the deciding test, or what was not tested, which comes last."""
    if risk.evidence is not None:
        return reason_of_test(risk)
    return str(risk.reasons[-1]) if risk.reasons else first_reason(risk)
