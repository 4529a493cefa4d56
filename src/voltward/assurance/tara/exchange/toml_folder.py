"""A model as a folder of TOML files, written whole or not at all."""

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from pydantic import TypeAdapter

from voltward.assurance.tara.model.model import Tables
from voltward.core.errors import ConfigurationError
from voltward.core.files import checked_path, write_text

# Of a long name only so much stands in that of the temporary folder.
_KEPT_NAME = 50
# Which tables stand together, in the order of a file.
FILES = {
    "model.toml": ("model",),
    "system.toml": ("boundary", "component", "asset", "data_flow"),
    "damages.toml": ("damage",),
    "threats.toml": ("threat", "dismissed"),
    "capabilities.toml": ("capability",),
    "steps.toml": ("step",),
    "paths.toml": ("path",),
    "controls.toml": ("control", "control_set"),
    "impact-rules.toml": ("impact_rule",),
    "treatment.toml": ("treatment", "goal", "claim", "override"),
    "r155.toml": ("r155",),
}


def folder_texts(tables: Tables) -> dict[str, str]:
    """Return the files of a model by name; a file without content is left out."""
    adapter = TypeAdapter(Tables)
    plain = adapter.dump_python(tables, mode="json", exclude_defaults=True)
    full = adapter.dump_python(tables, mode="json")
    texts = {}
    for name, names in FILES.items():
        blocks = [block for table in names for block in _blocks(table, plain, full)]
        if blocks:
            texts[name] = "\n".join(blocks)
    return texts


def write_folder(folder: Path, tables: Tables) -> list[str]:
    """Write a model into a new or empty folder.

    Args:
        folder: Made when absent.
        tables: The model.

    Returns:
        Names of the files.

    Raises:
        ConfigurationError: The folder holds something, is no folder, or cannot be written.
    """
    refuse_filled(folder)
    texts = folder_texts(tables)
    try:
        _write_whole(folder, texts)
    except OSError as error:
        raise ConfigurationError(
            f"{folder}: cannot be written ({error.strerror or error})", hint="check the path"
        ) from error
    return list(texts)


def refuse_filled(folder: Path) -> None:
    """Refuse a folder that a model cannot be written to.

    Raises:
        ConfigurationError: It holds something, or is no folder.
    """
    checked_path(folder, "folder")
    if folder.exists() and not folder.is_dir():
        raise ConfigurationError(f"{folder}: is a file", hint="give the name of a new folder")
    if folder.is_dir() and any(folder.iterdir()):
        raise ConfigurationError(
            f"{folder}: is not empty",
            why="a model is written into a new folder, so that nothing of yours is overwritten",
            hint="name another folder, or remove this one",
        )


def _write_whole(folder: Path, texts: Mapping[str, str]) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    prefix = f".{folder.name[:_KEPT_NAME]}."
    temporary = Path(mkdtemp(prefix=prefix, dir=folder.parent))
    try:
        for name, text in texts.items():
            write_text(temporary / name, text)
        temporary.chmod(0o755)
        temporary.replace(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _blocks(table: str, plain: Mapping[str, Any], full: Mapping[str, Any]) -> Iterator[str]:
    found = plain.get(table)
    if found is None:
        return
    if isinstance(found, dict):
        yield "\n".join([f"[{table}]", *_lines(found)]) + "\n"
        return
    for record, whole in zip(found, full[table], strict=True):
        # Every value of an effort is shown, because its defaults are the easiest.
        if whole.get("effort"):
            record["effort"] = whole["effort"]
        yield "\n".join([f"[[{table}]]", *_lines(record)]) + "\n"


def _lines(record: Mapping[str, Any]) -> Iterator[str]:
    for key, value in record.items():
        yield f"{_key(key)} = {_value(value)}"


def _key(key: str) -> str:
    bare = key.replace("_", "").replace("-", "")
    return key if bare.isascii() and bare.isalnum() else _string(key)


def _value(value: Any) -> str:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_key(key)} = {_string_or(item)}" for key, item in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_string_or, value)) + "]"
    return json.dumps(value)


def _string_or(value: Any) -> str:
    return _string(value) if isinstance(value, str) else _value(value)


def _string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _text(text: str) -> str:
    """Return a text over several lines where it has several."""
    if "\n" not in text:
        return _string(text)
    return '"""\n' + "\n".join(_string(line)[1:-1] for line in text.split("\n")) + '"""'
