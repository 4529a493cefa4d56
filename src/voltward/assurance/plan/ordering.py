"""The order of purchase: risk removed per cost, recomputed after each pick."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from voltward.assurance.plan.bundles import Bundle
from voltward.assurance.plan.prices import Price, PriceList
from voltward.assurance.plan.valuation import Controls, Scale, Valuation, Worth

NO_LIMIT = math.inf
# Below this a difference of weighted sums is rounding.
_TINY = 1e-9
# Steps of the cost limits that are tried under a budget; see `best_within`.
_LIMIT_STEP = 2.0
_LOWEST_LIMIT_EUR = 1000.0


Gains = dict[Controls, dict[Scale, float]]


@dataclass(frozen=True)
class Situation:
    """All that an ordering depends on.

    Attributes:
        start: Controls in place.
        candidates: Controls that can be had, each of them buildable within a year.
        bundles: Controls that are also considered together.
        reach: Control to the threats that it can touch.
        watched: Threat to the watch controls that claim to see it.
        prices: What controls cost.
        valuation: What sets of controls are worth.
        scales: The scales that decide; the next one takes over when one has nothing to gain.
    """

    start: Controls
    candidates: Controls
    bundles: tuple[Bundle, ...]
    reach: Mapping[str, frozenset[str]]
    watched: Mapping[str, frozenset[str]]
    prices: PriceList
    valuation: Valuation
    scales: tuple[Scale, ...]


@dataclass(frozen=True)
class Pick:
    """One purchase.

    Attributes:
        controls: What is built.
        because: Why several are built at once; empty for a single control.
        infrastructure: What must be bought first, and serves later picks too.
        price: Of this pick, infrastructure included.
        cost_EUR: The same over the horizon.
        removed: Risk removed, given all earlier picks.
        decided_by: The scale that put it here.
    """

    controls: tuple[str, ...]
    because: str
    infrastructure: tuple[str, ...]
    price: Price
    cost_EUR: float
    removed: Worth
    decided_by: Scale


def order(
    situation: Situation, *, limit_EUR: float = NO_LIMIT, after: Controls = frozenset()
) -> tuple[Pick, ...]:
    """Return purchases, best first, until nothing is gained or nobody is left to do the work.

    Args:
        situation: What it depends on.
        limit_EUR: Picks that cost more are passed over.
        after: Controls that are bought already.
    """
    bought = situation.start | after
    options = _options(situation)
    gains: Gains = {}
    picks: list[Pick] = []
    while True:
        picked = _best(situation, options, bought, limit_EUR, gains)
        if picked is None:
            return tuple(picks)
        picks.append(picked)
        bought |= {*picked.controls}
        gains = _still_valid(gains, situation, bought, picked.controls)


def _best(
    situation: Situation,
    options: Sequence[Bundle],
    bought: Controls,
    limit_EUR: float,
    gains: Gains,
) -> Pick | None:
    """Return the next purchase; gains that are not known yet are added."""
    possible = {
        new: option
        for option in reversed(options)
        if (new := option.controls - bought)
        and _cost(situation, new, bought) <= limit_EUR
        and not _lacks_people(situation, new, bought)
    }
    valuation = situation.valuation
    for new in possible:
        if new not in gains:
            gains[new] = {
                scale: valuation.open_on(scale, bought) - valuation.open_on(scale, bought | new)
                for scale in situation.scales
            }
    good = [new for new in possible if min(gains[new].values()) > -_TINY]
    for scale in situation.scales:
        ranked = [
            (_rank(gains[new][scale], _cost(situation, new, bought)), sorted(new), new)
            for new in good
            if gains[new][scale] > _TINY
        ]
        if ranked:
            new = max(ranked)[2]
            return _pick(situation, possible[new], new, bought, scale)
    return None


def _rank(gain: float, cost_EUR: float) -> tuple[float, float]:
    return (gain / cost_EUR if cost_EUR > 0.0 else math.inf), gain


def _cost(situation: Situation, new: Controls, bought: Controls) -> float:
    return situation.prices.price(new, bought).over(situation.prices.years)


def cost_of(picks: Sequence[Pick]) -> float:
    """Return what purchases cost together over the horizon, in EUR."""
    return sum(pick.cost_EUR for pick in picks)


def best_within(situation: Situation, budget_EUR: float) -> tuple[Pick, ...]:
    """Return the purchases that a budget allows and that leave the least risk open.

    Orders without limit and orders that pass over picks of more than 1, 2, 4... kEUR are cut where
    the budget ends; the best of these wins. The orders do not depend on the budget, so a larger
    budget never leaves more open on the scale that decides.
    """
    limits = [NO_LIMIT]
    limit = _LOWEST_LIMIT_EUR
    while limit <= budget_EUR and limit < 1e9:
        limits.append(limit)
        limit *= _LIMIT_STEP
    best: tuple[Pick, ...] = ()
    best_value = _value(situation, best)
    tried: set[tuple[tuple[str, ...], ...]] = set()
    for limit in limits:
        picks = _affordable(order(situation, limit_EUR=limit), budget_EUR)
        key = tuple(pick.controls for pick in picks)
        if key in tried:
            continue
        tried.add(key)
        value = _value(situation, picks)
        if value > best_value:
            best, best_value = picks, value
    return best


def _affordable(picks: tuple[Pick, ...], budget_EUR: float) -> tuple[Pick, ...]:
    spent = 0.0
    for place, pick in enumerate(picks):
        spent += pick.cost_EUR
        if spent > budget_EUR + 1e-6:
            return picks[:place]
    return picks


def _value(situation: Situation, picks: tuple[Pick, ...]) -> tuple[float, ...]:
    bought = situation.start | {name for pick in picks for name in pick.controls}
    left = (situation.valuation.open_on(scale, bought) for scale in situation.scales)
    return (*(-risk for risk in left), -cost_of(picks))


def _options(situation: Situation) -> tuple[Bundle, ...]:
    # What touches no threat can only work in a bundle.
    singles = tuple(
        Bundle(frozenset({name}), "", situation.reach[name])
        for name in sorted(situation.candidates)
        if situation.reach[name]
    )
    return (*singles, *situation.bundles)


def _lacks_people(situation: Situation, new: Controls, bought: Controls) -> bool:
    picked = (bought | new) - situation.start
    return bool(situation.prices.overloaded(picked, situation.start))


def _pick(
    situation: Situation, option: Bundle, new: Controls, bought: Controls, scale: Scale
) -> Pick:
    prices = situation.prices
    price = prices.price(new, bought)
    return Pick(
        controls=tuple(sorted(new)),
        because=option.because if len(new) > 1 else "",
        infrastructure=tuple(sorted(prices.bought_for(new) - prices.bought_for(bought))),
        price=price,
        cost_EUR=price.over(prices.years),
        removed=situation.valuation.open(bought).less(situation.valuation.open(bought | new)),
        decided_by=scale,
    )


def _still_valid(
    gains: Gains, situation: Situation, bought: Controls, picked: Sequence[str]
) -> Gains:
    """Keep the gains of options that share no threat with a pick; open-ended bundles never stay."""
    reach = situation.reach
    touched = frozenset(threat for name in picked for threat in reach[name])
    open_ended = {
        bundle.controls - bought for bundle in situation.bundles if bundle.threats is None
    }
    return {
        new: gain
        for new, gain in gains.items()
        if new not in open_ended and not any(touched & reach[name] for name in new)
    }
