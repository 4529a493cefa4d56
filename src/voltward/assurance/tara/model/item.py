"""Tables of a model: the item, its assets, its damage scenarios, its threat scenarios."""

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from voltward.assurance.tara.model.words import (
    Category,
    Id,
    ImpactLevel,
    SecurityProperty,
    Stride,
    Text,
)
from voltward.documents.settings_table import settings_table


@settings_table
class Head:
    """What the analysis is about.

    Attributes:
        id: Short name of the model.
        title: One line.
        item: The item definition (WP-09-01): what is inside, what it does, where it ends.
        version: Version of the model.
        profile: Default method profile.
        assumptions: What is taken for granted.
    """

    id: Id
    title: Text
    item: Text
    version: Text = "1"
    profile: str = "iso21434-example"
    assumptions: tuple[Text, ...] = ()


@settings_table
class Boundary:
    """A trust boundary: a zone whose inside trusts itself more than what comes in."""

    id: Id
    title: Text
    description: str = ""


@settings_table
class Component:
    """A part of the item, or of its surroundings.

    Attributes:
        id: Short name.
        title: One line.
        layer: Layer of the cloud BMS; `outside` for surroundings.
        boundary: Id of the trust boundary it lies in.
        description: More, where needed.
    """

    id: Id
    title: Text
    layer: Literal["physical", "communication", "cloud", "outside"]
    boundary: Id
    description: str = ""


@settings_table
class Asset:
    """Something of value, with the properties whose loss hurts (WP-15-02).

    Attributes:
        id: Short name.
        title: One line.
        component: Where it is.
        properties: Cybersecurity properties that matter.
        kind: What sort of thing it is.
        description: More, where needed.
    """

    id: Id
    title: Text
    component: Id
    properties: tuple[SecurityProperty, ...]
    kind: Literal["data", "function", "software", "secret", "hardware", "service"] = "data"
    description: str = ""


@settings_table
class DataFlow:
    """Data on its way between two components.

    Attributes:
        id: Short name.
        title: One line.
        source: Component.
        target: Component.
        assets: What flows.
        taps: Names of the taps of the range where it can be attacked.
        technology: Such as "CAN" or "MQTT over TLS".
    """

    id: Id
    title: Text
    source: Id
    target: Id
    assets: tuple[Id, ...] = ()
    taps: tuple[str, ...] = ()
    technology: str = ""


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
