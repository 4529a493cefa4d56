"""The ledger of a folder: which files we wrote there, and that one process writes at a time.

It is one hidden file: a line that marks the folder as ours, then a line for each file. Its lock is
the system's, which ends with the process, so that a killed run leaves none behind.
"""

import fcntl
import json
import os
import weakref
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from voltward.core.errors import ConfigurationError
from voltward.core.files import not_written

LEDGER_FILE = ".voltward-written.jsonl"
_MARK = '{"kind": "files written by voltward", "schema_version": 1}'


@dataclass(frozen=True)
class Entry:
    """One line of a ledger.

    Attributes:
        path: Of the file, within the folder.
        sha256: Of its content; empty while that is still being written.
        process: Who wrote it.
    """

    path: str
    sha256: str
    process: int


class Ledger:
    """An open ledger, locked until it is closed or dropped.

    Args:
        folder: Made when absent.

    Raises:
        ConfigurationError: Another process writes there, the file of that name was not
            written by voltward, or the folder cannot be written to.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / LEDGER_FILE
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._handle = _locked(self.path)
        except OSError as error:
            raise not_written(self.path, error) from error
        # Dropped without being closed, it frees the folder, too.
        self._release = weakref.finalize(self, os.close, self._handle)
        content = self.path.read_bytes()
        if content and not _is_marked(content):
            raise _foreign(self.path)
        self.entries = _entries(content)
        if not content:
            self._append(_MARK)
        elif not content.endswith(b"\n"):
            self._append("")  # the line on which a process was killed

    @property
    def is_open(self) -> bool:
        """Whether the lock is still held."""
        return self._release.alive

    def note(self, entries: Iterable[Entry]) -> None:
        """Add lines."""
        for entry in entries:
            self.entries.append(entry)
            self._append(json.dumps(asdict(entry)))

    def close(self, *, remove: bool) -> None:
        """Give the lock back; the file may go with it."""
        if self.is_open and remove:
            # Whoever opened it meanwhile finds that it has no name any more, and opens it anew.
            self.path.unlink(missing_ok=True)
        self._release()

    def _append(self, line: str) -> None:
        try:
            os.write(self._handle, f"{line}\n".encode())
        except OSError as error:
            raise not_written(self.path, error) from error


def is_marked(folder: Path) -> bool:
    """Tell whether a folder holds a ledger that voltward wrote."""
    path = folder / LEDGER_FILE
    return path.is_file() and not path.is_symlink() and _is_marked(path.read_bytes())


def _is_marked(content: bytes) -> bool:
    return content.partition(b"\n")[0] == _MARK.encode()


def _entries(content: bytes) -> list[Entry]:
    """Read the lines; one that is not whole says nothing."""
    found = []
    for line in content.splitlines()[1:]:
        try:
            entry = Entry(**json.loads(line))
        except (ValueError, TypeError, RecursionError):
            continue
        if tuple(map(type, asdict(entry).values())) == (str, str, int):
            found.append(entry)
    return found


def _locked(path: Path) -> int:
    """Open a file, lock it, and return its descriptor."""
    while True:
        if path.is_symlink() or (path.exists() and not path.is_file()):
            raise _foreign(path)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_at(path, handle):
                return os.dup(handle)  # the same lock; the first handle is closed below
        except BlockingIOError as error:
            raise ConfigurationError(
                f"{path.parent}: another process is writing there",
                why="two runs in one folder would mix their files",
                hint="wait until it has ended, or give another --out",
            ) from error
        finally:
            os.close(handle)


def _foreign(path: Path) -> ConfigurationError:
    return ConfigurationError(
        f"{path}: was not written by voltward",
        why="voltward keeps there which files it wrote",
        hint="move it away, or give another --out",
    )


def _is_at(path: Path, handle: int) -> bool:
    """Tell whether an open file still has its name: the one before us may have removed it."""
    try:
        return os.path.samestat(path.lstat(), os.fstat(handle))
    except FileNotFoundError:
        return False
