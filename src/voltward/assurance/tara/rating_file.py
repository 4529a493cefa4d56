"""A rating read back from JSON, checked key by key."""

import json
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from voltward.assurance.tara.rated import Rating
from voltward.core.errors import ConfigurationError
from voltward.experiments.document import dotted

SCHEMA_VERSION = 1
_AGAIN = "write one: voltward tara rate DIR --out FILE.json"


def read_rating_file(path: Path) -> dict[str, Any]:
    """Return a rating as plain data.

    Args:
        path: Written by `tara rate --out` or `--json`, or the `risk.json` of a run folder.

    Raises:
        ConfigurationError: The file is absent, no JSON, or no rating of this version.
    """
    try:
        text = path.read_text(encoding="utf-8")
        document: Any = json.loads(text)
    except OSError as error:
        raise ConfigurationError(
            f"{path}: cannot be read ({error.strerror})", hint=_AGAIN
        ) from error
    except ValueError as error:
        raise ConfigurationError(
            f"{path}: is no rating: no JSON", why=str(error), hint=_AGAIN
        ) from error
    got = document.get("schema_version") if isinstance(document, dict) else None
    if got != SCHEMA_VERSION:
        raise ConfigurationError(
            f"{path}: is no rating of schema version {SCHEMA_VERSION}",
            why=f"schema_version is {got!r}",
            hint=_AGAIN,
        )
    try:
        rating = TypeAdapter(Rating).validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise ConfigurationError(
            f"{path}: is no rating: {dotted(first['loc'])}", why=first["msg"], hint=_AGAIN
        ) from error
    plain: dict[str, Any] = TypeAdapter(Rating).dump_python(rating, mode="json")
    return plain
