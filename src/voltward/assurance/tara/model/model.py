"""A TARA as data: what the TOML files of a model folder hold."""

from voltward.assurance.tara.model.attacks import AttackPath, Effort, Step
from voltward.assurance.tara.model.controls import ControlSet, Cost, Measure
from voltward.assurance.tara.model.decisions import (
    Claim,
    Goal,
    ImpactRule,
    Override,
    RegulationRow,
    Treatment,
)
from voltward.assurance.tara.model.scenarios import Damage, Dismissed, Threat
from voltward.assurance.tara.model.system import Asset, Boundary, Component, DataFlow, Head
from voltward.documents.settings_table import settings_table

__all__ = [
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
]


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
