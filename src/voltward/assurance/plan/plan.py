"""A plan: which controls an organisation builds in which order, and what stays open."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

from voltward.assurance.plan.bundles import alarm_bundles, tested_bundles, threat_bundles
from voltward.assurance.plan.left_open import OpenRisk, Reserve, left_open
from voltward.assurance.plan.ordering import Pick, Situation, best_within, cost_of, order
from voltward.assurance.plan.organisation import Organisation
from voltward.assurance.plan.prices import PriceList, price_list
from voltward.assurance.plan.reach import (
    Catalogued,
    catalogued,
    larger_tests,
    reach_of,
    watched_by,
)
from voltward.assurance.plan.severity import Severity, worst_of
from voltward.assurance.plan.valuation import Controls, Judge, Scale, Valuation, Worth
from voltward.assurance.standards.annex5 import load_annex5
from voltward.assurance.tara.model.model import Tables, resolved_sets
from voltward.assurance.tara.rating.records import RatedPath


@dataclass(frozen=True)
class Row:
    """One line of a plan.

    Attributes:
        rank: From 1.
        pick: What is bought, for how much, with which effect.
        spent_EUR: Up to and with this line.
        within: Whether the budget pays for it.
        severity: CVSS of the worst path that it makes harder, or None.
        threats: Threats of which it makes a path harder.
        r155: UN R155 Annex 5 ids of those threats.
        mitigations: Mitigations that the annex names for these ids.
    """

    rank: int
    pick: Pick
    spent_EUR: float
    within: bool
    severity: Severity | None
    threats: tuple[str, ...]
    r155: tuple[str, ...]
    mitigations: tuple[str, ...]


@dataclass(frozen=True)
class Unstaffed:
    """A control that the organisation's people cannot build, or not beside the others.

    Attributes:
        control: Its id.
        lacks: Which people are missing.
    """

    control: str
    lacks: str


@dataclass(frozen=True)
class Plan:
    """Priorities of one organisation.

    Attributes:
        organisation: Its name.
        horizon_years: Over which costs are added up.
        budget_EUR: Over the horizon, or None for no limit.
        scales: What the order is decided by, in turn.
        weights: What a risk counts by its value 1 to 5.
        before: Open risk with what is deployed.
        after: Open risk with what the budget buys.
        rows: Purchases, best first; those beyond the budget come last.
        spent_EUR: By the budget.
        bought: Controls that the budget buys.
        deployed: Controls that the plan starts from.
        left: Risks that stay high.
        unstaffed: Controls for which people are missing.
        useless: Controls that add nothing to the others on the scales that decide.
        days: Skill to own person-days over the horizon.
        available: Skill to person-days over the horizon.
        sets_rated: How many sets of controls were rated.
    """

    organisation: str
    horizon_years: float
    budget_EUR: float | None
    scales: tuple[Scale, ...]
    weights: tuple[float, ...]
    before: Worth
    after: Worth
    rows: tuple[Row, ...]
    spent_EUR: float
    bought: tuple[str, ...]
    deployed: tuple[str, ...]
    left: tuple[OpenRisk, ...]
    unstaffed: tuple[Unstaffed, ...]
    useless: tuple[str, ...]
    days: Mapping[str, float]
    available: Mapping[str, float]
    sets_rated: int

    def as_document(self) -> dict[str, Any]:
        """Return plain data, as `--json` prints it."""
        return asdict(self)


def make_plan(
    tables: Tables,
    judge: Judge,
    organisation: Organisation,
    *,
    budget_EUR: float | None = None,
    among: Collection[str] | None = None,
    stacks: Collection[Controls] = (),
    tested: Mapping[str, Collection[Controls]] = MappingProxyType({}),
    scales: tuple[Scale, ...] = ("expected",),
) -> Plan:
    """Order the controls of a model for one organisation.

    Args:
        tables: The model.
        judge: Rates the model under a set of controls.
        organisation: Checked against the model.
        budget_EUR: Over the horizon; None for no limit.
        among: The controls to choose from; None for all.
        stacks: Sets of controls that campaigns tested; none when there is no campaign.
        tested: Attack to the sets of controls that campaigns tested it under.
        scales: What decides, in turn.
    """
    known = frozenset(control.id for control in tables.control)
    testable = catalogued(tables.control)
    start = known & frozenset(organisation.deployed.controls)
    ruled_out = frozenset(entry.control for entry in organisation.ruled_out)
    chosen = known if among is None else known & frozenset(among)
    prices = price_list(organisation, tables.control, testable.layers)
    wanted = chosen - start - ruled_out
    lacks = {name: lack for name in sorted(wanted) if (lack := prices.lacking(name))}
    situation = _situation(
        tables,
        Valuation(
            judge,
            organisation.weights.by_risk,
            _near(tables, reach_of(tables)),
            stacks,
            frozenset(testable.layers),
        ),
        prices,
        testable,
        start=start,
        candidates=wanted - frozenset(lacks),
        stacks=stacks,
        scales=scales,
    )
    within = order(situation) if budget_EUR is None else best_within(situation, budget_EUR)
    bought = start | _controls(within)
    beyond = () if budget_EUR is None else order(situation, after=bought)
    affordable = bought | _controls(beyond)
    exceeding = _exceeding_people(situation, affordable)
    reserve = Reserve(
        bought=bought,
        affordable=affordable,
        staffed=start | wanted,
        wider=known - ruled_out,
        everything=known,
        refused={entry.control: entry.reason for entry in organisation.ruled_out},
    )
    return Plan(
        organisation=organisation.name,
        horizon_years=organisation.horizon_years,
        budget_EUR=budget_EUR,
        scales=scales,
        weights=organisation.weights.by_risk,
        before=situation.valuation.open(start),
        after=situation.valuation.open(bought),
        rows=_rows(tables, situation, within, beyond),
        spent_EUR=cost_of(within),
        bought=tuple(sorted(bought - start)),
        deployed=tuple(sorted(start)),
        left=left_open(situation, reserve, larger_tests(tables, tested, bought)),
        unstaffed=tuple(Unstaffed(name, lack) for name, lack in (lacks | exceeding).items()),
        useless=tuple(sorted(situation.candidates - affordable - set(exceeding))),
        days=prices.days(bought - start, start),
        available={s: days * prices.years for s, days in prices.available.items()},
        sets_rated=situation.valuation.sets_rated,
    )


def _situation(
    tables: Tables,
    valuation: Valuation,
    prices: PriceList,
    testable: Catalogued,
    *,
    start: Controls,
    candidates: Controls,
    stacks: Collection[Controls],
    scales: tuple[Scale, ...],
) -> Situation:
    reach = dict(reach_of(tables))
    bundles = (
        *threat_bundles(valuation, prices, reach, candidates, start),
        *tested_bundles(stacks, candidates, start),
        *alarm_bundles(testable.alarms, resolved_sets(tables), candidates),
    )
    return Situation(
        start=start,
        candidates=candidates,
        bundles=bundles,
        reach=reach,
        watched=watched_by(tables, testable.alarms),
        prices=prices,
        valuation=valuation,
        scales=scales,
    )


def _near(tables: Tables, reach: Mapping[str, frozenset[str]]) -> dict[str, Controls]:
    """Return for each threat the controls that can touch it."""
    return {
        threat.id: frozenset(name for name, threats in reach.items() if threat.id in threats)
        for threat in tables.threat
    }


def _exceeding_people(situation: Situation, affordable: Controls) -> dict[str, str]:
    """Return controls that would help, but for which the plan leaves no people; and the lack."""
    prices, valuation = situation.prices, situation.valuation
    found = {}
    for name in sorted(situation.candidates - affordable):
        lack = prices.overloaded((affordable | {name}) - situation.start, situation.start)
        if lack and valuation.open(affordable | {name}) != valuation.open(affordable):
            found[name] = lack
    return found


def _controls(picks: Collection[Pick]) -> Controls:
    return frozenset(name for pick in picks for name in pick.controls)


def _rows(
    tables: Tables, situation: Situation, within: tuple[Pick, ...], beyond: tuple[Pick, ...]
) -> tuple[Row, ...]:
    rows: list[Row] = []
    bought, spent = situation.start, 0.0
    before = situation.valuation.rating(bought)[0]
    steps = {step.id: step for step in (*tables.capability, *tables.step)}
    threats = {threat.id: threat for threat in tables.threat}
    damages = {damage.id: damage for damage in tables.damage}
    for place, pick in enumerate((*within, *beyond)):
        bought |= {*pick.controls}
        spent += pick.cost_EUR
        after = situation.valuation.rating(bought)[0]
        harder = _harder(before, after)
        hit = sorted({path.threat for path in harder})
        r155 = {id_ for threat in hit for id_ in threats[threat].r155}
        rows.append(
            Row(
                rank=place + 1,
                pick=pick,
                spent_EUR=spent,
                within=place < len(within),
                severity=worst_of(harder, steps, threats, damages),
                threats=tuple(hit),
                r155=tuple(sorted(r155, key=_number)),
                mitigations=_mitigations(r155),
            )
        )
        before = after
    return tuple(rows)


def _mitigations(ids: Collection[str]) -> tuple[str, ...]:
    annex = load_annex5()
    named = {name for _, entry in annex.entries() if entry.id in ids for name in entry.mitigations}
    return tuple(one.id for one in annex.mitigation if one.id in named)


def _harder(before: tuple[RatedPath, ...], after: tuple[RatedPath, ...]) -> list[RatedPath]:
    """Return the paths, as they were, that a pick makes harder or would if shown to hold."""
    now = {path.id: path for path in after}
    return [
        path
        for path in before
        if path.id in now
        and (
            now[path.id].if_shown.rank < path.if_shown.rank
            or now[path.id].feasibility.rank < path.feasibility.rank
        )
    ]


def _number(r155: str) -> tuple[int, ...]:
    return tuple(int(part) for part in r155.split(".") if part.isdigit())
