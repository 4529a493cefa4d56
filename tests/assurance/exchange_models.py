"""Models for the tests of exchange formats: a small one by hand, and any that the types allow."""

import dataclasses
import json
import types
import typing
from collections import abc
from enum import Enum
from pathlib import Path

from hypothesis import strategies as st

from voltward.assurance.tara.model.model import Tables
from voltward.assurance.tara.model.words import Basis, Category, Feasibility, ImpactLevel
from voltward.assurance.tara.rating.records import Evidence, RatedPath, RatedRisk, Rating
from voltward.documents.toml_document import adapter, check_document

SMALL = {
    "model": {
        "id": "small",
        "title": "A small pack",
        "item": "A pack, its gateway and its cloud.",
        "assumptions": ["The depot is closed.", '=HYPERLINK("x")'],
    },
    "boundary": [
        {"id": "vehicle", "title": "Vehicle"},
        {"id": "Cloud.Zone", "title": "Cloud"},
    ],
    "component": [
        {"id": "bms", "title": "BMS", "layer": "physical", "boundary": "vehicle"},
        {"id": "gateway", "title": "Gateway", "layer": "communication", "boundary": "vehicle"},
        {"id": "twin", "title": "Digital twin", "layer": "cloud", "boundary": "Cloud.Zone"},
    ],
    "asset": [
        {
            "id": "telemetry",
            "title": "Telemetry",
            "component": "gateway",
            "properties": ["integrity", "confidentiality"],
        },
        {
            "id": "protection",
            "title": "Protection",
            "component": "bms",
            "properties": ["availability"],
            "kind": "function",
        },
        {
            "id": "frame-key",
            "title": "Frame key",
            "component": "bms",
            "properties": ["confidentiality"],
            "kind": "secret",
        },
    ],
    "data_flow": [
        {
            "id": "F.1",
            "title": "Telemetry up",
            "source": "gateway",
            "target": "twin",
            "assets": ["telemetry"],
            "taps": ["mqtt.up"],
            "technology": "MQTT over TLS",
        }
    ],
    "damage": [
        {
            "id": "DS.1",
            "title": 'Cells "overcharged" [hot]',
            "situation": "charging",
            "impact": {"safety": "severe", "operational": "major"},
            "reason": {"safety": "S3: fire", "fleet manager": "asked"},
            "concerns": ["telemetry:integrity"],
            "stakeholders": {"fleet": "major"},
        }
    ],
    "threat": [
        {
            "id": "TS.1",
            "title": "False telemetry | <b>",
            "asset": "telemetry",
            "property": "integrity",
            "stride": "tampering",
            "damages": ["DS.1"],
            "r155": ["4.1"],
        },
        {
            "id": "TS.2",
            "title": "Key read out",
            "asset": "frame-key",
            "property": "confidentiality",
            "stride": "information disclosure",
            "damages": [],
        },
    ],
    "dismissed": [{"asset": "protection", "property": "availability", "reason": "see TS.1"}],
    "capability": [
        {
            "id": "can-write",
            "title": "Write on CAN",
            "effort": {"expertise": "proficient", "window": "moderate"},
            "attack_vector": "physical",
            "source": "assumed",
        }
    ],
    "step": [
        {
            "id": "open-case",
            "title": "Open the case",
            "effort": {"elapsed_time": "1w", "expertise": "expert"},
            "gives": ["can-write"],
        }
    ],
    "path": [
        {
            "id": "AP.1",
            "threat": "TS.1",
            "tree": "(can-write | open-case) & can-spoof-telemetry",
            "title": "Through the bus",
        },
        {"id": "AP.2", "threat": "TS.2", "tree": "open-case", "impossible": "sealed"},
    ],
    "control": [
        {
            "id": "frame-authentication",
            "title": "Frame authentication",
            "bypass": "open-case",
            "mitigates": ["can-spoof-telemetry"],
            "requirement": "Every frame carries a code.",
            "cost": {"once_person_days": 12.5, "once_EUR": 0.1 + 0.2, "infrastructure": ["hsm"]},
        }
    ],
    "control_set": [
        {"id": "none", "title": "None"},
        {"id": "planned", "title": "Planned", "controls": ["frame-authentication"]},
        {"id": "all", "title": "All", "includes": ["planned"]},
    ],
    "treatment": [
        {
            "threat": "TS.1",
            "damage": "DS.1",
            "decision": "reduce",
            "reason": "fire",
            "goals": ["G.1"],
        },
        {"threat": "TS.2", "decision": "retain", "reason": "rare", "claims": ["C.1"]},
    ],
    "goal": [
        {
            "id": "G.1",
            "statement": "No forged frame is obeyed.",
            "owner": "BMS lead",
            "controls": ["frame-authentication"],
        }
    ],
    "claim": [
        {
            "id": "C.1",
            "statement": "Read-out needs the workshop.",
            "owner": "Security",
            "rationale": "sealed",
            "expires": "2027-06-30",
        }
    ],
    "override": [
        {
            "path": "AP.2",
            "feasibility": "low",
            "reason": "seen once",
            "date": "2026-11-02",
            "reviewer": "assessor",
        }
    ],
    "impact_rule": [
        {
            "consequence": "over_voltage_s",
            "category": "safety",
            "major": 1.0,
            "severe": 10.0,
            "source": "assumed",
        }
    ],
    "r155": [{"id": "31.1", "not_applicable": "no charger data"}],
}


def small() -> Tables:
    """Return the model written above."""
    return check_document(Tables, SMALL, "small")


def rating() -> Rating:
    """Return a rating of the small model, as a rater would give it."""
    found = Evidence(
        "demo", "can-spoof-telemetry", "none", "matched", "", "", ("c1",), 80, 0.9, 0.8, 0.95
    )
    paths, risks = [], []
    for name, feasibility, risk in (
        ("none", Feasibility.MEDIUM, 4),
        ("planned", Feasibility.LOW, 3),
        ("all", Feasibility.VERY_LOW, 2),
    ):
        paths.append(
            RatedPath(
                id="AP.1",
                threat="TS.1",
                control_set=name,
                feasibility=feasibility,
                potential=14,
                leaves=("can-write", "can-spoof-telemetry"),
                attacks=("can-spoof-telemetry",),
                cut_by=(),
                basis=Basis.MEASURED,
                evidence=found,
                reasons=("72 of 80 runs reached the goal",),
                if_shown=Feasibility.VERY_LOW,
            )
        )
        for category, impact in (
            (Category.SAFETY, ImpactLevel.SEVERE),
            (Category.OPERATIONAL, ImpactLevel.MAJOR),
        ):
            risks.append(
                RatedRisk(
                    id=f"DS.1.TS.1.{category}",
                    damage="DS.1",
                    threat="TS.1",
                    category=category,
                    impact=impact,
                    feasibility=feasibility,
                    risk=risk,
                    cal=2,
                    treatment="reduce",
                    control_set=name,
                    basis=Basis.MEASURED,
                    evidence=found,
                    path="AP.1",
                    reasons=("frame-authentication was not shown to hold",),
                    if_shown=2,
                    stakeholders={"fleet": {"impact": "major", "risk": 3}},
                )
            )
    return Rating(
        model="small",
        model_sha256="0" * 64,
        profile="iso21434-example",
        run="demo",
        run_sha256="1" * 64,
        control_sets=("none", "planned", "all"),
        paths=tuple(paths),
        risks=tuple(risks),
    )


# What cells find hard: formulas, separators, escapes, control signs, spaces at the ends.
_HARD = st.sampled_from(
    [
        *("=1+1", "+a", "-b", "@c", "#N/A", "TRUE", "007", "1e5", " a ", "a\nb", "a\r\nb", "\t"),
        *('"q"', "a, b; c", "_x0041_", "_x005F_", "_x00\r", "_x0041\x01", "\x7f", "null", "\ufffe"),
        *("é\u2028x", "\U0001f50b", "step", "id", "attack", "2026-11-02", "see Long Texts x"),
    ]
)
_CHARACTERS = st.characters(exclude_categories=("Cs",))
_TEXT = st.one_of(_HARD, st.text(_CHARACTERS, max_size=12))
_PATTERNS = {
    r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,79}$": st.from_regex(
        r"\A[A-Za-z0-9][A-Za-z0-9_.-]{0,8}\Z", fullmatch=True
    ),
    r"^\d{4}-\d{2}-\d{2}$": st.dates().map(lambda day: day.isoformat()),
}


def documents(hint: object, constraints: tuple[object, ...] = ()) -> st.SearchStrategy[object]:
    """Return plain values that a type of the model allows."""
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return documents(parts[0], parts[1:])
    if origin in {typing.Union, types.UnionType}:
        return st.one_of(*(documents(part) for part in parts))
    if origin is tuple:
        return st.lists(documents(parts[0]), max_size=3)
    if origin is abc.Mapping:
        return st.dictionaries(documents(parts[0]), documents(parts[1]), max_size=3)
    return st.sampled_from(parts) if origin is typing.Literal else _plain(hint, constraints)


def _plain(hint: typing.Any, constraints: tuple[object, ...]) -> st.SearchStrategy[object]:
    if dataclasses.is_dataclass(hint):
        return records(hint)
    if issubclass(hint, Enum):
        return st.sampled_from([member.value for member in hint])
    if hint is float:
        low = next((c.ge for c in constraints if getattr(c, "ge", None) is not None), -1e300)
        high = next((c.le for c in constraints if getattr(c, "le", None) is not None), 1e300)
        return st.floats(low, high, allow_nan=False, allow_infinity=False)
    pattern = next((c.pattern for c in constraints if getattr(c, "pattern", None)), None)
    text = _PATTERNS[pattern] if pattern else _TEXT.filter(bool) if constraints else _TEXT
    return st.none() if hint is type(None) else text


def records(shape: type) -> st.SearchStrategy[dict[str, object]]:
    """Return plain records of a settings table; fields with a default may be absent."""
    hints = typing.get_type_hints(shape, include_extras=True)
    needed, optional = {}, {}
    for field in dataclasses.fields(shape):
        bare = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        (needed if bare else optional)[field.name] = documents(hints[field.name])
    return st.fixed_dictionaries(needed, optional=optional)


def any_tables() -> st.SearchStrategy[Tables]:
    """Return models of any content that the types allow, consistent or not."""
    return records(Tables).map(
        lambda plain: adapter(Tables).validate_json(json.dumps(plain), strict=True)
    )


def write(path: Path, content: bytes) -> Path:
    """Write bytes, and return where."""
    path.write_bytes(content)
    return path
