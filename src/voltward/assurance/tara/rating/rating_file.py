"""A rating read back from JSON, checked key by key."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from voltward.assurance.tara.model.words import Basis
from voltward.assurance.tara.rating.rated import Rating
from voltward.core.errors import ConfigurationError
from voltward.documents.toml_document import dotted, shown

SCHEMA_VERSION = 1
_AGAIN = "write one: voltward tara rate DIR --out FILE.json"


def read_rating_file(path: Path) -> dict[str, Any]:
    """Return a rating as plain data, with the further keys that the file may hold.

    Args:
        path: Written by `tara rate --out` or `--json`, or the `risk.json` of a run folder.

    Raises:
        ConfigurationError: The file is absent, no JSON, or no rating of this version.
    """
    try:
        content = path.read_text(encoding="utf-8")
        document: Any = json.loads(content)
    except OSError as error:
        raise ConfigurationError(
            f"{path}: there is no such rating", why=error.strerror or "", hint=_AGAIN
        ) from error
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(
            f"{path}: is no rating: no JSON", why=str(error), hint=_AGAIN
        ) from error
    problem = rating_problem(content)
    if problem:
        raise ConfigurationError(f"{path}: is no rating", why=problem, hint=_AGAIN)
    return dict(document)


def rating_problem(content: str) -> str:
    """Return the first thing that is wrong with a rating, with its key; empty when nothing is.

    Args:
        content: JSON text; further keys are allowed.
    """
    document: Any = json.loads(content)
    if not isinstance(document, dict):
        return f"expected an object, got {shown(document)}"
    if document.get("schema_version") != SCHEMA_VERSION:
        got = shown(document.get("schema_version"))
        return f"schema_version: expected {SCHEMA_VERSION}, got {got}"
    try:
        _adapter().validate_json(content, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        if first["type"] == "missing":
            return f"{dotted(first['loc'])}: is missing"
        told = first["msg"].replace("Input should be", "expected")
        return f"{dotted(first['loc'])}: {told}, got {shown(first['input'])}"
    return next(_contradictions(document), "")


@cache
def _adapter() -> TypeAdapter[Rating]:
    return TypeAdapter(Rating)


def _contradictions(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield control sets that are not listed, and evidence that does not fit its share or basis."""
    sets = document["control_sets"]
    for key in ("paths", "risks"):
        for index, entry in enumerate(document[key]):
            evidence = entry["evidence"]
            if entry["control_set"] not in sets:
                yield f"{key}[{index}].control_set: not in control_sets ({', '.join(sets)})"
            if evidence and not evidence["low"] <= evidence["goal_share"] <= evidence["high"]:
                yield f"{key}[{index}].evidence: goal_share lies outside of low and high"
            if entry["basis"] == Basis.MEASURED and evidence is None:
                yield f"{key}[{index}].evidence: is missing, though the basis is measured"
