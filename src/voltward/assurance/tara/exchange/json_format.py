"""A model and its rating as one JSON document, and the JSON Schemas of model files and ratings."""

import math
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from voltward.assurance.tara.exchange.exported import Exported
from voltward.assurance.tara.model.model import Tables
from voltward.assurance.tara.rating.records import Rating
from voltward.core.files import pretty_json, write_text

SCHEMA_VERSION = 1
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


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


def model_schema() -> dict[str, Any]:
    """Return the JSON Schema of one file of a model folder: it may hold any of the tables."""
    schema = TypeAdapter(Tables).json_schema()
    return {"$schema": _DIALECT, **schema, "title": "A file of a TARA model folder"}


def rating_schema() -> dict[str, Any]:
    """Return the JSON Schema of a rating, as `tara rate --json` and `risk.json` hold it."""
    schema = TypeAdapter(Rating).json_schema(mode="serialization")
    properties = {"schema_version": {"const": 1}, **schema["properties"]}
    return {
        "$schema": _DIALECT,
        **schema,
        "title": "A rating of a TARA model",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": True,
    }


def write_schemas(folder: Path) -> list[Path]:
    """Write both schemas.

    Args:
        folder: Where to; `data/schemas` of the package in the repository.

    Returns:
        The files written.
    """
    made = {"tara-model.schema.json": model_schema(), "rating.schema.json": rating_schema()}
    for name, schema in made.items():
        write_text(folder / name, pretty_json(schema))
    return [folder / name for name in made]
