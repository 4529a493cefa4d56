"""Whose a file in an output folder is: ours when it still is what we noted that we wrote.

Nothing else is removed or written over, unless the user forces it; then each file is named.
"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path, PurePosixPath
from types import TracebackType

from voltward.core.errors import ConfigurationError
from voltward.core.files import sha256_of, temporary_of, write_chunks
from voltward.results.folder_ledger import Entry, Ledger

# Called with every file that voltward did not write before it is replaced.
Replacing = Callable[[Path], None]
_SHOWN = 8


def nothing_sealed() -> Mapping[str, str]:
    """Return the seal of a folder whose files no document names."""
    return {}


class OwnedFolder(AbstractContextManager["OwnedFolder"]):
    """A folder that this process alone writes to, and in which it knows its own files.

    Args:
        path: The folder; made when absent.
        sealed: Reads path to SHA-256 of the files that a finished result there names as its own.
            The ledger goes on closing when every file in it is named so, or gone.
        replacing: Called with each replaced file that voltward did not write; None refuses to.

    Raises:
        ConfigurationError: Another process writes there, or nobody can.
    """

    def __init__(
        self,
        path: Path,
        sealed: Callable[[], Mapping[str, str]] = nothing_sealed,
        replacing: Replacing | None = None,
    ) -> None:
        self.path = path
        self._sealed = sealed
        self._replacing = replacing
        self._ledger = Ledger(path)
        self._known: dict[str, set[str]] = {}
        self._learn((entry.path, entry.sha256) for entry in self._ledger.entries)
        self._learn(sealed().items())
        self._remove_leftovers()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let other processes write here; harmless when done before."""
        if self._ledger.is_open:
            sealed = self._sealed()
            needed = any(
                _stands(self.path / entry.path)
                and sealed.get(entry.path) not in self._known[entry.path]
                for entry in self._ledger.entries
            )
            self._ledger.close(remove=not needed)

    def is_ours(self, path: Path) -> bool:
        """Tell whether we wrote a file and nobody changed it since; a link never is.

        Args:
            path: Below the folder.
        """
        known = self._known.get(self._name(path))
        if not known or any(map(_is_no_folder, self._between(path))) or not _is_plain(path):
            return False
        try:
            return sha256_of(path) in known
        except PermissionError:
            return False

    def refuse_strangers(self, paths: Iterable[Path]) -> None:
        """Refuse to go on where a file that voltward did not write would be replaced.

        Args:
            paths: Files and folders that are to be written, below the folder.

        Raises:
            ConfigurationError: Names them. When forced, only folders are refused.
        """
        found = (self._stranger_at(path) for path in paths)
        strangers = list(dict.fromkeys(path for path in found if path is not None))
        folders = [path for path in strangers if path.is_dir() and not path.is_symlink()]
        if self._replacing is None and strangers:
            raise ConfigurationError(
                f"{self.path}: not written by voltward, or changed since: "
                f"{self._path_list(strangers)}",
                why="a file of that name would be written there, and what it holds would be lost",
                hint="move it away, give another --out, or replace it with --force",
            )
        if folders:
            raise ConfigurationError(
                f"{self.path}: folders where a file would be written: {self._path_list(folders)}",
                why="--force removes no folder",
                hint="move it away, or give another --out",
            )

    def adopt(self, files: Mapping[str, str]) -> None:
        """Keep in mind that files are ours, though the document that says so will go."""
        self._ledger.note(Entry(name, sha256, os.getpid()) for name, sha256 in files.items())
        self._learn(files.items())

    def write(self, path: Path, content: bytes) -> None:
        """Write a file whole or not at all, see `write_chunks`."""
        self.write_chunks(path, (content,))

    def write_chunks(self, path: Path, chunks: Iterable[bytes]) -> None:
        """Write a file piece by piece, whole or not at all.

        Args:
            path: Below the folder.
            chunks: Its bytes in order.

        Raises:
            ConfigurationError: A file that voltward did not write stands there and is not to be
                replaced.
        """
        self._make_way(path)
        # Noted before anything is written, and the digest before the file gets its name: whenever
        # the process is killed, a file of ours, half or whole, is known as such afterwards.
        self._note(path, "")
        write_chunks(path, chunks, lambda sha256: self._note(path, sha256))

    def remove(self, path: Path) -> None:
        """Remove a file if it is ours."""
        if self.is_ours(path):
            path.unlink()

    def _make_way(self, path: Path) -> None:
        self.refuse_strangers((path,))
        while self._replacing and (stranger := self._stranger_at(path)) is not None:
            self._replacing(stranger)
            if stranger == path and _is_plain(path):
                return  # it stays until the new one is whole
            stranger.unlink()

    def _stranger_at(self, path: Path) -> Path | None:
        """Return what is not ours at a name, or at a folder on the way there."""
        for parent in self._between(path):
            if _is_no_folder(parent):
                return parent
        return path if _stands(path) and not self.is_ours(path) else None

    def _between(self, path: Path) -> list[Path]:
        """Return the folders between this one and a file, the outermost first."""
        parents = path.relative_to(self.path).parents
        return [self.path / parent for parent in reversed(parents) if parent.parts]

    def _name(self, path: Path) -> str:
        return path.relative_to(self.path).as_posix()

    def _path_list(self, paths: Sequence[Path]) -> str:
        more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
        return ", ".join(map(self._name, paths[:_SHOWN])) + more

    def _note(self, path: Path, sha256: str) -> None:
        self.adopt({self._name(path): sha256})

    def _learn(self, files: Iterable[tuple[str, str]]) -> None:
        for name, sha256 in files:
            self._known.setdefault(name, set()).add(sha256)

    def _remove_leftovers(self) -> None:
        """Remove what a killed process had not yet given a name; no other one writes here now."""
        for entry in self._ledger.entries:
            name = PurePosixPath(entry.path)
            if name.is_absolute() or ".." in name.parts or not name.name:
                continue
            path = temporary_of(self.path / name, entry.process)
            if not any(map(_is_no_folder, self._between(path))) and _is_plain(path):
                path.unlink()


def _stands(path: Path) -> bool:
    return path.is_symlink() or path.exists()


def _is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _is_no_folder(path: Path) -> bool:
    return path.is_symlink() or (path.exists() and not path.is_dir())
