"""The recordings that a user names: files, folders and patterns, each file once."""

from collections.abc import Sequence
from pathlib import Path

from voltward.core.errors import ConfigurationError
from voltward.real_cells.recordings.table_file import SUFFIXES

_PATTERN = frozenset("*?[")


def recording_files(names: Sequence[str]) -> list[Path]:
    """Return the files that names denote, sorted within a folder or pattern, each once.

    Args:
        names: Files, folders whose recordings are meant, or patterns such as "data/*_Mixed?.csv".

    Raises:
        ConfigurationError: A name matches no file.
    """
    found: dict[Path, None] = {}
    for name in names:
        found |= dict.fromkeys(_files(name))
    return list(found)


def _files(name: str) -> list[Path]:
    path = Path(name)
    if path.is_dir():
        files = sorted(
            inside
            for inside in path.iterdir()
            if inside.is_file() and inside.suffix.lower() in SUFFIXES
        )
        if not files:
            raise ConfigurationError(
                f"{name}: there is no recording in this folder",
                why=f"recordings end in {' or '.join(SUFFIXES)}",
            )
        return files
    # A file may have brackets in its name.
    if path.exists() or not _PATTERN & set(name):
        return [path]
    root = Path(path.anchor) if path.anchor else Path()
    relative = str(path.relative_to(path.anchor)) if path.anchor else name
    files = sorted(match for match in root.glob(relative) if match.is_file())
    if not files:
        raise ConfigurationError(
            f"{name}: no file matches this pattern",
            hint="check the path; paths are relative to the current folder",
        )
    return files
