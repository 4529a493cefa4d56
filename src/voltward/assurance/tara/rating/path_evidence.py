"""What an attack path's rating rests on: executed cases, values with a source, or assumptions."""

from collections.abc import Sequence
from dataclasses import dataclass

from voltward.assurance.tara.model.words import Basis
from voltward.assurance.tara.rating.campaign_results import CampaignResults, Tested
from voltward.assurance.tara.rating.path_rating import PathRater
from voltward.assurance.tara.rating.rated import Evidence
from voltward.assurance.tara.rating.verdict import Holds


@dataclass(frozen=True)
class PathEvidence:
    """What was executed of a path under a control set.

    Attributes:
        basis: See `Basis`.
        evidence: The test that decided, or None.
        reasons: Sentences.
    """

    basis: Basis
    evidence: Evidence | None
    reasons: tuple[str, ...]


def evidence_of(
    leaves: Sequence[str], attacks: Sequence[str], rater: PathRater, controls: frozenset[str]
) -> PathEvidence:
    """Return what a path's rating rests on.

    Args:
        leaves: Steps of the deciding way.
        attacks: Catalogue attacks of the whole path.
        rater: Rates trees.
        controls: The control set.
    """
    known_leaves = (name for name in dict.fromkeys((*leaves, *attacks)) if rater.leaves.has(name))
    under_set = [rater.leaf(name, controls) for name in known_leaves]
    reasons = [leaf.verdict.reason for leaf in under_set if leaf.verdict]
    declared = dict.fromkeys(
        control for leaf in under_set for control in leaf.cut_by if control in rater.declared
    )
    if declared:
        reasons.append(f"by declared effort: {', '.join(declared)}")
    found = [_of_attack(attack, rater, controls) for attack in leaves if attack in attacks]
    if not found:
        own = [leaf for leaf in leaves if _is_assumed(leaf, rater)]
        word = f"no attack of the catalogue tests {', '.join(own or leaves)}"
        return PathEvidence(
            Basis.ASSUMED if own else Basis.ESTIMATED, None, (*dict.fromkeys(reasons), word)
        )
    known = [entry for entry in found if entry is not None]
    if len(known) < len(found):
        if not controls:
            reasons.append("not executed")
        elif not any(leaf.verdict for leaf in (rater.leaf(a, controls) for a in attacks)):
            reasons.append("not executed with these controls")
        return PathEvidence(Basis.ESTIMATED, None, tuple(dict.fromkeys(reasons)))
    basis = Basis.MEASURED
    if any(rater.is_open_question(attack, controls) for attack in leaves if attack in attacks):
        basis = Basis.ESTIMATED
    # Of several attacks on one way the one that is stopped most decides whether the way is open.
    deciding = min(known, key=lambda entry: entry.goal_share)
    if not reasons:
        reasons.append(
            f"{deciding.attack} under {deciding.stack}: goal reached in "
            f"{round(deciding.goal_share * deciding.n)} of {deciding.n} runs"
        )
    return PathEvidence(basis, deciding, tuple(dict.fromkeys(reasons)))


def _is_assumed(leaf: str, rater: PathRater) -> bool:
    step = rater.leaves.steps.get(leaf)
    return step is not None and step.source.lower().startswith("assum")


def _of_attack(attack: str, rater: PathRater, controls: frozenset[str]) -> Evidence | None:
    """Return the deciding test of one attack under a control set."""
    verdict = rater.leaf(attack, controls).verdict
    if verdict is not None:
        return None if verdict.holds is Holds.UNTESTED else verdict.evidence
    for campaign in rater.campaigns:
        test = _closest(campaign, attack, controls)
        if test is not None:
            return test.worst
    return None


def _closest(campaign: CampaignResults, attack: str, controls: frozenset[str]) -> Tested | None:
    """Return the test with the most of a set's controls and no other; without any the baseline."""
    if not controls:
        return campaign.baseline(attack)
    tests = [t for t in campaign.of_attack(attack) if t.controls and t.controls <= controls]
    return max(tests, key=lambda t: (len(t.controls), t.worst.n, t.stack), default=None)
