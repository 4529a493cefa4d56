"""A model as a folder of TOML files, written whole or not at all."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import tomli_w
from pydantic import TypeAdapter

from voltward.assurance.tara.model.model import Tables
from voltward.assurance.tara.model.model_folder import new_folder
from voltward.core.files import write_text

# Which tables are in one file, in the order of the file.
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
        ConfigurationError: The folder holds something, is a file, or cannot be written.
    """
    texts = folder_texts(tables)
    with new_folder(folder) as temporary:
        for name, text in texts.items():
            write_text(temporary / name, text)
    return list(texts)


def _blocks(table: str, plain: Mapping[str, Any], full: Mapping[str, Any]) -> Iterator[str]:
    """Yield the TOML text of every record of a table."""
    found = plain.get(table)
    if found is None:
        return
    if isinstance(found, dict):
        yield _toml({table: found})
        return
    for record, whole in zip(found, full[table], strict=True):
        # Every value of an effort is written, because its defaults are the easiest.
        if whole.get("effort"):
            record["effort"] = whole["effort"]
        # `[[table]]` for every record: a list would become one array of inline tables.
        yield f"[[{table}]]{_toml({table: record}).removeprefix(f'[{table}]')}"


def _toml(document: Mapping[str, Any]) -> str:
    """Return TOML text; a text of several lines is written over several lines."""
    # In such texts the library would turn the line ends of other systems into its own.
    return tomli_w.dumps(document, multiline_strings="\r" not in _characters(document))


def _characters(value: Any) -> frozenset[str]:
    if isinstance(value, Mapping):
        return frozenset().union(*map(_characters, value), *map(_characters, value.values()))
    if isinstance(value, list):
        return frozenset().union(*map(_characters, value))
    return frozenset(value) if isinstance(value, str) else frozenset()
