"""Controls that only work together: found before the ordering, so that it cannot miss them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from voltward.assurance.plan.prices import PriceList
from voltward.assurance.plan.valuation import Controls, Valuation

# Any effect at all, on a scale of weighted sums.
_LEAST = 1e-9


@dataclass(frozen=True)
class Bundle:
    """Controls that are considered together.

    Attributes:
        controls: Their ids.
        because: Why they belong together.
        threats: Threats that they can touch; None means any.
    """

    controls: Controls
    because: str
    threats: frozenset[str] | None


def threat_bundles(
    valuation: Valuation,
    prices: PriceList,
    reach: Mapping[str, frozenset[str]],
    candidates: Controls,
    start: Controls,
) -> tuple[Bundle, ...]:
    """Return the joint cuts of each threat that no single control makes.

    Of all candidates that touch a threat, the most expensive are dropped one by one: once as long
    as the full effect stays, once as long as any effect stays.
    """
    found: dict[Controls, Bundle] = {}
    for threat in sorted({threat for name in candidates for threat in reach[name]}):
        pool = frozenset(name for name in candidates if threat in reach[name])
        if len(pool) < 2:
            continue

        before, after = (valuation.open_for(start | part, threat) for part in (frozenset(), pool))
        if after >= before:
            continue
        full = pruned(pool, prices, _open_at_most(valuation, start, threat, after))
        some = pruned(full, prices, _open_at_most(valuation, start, threat, before - _LEAST))
        for controls in (full, some):
            if len(controls) > 1 and controls not in found:
                threats = frozenset(t for name in controls for t in reach[name])
                found[controls] = Bundle(controls, f"together cut {threat}", threats)
    return tuple(found.values())


def _open_at_most(
    valuation: Valuation, start: Controls, threat: str, limit: float
) -> Callable[[Controls], bool]:
    return lambda kept: valuation.open_for(start | kept, threat) <= limit


def pruned(controls: Controls, prices: PriceList, good: Callable[[Controls], bool]) -> Controls:
    """Return controls without those that are not needed; the most expensive is dropped first.

    Args:
        controls: To begin with; good.
        prices: What they cost.
        good: Whether what is left is still good.
    """
    kept = controls
    for name in sorted(controls, key=lambda name: (-_cost(prices, name), name)):
        rest = kept - {name}
        if rest and good(rest):
            kept = rest
    return kept


def tested_bundles(
    stacks: Iterable[Controls], candidates: Controls, start: Controls
) -> tuple[Bundle, ...]:
    """Return the stacks that campaigns tested: what was shown, was shown for all of them together.

    A stack with a control that cannot be had is left out.
    """
    parts = {stack - start for stack in stacks}
    return tuple(
        Bundle(part, "tested together", None)
        for part in sorted(parts, key=sorted)
        if len(part) > 1 and part <= candidates
    )


def alarm_bundles(
    alarms: Controls, sets: Mapping[str, Controls], candidates: Controls
) -> tuple[Bundle, ...]:
    """Return the watch and act controls of each control set: one without the other does nothing."""
    parts = {controls & alarms & candidates for controls in (*sets.values(), candidates)}
    return tuple(
        Bundle(part, "detection needs its response", None)
        for part in sorted(parts, key=sorted)
        if len(part) > 1
    )


def _cost(prices: PriceList, name: str) -> float:
    return prices.price({name}).over(prices.years)
