"""TOML documents that users write: found, parsed, checked and merged."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from voltward.core.errors import ConfigurationError
from voltward.core.files import checked_path, shortened
from voltward.core.input_file import read_toml
from voltward.core.suggestion import nearest
from voltward.documents.settings_table import KIND

Settings = TypeVar("Settings")
Document = dict[str, Any]

# Keys whose value is often written in thousandths of the unit that the key names.
_THOUSANDTHS = {"_V": "mV", "_A": "mA", "_Ah": "mAh", "_s": "ms", "_ohm": "mohm", "_W": "mW"}
# What the start of a pattern asks for, in words.
_PATTERNS = {
    r"^\d{4}-\d{2}-\d{2}": "write YYYY-MM-DD",
    "^[A-Za-z0-9][A-Za-z0-9": "allowed are letters, digits, '.', '_' and '-', no space",
}
# A validator's words, and those of people who write TOML.
_PLAIN = {
    "input should be": "allowed is",
    "input": "value",
    "a valid array": "a list",
    "an object": "a table",
    "a valid dictionary": "a table",
}


def closest(name: str, known: Iterable[str]) -> str:
    """Return a hint that names close known names, or nothing when none is close."""
    hint = nearest(name, known)
    return hint if hint.startswith("did you mean") else ""


def data_folder() -> Path:
    """Return the folder of the shipped data."""
    return Path(str(files("voltward"))) / "data"


def shipped_names(kind: str) -> tuple[str, ...]:
    """Return the names of the shipped documents of one kind, such as "duties"."""
    files = (data_folder() / kind).glob("*.toml")
    # A second dot marks a companion of a document, such as a cell's calibration.
    return tuple(sorted(path.stem for path in files if "." not in path.stem))


def find_document(kind: str, name_or_path: str, noun: str) -> Path:
    """Return the path of a shipped document, or of the user's own file.

    Args:
        kind: Folder of the shipped ones, such as "duties".
        name_or_path: A shipped name, or a path.
        noun: What it is called in messages.

    Raises:
        ConfigurationError: There is no such name and no such file.
    """
    path = checked_path(name_or_path, noun)
    names = shipped_names(kind)
    shipped = {file.stem: file for file in (data_folder() / kind).glob("*.toml")}
    if name_or_path in shipped:
        return shipped[name_or_path]
    # A pipe of the shell, such as <(command), is read like a file.
    if path.exists() and not path.is_dir():
        return path
    article = "an" if noun[:1] in "aeiou" else "a"
    why = f"{article} {noun} is a file, or one of: {', '.join(names)}"
    hint = "check the path; it is read from the current folder"
    if path.is_dir():
        raise ConfigurationError(f"{noun} file {path}: is a folder", why=why, hint=hint)
    if path.suffix or "/" in name_or_path:
        raise ConfigurationError(
            f"{noun} file {shortened(name_or_path)}: there is no such file", why=why, hint=hint
        )
    raise ConfigurationError(
        f"there is no {noun} '{shortened(name_or_path)}'",
        why=why,
        hint=closest(name_or_path, names),
    )


def beside(name_or_path: str, path: Path) -> str:
    """Return a path that a file names, as seen from that file when something lies there."""
    candidate = path.parent / name_or_path
    return str(candidate) if Path(name_or_path).suffix and candidate.is_file() else name_or_path


@contextmanager
def problems_in(place: str) -> Iterator[None]:
    """Put a place before what is wrong in it, where the words do not name it."""
    try:
        yield
    except ConfigurationError as error:
        if place in error.what:
            raise
        raise ConfigurationError(
            f"{place}: {error.what}", why=error.why, hint=error.hint
        ) from error


def read_document(path: Path) -> Document:
    """Parse a TOML file.

    Raises:
        ConfigurationError: As `voltward.core.input_file.read_toml`.
    """
    return read_toml(path)


@cache
def adapter(shape: Any) -> TypeAdapter[Any]:
    """Return the validator of a frozen dataclass."""
    return TypeAdapter(shape)


def check_document(
    shape: type[Settings],
    document: Mapping[str, Any],
    path: str,
    *,
    hint: str = "see 'voltward config schema'",
) -> Settings:
    """Return settings made of a parsed document.

    Args:
        shape: The frozen dataclass wanted.
        document: As parsed.
        path: What to call the file in messages.
        hint: Where a user sees what is allowed.

    Raises:
        ConfigurationError: A key is unknown or absent, or a value is not allowed; the message names
            file, key, what was got and what is allowed.
    """
    wanted: Any = shape
    text = json.dumps(document, default=str)
    try:
        checked: Settings = adapter(wanted).validate_json(text, strict=True)
    except ValidationError as error:
        raise _explained(error, adapter(wanted).json_schema(), document, path, hint) from error
    return checked


def _explained(
    error: ValidationError, schema: Document, document: Mapping[str, Any], path: str, hint: str
) -> ConfigurationError:
    """Return the first problem in words; the count of the others stands beside it."""
    problems = error.errors(include_url=False)
    # An unknown key is usually the cause of an absent one.
    first = min(
        problems,
        key=lambda problem: (
            problem["type"] != "unexpected_property"
            and problem["type"] != "unexpected_keyword_argument"
            and problem["type"] != "extra_forbidden"
        ),
    )
    location = [part for part in first["loc"] if not _is_branch(part, document)]
    key = _place(location, document)
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    got = shown(_value_at(document, location))
    if first["type"] in {"unexpected_keyword_argument", "extra_forbidden", "unexpected_property"}:
        known = keys_at(schema, location[:-1])
        return ConfigurationError(
            f"{path}: unknown key '{key}'{more}",
            why=f"got {got}; allowed here: {', '.join(known)}",
            hint=closest(str(location[-1]), known),
        )
    if first["type"] in {"missing", "missing_argument"}:
        return ConfigurationError(
            f"{path}: key '{key}' is missing{more}",
            why="it has no default",
            hint=f"add '{dotted(location)}'",
        )
    return ConfigurationError(
        f"{path}: key '{key}' has a value that is not allowed{more}",
        why=f"got {got}; {allowed(first)}",
        hint=_unit_hint(str(location[-1]) if location else "", _value_at(document, location))
        or _near(first)
        or hint,
    )


def _place(location: list[int | str], document: Mapping[str, Any]) -> str:
    """Return a place in words; an entry of a list is named by its id where it has one."""
    in_list = len(location) > 1 and isinstance(location[1], int)
    name = _value_at(document, [*location[:2], "id"]) if in_list else None
    if not isinstance(name, str) or not name:
        return dotted(location)
    rest = dotted(location[2:])
    return f"{dotted(location[:2])} {shown(name)[1:-1]}" + (f": {rest}" if rest else "")


def allowed(problem: Mapping[str, Any]) -> str:
    """Turn a validator's problem into what is allowed."""
    if problem["type"] == "string_pattern_mismatch":
        pattern = str(problem.get("ctx", {}).get("pattern", ""))
        words = next((text for start, text in _PATTERNS.items() if pattern.startswith(start)), "")
        if words:
            return words
    message = str(problem["msg"])
    text = message[0].lower() + message[1:]
    for word, plain in _PLAIN.items():
        text = text.replace(word, plain)
    return text


def _is_branch(part: int | str, document: Mapping[str, Any]) -> bool:
    """Tell a validator's own label (the name of a type in a union) from a key of the document."""
    if not isinstance(part, str):
        return False
    labels = ("dict", "list", "tuple", "literal", "constrained", "float", "str", "lax", "json")
    return part.startswith(KIND) or (
        part not in document
        and (part.split("[")[0] in labels or (part[:1].isupper() and "_" not in part))
    )


def _value_at(document: Any, location: Iterable[int | str]) -> Any:
    """Return the value at a place of a nested document, or None."""
    value = document
    for part in location:
        if isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return None
    return value


def _unit_hint(key: str, value: Any) -> str:
    """Return a hint when a value looks like thousandths of the key's unit."""
    for suffix, smaller in _THOUSANDTHS.items():
        if key.endswith(suffix) and isinstance(value, int | float) and abs(value) >= 100.0:
            return f"the key is in {suffix[1:]}; did you write {smaller}?"
    return ""


def _near(problem: Mapping[str, Any]) -> str:
    """Return a hint when a text is close to one of the few that are allowed."""
    if problem["type"] != "literal_error":
        return ""
    return closest(str(problem["input"]), re.findall("'([^']+)'", problem["ctx"]["expected"]))


def dotted(location: Iterable[int | str]) -> str:
    """Return a place in a document as people write it: `limits.maximum.voltage_high_V`."""
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def shown(value: Any) -> str:
    """Return a value as it is shown in a message, cut when long."""
    text = repr(value) if not isinstance(value, str) else f'"{value}"'
    return text if len(text) <= 80 else text[:77] + "..."


def keys_at(schema: Document, location: Iterable[int | str]) -> tuple[str, ...]:
    """Return the keys that a JSON Schema allows at a place."""
    node = _resolved(schema, schema)
    for part in location:
        named = node.get("properties", {}) if isinstance(part, str) else {}
        free = node.get("additionalProperties" if isinstance(part, str) else "items")
        child = named.get(part, free)
        if not isinstance(child, dict):
            return ()
        node = _resolved(child, schema)
    return tuple(node.get("properties", {}))


def _resolved(node: Document, schema: Document) -> Document:
    """Follow references and pick the branch of a union that has keys."""
    while "$ref" in node:
        node = schema["$defs"][node["$ref"].rsplit("/", 1)[-1]]
    branches = (*node.get("anyOf", ()), *node.get("oneOf", ()))
    candidates = [_resolved(branch, schema) for branch in branches]
    with_keys = [found for found in candidates if "properties" in found]
    return next(iter((*with_keys, *(found for found in candidates if "items" in found))), node)


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> Document:
    """Return `base` with the values of `over`; tables are merged, anything else is replaced."""
    result = dict(base)
    for key, value in over.items():
        inner = result.get(key)
        result[key] = (
            merged(inner, value)
            if isinstance(inner, Mapping) and isinstance(value, Mapping)
            else value
        )
    return result
