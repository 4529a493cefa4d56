"""What a plan leaves open, each high risk with its reason."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from voltward.assurance.plan.bundles import pruned
from voltward.assurance.plan.ordering import Situation
from voltward.assurance.plan.valuation import Controls
from voltward.assurance.tara.rating.records import Pair

HIGH = 4


class Why(StrEnum):
    """Why a high risk stays."""

    UNTESTED = "untested"
    NOT_ALONE = "not shown alone"
    TOO_DEAR = "too dear"
    PEOPLE = "people missing"
    OUTSIDE = "outside the set"
    RULED_OUT = "ruled out"
    WATCHED = "only watched"
    NO_CONTROL = "no control in the model"


@dataclass(frozen=True)
class Reserve:
    """Sets of controls, each with more than the one before; the first that helps is the reason.

    Attributes:
        bought: Controls in place and bought.
        affordable: With what more money would buy.
        staffed: With what more people could build.
        wider: With what the chosen control set leaves out.
        everything: With what the organisation ruled out.
        refused: Control that is ruled out to the reason.
    """

    bought: Controls
    affordable: Controls
    staffed: Controls
    wider: Controls
    everything: Controls
    refused: Mapping[str, str]


@dataclass(frozen=True)
class OpenRisk:
    """A risk that is still high.

    Attributes:
        damage: Damage scenario.
        threat: Threat scenario.
        risk: As rated, the highest category.
        if_shown: If untested controls were shown to hold.
        why: The reason.
        controls: Controls that would help; for `untested`, those bought that nobody tested, and
            for `not shown alone`, those bought that were tested beside others only.
        detail: One sentence.
    """

    damage: str
    threat: str
    risk: int
    if_shown: int
    why: Why
    controls: tuple[str, ...]
    detail: str


def left_open(
    situation: Situation, reserve: Reserve, larger: Controls = frozenset()
) -> tuple[OpenRisk, ...]:
    """Return the risks of 4 and 5 under a plan, highest first.

    Args:
        situation: What the plan depends on.
        reserve: Sets of controls, each with more than the one before.
        larger: Threats whose bought controls were tested beside controls not bought only.
    """
    rated = situation.valuation.rated(reserve.bought)
    shown = situation.valuation.if_shown(reserve.bought)
    found = [
        _explained(situation, reserve, pair, risk, shown[pair], alone=pair[1] not in larger)
        for pair, risk in rated.items()
        if risk >= HIGH
    ]
    return tuple(
        sorted(found, key=lambda risk: (-risk.if_shown, -risk.risk, risk.damage, risk.threat))
    )


def _explained(
    situation: Situation, reserve: Reserve, pair: Pair, risk: int, shown: int, *, alone: bool
) -> OpenRisk:
    damage, threat = pair
    near = frozenset(name for name, threats in situation.reach.items() if threat in threats)

    def because(why: Why, controls: Controls, detail: str) -> OpenRisk:
        return OpenRisk(damage, threat, risk, shown, why, tuple(sorted(controls)), detail)

    if shown < HIGH:
        detail = f"rated {risk}; {shown} if what is bought were shown to hold"
        if not alone:
            detail = f"tested only within a larger stack; {detail}"
        return because(Why.UNTESTED if alone else Why.NOT_ALONE, near & reserve.bought, detail)
    for why, outer in (
        (Why.TOO_DEAR, reserve.affordable),
        (Why.PEOPLE, reserve.staffed),
        (Why.OUTSIDE, reserve.wider),
        (Why.RULED_OUT, reserve.everything),
    ):
        if situation.valuation.if_shown(outer)[pair] < HIGH:
            helping = _least(situation, reserve, pair, outer - reserve.bought, near)
            level = situation.valuation.if_shown(reserve.bought | helping)[pair]
            return because(why, helping, _detail(situation, reserve, why, helping, level))
    lowest = situation.valuation.if_shown(reserve.everything)[pair]
    tried = near & reserve.everything
    watches = situation.watched.get(threat, frozenset())
    if watches and not tried:
        detail = f"nothing keeps it out, and no campaign shows that the damage falls below {lowest}"
        return because(Why.WATCHED, watches, detail)
    detail = (
        f"with every control against it, {len(tried)}, it is {lowest}"
        if tried
        else "nothing in the model is meant to stop it"
    )
    return because(Why.NO_CONTROL, tried, detail)


def _least(
    situation: Situation, reserve: Reserve, pair: Pair, more: Controls, near: Controls
) -> Controls:
    """Return the few of more controls that bring a risk down, without those not needed."""

    def low(kept: Controls) -> bool:
        return situation.valuation.if_shown(reserve.bought | kept)[pair] < HIGH

    return pruned(more & near if low(more & near) else more, situation.prices, low)


def _detail(
    situation: Situation, reserve: Reserve, why: Why, controls: Controls, level: int
) -> str:
    prices = situation.prices
    if why is Why.TOO_DEAR:
        cost = prices.price(controls, reserve.bought).over(prices.years)
        return f"{cost:,.0f} EUR more would make it {level}"
    if why is Why.PEOPLE:
        short = [f"{name} {lack}" for name in sorted(controls) if (lack := prices.lacking(name))]
        lacks = "; ".join(short) or prices.overloaded(
            (controls | reserve.affordable) - situation.start, situation.start
        )
        return f"would make it {level}: {lacks}"
    reasons = [f"{name}: {reserve.refused[name]}" for name in sorted(controls & {*reserve.refused})]
    return "; ".join([f"would make it {level}", *reasons])
