"""A TARA as data: what the TOML files of a model folder hold."""

from collections.abc import Mapping

from voltward.assurance.tara.model.attacks import (
    AttackPath,
    ControlSet,
    Cost,
    Effort,
    Measure,
    Step,
)
from voltward.assurance.tara.model.decisions import (
    Claim,
    Goal,
    ImpactRule,
    Override,
    RegulationRow,
    Treatment,
)
from voltward.assurance.tara.model.item import (
    Asset,
    Boundary,
    Component,
    Damage,
    DataFlow,
    Dismissed,
    Head,
    Threat,
)
from voltward.documents.settings_table import settings_table

__all__ = [
    "NONE_SET",
    "Asset",
    "AttackPath",
    "Boundary",
    "Claim",
    "Component",
    "ControlSet",
    "Cost",
    "Damage",
    "DataFlow",
    "Dismissed",
    "Effort",
    "Goal",
    "Head",
    "ImpactRule",
    "Measure",
    "Override",
    "RegulationRow",
    "Step",
    "Tables",
    "Threat",
    "Treatment",
    "measures_of",
    "resolved_sets",
]

# The control set without controls, which the others are compared with.
NONE_SET = "none"


@settings_table
class Tables:
    """Everything that the files of a model folder may hold; a file holds any of them."""

    model: Head | None = None
    boundary: tuple[Boundary, ...] = ()
    component: tuple[Component, ...] = ()
    asset: tuple[Asset, ...] = ()
    data_flow: tuple[DataFlow, ...] = ()
    damage: tuple[Damage, ...] = ()
    threat: tuple[Threat, ...] = ()
    dismissed: tuple[Dismissed, ...] = ()
    capability: tuple[Step, ...] = ()
    step: tuple[Step, ...] = ()
    path: tuple[AttackPath, ...] = ()
    control: tuple[Measure, ...] = ()
    control_set: tuple[ControlSet, ...] = ()
    treatment: tuple[Treatment, ...] = ()
    goal: tuple[Goal, ...] = ()
    claim: tuple[Claim, ...] = ()
    override: tuple[Override, ...] = ()
    impact_rule: tuple[ImpactRule, ...] = ()
    r155: tuple[RegulationRow, ...] = ()


def measures_of(sets: Mapping[str, ControlSet], name: str) -> frozenset[str]:
    """Return the ids of all measures of a set; a set that includes itself adds nothing."""
    seen: set[str] = set()
    found: set[str] = set()
    waiting = [name]
    while waiting:
        current = waiting.pop()
        if current in seen or current not in sets:
            continue
        seen.add(current)
        found.update(sets[current].controls)
        waiting += sets[current].includes
    return frozenset(found)


def resolved_sets(tables: Tables) -> dict[str, frozenset[str]]:
    """Return every control set in the order of the model, `none` first."""
    sets = {entry.id: entry for entry in tables.control_set}
    ordered = sorted(sets, key=lambda name: name != NONE_SET)
    return {name: measures_of(sets, name) for name in ordered}
