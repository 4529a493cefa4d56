"""The shape of a TM-BOM document: required keys and allowed words of schema 1.0.2, restated.

Source: OWASP Threat Model Library schema 1.0.2 (MIT), keys that our export uses.
"""

from typing import Any

_NAME = {"type": "string", "pattern": r"^[0-9a-z-]+$"}
_TEXT = {"type": "string"}
_FLAG = {"type": "boolean"}
_DEGREE = {"enum": ["minimal", "low", "moderate", "high", "maximal"]}
_SENSITIVITY = {"enum": ["pii", "phi", "fin", "ip", "cred", "biz", "gov", "pci", "op"]}


def _record(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(properties),
        "properties": properties,
        "additionalProperties": False,
    }


def _named(**properties: Any) -> dict[str, Any]:
    return _record(symbolic_name=_NAME, title=_TEXT, description=_TEXT, **properties)


def _list(of: Any) -> dict[str, Any]:
    return {"type": "array", "items": of}


_END = _record(type=_TEXT, object=_NAME)
SHAPE = _record(
    **{
        "$schema": {
            "const": "https://github.com/OWASP/www-project-threat-model-library/blob/v1.0.2/"
            "threat-model.schema.json"
        },
        "version": {"type": "string", "pattern": r"^\d+(\.\d+)*$"},
        "scope": _record(
            title=_TEXT,
            description=_TEXT,
            business_criticality=_DEGREE,
            data_sensitivity=_list(_SENSITIVITY),
            exposure={"enum": ["internal", "external"]},
            tier={"enum": ["mission_critical", "business_critical", "important", "non_critical"]},
        ),
        "description": _TEXT,
        "trust_zones": _list(_named()),
        "trust_boundaries": _list(_record(trust_zone_a=_NAME, trust_zone_b=_NAME)),
        "actors": {"type": "array", "maxItems": 0},
        "components": _list(_named(trust_zone=_NAME)),
        "data_stores": {"type": "array", "maxItems": 0},
        "data_sets": _list(
            _named(
                placements={"type": "array", "maxItems": 0},
                data_sensitivity=_list(_SENSITIVITY),
            )
        ),
        "data_flows": _list(
            _named(source=_END, destination=_END, has_sensitive_data=_FLAG, encrypted=_FLAG)
        ),
        "assumptions": _list(
            _record(description=_TEXT, validity={"enum": ["unconfirmed", "confirmed", "rejected"]})
        ),
        "threat_personas": _list(
            _named(
                is_person=_FLAG,
                skill_level={
                    "enum": [
                        *("script_kid", "insider", "engineer", "expert_engineer"),
                        *("oc_sponsored", "state_sponsored"),
                    ]
                },
                access_level={"enum": ["anonymous", "user", "admin"]},
                malicious_intent=_FLAG,
                applicability_to_org=_DEGREE,
            )
        ),
        "threats": _list(
            _named(
                components_affected=_list(_NAME),
                threat_persona=_NAME,
                event=_TEXT,
                sources=_list(
                    {
                        "enum": [
                            *("adversary", "human_error", "failure"),
                            "events_beyond_org_control",
                        ]
                    }
                ),
            )
        ),
        "controls": _list(
            _named(
                threats=_list(_NAME),
                status={
                    "enum": [
                        *("assumed", "active", "suggested", "under_review", "approved"),
                        *("scheduled", "retired", "wont_do"),
                    ]
                },
                priority={"enum": ["none", "low", "medium", "high", "critical"]},
            )
        ),
        "risks": _list(
            _named(
                threats=_list(_NAME),
                likelihood={"enum": ["rare", "unlikely", "possible", "likely", "certain"]},
                impact={"enum": ["negligible", "minor", "moderate", "major", "severe"]},
                impact_description=_TEXT,
                score={"type": "integer", "minimum": 0, "maximum": 25},
                level={"enum": ["very_low", "low", "medium", "high", "very_high", "critical"]},
            )
        ),
        "extensions": {
            "type": "object",
            "additionalProperties": False,
            "patternProperties": {
                r"^([A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]+"
                r"(/[-$%'()*+,.:;=@^_~0-9A-Za-z]+)+$": {}
            },
        },
    }
)
