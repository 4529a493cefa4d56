"""What people and programs see: results on standard output, messages and progress on error."""

import math
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from voltward import __version__
from voltward.core.errors import ConfigurationError, ExitCode
from voltward.core.files import checked_path, is_stream

if TYPE_CHECKING:
    from rich.console import Console

SCHEMA_VERSION = 1
# Loaded by name, so that the help needs no drawing library.
_SCREEN = "voltward.interfaces.cli.screen"
Progress = Callable[[str, int, int], None]


@dataclass
class _Verbosity:
    quiet: bool = False
    verbose: bool = False
    plain: bool = False


_verbosity = _Verbosity()


def set_verbosity(*, quiet: bool, verbose: bool, no_color: bool) -> None:
    """Set how much this process prints."""
    _verbosity.quiet = quiet
    _verbosity.verbose = verbose
    _verbosity.plain = no_color or bool(os.environ.get("NO_COLOR"))


def console() -> "Console":
    """Return standard output for tables, without colour where none is wanted."""
    screen: Console = import_module(_SCREEN).output_console(plain=_verbosity.plain)
    return screen


def emit(text: str) -> None:
    """Write a line of the result."""
    click.echo(text)


def emit_json(document: Any) -> None:
    """Write the one document of `--json`; infinities and NaN become null."""
    ordered = dict(sorted(document.items())) if isinstance(document, dict) else document
    # Loaded by name, like the drawing library: the help prints no document.
    to_json = import_module("pydantic_core").to_json
    click.echo(to_json(ordered, indent=2, inf_nan_mode="null").decode())


def plain(value: Any) -> Any:
    """Return a value as JSON can hold it."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def message(text: str) -> None:
    """Write a line for people, unless quiet."""
    if not _verbosity.quiet:
        click.echo(text, err=True)


def detail(text: str) -> None:
    """Write a line for people who asked for more."""
    if _verbosity.verbose:
        click.echo(text, err=True)


def naming(*, force: bool) -> Callable[[Path], None] | None:
    """Return the message of a writer of folders about each file of the user's that it replaces.

    Args:
        force: Whether the user asked to replace; else no file is replaced, and there is no message.
    """
    return (lambda path: message(f"replaces {path}")) if force else None


def refuse_existing(path: Path, *, force: bool, option: str = "--out") -> None:
    """Refuse to replace a file or a link, unless forced; devices and pipes are never replaced.

    A link is replaced itself: what it points to is not named, and stays.

    Args:
        path: Where a result is to be written.
        force: Whether the user asked to replace what is there.
        option: What named the file.

    Raises:
        ConfigurationError: It is a folder, or a file or link that is there already.
    """
    checked_path(path, option)
    if path.is_dir():
        raise ConfigurationError(f"{option} {path}: is a folder", hint="name a file")
    if is_stream(path) or not (path.is_file() or path.is_symlink()):
        return
    link = "the link " if path.is_symlink() else ""
    if force:
        message(f"replaces {link}{path}")
    else:
        raise ConfigurationError(
            f"{option} {path}: is there already",
            why="a file is replaced only on request",
            hint="give another name, or --force to replace it",
        )


def header(seed: int, config_sha256: str, subject: str) -> None:
    """Write what is about to run: versions, seed, digest of the configuration, size."""
    python = ".".join(str(part) for part in sys.version_info[:3])
    versions = f"voltward {__version__}  python {python}"
    message(f"{versions}  seed {seed}  config {config_sha256[:8]}  {subject}")


def show_error(what: str, why: str, hint: str, code: ExitCode, *, as_json: bool) -> ExitCode:
    """Write an expected failure in three parts; with `--json` also as the one document.

    Returns:
        The code, to leave with.
    """
    if as_json:
        error = {"what": what, "why": why, "hint": hint, "exit_code": int(code)}
        emit_json({"schema_version": SCHEMA_VERSION, "error": error})
    _write_error(what, why, hint)
    return code


def leave(code: ExitCode, what: str, *, why: str = "", hint: str = "") -> NoReturn:
    """Say why, and leave with a code after the result was already printed."""
    _write_error(what, why, hint)
    click.get_current_context().exit(code)


def _write_error(what: str, why: str, hint: str) -> None:
    lines = [f"error: {what}", f"  why: {why}" if why else "", f"  hint: {hint}" if hint else ""]
    click.echo("\n".join(line for line in lines if line), err=True)


def columns(rows: Iterable[Sequence[str]], head: Sequence[str]) -> str:
    """Return rows as aligned text with a head.

    Args:
        rows: Cells as text.
        head: Names of the columns.
    """
    lines = [list(head), *(list(row) for row in rows)]
    widths = [max(len(line[index]) for line in lines) for index in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """Give a function (stage, done, total) that moves a bar; silent when nobody watches."""
    if _verbosity.quiet or not sys.stderr.isatty():
        yield lambda _stage, _done, _total: None
        return
    with import_module(_SCREEN).drawn_bar(plain=_verbosity.plain) as advance:
        yield advance
