"""Files that belong together: all of them get their names, or what was there before stays.

1. Each is written whole beside its place.
2. What all but the last will replace is kept under a second name.
3. They are renamed in order, each over what was there; no name is ever without its file.
4. A refusal of the system undoes the renames. A process that is killed between two of them cannot,
   so that the next one does: the last file had not got its name, so the others give theirs back.
"""

import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from voltward.core.files import not_written, temporary_of, write_temporary
from voltward.core.plain_file import open_plain


def write_together(files: Mapping[Path, bytes], modes: Mapping[Path, int]) -> None:
    """Write files that belong together: all of them, or none and what was there before stays.

    Args:
        files: Path to content, in folders that exist; the last is the one that others go with.
        modes: Path to the permissions that a file has from its first byte on; others get the usual.

    Raises:
        ConfigurationError: One of them cannot be written.
    """
    paths = list(files)
    written, earlier = (_beside(paths, os.getpid(), ending) for ending in (".part", ".old"))
    placed: list[Path] = []
    path = Path()
    try:
        # 1. Beside their places.
        for path, content in files.items():
            write_temporary(written[path], (content,), modes.get(path, 0o666))
        # 2. What is replaced.
        for path in paths[:-1]:
            if path.exists():
                _keep(path, earlier[path])
        # 3. Their names.
        for path in paths:
            written[path].replace(path)
            placed.append(path)
    except OSError as error:
        # 4. Back again.
        for done in placed:
            with suppress(OSError):
                _undo(done, earlier[done])
        raise not_written(path, error) from error
    finally:
        _remove([*written.values(), *earlier.values()])


def undo_killed(paths: Sequence[Path]) -> None:
    """Finish or undo what a process that was killed had begun with `write_together`.

    Args:
        paths: The files in the order in which they are written.

    Raises:
        OSError: The system refuses to look at, rename or remove one of them.
    """
    for process in _killed(paths):
        written, earlier = (_beside(paths, process, ending) for ending in (".part", ".old"))
        last = written[paths[-1]]
        if last.exists():
            for path in paths[:-1]:
                # A file that was changed later is another's.
                placed = not written[path].exists() and path.is_file()
                if placed and path.stat().st_mtime_ns <= last.stat().st_mtime_ns:
                    _undo(path, earlier[path])
        _remove([*earlier.values(), *written.values()])


def _keep(path: Path, earlier: Path) -> None:
    earlier.unlink(missing_ok=True)
    try:
        earlier.hardlink_to(path)
    except OSError:
        # Some file systems have no hard links.
        with open_plain(path) as stream:
            write_temporary(earlier, stream, stat.S_IMODE(path.stat().st_mode))


def _undo(path: Path, earlier: Path) -> None:
    if earlier.exists():
        earlier.rename(path)
    else:
        path.unlink(missing_ok=True)


def _beside(paths: Sequence[Path], process: int, ending: str) -> dict[Path, Path]:
    return {
        path: temporary_of(path, process).with_suffix(f".{number}{ending}")
        for number, path in enumerate(paths)
    }


def _killed(paths: Sequence[Path]) -> Iterator[int]:
    """Yield the processes that left something beside these files, and run no more."""
    stems = {re.escape(temporary_of(path, 0).name.removesuffix("0.part")) for path in paths}
    leftover = re.compile(rf"(?:{'|'.join(stems)})(\d{{1,9}})\.\d\.(?:part|old)")
    folder = paths[-1].parent
    found = {match[1] for each in folder.iterdir() if (match := leftover.fullmatch(each.name))}
    for process in sorted(map(int, found)):
        if process == os.getpid() or not _is_running(process):
            yield process


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _remove(left: Sequence[Path]) -> None:
    for each in left:
        with suppress(OSError):
            each.unlink(missing_ok=True)
