"""A model and its rating as one JSON document."""

import math
from typing import Any

from pydantic import TypeAdapter

from voltward.assurance.tara.exchange.exported import Exported
from voltward.assurance.tara.model.model import Tables
from voltward.core.files import pretty_json

SCHEMA_VERSION = 1


def model_document(tables: Tables) -> dict[str, Any]:
    """Return a model's tables as plain data; every key is there."""
    plain: dict[str, Any] = TypeAdapter(Tables).dump_python(tables, mode="json")
    return plain


def json_document(exported: Exported) -> str:
    """Return a model and, when rated, its rating as JSON text."""
    rating = exported.rating.as_document() if exported.rating else None
    document = {
        "schema_version": SCHEMA_VERSION,
        "model": model_document(exported.model.tables),
        "rating": _finite(rating),
    }
    return pretty_json(document)


def _finite(value: Any) -> Any:
    """Return plain data without infinities, which JSON cannot hold."""
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
