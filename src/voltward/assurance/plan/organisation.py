"""The organisation as data: people, infrastructure, contracts, and what is settled already."""

from collections.abc import Mapping
from typing import Annotated, Literal

from annotated_types import Interval, Len

from voltward.assurance.tara.model.words import Id, Text
from voltward.documents.settings_table import settings_table

Days = Annotated[float, Interval(ge=0.0, le=1e5)]
Money = Annotated[float, Interval(ge=0.0, le=1e9)]
Layer = Literal["physical", "communication", "cloud"]


@settings_table
class Role:
    """People of one skill.

    Attributes:
        id: Short name.
        skill: What they can do, such as "embedded-security", "pki", "cloud" or "operations".
        days_a_year: Person-days that security work may take each year.
        basis: Where the figure is from; an assumption says so.
    """

    id: Id
    skill: Id
    days_a_year: Days
    basis: Text


@settings_table
class Work:
    """Which skill a control needs; the first entry that fits decides.

    Attributes:
        skill: The skill.
        controls: Ids of controls.
        infrastructure: Fits controls that need one of these.
        layers: Fits controls of the catalogue that protect one of these layers.
    """

    skill: Id
    controls: tuple[Id, ...] = ()
    infrastructure: tuple[Id, ...] = ()
    layers: tuple[Layer, ...] = ()


@settings_table
class Infrastructure:
    """Something that controls depend on; when absent, its first user pays for it.

    Attributes:
        id: Short name, as the controls of the model call it, such as "pki" or "hsm".
        exists: Whether it is there and has room.
        once_EUR: Bought once.
        yearly_EUR: Bought every year.
        once_person_days: To set it up.
        yearly_person_days: To keep it.
        skill: Of those days; empty means the organisation's default skill.
        needs: Ids of other infrastructure that it depends on.
        basis: Where the figures are from; an assumption says so.
    """

    id: Id
    exists: bool
    once_EUR: Money = 0.0
    yearly_EUR: Money = 0.0
    once_person_days: Days = 0.0
    yearly_person_days: Days = 0.0
    skill: str = ""
    needs: tuple[Id, ...] = ()
    basis: Text


@settings_table
class Contract:
    """Controls that somebody else builds or runs: a supplier agreement, a cloud provider.

    Attributes:
        id: Short name.
        title: One line.
        kind: A supplier of parts, or a cloud provider with shared responsibility.
        controls: Ids of the controls that it covers.
        layers: Covers the catalogue's controls of these layers, where no contract names them.
        factor: Multiplies the control's own cost; 0 where it comes with the service.
        change_request_EUR: Paid once for each control.
        days_by: Whose people do the work; own days stay in the count of people.
        basis: Where the figures are from; an assumption says so.
    """

    id: Id
    title: Text
    kind: Literal["supplier", "cloud-provider"]
    controls: tuple[Id, ...] = ()
    layers: tuple[Layer, ...] = ()
    factor: Annotated[float, Interval(ge=0.0, le=100.0)] = 1.0
    change_request_EUR: Money = 0.0
    days_by: Literal["partner", "own"] = "partner"
    basis: Text


@settings_table
class Deployed:
    """Controls in place: the plan starts from them, at no cost.

    Attributes:
        controls: Ids.
        basis: How that is known.
    """

    controls: tuple[Id, ...] = ()
    basis: Text


@settings_table
class RuledOut:
    """A control that this organisation will not have.

    Attributes:
        control: Id.
        reason: Why.
    """

    control: Id
    reason: Text


@settings_table
class Weights:
    """What one risk counts by its value, so that few high risks outweigh many low ones.

    Attributes:
        by_risk: Five numbers for the risk values 1 to 5, never falling.
        basis: An assumption of the organisation; it says so.
    """

    by_risk: Annotated[tuple[float, ...], Len(5, 5)] = (0.0, 1.0, 3.0, 9.0, 27.0)
    basis: Text = "assumed: each step of the risk value counts three times the one below"


@settings_table
class Organisation:
    """What a plan is calibrated to.

    Attributes:
        name: Of the organisation.
        description: One line.
        currency: EUR; convert other currencies first.
        day_rate_EUR: Of one person-day, own people and partners alike.
        horizon_years: Over which yearly costs are added up, without discount.
        default_skill: Of controls that no entry of `work` fits.
        basis: Of the day rate and the horizon.
        weights: Of the risk values.
        role: People.
        work: Which skill a control needs.
        infrastructure: What is there, and what the rest costs.
        contract: What others build or run.
        deployed: What is in place.
        ruled_out: What is out of the question.
    """

    name: Text
    description: str = ""
    currency: Literal["EUR"] = "EUR"
    day_rate_EUR: Annotated[float, Interval(gt=0.0, le=1e5)]
    horizon_years: Annotated[float, Interval(ge=1.0, le=30.0)]
    default_skill: Id
    basis: Text
    weights: Weights = Weights()
    role: tuple[Role, ...]
    work: tuple[Work, ...] = ()
    infrastructure: tuple[Infrastructure, ...] = ()
    contract: tuple[Contract, ...] = ()
    deployed: Deployed = Deployed(basis="nothing is in place")
    ruled_out: tuple[RuledOut, ...] = ()

    def available(self) -> Mapping[str, float]:
        """Return skill to person-days a year."""
        days: dict[str, float] = {}
        for role in self.role:
            days[role.skill] = days.get(role.skill, 0.0) + role.days_a_year
        return days
