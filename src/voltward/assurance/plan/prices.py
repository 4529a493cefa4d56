"""What a set of controls costs this organisation: money, person-days, shared infrastructure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from voltward.assurance.plan.organisation import Contract, Infrastructure, Organisation
from voltward.assurance.tara.model.attacks import Measure


@dataclass(frozen=True)
class Price:
    """A cost in parts.

    Attributes:
        once_EUR: Person-days at the day rate included.
        yearly_EUR: The same, every year.
        once_days: Own people's days by skill, once.
        yearly_days: The same, every year.
    """

    once_EUR: float = 0.0
    yearly_EUR: float = 0.0
    once_days: Mapping[str, float] = field(default_factory=dict)
    yearly_days: Mapping[str, float] = field(default_factory=dict)

    def over(self, years: float) -> float:
        """Return the sum over a horizon in EUR, without discount."""
        return self.once_EUR + self.yearly_EUR * years

    def first_year_days(self) -> Mapping[str, float]:
        """Return own days by skill that the first year takes."""
        return _summed((self.once_days, self.yearly_days))


@dataclass(frozen=True)
class PriceList:
    """Prices of single controls and of missing infrastructure.

    Attributes:
        controls: Control to its price, without infrastructure.
        needs: Control to the missing infrastructure that it depends on, directly or not.
        infrastructure: Missing infrastructure to its price.
        years: Horizon.
        available: Skill to person-days a year.
    """

    controls: Mapping[str, Price]
    needs: Mapping[str, frozenset[str]]
    infrastructure: Mapping[str, Price]
    years: float
    available: Mapping[str, float]

    def bought_for(self, controls: Iterable[str]) -> frozenset[str]:
        """Return the missing infrastructure that controls need together."""
        return frozenset(name for control in controls for name in self.needs[control])

    def price(self, controls: Collection[str], beside: Collection[str] = ()) -> Price:
        """Return the price of controls.

        Args:
            controls: The controls to pay for.
            beside: Controls paid already, with their infrastructure.
        """
        bought = self.bought_for(controls) - self.bought_for(beside)
        return total(
            [*(self.controls[control] for control in sorted(controls))]
            + [self.infrastructure[name] for name in sorted(bought)]
        )

    def lacking(self, control: str) -> str:
        """Say which people one lacks to build a control within a year, or nothing.

        The control and each missing infrastructure that it needs must fit into a year by itself.
        """
        items = [("", self.controls[control])]
        items += [
            (f"its {name} ", self.infrastructure[name]) for name in sorted(self.needs[control])
        ]
        found = ((name, self._short(item.first_year_days(), 1.0, "a year")) for name, item in items)
        return "; ".join(name + lack for name, lack in found if lack)

    def overloaded(self, controls: Collection[str], beside: Collection[str] = ()) -> str:
        """Say which people one lacks to build and keep controls over the horizon, or nothing."""
        return self._short(
            self.days(controls, beside), self.years, f"over {self.years:g} years in all"
        )

    def days(self, controls: Collection[str], beside: Collection[str] = ()) -> Mapping[str, float]:
        """Return own days by skill over the horizon."""
        price = self.price(controls, beside)
        yearly = {skill: days * self.years for skill, days in price.yearly_days.items()}
        return _summed((price.once_days, yearly))

    def _short(self, days: Mapping[str, float], years: float, when: str) -> str:
        return "; ".join(
            f"needs {needed:g} days of {skill} {when}, {self.available[skill] * years:g} available"
            for skill, needed in sorted(days.items())
            if needed > self.available[skill] * years + 1e-9
        )


def total(prices: Iterable[Price]) -> Price:
    """Return the sum of prices."""
    parts = tuple(prices)
    return Price(
        sum(part.once_EUR for part in parts),
        sum(part.yearly_EUR for part in parts),
        _summed(part.once_days for part in parts),
        _summed(part.yearly_days for part in parts),
    )


def price_list(
    organisation: Organisation, measures: Iterable[Measure], layers: Mapping[str, str]
) -> PriceList:
    """Return what each control costs an organisation.

    Args:
        organisation: Checked against the model.
        measures: Controls of the model.
        layers: Control to the layer that it protects, where the catalogue knows it.
    """
    missing = {entry.id: entry for entry in organisation.infrastructure if not entry.exists}
    measures = tuple(measures)
    return PriceList(
        controls={m.id: _own_price(organisation, m, layers.get(m.id, "")) for m in measures},
        needs={m.id: _missing_for(m.cost.infrastructure, missing) for m in measures},
        infrastructure={
            name: _price(
                (entry.once_EUR, entry.yearly_EUR),
                (entry.once_person_days, entry.yearly_person_days),
                organisation.day_rate_EUR,
                entry.skill or organisation.default_skill,
            )
            for name, entry in missing.items()
        },
        years=organisation.horizon_years,
        available=organisation.available(),
    )


def contract_of(organisation: Organisation, control: str, layer: str) -> Contract | None:
    """Return the contract that covers a control: one that names it, else one of its layer."""
    for contract in organisation.contract:
        if control in contract.controls:
            return contract
    return next((c for c in organisation.contract if layer in c.layers), None)


def skill_of(organisation: Organisation, measure: Measure, layer: str) -> str:
    """Return the skill that a control needs: by its id, else the first entry that fits."""
    for work in organisation.work:
        if measure.id in work.controls:
            return work.skill
    for work in organisation.work:
        if {*work.infrastructure} & {*measure.cost.infrastructure} or layer in work.layers:
            return work.skill
    return organisation.default_skill


def _own_price(organisation: Organisation, measure: Measure, layer: str) -> Price:
    cost = measure.cost
    contract = contract_of(organisation, measure.id, layer)
    factor = contract.factor if contract else 1.0
    price = _price(
        (cost.once_EUR * factor, cost.yearly_EUR * factor),
        (cost.once_person_days * factor, cost.yearly_person_days * factor),
        organisation.day_rate_EUR,
        skill_of(organisation, measure, layer),
    )
    if contract is None:
        return price
    own = contract.days_by == "own"
    return Price(
        price.once_EUR + contract.change_request_EUR,
        price.yearly_EUR,
        price.once_days if own else {},
        price.yearly_days if own else {},
    )


def _price(
    money: tuple[float, float], days: tuple[float, float], day_rate: float, skill: str
) -> Price:
    return Price(
        money[0] + days[0] * day_rate,
        money[1] + days[1] * day_rate,
        {skill: days[0]} if days[0] else {},
        {skill: days[1]} if days[1] else {},
    )


def _missing_for(names: Iterable[str], missing: Mapping[str, Infrastructure]) -> frozenset[str]:
    found: set[str] = set()
    open_names = [name for name in names if name in missing]
    while open_names:
        name = open_names.pop()
        if name not in found:
            found.add(name)
            open_names += [need for need in missing[name].needs if need in missing]
    return frozenset(found)


def _summed(parts: Iterable[Mapping[str, float]]) -> Mapping[str, float]:
    days: dict[str, float] = {}
    for part in parts:
        for skill, value in part.items():
            days[skill] = days.get(skill, 0.0) + value
    return days
