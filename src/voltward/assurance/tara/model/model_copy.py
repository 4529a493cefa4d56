"""A shipped model copied to a folder of the user's own, whole or not at all."""

import os
import shutil
from pathlib import Path

from voltward.assurance.tara.model.model_folder import MODELS, WORKED_MODEL, model_names
from voltward.core.errors import ConfigurationError
from voltward.core.files import checked_path
from voltward.core.suggestion import nearest
from voltward.documents.toml_document import data_folder

ORGANISATIONS = "organisations"
# Of a long name only so much stands in that of the temporary folder.
_KEPT_NAME = 50


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
    checked_path(folder, "folder")
    if folder.exists() and not folder.is_dir():
        raise ConfigurationError(f"{folder}: is a file", hint="give the name of a new folder")
    if folder.is_dir() and any(folder.iterdir()):
        raise ConfigurationError(
            f"{folder}: is not empty",
            why="a model is never written over other files",
            hint="give the name of a new folder",
        )
    folder = folder.resolve()
    source = data_folder() / MODELS / name
    temporary = folder.with_name(f".{folder.name[:_KEPT_NAME]}.{os.getpid()}.part")
    try:
        shutil.copytree(source, temporary, ignore=shutil.ignore_patterns("__pycache__"))
        if name == WORKED_MODEL:
            shutil.copytree(data_folder() / "tara" / ORGANISATIONS, temporary / ORGANISATIONS)
        if folder.is_dir():
            for path in temporary.iterdir():
                path.replace(folder / path.name)
        else:
            temporary.replace(folder)
    except OSError as error:
        raise ConfigurationError(
            f"{folder}: cannot be written ({error.strerror or error})", hint="check the path"
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return sorted(path for path in folder.rglob("*") if path.is_file())
