"""The recordings that a user names: files, folders and patterns, each once and under one name."""

from collections.abc import Sequence
from pathlib import Path

from voltward.core.errors import ConfigurationError
from voltward.real_cells.recordings.table_file import SUFFIXES

_PATTERN = frozenset("*?[")
# In a folder, text files and workbooks may be notes: they are taken where it holds none of these.
_SURE = (".csv", ".parquet", ".ndax")


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
        inside = sorted(entry for entry in path.iterdir() if entry.is_file())
        files = _ending_in(inside, _SURE) or _ending_in(inside, SUFFIXES)
        if not files:
            raise ConfigurationError(
                f"{name}: there is no recording in this folder",
                why=f"recordings end in {', '.join(SUFFIXES)}, also with .gz",
                hint="name the folder that holds them; folders in it are not looked into",
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


def _ending_in(files: Sequence[Path], endings: tuple[str, ...]) -> list[Path]:
    return [path for path in files if path.name.lower().removesuffix(".gz").endswith(endings)]


def distinct_names(paths: Sequence[Path], *, joined: str = "/") -> list[str]:
    """Return what to call files: without the ending, and with their folder where two are alike.

    Args:
        paths: Of the files.
        joined: Between folder and name.
    """
    stems = [path.name.removesuffix(".gz").rsplit(".", 1)[0] for path in paths]
    named = [
        stem if stems.count(stem) == 1 else f"{path.resolve().parent.name}{joined}{stem}"
        for path, stem in zip(paths, stems, strict=True)
    ]
    # Two folders of one name.
    return [
        name if named.count(name) == 1 else f"{name}{joined}{named[:place].count(name) + 1}"
        for place, name in enumerate(named)
    ]
