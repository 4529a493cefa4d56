"""Impact re-rated from measured damage, where `watch` and `act` controls were tested.

The rule: a consequence's 95th percentile is turned into a level by the model's impact rules, once
for the attack without controls and once with the set's. The declared level falls by as many steps
as the measured one does, and never below the measured one. Worse than declared raises the level.
A test in which a control kept the attack out does not count here: whoever gets past that control
does the full damage.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from voltward.assurance.tara.model.model import Damage, ImpactRule
from voltward.assurance.tara.model.words import IMPACT_LEVELS, Category, ImpactLevel
from voltward.assurance.tara.rating.campaign_results import CampaignResults, Tested
from voltward.assurance.tara.rating.records import Evidence

# With fewer the 95th percentile is the largest value seen, and the reason says so.
FEW_RUNS = 20


@dataclass(frozen=True)
class ImpactChange:
    """A level of one category, re-rated.

    Attributes:
        level: The new level.
        reason: One sentence with the numbers.
        evidence: The test that it rests on.
    """

    level: ImpactLevel
    reason: str
    evidence: Evidence


@dataclass(frozen=True)
class _Reading:
    level: ImpactLevel
    consequence: str
    value: float


def level_of(rule: ImpactRule, value: float) -> ImpactLevel:
    """Return the level that a rule gives a value."""
    level = ImpactLevel.NEGLIGIBLE
    steps = ((rule.moderate, ImpactLevel.MODERATE), (rule.major, ImpactLevel.MAJOR),
             (rule.severe, ImpactLevel.SEVERE))  # fmt: skip
    for threshold, name in steps:
        if threshold is not None and value >= threshold:
            level = name
    return level


def measured_changes(
    damage: Damage,
    attack: str,
    allowed: Collection[str],
    stopping: Collection[str],
    rules: Sequence[ImpactRule],
    campaigns: Iterable[CampaignResults],
) -> dict[Category, ImpactChange]:
    """Return the categories of a damage whose level the campaigns change.

    Args:
        damage: The damage scenario; its consequences are looked at.
        attack: The attack that leads to it.
        allowed: Controls of the set; none for the damage without controls.
        stopping: Those of all controls that could keep the attack out.
        rules: From consequence to level.
        campaigns: Where to look; the worst level of several counts.
    """
    wanted = [rule for rule in rules if rule.consequence in damage.consequences]
    found: dict[Category, list[ImpactChange]] = {}
    for campaign in campaigns:
        baseline = campaign.baseline(attack)
        if baseline is None or not wanted:
            continue
        with_set = campaign.closest(attack, allowed, avoiding=stopping)
        for category, declared in damage.impact.items():
            of_category = [rule for rule in wanted if rule.category == category]
            change = _change(declared, of_category, baseline, with_set) if of_category else None
            if change is not None:
                found.setdefault(category, []).append(change)
    worst = {
        category: max(changes, key=lambda change: change.level.rank)
        for category, changes in found.items()
    }
    return {
        category: change
        for category, change in worst.items()
        if change.level is not damage.impact[category]
    }


def _change(
    declared: ImpactLevel, rules: Sequence[ImpactRule], baseline: Tested, with_set: Tested | None
) -> ImpactChange | None:
    """Return the level after a campaign, the declared one too; None where nothing was tested."""
    before = _reading(rules, baseline)
    start = max(declared, before.level, key=lambda level: level.rank)
    raised = f"{_reading_words(before, baseline)}, worse than the declared {declared}"
    if with_set is None:
        return ImpactChange(start, raised, baseline.worst) if start is not declared else None
    after = _reading(rules, with_set)
    if after.level.rank > start.rank:
        reason = f"{_reading_words(after, with_set)}: the defence itself does more damage"
        return ImpactChange(after.level, reason, with_set.worst)
    # What was not tested with the set is as bad as without it.
    if not set(baseline.scopes) <= set(with_set.scopes):
        return ImpactChange(start, raised, baseline.worst)
    fall = max(0, before.level.rank - after.level.rank)
    level = IMPACT_LEVELS[max(after.level.rank, start.rank - fall)]
    if level.rank > declared.rank:
        return ImpactChange(level, raised, baseline.worst)
    reason = f"{_reading_words(before, baseline)}, and {_reading_words(after, with_set)}"
    return ImpactChange(level, reason, with_set.worst)


def _reading(rules: Sequence[ImpactRule], test: Tested) -> _Reading:
    readings = [
        _Reading(level_of(rule, value), rule.consequence, value)
        for rule in rules
        for value in (test.percentile(rule.consequence),)
    ]
    return max(readings, key=lambda reading: reading.level.rank)


def _reading_words(reading: _Reading, test: Tested) -> str:
    runs = test.worst.n
    which = "largest" if runs < FEW_RUNS else "95th percentile"
    return (
        f"{reading.consequence} {reading.value:.4g} under {test.stack} ({which} of {runs} runs) is "
        f"{reading.level}"
    )


def worst_change(
    changes: Sequence[Mapping[Category, ImpactChange]], category: Category, declared: ImpactLevel
) -> tuple[ImpactLevel, ImpactChange | None]:
    """Return the level of a path with several attacks: the worst that any of them leaves.

    Args:
        changes: One mapping for each attack of the path; an attack without one leaves the level.
        category: The category asked for.
        declared: The declared level.
    """
    levels = [
        (change.level if change else declared, change)
        for change in (found.get(category) for found in changes)
    ]
    return max(levels, key=lambda pair: pair[0].rank, default=(declared, None))
