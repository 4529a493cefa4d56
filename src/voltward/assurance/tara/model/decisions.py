"""Tables of a model: treatments, goals, claims, overrides and rules."""

from voltward.assurance.tara.model.words import (
    Category,
    Day,
    Decision,
    Feasibility,
    Id,
    ImpactLevel,
    Text,
)
from voltward.documents.settings_table import settings_table


@settings_table
class Treatment:
    """What is done about a threat and its damage (WP-15-08).

    Attributes:
        threat: Threat scenario.
        damage: Damage scenario; empty for all of the threat.
        decision: One of the four options.
        reason: Why.
        goals: For `reduce`: at least one.
        claims: For `share` and `retain`: at least one.
    """

    threat: Id
    damage: str = ""
    decision: Decision
    reason: Text
    goals: tuple[Id, ...] = ()
    claims: tuple[Id, ...] = ()


@settings_table
class Goal:
    """A cybersecurity goal (WP-09-03).

    Attributes:
        id: Short name.
        statement: What must hold.
        owner: Who answers for it.
        controls: Measures that realise it.
    """

    id: Id
    statement: Text
    owner: Text
    controls: tuple[Id, ...] = ()


@settings_table
class Claim:
    """A cybersecurity claim (WP-09-04): why a risk is accepted or shared, until when.

    Attributes:
        id: Short name.
        statement: What is claimed.
        owner: Who answers for it.
        rationale: Why it is acceptable.
        expires: Day on which it must be looked at again.
    """

    id: Id
    statement: Text
    owner: Text
    rationale: Text
    expires: Day


@settings_table
class Override:
    """A reviewer's decision that replaces a rating; the rated value stays visible.

    Attributes:
        path: Attack path whose feasibility is overridden; or empty.
        damage: Damage scenario whose impact is overridden; or empty.
        category: Category of that impact.
        control_set: Where it holds; empty for all sets.
        feasibility: The reviewer's level.
        impact: The reviewer's level.
        reason: Why.
        date: When.
        reviewer: Role or name.
    """

    path: str = ""
    damage: str = ""
    category: Category | None = None
    control_set: str = ""
    feasibility: Feasibility | None = None
    impact: ImpactLevel | None = None
    reason: Text
    date: Day
    reviewer: Text


@settings_table
class ImpactRule:
    """From a measured consequence to a level of one category.

    Attributes:
        consequence: Column of the cases table.
        category: The category it speaks of.
        moderate: The 95th percentile that makes it moderate; left out when it never does.
        major: The 95th percentile that makes it major.
        severe: The 95th percentile that makes it severe.
        source: Where the thresholds are from, or "assumed" with a reason.
    """

    consequence: str
    category: Category
    moderate: float | None = None
    major: float | None = None
    severe: float | None = None
    source: Text


@settings_table
class RegulationRow:
    """How the model meets one id of UN R155 Annex 5 where its threats do not tell.

    Attributes:
        id: Such as "31.1".
        not_applicable: Why it does not concern the item.
    """

    id: str
    not_applicable: Text
