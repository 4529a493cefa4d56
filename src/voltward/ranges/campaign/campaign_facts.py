"""What run.json says: versions, catalogue, limits, how to repeat it; and what timing.json says."""

import os
import platform
from collections.abc import Sequence
from datetime import datetime
from importlib.metadata import version
from typing import Any

from voltward.attacks.catalogue import ATTACKS
from voltward.controls.catalogue import CONTROLS
from voltward.core.attack import Attack
from voltward.core.control import Control
from voltward.core.version import VERSION
from voltward.ranges.campaign.source_revision import source_revision
from voltward.ranges.configuration.campaign_file import CampaignSettings
from voltward.ranges.configuration.duty import Duty
from voltward.ranges.configuration.stacks import Stack
from voltward.ranges.configuration.system_settings import SystemSettings
from voltward.ranges.configuration.truth_tracks import MISMATCHED, TRACK_LIMITS, set_of
from voltward.ranges.electrochemical_plant.shared_histories import StepCounts
from voltward.real_cells.electrochemical_truth.parameter_sets import PUBLISHED
from voltward.results.columns import NO_ATTACK, SCHEMA_VERSION
from voltward.results.consequences import CONSEQUENCES

LIMITS = (
    "The abuse chemistry is that of an LCO 18650 scaled by capacity; no gas, venting or flame.",
    "Plated charge is right in order of magnitude only: its share of the excess is a constant.",
    "Rates per year and lives are extrapolations of one duty, as their columns say.",
    "Grid figures assume that the compromised share of the fleet acts at once and alike.",
)


def attack_document(attack: Attack) -> dict[str, Any]:
    """Return an attack as the report and the list show it."""
    steps = attack.steps(attack.defaults())
    return {
        "id": attack.id,
        "title": attack.title,
        "layer": attack.layer.value,
        "taps": sorted({step.tap for step in steps}),
        "type": attack.type.value,
        "stride": [kind.value for kind in attack.stride],
        "needs": [flag.name for flag in attack.holds],
        "goal": f"{attack.goal.consequence} >= {attack.goal.at_least:g}: {attack.goal.description}",
        "parameters": [
            {
                "name": parameter.name,
                "unit": parameter.unit,
                "default": parameter.default,
                "low": parameter.low,
                "high": parameter.high,
                "description": parameter.description,
            }
            for parameter in attack.parameters
        ],
        "r155": list(attack.r155),
        "technique": attack.technique,
        "duty": attack.duty,
        "start_s": attack.start_s,
        "steps": [
            {
                "name": step.name,
                "tap": step.tap,
                "field": step.field,
                "needs": [flag.name for flag in step.needs],
                "grants": [flag.name for flag in step.grants],
            }
            for step in steps
        ],
        "component_impact": attack.component_impact,
        "system_impact": attack.system_impact,
        "claimed_by": list(attack.claimed_by),
        "stopped_by": list(attack.stopped_by),
        "turns_defence": attack.turns_defence,
        "source": attack.source,
    }


def control_document(control: Control) -> dict[str, Any]:
    """Return a control as the report and the list show it."""
    return {
        "id": control.id,
        "title": control.title,
        "layer": control.layer.value,
        "hooks": [hook.value for hook in control.hooks],
        "strength": {
            "name": control.strength.name,
            "unit": control.strength.unit,
            "default": control.strength.default,
            "description": control.strength.description,
        },
        "parameters": [
            {"name": p.name, "unit": p.unit, "default": p.default, "low": p.low, "high": p.high}
            for p in control.parameters
        ],
        "cost": {
            "bytes_per_record": control.cost.bytes_per_record,
            "latency_ms": control.cost.latency_ms,
            "energy_mJ_per_record": control.cost.energy_mJ_per_record,
            "note": control.cost.note,
        },
        "source": control.source,
    }


def run_facts(
    settings: CampaignSettings, system: SystemSettings, duty: Duty, stacks: Sequence[Stack]
) -> dict[str, Any]:
    """Return the keys of run.json that do not depend on the run itself."""
    names = [choice.id for choice in settings.attacks if choice.id != NO_ATTACK]
    used = {control for stack in stacks for control in stack.controls}
    return {
        "name": settings.name,
        "seed": settings.seed,
        "world": settings.world_name,
        "config_sha256": settings.config_sha256,
        "versions": {
            "voltward": VERSION,
            "python": platform.python_version(),
            **{name: version(name) for name in ("jax", "jaxlib", "numpy", "scipy", "pyarrow")},
        },
        "source": source_revision(),
        **({} if settings.date is None else {"date": settings.date.isoformat()}),
        "track": settings.track,
        "command": "voltward run config.toml",
        "limits": [
            *TRACK_LIMITS[settings.track],
            *LIMITS,
            f"Duty {duty.name}: {duty.source}.",
            f"Link {system.link.name}: {system.link.description}.",
        ],
        "catalogue": {
            "attacks": {name: attack_document(ATTACKS.load(name)) for name in dict.fromkeys(names)},
            "controls": {
                name: control_document(CONTROLS.load(name))
                for name in CONTROLS.names()
                if name in used
            },
            "consequences": {
                entry.name: {
                    "unit": entry.unit,
                    "title": entry.title,
                    "description": entry.description,
                    "world": entry.world,
                }
                for entry in CONSEQUENCES
            },
        },
    }


def truth_facts(
    settings: CampaignSettings, system: SystemSettings, model: StepCounts
) -> dict[str, Any]:
    """Return what run.json says of an electrochemical plant; nothing on track matched.

    Args:
        settings: The campaign.
        system: Whose cell it is.
        model: Steps of this run; parts kept from an interrupted one are not in them.
    """
    if settings.track != MISMATCHED:
        return {}
    known = PUBLISHED[set_of(system, settings.truth_set)]
    return {
        "truth": {
            "model": "Doyle-Fuller-Newman, isothermal",
            "pybamm": version("pybamm"),
            "parameter_set": known.pybamm_name,
            "source": known.source,
            "limits": known.limits,
            "gave_up_s": dict(sorted(model.gave_up.items())),
        }
    }


def timing_facts(
    settings: CampaignSettings, started_at: datetime, model: StepCounts
) -> dict[str, Any]:
    """Return what timing.json says of start and host, and of the cost of an electrochemical plant.

    Args:
        settings: The campaign.
        started_at: In UTC.
        model: Steps of this run; parts kept from an interrupted one are not in them.
    """
    facts: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "started_at": started_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "host": {
            "name": platform.node(),
            "system": platform.system(),
            "machine": platform.machine(),
            "cores": os.cpu_count() or 0,
        },
    }
    if settings.track == MISMATCHED:
        facts["truth"] = {
            "steps_computed": model.computed,
            "steps_reused": model.reused,
            "model_s": round(model.model_s, 3),
        }
    return facts
