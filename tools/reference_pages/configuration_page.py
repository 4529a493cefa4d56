"""The keys of every kind of file, from their JSON Schemas."""

from collections.abc import Mapping
from typing import Any

from reference_pages.markdown import table
from voltward.documents.toml_document import adapter
from voltward.interfaces.cli.config import SHAPES
from voltward.ranges.configuration.system import system_schema


def configuration_page() -> list[str]:
    """Return the keys of every kind of file."""
    lines = [
        "# Configuration files",
        "",
        "Files are TOML. Unknown keys are refused with the nearest known one; units stand in the",
        "names. `voltward config check FILE` checks a file, `voltward config schema KIND` prints",
        "its JSON Schema.",
        "",
    ]
    for kind, shape in SHAPES.items():
        schema = system_schema() if kind == "system" else adapter(shape).json_schema()
        lines += [f"## {kind}", "", *object_lines(schema)]
        for name, part in sorted(schema.get("$defs", {}).items()):
            if part.get("type") == "object":
                lines += [f"### {kind}: {name}", "", *object_lines(part)]
    return lines


def object_lines(schema: Mapping[str, Any]) -> list[str]:
    """Return one object of a JSON Schema as text and table."""
    text, known = meanings(schema.get("description", ""))
    required = schema.get("required", ())
    rows = [
        (
            f"`{key}`",
            kind_of(entry),
            "required" if key in required else default_of(entry),
            entry.get("description") or known.get(key, ""),
        )
        for key, entry in schema.get("properties", {}).items()
    ]
    return [text, "", *table(("key", "type and range", "default", "meaning"), rows)]


def kind_of(entry: Mapping[str, Any]) -> str:
    """Return type and range of a property of a JSON Schema, in words."""
    if "$ref" in entry:
        return f"table, see {entry['$ref'].rsplit('/', 1)[-1]}"
    if "const" in entry:
        return f"`{entry['const']}`"
    if "enum" in entry:
        return " or ".join(f"`{value}`" if value else "empty" for value in entry["enum"])
    branches = entry.get("anyOf") or entry.get("oneOf")
    if branches:
        kinds = [kind_of(part) for part in branches if part.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if entry.get("type") == "array" and "items" in entry:
        return f"array of {kind_of(entry['items'])}"
    bounds = (
        (">=", "minimum"),
        (">", "exclusiveMinimum"),
        ("<=", "maximum"),
        ("<", "exclusiveMaximum"),
    )
    limits = [f"{sign} {entry[key]:g}" for sign, key in bounds if key in entry]
    return ", ".join([str(entry.get("type", "any")), *limits])


def meanings(description: str) -> tuple[str, dict[str, str]]:
    """Return the first lines of a docstring, and its attributes."""
    text, _, attributes = description.partition("Attributes:")
    found: dict[str, str] = {}
    name = ""
    for line in attributes.splitlines():
        if line.startswith("    ") and not line.startswith("     "):
            name, _, rest = line.strip().partition(": ")
            found[name] = rest
        elif name and line.strip():
            found[name] += f" {line.strip()}"
    return " ".join(text.split()), found


def default_of(entry: Mapping[str, Any]) -> str:
    """Return the default of a key; nothing where another file supplies it."""
    default = entry.get("default")
    return "" if default is None or default in ("", []) else f"`{default}`"
