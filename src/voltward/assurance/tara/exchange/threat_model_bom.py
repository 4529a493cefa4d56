"""A model as a threat model bill of materials (TM-BOM).

Source: OWASP Threat Model Library schema 1.0.2 (MIT); its risk score is likelihood times impact,
1 to 5 each, in named bands.
Limits: the format knows one impact and one likelihood for a risk; our category, risk value, control
set and reasons are in the description, and the whole model in an extension. What the format asks
for and the model does not say (personas, sensitivity, criticality) is derived, as written below.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from voltward.assurance.tara.exchange.exported import Exported
from voltward.assurance.tara.exchange.json_format import model_document
from voltward.assurance.tara.exchange.record_links import Links
from voltward.assurance.tara.model.model import DataFlow, Tables, Threat
from voltward.assurance.tara.model.words import (
    FEASIBILITIES,
    Category,
    Feasibility,
    ImpactLevel,
    SecurityProperty,
)
from voltward.assurance.tara.rating.records import RatedRisk
from voltward.core.files import pretty_json

SCHEMA = (
    "https://github.com/OWASP/www-project-threat-model-library/blob/v1.0.2/threat-model.schema.json"
)
# A name under a reserved domain: unique, and nobody's.
EXTENSION = "voltward.example/tara-model/1"
LIKELIHOODS = ("rare", "unlikely", "possible", "likely", "certain")
IMPACTS = ("negligible", "minor", "moderate", "major", "severe")
# Highest score of each band.
BANDS = ((2, "very_low"), (4, "low"), (9, "medium"), (12, "high"), (16, "very_high"))
_CRITICALITY = {
    ImpactLevel.SEVERE: "maximal",
    ImpactLevel.MAJOR: "high",
    ImpactLevel.MODERATE: "moderate",
    ImpactLevel.NEGLIGIBLE: "low",
}
_SKILL = {
    "layman": ("script_kid", "Layman"),
    "proficient": ("engineer", "Proficient attacker"),
    "expert": ("expert_engineer", "Expert"),
    "multiple": ("oc_sponsored", "Several experts"),
}
_PRIORITY = {5: "critical", 4: "high", 3: "medium", 2: "low", 1: "none"}
_VERSION = re.compile(r"\d+(\.\d+)*")
_ENCRYPTED = re.compile(r"\b(m?tls|https|ipsec|wpa\d?|ssh|macsec|vpn|encrypt\w*)\b", re.IGNORECASE)


class _Names:
    """Symbolic names: lower case, digits and hyphens, one for each id of a kind."""

    def __init__(self) -> None:
        self._given: dict[tuple[str, str], str] = {}
        self._used: set[tuple[str, str]] = set()

    def of(self, kind: str, name: str) -> str:
        if (kind, name) not in self._given:
            base = re.sub(r"[^0-9a-z-]+", "-", name.lower()) or kind
            candidate, number = base, 2
            while (kind, candidate) in self._used:
                candidate, number = f"{base}-{number}", number + 1
            self._used.add((kind, candidate))
            self._given[kind, name] = candidate
        return self._given[kind, name]


def threat_model_bom(exported: Exported) -> str:
    """Return a model, and its risks when rated, as TM-BOM text."""
    tables, names = exported.model.tables, _Names()
    links = Links(tables)
    head = tables.model
    version = head.version if head else ""
    document = {
        "$schema": SCHEMA,
        "version": version if _VERSION.fullmatch(version) else "1",
        "scope": _scope(tables, exported.model.id),
        "description": head.item if head else exported.model.id,
        "trust_zones": list(_zones(tables, names)),
        "trust_boundaries": list(_crossings(tables, names)),
        "actors": [],
        "components": list(_components(tables, names)),
        "data_stores": [],
        "data_sets": list(_data_sets(tables, names)),
        "data_flows": list(_flows(tables, names)),
        "assumptions": [
            {"description": text, "validity": "unconfirmed"}
            for text in (head.assumptions if head else ())
        ],
        "threat_personas": list(_personas(tables, links)),
        "threats": [_threat(threat, links, names) for threat in tables.threat],
        "controls": list(_controls(exported, links, names)),
        "risks": list(_risks(exported, names)),
        "extensions": {EXTENSION: model_document(tables)},
    }
    return pretty_json(document)


def _scope(tables: Tables, name: str) -> dict[str, Any]:
    """Derive the scope: criticality from the worst impact, exposure from the ways in."""
    impacts = [level for damage in tables.damage for level in damage.impact.values()]
    criticality = _CRITICALITY[
        max(impacts, key=lambda level: level.rank, default=ImpactLevel.MAJOR)
    ]
    private = any(
        damage.impact.get(Category.PRIVACY, ImpactLevel.NEGLIGIBLE) is not ImpactLevel.NEGLIGIBLE
        for damage in tables.damage
    )
    secret = any(asset.kind == "secret" for asset in tables.asset)
    kinds = [("op", True), ("pii", private), ("cred", secret)]
    remote = any(
        component.layer in {"cloud", "outside", "communication"} for component in tables.component
    )
    head = tables.model
    return {
        "title": head.title if head else name,
        "description": head.item if head else name,
        "business_criticality": criticality,
        "data_sensitivity": [kind for kind, there in kinds if there],
        "exposure": "external" if remote else "internal",
        "tier": _tier(criticality, sensitive=private or secret, external=remote),
    }


def _tier(criticality: str, *, sensitive: bool, external: bool) -> str:
    """Return the tier by the rule that the format's specification gives."""
    if criticality == "maximal":
        return "mission_critical" if sensitive or external else "business_critical"
    if criticality == "high":
        return "mission_critical" if sensitive and external else "business_critical"
    if criticality == "moderate" and (sensitive or external):
        return "business_critical" if sensitive and external else "important"
    return "important" if sensitive else "non_critical"


def _zones(tables: Tables, names: _Names) -> Iterator[dict[str, Any]]:
    known = {zone.id: zone for zone in tables.boundary}
    wanted = dict.fromkeys((*known, *(component.boundary for component in tables.component)))
    for name in wanted:
        zone = known.get(name)
        yield _name_properties(
            names.of("zone", name), zone.title if zone else name, zone.description if zone else ""
        )


def _name_properties(symbolic: str, title: str, description: str) -> dict[str, Any]:
    return {"symbolic_name": symbolic, "title": title, "description": description or title}


def _crossings(tables: Tables, names: _Names) -> Iterator[dict[str, Any]]:
    zone_of = {component.id: component.boundary for component in tables.component}
    pairs = {
        tuple(sorted((zone_of[flow.source], zone_of[flow.target])))
        for flow in tables.data_flow
        if flow.source in zone_of and flow.target in zone_of
    }
    for first, second in sorted(pairs):
        if first != second:
            yield {
                "trust_zone_a": names.of("zone", first),
                "trust_zone_b": names.of("zone", second),
            }


def _components(tables: Tables, names: _Names) -> Iterator[dict[str, Any]]:
    for component in tables.component:
        yield {
            **_name_properties(
                names.of("component", component.id), component.title, component.description
            ),
            "trust_zone": names.of("zone", component.boundary),
        }


def _data_sets(tables: Tables, names: _Names) -> Iterator[dict[str, Any]]:
    for asset in tables.asset:
        if asset.kind in {"data", "secret"}:
            yield {
                **_name_properties(names.of("data_set", asset.id), asset.title, asset.description),
                "placements": [],
                "data_sensitivity": ["cred" if asset.kind == "secret" else "op"],
            }


def _flows(tables: Tables, names: _Names) -> Iterator[dict[str, Any]]:
    private = {
        asset.id for asset in tables.asset if SecurityProperty.CONFIDENTIALITY in asset.properties
    }
    known = {component.id for component in tables.component}
    for flow in tables.data_flow:
        if {flow.source, flow.target} <= known:
            yield {
                **_name_properties(names.of("data_flow", flow.id), flow.title, flow.technology),
                "source": _end(flow.source, names),
                "destination": _end(flow.target, names),
                "has_sensitive_data": bool(private & set(flow.assets)),
                "encrypted": _is_encrypted(flow),
            }


def _end(component: str, names: _Names) -> dict[str, str]:
    return {"type": "component", "object": names.of("component", component)}


def _is_encrypted(flow: DataFlow) -> bool:
    """Tell whether the technology names an encrypted transport; silence means no."""
    return bool(_ENCRYPTED.search(flow.technology))


def _personas(tables: Tables, links: Links) -> Iterator[dict[str, Any]]:
    for word in dict.fromkeys(links.least_expertise(threat) for threat in tables.threat):
        skill, title = _SKILL[word]
        text = f"Expertise that the easiest attack path asks for: {word}. Not assessed further."
        yield {
            **_name_properties(f"attacker-{word}", title, text),
            "is_person": True,
            "skill_level": skill,
            "access_level": "anonymous",
            "malicious_intent": True,
            "applicability_to_org": "moderate",
        }


def _threat(threat: Threat, links: Links, names: _Names) -> dict[str, Any]:
    asset = links.assets.get(threat.asset)
    ways = [path.title or path.tree for path in links.paths_of.get(threat.id, ())]
    target = asset.title if asset else threat.asset
    text = threat.description or threat.title
    return {
        **_name_properties(
            names.of("threat", threat.id), threat.title, f"{text} ({threat.stride})"
        ),
        "components_affected": _affected(threat, links, names),
        "threat_persona": f"attacker-{links.least_expertise(threat)}",
        "event": f"{threat.property} of {target} is violated: {'; or '.join(ways) or 'no path'}",
        "sources": ["adversary"],
    }


def _affected(threat: Threat, links: Links, names: _Names) -> list[str]:
    asset = links.assets.get(threat.asset)
    known = {component.id for component in links.tables.component}
    return [names.of("component", asset.component)] if asset and asset.component in known else []


def _controls(exported: Exported, links: Links, names: _Names) -> Iterator[dict[str, Any]]:
    tables = exported.model.tables
    approved = {name for goal in tables.goal for name in goal.controls}
    rating = exported.rating
    worst = _worst(rating.of_set(rating.control_sets[0])) if rating else {}
    lessened = {threat.id: set(links.lessened_by(threat)) for threat in tables.threat}
    for control in tables.control:
        threats = [threat for threat, found in lessened.items() if control.id in found]
        risk = max((worst.get(threat, 1) for threat in threats), default=1)
        yield {
            **_name_properties(names.of("control", control.id), control.title, control.requirement),
            "threats": [names.of("threat", threat) for threat in threats],
            "status": "approved" if control.id in approved else "suggested",
            "priority": _PRIORITY[risk],
        }


def _worst(risks: Iterable[RatedRisk]) -> dict[str, int]:
    found: dict[str, int] = {}
    for risk in risks:
        found[risk.threat] = max(risk.risk, found.get(risk.threat, 0))
    return found


def _risks(exported: Exported, names: _Names) -> Iterator[dict[str, Any]]:
    damages = {damage.id: damage for damage in exported.model.tables.damage}
    for risk in exported.rating.risks if exported.rating else ():
        likelihood, impact = LIKELIHOODS[_rank(risk.feasibility)], risk.impact.value
        score = (LIKELIHOODS.index(likelihood) + 1) * (IMPACTS.index(impact) + 1)
        title = damages[risk.damage].title if risk.damage in damages else risk.damage
        yield {
            **_name_properties(
                names.of("risk", f"{risk.id}.{risk.control_set}"),
                f"{title} ({risk.category}, controls: {risk.control_set})",
                f"Risk value {risk.risk} of 5 after ISO/SAE 21434, {risk.basis}. "
                + " ".join(risk.reasons),
            ),
            "threats": [names.of("threat", risk.threat)],
            "likelihood": likelihood,
            "impact": impact,
            "impact_description": f"{risk.category} impact of {risk.damage}: {risk.impact}",
            "score": score,
            "level": next((band for most, band in BANDS if score <= most), "critical"),
        }


def _rank(feasibility: Feasibility) -> int:
    """Read feasibility as likelihood, hardest as rarest; nothing is ever certain."""
    return FEASIBILITIES.index(feasibility)
