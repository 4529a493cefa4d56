"""What must stand in a rating before it is signed: the essentials of its published schema."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from voltward.assurance.tara.words import Basis, Category, Feasibility, ImpactLevel

SCHEMA_VERSION = 1
WITHOUT_CONTROLS = "none"
_LISTS = ("paths", "risks")
_Value = Annotated[int, Field(ge=1, le=5)]
_Share = Annotated[float, Field(ge=0.0, le=1.0)]
_Texts = tuple[str, ...]


@dataclass(frozen=True)
class _Evidence:
    run: str
    cases: _Texts
    n: Annotated[int, Field(ge=1)]
    goal_share: _Share
    low: _Share
    high: _Share


@dataclass(frozen=True)
class _Path:
    id: str
    threat: str
    control_set: str
    feasibility: Feasibility
    basis: Basis
    evidence: _Evidence | None
    reasons: _Texts


@dataclass(frozen=True)
class _Risk:
    id: str
    damage: str
    threat: str
    category: Category
    impact: ImpactLevel
    feasibility: Feasibility
    risk: _Value
    cal: Annotated[int, Field(ge=1, le=4)] | None
    treatment: Literal["", "avoid", "reduce", "share", "retain"]
    control_set: str
    basis: Basis
    evidence: _Evidence | None
    path: str
    reasons: _Texts
    if_shown: _Value


@dataclass(frozen=True)
class _Rating:
    schema_version: Literal[1]
    model: str
    model_sha256: str
    profile: str
    run: str
    run_sha256: str
    control_sets: _Texts
    paths: tuple[_Path, ...]
    risks: tuple[_Risk, ...]
    parts: Mapping[str, str]


_SHAPE = TypeAdapter(_Rating)


def rating_problem(content: str) -> str:
    """Return the first thing that is wrong with a rating, with its key; empty when nothing is.

    Args:
        content: JSON text. Further keys are allowed; `data/schemas/rating.schema.json` is stricter.
    """
    try:
        _SHAPE.validate_json(content, strict=True)
    except ValidationError as error:
        return _first(error)
    return next(_set_problems(json.loads(content)), "")


def _first(error: ValidationError) -> str:
    """Return the first finding in words."""
    found = error.errors(include_url=False)[0]
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in found["loc"])
    name = "".join(parts).removeprefix(".") or "the document"
    if found["type"] == "missing":
        return f"{name}: is missing"
    if found["type"] == "dataclass_type":
        return f"{name}: expected an object, got {_shown(found['input'])}"
    told = found["msg"].replace("Input should be", "expected").replace("a valid ", "")
    return f"{name}: {told}, got {_shown(found['input'])}"


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _set_problems(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield control sets that do not fit together, and shares outside their interval."""
    sets = document["control_sets"]
    if WITHOUT_CONTROLS not in sets:
        yield f"control_sets: expected a list with '{WITHOUT_CONTROLS}', got {_shown(sets)}"
    for key in _LISTS:
        for index, entry in enumerate(document[key]):
            if entry["control_set"] not in sets:
                yield f"{key}[{index}].control_set: not one of {', '.join(sets)}"
            evidence = entry["evidence"]
            if evidence and not evidence["low"] <= evidence["goal_share"] <= evidence["high"]:
                yield f"{key}[{index}].evidence: goal_share lies outside of low and high"
            if entry["basis"] == Basis.MEASURED and evidence is None:
                yield f"{key}[{index}].evidence: is missing, though the basis is measured"
