"""A model folder: found, read key by key, and written whole or not at all."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from voltward.assurance.tara.model.attack_tree import Tree, read_tree
from voltward.assurance.tara.model.model import Tables
from voltward.core.errors import ConfigurationError
from voltward.core.files import checked_path, shortened
from voltward.core.suggestion import nearest
from voltward.documents.toml_document import check_document, data_folder, read_document

MODELS = "tara/models"
WORKED_MODEL = "cbms"
ORGANISATIONS = "organisations"
_SCHEMA = "see 'voltward config schema tara-model'"
# Of a long name only so much is in that of the temporary folder.
_KEPT_NAME = 50
_LISTS = tuple(field.name for field in fields(Tables) if field.name != "model")


@dataclass(frozen=True)
class Model:
    """The tables of a model folder, and the place of each entry.

    Attributes:
        path: The folder.
        tables: All files joined, in the order of their names.
        origins: (table, index in the joined table) -> (file, index in that file).
        head_file: The file that holds the head.
    """

    path: Path
    tables: Tables
    origins: dict[tuple[str, int], tuple[str, int]]
    head_file: str = "model.toml"

    @property
    def id(self) -> str:
        """Short name of the model; the folder's name when no head is written."""
        return self.tables.model.id if self.tables.model else self.path.name

    def place(self, table: str, index: int, key: str = "") -> tuple[str, str]:
        """Return file and key of an entry, for messages."""
        file, position = self.origins.get((table, index), (self.path.name, index))
        entry = getattr(self.tables, table)[index]
        name = f" {entry.id}" if hasattr(entry, "id") else ""
        return file, f"{table}[{position}]{name}" + (f": {key}" if key else "")

    @cached_property
    def trees(self) -> dict[str, Tree]:
        """Every tree text that the model holds, read once."""
        texts = {path.tree for path in self.tables.path}
        texts |= {step.tree for step in (*self.tables.step, *self.tables.capability) if step.tree}
        texts |= {control.bypass for control in self.tables.control if control.bypass}
        return {text: read_tree(text) for text in texts}

    def documents(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield every entry as plain data under a name such as `path:AP-001`."""
        plain = TypeAdapter(Tables).dump_python(self.tables, mode="json")
        for table, entries in sorted(plain.items()):
            for index, entry in enumerate(entries if isinstance(entries, list) else [entries]):
                if entry:
                    yield f"{table}:{_name_of(entry) or index}", entry


def _name_of(entry: dict[str, Any]) -> str:
    """Return the id of an entry, or what distinguishes it from the others of its table."""
    if "id" in entry:
        return str(entry["id"])
    keys = ("asset", "property", "path", "threat", "damage", "consequence", "category")
    parts = [entry.get(key) for key in (*keys, "control_set")]
    return ".".join(str(part) for part in parts if part)


def model_names() -> tuple[str, ...]:
    """Return the names of the shipped models."""
    return tuple(sorted(path.name for path in (data_folder() / MODELS).iterdir() if path.is_dir()))


def model_folder(name_or_path: str | Path) -> Path:
    """Return a model folder: the user's own, or a shipped one by its name.

    Raises:
        ConfigurationError: There is no such folder and no such name.
    """
    path = checked_path(name_or_path, "model folder")
    if path.is_dir():
        return path
    if str(name_or_path) in model_names():
        return data_folder() / MODELS / str(name_or_path)
    raise ConfigurationError(
        f"{shortened(path)}: is a file, not a model folder"
        if path.exists()
        else f"{shortened(path)}: there is no such model folder",
        why=f"a model is a folder of TOML files, or one of: {', '.join(model_names())}",
        hint="write one to start from: voltward tara init DIR",
    )


def read_model(path: Path) -> Model:
    """Read the files of a model folder, each checked key by key; references are not looked at.

    Raises:
        ConfigurationError: A file is not TOML, a key is unknown, a value is not allowed, or the
            head is missing or written twice.
    """
    if not path.is_dir():
        raise ConfigurationError(
            f"{path}: is not a folder",
            why="a model is a folder of TOML files",
            hint="write one to start from: voltward tara init DIR",
        )
    files = sorted(file for file in path.glob("*.toml") if not file.name.startswith("."))
    if not files:
        raise ConfigurationError(
            f"{path}: holds no TOML file", hint="write a model: voltward tara init DIR"
        )
    joined: dict[str, list[Any]] = {name: [] for name in _LISTS}
    origins: dict[tuple[str, int], tuple[str, int]] = {}
    heads = []
    for file in files:
        part = check_document(Tables, read_document(file), str(file), hint=_SCHEMA)
        heads += [(file, part.model)] if part.model else []
        for name in _LISTS:
            for index, entry in enumerate(getattr(part, name)):
                origins[name, len(joined[name])] = (file.name, index)
                joined[name].append(entry)
    if len(heads) != 1:
        found = " and ".join(file.name for file, _ in heads) or "no file"
        raise ConfigurationError(
            f"{path}: [model] must be written once, found in {found}",
            why="the head names the item, the version and the method profile",
            hint="see model.toml of 'voltward tara init DIR'",
        )
    tables = Tables(model=heads[0][1], **{name: tuple(joined[name]) for name in _LISTS})
    return Model(path, tables, origins, heads[0][0].name)


def entry_named(kind: str, entries: Any, name: str) -> Any:
    """Return the entry of an id.

    Raises:
        ConfigurationError: There is none.
    """
    for entry in entries:
        if entry.id == name:
            return entry
    raise ConfigurationError(
        f"there is no {kind} '{name}'", hint=nearest(name, [entry.id for entry in entries])
    )


def refuse_filled(folder: Path) -> None:
    """Refuse a folder that a model cannot be written to.

    Raises:
        ConfigurationError: It holds something, or is a file.
    """
    checked_path(folder, "folder")
    if folder.exists() and not folder.is_dir():
        raise ConfigurationError(f"{folder}: is a file", hint="give the name of a new folder")
    if folder.is_dir() and any(folder.iterdir()):
        raise ConfigurationError(
            f"{folder}: is not empty",
            why="a model is never written over other files",
            hint="give the name of a new folder",
        )


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Give a temporary folder to fill, which becomes the wanted one at the end, or nothing does.

    Args:
        folder: New, or empty.

    Raises:
        ConfigurationError: The folder holds something, is a file, or cannot be written.
    """
    refuse_filled(folder)
    target = folder.resolve()
    temporary = target.with_name(f".{target.name[:_KEPT_NAME]}.{os.getpid()}.part")
    try:
        temporary.mkdir(parents=True)
        yield temporary
        if target.is_dir():
            # An empty folder stays: it may be the one that the user is in.
            for path in temporary.iterdir():
                path.replace(target / path.name)
        else:
            temporary.replace(target)
    except OSError as error:
        raise ConfigurationError(
            f"{folder}: cannot be written ({error.strerror or error})", hint="check the path"
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def copy_model(folder: Path, name: str = WORKED_MODEL) -> list[Path]:
    """Write a shipped model as files to edit.

    Args:
        folder: Where; it may exist when it is empty.
        name: The shipped model.

    Returns:
        The files written.

    Raises:
        ConfigurationError: The folder holds something, or there is no such model.
    """
    if name not in model_names():
        raise ConfigurationError(
            f"there is no shipped model '{name}'", hint=nearest(name, model_names())
        )
    with new_folder(folder) as temporary:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(
            data_folder() / MODELS / name, temporary, ignore=ignored, dirs_exist_ok=True
        )
        if name == WORKED_MODEL:
            shutil.copytree(data_folder() / "tara" / ORGANISATIONS, temporary / ORGANISATIONS)
    return sorted(path for path in folder.resolve().rglob("*") if path.is_file())
