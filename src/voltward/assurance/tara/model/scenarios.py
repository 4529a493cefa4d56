"""Tables of a model: damage and threat scenarios."""

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from voltward.assurance.tara.model.field_types import Id, Stride, Text
from voltward.assurance.tara.model.words import (
    Category,
    ImpactLevel,
    SecurityProperty,
)
from voltward.documents.settings_table import settings_table


@settings_table
class Damage:
    """A damage scenario (WP-15-01) with its impact on the road user (WP-15-04).

    Attributes:
        id: Short name.
        title: One line.
        description: What happens to whom.
        situation: Operational situation in which it is worst.
        impact: Level of each category; a category left out was not analysed (PM-15-07).
        reason: Why, for each category, or for "all".
        concerns: `asset:property` texts: which losses lead here.
        consequences: Columns of the cases table that measure it.
        stakeholders: Impact on others, such as fleet and grid; never merged into SFOP.
    """

    id: Id
    title: Text
    description: str = ""
    situation: str = ""
    impact: Mapping[Category, ImpactLevel]
    reason: Mapping[str, Text] = field(default_factory=dict)
    concerns: tuple[str, ...] = ()
    consequences: tuple[str, ...] = ()
    stakeholders: Mapping[Literal["fleet", "grid"], ImpactLevel] = field(default_factory=dict)


@settings_table
class Threat:
    """A threat scenario (WP-15-03): a property of an asset is violated.

    Attributes:
        id: Short name.
        title: One line.
        asset: The attacked asset.
        property: The violated property.
        stride: Class of STRIDE.
        damages: Damage scenarios it leads to.
        r155: Ids of UN R155 Annex 5, such as "4.1".
        description: More, where needed.
    """

    id: Id
    title: Text
    asset: Id
    property: SecurityProperty
    stride: Stride
    damages: tuple[Id, ...]
    r155: tuple[str, ...] = ()
    description: str = ""


@settings_table
class Dismissed:
    """A loss that the threat generator proposes and the analyst leaves out.

    Attributes:
        asset: The asset.
        property: Its property.
        reason: Why no threat scenario follows, or which one covers it.
    """

    asset: Id
    property: SecurityProperty
    reason: Text
