"""The threat generator: one candidate for every property of every asset, after STRIDE."""

from collections import Counter
from dataclasses import dataclass
from typing import Literal

from voltward.assurance.tara.model.model import Tables
from voltward.assurance.tara.model.words import STRIDE_OF, SecurityProperty

CandidateStatus = Literal["covered", "dismissed", "open"]


@dataclass(frozen=True)
class Candidate:
    """One loss that the generator proposes.

    Attributes:
        asset: Id of the asset.
        property: The property that would be violated.
        stride: The class of STRIDE that violates it.
        title: The loss as a phrase.
        status: Covered by a threat of the model, dismissed with a reason, or open. Covered wins
            where the model says both.
        threats: Threats with the same asset and property.
        reason: Why it was dismissed, where it was.
    """

    asset: str
    property: SecurityProperty
    stride: str
    title: str
    status: CandidateStatus
    threats: tuple[str, ...]
    reason: str


def generated(tables: Tables) -> tuple[Candidate, ...]:
    """Propose a threat for every asset and property, and say what the model made of it.

    Args:
        tables: The model.

    Returns:
        Candidates in the order of the assets and of their properties.

    Source:
        STRIDE by element and property; ISO/SAE 21434, 15.4 (RQ-15-03) for what a threat names.

    Limits:
        A threat covers a candidate by naming its asset and property; whether the words fit is the
        analyst's judgement.
    """
    threats: dict[tuple[str, SecurityProperty], list[str]] = {}
    for threat in tables.threat:
        threats.setdefault((threat.asset, threat.property), []).append(threat.id)
    reasons = {(row.asset, row.property): row.reason for row in reversed(tables.dismissed)}
    found = []
    for asset in tables.asset:
        for lost in dict.fromkeys(asset.properties):
            covering = tuple(threats.get((asset.id, lost), ()))
            reason = reasons.get((asset.id, lost), "")
            status: CandidateStatus = "covered" if covering else "dismissed" if reason else "open"
            stride = STRIDE_OF[lost]
            title = f"{stride}: {lost.value} of {asset.title}"
            found.append(Candidate(asset.id, lost, stride, title, status, covering, reason))
    return tuple(found)


def candidate_line(candidates: tuple[Candidate, ...]) -> str:
    """Return the counts as a sentence."""
    count = Counter(candidate.status for candidate in candidates)
    return (
        f"{len(candidates)} candidates: {count['covered']} covered, "
        f"{count['dismissed']} dismissed, {count['open']} open"
    )
