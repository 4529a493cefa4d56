"""`run.json` of a finished run, and the files that it names held against their digests."""

from pathlib import Path, PurePosixPath
from typing import Any

from voltward.core.errors import ConfigurationError
from voltward.core.files import checked_path, sha256_of
from voltward.core.input_file import read_json
from voltward.results.columns import CASE_COLUMNS, RUN_KEYS, SCHEMA_VERSION, TRACE_COLUMNS
from voltward.results.run_layout import RUN_FILE
from voltward.results.run_tables import read_parquet

AGAIN = "restore the file, or run the campaign again"


def read_run(path: Path) -> dict[str, Any]:
    """Return the content of a folder's run.json.

    Raises:
        ConfigurationError: It is missing, is not JSON, lacks a key, or is of another schema.
    """
    file = checked_path(path, "run folder") / RUN_FILE
    if not file.is_file():
        raise ConfigurationError(
            f"{file}: missing",
            why="a finished run folder holds run.json; an interrupted one holds parts/",
            hint="finish it with --resume" if (path / "parts").is_dir() else "check the path",
        )
    run = read_json(file, hint=AGAIN)
    got = run.get("schema_version") if isinstance(run, dict) else None
    if got != SCHEMA_VERSION:
        raise ConfigurationError(
            f"{file}: schema_version: expected {SCHEMA_VERSION}, got {got!r}",
            why="the folder was written by another version",
            hint="read it with the version that wrote it, or run the campaign again",
        )
    for key in RUN_KEYS:
        if key not in run:
            raise ConfigurationError(f"{file}: key '{key}' is missing", hint=AGAIN)
    if not isinstance(run["files"], dict):
        raise ConfigurationError(f"{file}: 'files' must map paths to digests", hint=AGAIN)
    return run


def check_file(folder: Path, name: str, expected: str) -> None:
    """Hold a file against its digest.

    Args:
        folder: The run folder.
        name: Path in it.
        expected: SHA-256.

    Raises:
        ConfigurationError: It is missing, changed or cut short, or the path leaves the folder.
    """
    pure = PurePosixPath(name)
    if pure.is_absolute() or ".." in pure.parts:
        raise ConfigurationError(
            f"{folder / RUN_FILE}: files: '{name}' leaves the folder",
            why="paths must be relative and stay inside",
        )
    file = folder / name
    if not file.is_file():
        raise ConfigurationError(f"{file}: missing", why="run.json names it", hint=AGAIN)
    got = sha256_of(file)
    if got == expected:
        return
    if pure.suffix == ".parquet":
        read_parquet(
            file, CASE_COLUMNS if name == "cases.parquet" else TRACE_COLUMNS, name=str(file)
        )
    raise ConfigurationError(
        f"{file}: the content is not the one that run.json names",
        why=f"expected sha256 {expected}, got {got}",
        hint=AGAIN,
    )
