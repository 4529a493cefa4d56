"""Tables of a model: the item, its parts, assets and data flows."""

from typing import Literal

from voltward.assurance.tara.model.field_types import Id, Text
from voltward.assurance.tara.model.words import (
    SecurityProperty,
)
from voltward.documents.settings_table import settings_table


@settings_table
class Head:
    """What the analysis is about.

    Attributes:
        id: Short name of the model.
        title: One line.
        item: The item definition (WP-09-01): what is inside, what it does, where it ends.
        version: Of the model.
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
