"""JSON Schemas of what a TARA reads and writes: model files and ratings."""

from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from voltward.assurance.tara.model.model import Tables
from voltward.assurance.tara.rating.records import Rating
from voltward.core.files import pretty_json, write_text

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


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
