"""The published rule from a measured goal share to whether a control holds.

A `verify` or `shape` control cuts an attack only where the upper 95 % bound of the measured goal
share is at most 0.05 in every tested scope, while the same attack succeeds there without it.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from voltward.assurance.tara.campaign_results import CampaignResults, Tested
from voltward.assurance.tara.rated import Evidence
from voltward.experiments.metrics import wilson_interval

UPPER_BOUND = 0.05


class Holds(StrEnum):
    """What a test says of the controls that are meant to stop an attack."""

    YES = "holds"
    NO = "fails"
    TOO_FEW = "too few runs"
    NO_BASELINE = "no baseline"
    UNTESTED = "untested"


@dataclass(frozen=True)
class Verdict:
    """What the campaigns say of one attack under a set of controls.

    Attributes:
        holds: The rule's outcome.
        evidence: The test that decided, or None.
        controls: The controls that are credited or blamed.
        reason: One sentence with the numbers.
    """

    holds: Holds
    evidence: Evidence | None
    controls: tuple[str, ...]
    reason: str


def judge_controls(
    attack: str,
    stopping: Collection[str],
    allowed: Collection[str],
    guarding: Collection[str],
    campaigns: Iterable[CampaignResults],
) -> Verdict:
    """Return whether the controls that are meant to stop an attack do.

    Args:
        attack: Id of the attack.
        stopping: Controls of the set that are meant to stop it.
        allowed: All controls of the set; a test with any other control is no test of this set.
        guarding: Controls that watch and act; the test with the fewest of them counts, because the
            cut is credited to the others.
        campaigns: Where to look; the worst outcome of several counts.
    """
    found = [
        verdict
        for campaign in campaigns
        if (verdict := _in_campaign(attack, stopping, allowed, guarding, campaign)) is not None
    ]
    names = tuple(sorted(stopping))
    untested = Verdict(
        Holds.UNTESTED,
        None,
        names,
        f"{attack}: untested with {', '.join(names)}, so nothing is cut",
    )
    order = (Holds.NO, Holds.YES, Holds.TOO_FEW, Holds.NO_BASELINE)
    return min(found, key=lambda verdict: order.index(verdict.holds), default=untested)


def _in_campaign(
    attack: str,
    stopping: Collection[str],
    allowed: Collection[str],
    guarding: Collection[str],
    campaign: CampaignResults,
) -> Verdict | None:
    tests = [
        test
        for test in campaign.of_attack(attack)
        if test.controls <= set(allowed) and test.controls & set(stopping)
    ]
    if not tests:
        return None
    test = max(
        tests,
        key=lambda t: (
            len(t.controls & set(stopping)),
            -len(t.controls & set(guarding)),
            t.worst.n,
            t.stack,
        ),
    )
    names = tuple(sorted(test.controls & set(stopping)))
    worst = test.worst
    share = (
        f"{attack} under {test.stack}: goal {_count(worst)} runs, upper 95 % bound {worst.high:.3f}"
    )
    if not _succeeds_without(test, campaign.baseline(attack)):
        return Verdict(
            Holds.NO_BASELINE, worst, names,
            f"{share}; the attack was not shown to succeed without controls in that scope, so a "
            "pass proves nothing",
        )  # fmt: skip
    if worst.high <= UPPER_BOUND:
        return Verdict(Holds.YES, worst, names, f"{share}: {', '.join(names)} hold")
    if worst.goal_share > UPPER_BOUND:
        return Verdict(Holds.NO, worst, names, f"{share}: {', '.join(names)} do not stop it")
    return Verdict(
        Holds.TOO_FEW, worst, names,
        f"{share}, more than {UPPER_BOUND}: {runs_needed(round(worst.goal_share * worst.n))} runs "
        "with no more successes would show it",
    )  # fmt: skip


def _succeeds_without(test: Tested, baseline: Tested | None) -> bool:
    if baseline is None:
        return False
    return all(
        scope in baseline.scopes and baseline.evidence[scope].low > UPPER_BOUND
        for scope in test.scopes
    )


def runs_needed(reached: int) -> int:
    """Return how many runs bring the upper bound to 0.05 with that many successes."""
    runs = max(reached, 1)
    while wilson_interval(reached, runs).high > UPPER_BOUND:
        runs += 1
    return runs


def _count(evidence: Evidence) -> str:
    return f"reached in {round(evidence.goal_share * evidence.n)} of {evidence.n}"
