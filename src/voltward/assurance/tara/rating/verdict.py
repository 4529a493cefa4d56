"""The published rule from a measured goal share to whether a control holds.

A `verify` or `shape` control cuts an attack only where the upper 95 % bound of the measured goal
share is at most 0.05 in every tested scope, while the same attack succeeds there without it.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache

from voltward.assurance.tara.rating.campaign_results import CampaignResults, Scope, Tested
from voltward.assurance.tara.rating.records import Evidence
from voltward.results.metrics import wilson_interval

UPPER_BOUND = 0.05


class Holds(StrEnum):
    """What a test shows of the controls that are meant to stop an attack."""

    YES = "holds"
    NO = "fails"
    TOO_FEW = "too few runs"
    NO_BASELINE = "no pair of tests"
    UNTESTED = "untested"


@dataclass(frozen=True)
class Verdict:
    """What the campaigns show of one attack under a set of controls.

    Attributes:
        holds: The rule's outcome.
        evidence: The test that decided, or None.
        controls: The controls that are credited or blamed.
        reason: One sentence with the numbers.
        groups: Sets of controls that were shown to hold together, none of which holds another. An
            attacker must get past one control of every group: a test of several controls does not
            tell which of them did it, so only the cheapest one counts.
    """

    holds: Holds
    evidence: Evidence | None
    controls: tuple[str, ...]
    reason: str
    groups: tuple[frozenset[str], ...] = ()


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
        allowed: All controls of the set; a test with any other control does not count.
        guarding: Controls that watch and act; the test with the fewest of them counts, because the
            cut is credited to the others.
        campaigns: Where to look; the worst outcome of several counts.
    """
    stop, whole, guards = set(stopping), set(allowed), set(guarding)
    deciding: list[Verdict] = []
    holding: list[frozenset[str]] = []
    failing: set[frozenset[str]] = set()
    for campaign in campaigns:
        tests = [
            test
            for test in campaign.of_attack(attack)
            if test.controls <= whole and test.controls & stop
        ]
        verdicts = _by_group(tests, stop, guards, campaign.baseline(attack))
        holding += [group for group, entry in verdicts.items() if entry.holds is Holds.YES]
        failing |= {group for group, entry in verdicts.items() if entry.holds is Holds.NO}
        most = max(map(len, verdicts), default=0)
        largest = [entry for group, entry in verdicts.items() if len(group) == most]
        # Of equally many controls, those that hold count, whatever the others do.
        deciding += sorted(largest, key=lambda entry: entry.holds is not Holds.YES)[:1]
    names = tuple(sorted(stopping))
    if not deciding:
        reason = f"{attack}: untested with {', '.join(names)}, so nothing is cut"
        return Verdict(Holds.UNTESTED, None, names, reason)
    verdict = min(deciding, key=_worst_first)
    if verdict.holds is not Holds.YES:
        return verdict
    groups = [group for group in holding if group not in failing]
    least = tuple(dict.fromkeys(g for g in groups if not any(other < g for other in groups)))
    return replace(verdict, groups=least, controls=tuple(sorted(frozenset().union(*least))))


def _by_group(
    tests: Iterable[Tested], stopping: set[str], guarding: set[str], baseline: Tested | None
) -> dict[frozenset[str], Verdict]:
    """Return the verdict on every set of stopping controls that was tested.

    Of several tests of one set those with the fewest guards count, and of these the worst.
    """
    of_group: dict[frozenset[str], list[Tested]] = {}
    for test in tests:
        of_group.setdefault(test.controls & stopping, []).append(test)
    verdicts = {}
    for group, same in of_group.items():
        fewest = min(len(test.controls & guarding) for test in same)
        judged = [
            _of_test(test, stopping, baseline)
            for test in same
            if len(test.controls & guarding) == fewest
        ]
        verdicts[group] = min(judged, key=_worst_first)
    return verdicts


def _worst_first(verdict: Verdict) -> tuple[int, int]:
    """Return a failure first, then what holds, then what shows nothing; of these the most runs."""
    order = (Holds.NO, Holds.YES, Holds.TOO_FEW, Holds.NO_BASELINE)
    return order.index(verdict.holds), -verdict.evidence.n if verdict.evidence else 0


def _of_test(test: Tested, stopping: set[str], baseline: Tested | None) -> Verdict:
    names = tuple(sorted(test.controls & stopping))
    # A scope with few runs does not hide one that fails.
    failing = [entry for entry in test.evidence.values() if entry.goal_share > UPPER_BOUND]
    worst = max(failing, key=lambda entry: entry.high, default=test.worst)
    share = (
        f"{test.attack} under {test.stack}: goal reached in {worst.reached} of {worst.n} runs, "
        f"upper 95 % bound {worst.high:.3f}"
    )
    if worst.goal_share > UPPER_BOUND:
        return Verdict(
            Holds.NO, worst, names, f"{share}: {_with_verb(names, 'does', 'do')} not stop it"
        )
    if baseline is None or not set(test.scopes) <= _works_in(baseline):
        reason = (
            f"{share}; the attack was not shown to succeed without controls in that scope, so a "
            "pass proves nothing"
        )
        return Verdict(Holds.NO_BASELINE, worst, names, reason)
    if not _works_in(baseline) <= set(test.scopes):
        reason = f"{share}; the attack also succeeds without controls where they were not tested"
        return Verdict(Holds.NO_BASELINE, worst, names, reason)
    if worst.high <= UPPER_BOUND:
        return Verdict(Holds.YES, worst, names, f"{share}: {_with_verb(names, 'holds', 'hold')}")
    needed = runs_needed(worst.reached)
    reason = f"{share}, more than {UPPER_BOUND}: {needed} runs with no more successes would show it"
    return Verdict(Holds.TOO_FEW, worst, names, reason)


def _works_in(baseline: Tested) -> set[Scope]:
    return {scope for scope, entry in baseline.evidence.items() if entry.low > UPPER_BOUND}


@cache
def runs_needed(reached: int) -> int:
    """Return how many runs bring the upper bound to 0.05 with that many successes."""
    runs = max(reached, 1)
    while wilson_interval(reached, runs).high > UPPER_BOUND:
        runs += 1
    return runs


def _with_verb(names: tuple[str, ...], one: str, several: str) -> str:
    return f"{', '.join(names)} {one if len(names) == 1 else several}"
