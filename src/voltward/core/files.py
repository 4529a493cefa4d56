"""Files that are whole or absent: written under a temporary name, then renamed."""

import errno
import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from voltward.core.errors import ConfigurationError
from voltward.core.plain_file import is_descriptor, open_plain

# File systems allow 255 bytes; a character of UTF-8 takes up to four.
_KEPT_NAME = 50
_SHOWN_NAME = 160


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file so that no reader ever sees half of it, see `write_chunks`."""
    write_chunks(path, (content,))


def write_chunks(
    path: Path, chunks: Iterable[bytes], whole: Callable[[str], None] | None = None
) -> None:
    """Write a file piece by piece, so that no reader ever sees half of it.

    A link is replaced itself, and what it points to stays. Devices are written to as they are,
    and so are pipes that a program reads from; no pipe is waited for.

    Args:
        path: Where to; its folder is made when absent.
        chunks: Its bytes in order.
        whole: Told the SHA-256 when all is written, just before the file gets its name.

    Raises:
        ConfigurationError: It cannot be written there: a folder, a pipe that nothing reads from, a
            name that is too long, no permission, no space.
    """
    try:
        if not is_stream(path):
            _replace(path, chunks, whole)
            return
    except OSError as error:
        raise not_written(path, error) from error
    try:
        # Opening a pipe would wait for a reader, perhaps for ever; here the system refuses instead.
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NONBLOCK)
        os.set_blocking(handle, True)
        with os.fdopen(handle, "ab") as stream:
            stream.writelines(chunks)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise not_written(
            path, error, why="what was written to it before cannot be undone"
        ) from error


def temporary_of(path: Path, process: int) -> Path:
    """Return the name that a file has while a process writes it."""
    # A long name must leave room for what is added to it.
    return path.with_name(f".{path.name[:_KEPT_NAME]}.{process}.part")


def write_temporary(temporary: Path, chunks: Iterable[bytes], mode: int) -> str:
    """Write a new file to the disk, and return its digest.

    Args:
        temporary: Where to, see `temporary_of`; what a killed process left there goes.
        chunks: Its bytes in order.
        mode: Its permissions from the first byte on.
    """
    temporary.unlink(missing_ok=True)
    digest = hashlib.sha256()
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as stream:
        for chunk in chunks:
            digest.update(chunk)
            stream.write(chunk)
        stream.flush()
        # A file system may report a full disk as late as here.
        os.fsync(stream.fileno())
    return digest.hexdigest()


def is_stream(path: Path) -> bool:
    """Tell whether a path is a device, a pipe or a descriptor of this process.

    Raises:
        OSError: The system cannot look it up, such as a link to itself.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return False
    # Names such as /dev/stdout are links to what the shell opened, which may be a plain file.
    if is_descriptor(path):
        return True
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


@contextmanager
def new_secret(path: Path, content: bytes) -> Iterator[None]:
    """Write a file for its owner alone; it gets its name when all within has gone well."""
    temporary = temporary_of(path, os.getpid())
    try:
        write_temporary(temporary, (content,), 0o600)
        yield
        temporary.replace(path)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _replace(path: Path, chunks: Iterable[bytes], whole: Callable[[str], None] | None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    temporary = temporary_of(path, os.getpid())
    try:
        digest = write_temporary(temporary, chunks, 0o666)
        if path.exists() and not path.is_symlink():
            temporary.chmod(stat.S_IMODE(path.stat().st_mode))
        if whole is not None:
            whole(digest)
        temporary.replace(path)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def not_written(
    path: Path, error: OSError, *, why: str = "nothing is left half-written"
) -> ConfigurationError:
    """Return what to tell of a file or folder that the system refused to write.

    Args:
        path: Of the file.
        error: Of the system.
        why: What became of it.
    """
    reason = (error.strerror or str(error)).lower()
    what = f"{shortened(path)}: cannot be written ({reason})"
    if str(path) in {"", "."}:
        return ConfigurationError(
            "a file without a name cannot be written",
            why="the name is empty, or is that of the current folder",
            hint="name a file; is a variable not set?",
        )
    if error.errno == errno.EISDIR:
        return ConfigurationError(
            f"{path}: is a folder", why="a file is to be written there", hint="name a file"
        )
    if error.errno in {errno.ENOTDIR, errno.EEXIST}:
        return ConfigurationError(
            what, why=f"a part of {path.parent} is a file", hint="name a file in a folder"
        )
    if error.errno == errno.ENXIO:
        return ConfigurationError(
            f"{shortened(path)}: cannot be written (nothing reads it)",
            why="it is a pipe or a socket, and is not waited for",
            hint="start what reads from it before, or name a file",
        )
    hints = {
        errno.ENAMETOOLONG: "give a shorter name",
        errno.ENOSPC: "make room, or name a file on another disk",
        errno.EDQUOT: "make room, or name a file on another disk",
        errno.EFBIG: "raise the limit on the size of files (ulimit -f), or name another disk",
        errno.EROFS: "name a file on a disk that can be written to",
        errno.ELOOP: "the link points to itself; remove it",
    }
    hint = hints.get(error.errno or 0, "name a file in a folder that you may write to")
    return ConfigurationError(what, why=why, hint=hint)


def checked_name(name: str, label: str) -> Path:
    """Return the path below a folder that a name stands for.

    Args:
        name: As the user gave it.
        label: What named it, such as "--name".

    Raises:
        ConfigurationError: It leads out of the folder, or no file can have it.
    """
    path = Path(name)
    inside = path.parts and not path.is_absolute() and ".." not in path.parts
    if inside and name.strip() and name.isprintable():
        return path
    raise ConfigurationError(
        f"{label} {name!r}: cannot be the name of a folder",
        why="a name is printable, does not begin with '/', and has no part '..', which would "
        "lead out of the folder that is written to",
        hint="give a plain name such as 'winter-test'; --out names any folder",
    )


def checked_path(name: str | Path, noun: str) -> Path:
    """Return a path that the system can look up, whether something lies there or not.

    Args:
        name: As the user gave it.
        noun: What it is called in messages, such as "model folder".

    Raises:
        ConfigurationError: It is empty, too long, or lies where one may not look.
    """
    if not str(name):
        raise ConfigurationError(
            f"{noun}: the name is empty",
            why="an empty name stands for nothing",
            hint="is a variable not set?",
        )
    path = Path(name)
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return path
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", "") or str(error)).lower()
        raise ConfigurationError(
            f"{noun} {shortened(name)}: {reason}",
            why="the system cannot look up that name",
            hint="check the path",
        ) from error
    return path


def shortened(name: str | Path) -> str:
    """Return a path as it is shown in a message, cut when long."""
    text = str(name)
    return text if len(text) <= _SHOWN_NAME else f"{text[:40]}...{text[-20:]}"


def printable(text: str) -> str:
    """Return text with control characters and bytes that are no character as escapes."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def write_text(path: Path, content: str) -> None:
    """Write UTF-8 text whole or not at all.

    Raises:
        ConfigurationError: It cannot be written there, or holds bytes that are not UTF-8, as the
            name of a file may.
    """
    try:
        encoded = content.encode()
    except UnicodeEncodeError as error:
        raise ConfigurationError(
            f"{shortened(path)}: the text for it cannot be written in UTF-8",
            why=f"it holds {content[error.start : error.end]!r}, a byte that is not a character",
            hint="rename the file, or give the text in UTF-8",
        ) from error
    write_bytes(path, encoded)


def canonical_json(document: Any) -> str:
    """Return JSON with keys sorted by code point and no spaces: what our own digests are taken of.

    What others verify, such as the manifest of an evidence pack, is RFC 8785 instead. The two are
    the same but for floats and for keys beyond the basic multilingual plane.
    """
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def pretty_json(document: Any) -> str:
    """Return JSON for people and for files: sorted keys, two spaces, newline at the end."""
    return json.dumps(document, sort_keys=True, indent=2, ensure_ascii=False) + "\n"


def sha256_of(path: Path) -> str:
    """Return the hexadecimal SHA-256 of a file."""
    with open_plain(path) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
