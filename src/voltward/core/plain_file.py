"""Plain files, opened to be read: a device, a pipe or a socket is refused and never waited for.

A file is looked at before it is opened, for opening a device may do something, and again once it is
open, for the name may stand for another file by then.
"""

import errno
import os
import re
import stat
from io import BufferedReader
from pathlib import Path, PurePosixPath

# Folders whose links are names of what the shell opened.
_DESCRIPTORS = re.compile(r"/dev|/proc/\d+(/task/\d+)?/fd")
_KINDS = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFLNK: "a link",
    stat.S_IFDIR: "a folder",
}
_LINKED = {errno.ELOOP, errno.ENOTDIR}
_FOLDER = os.O_RDONLY | os.O_DIRECTORY


def open_plain(path: Path) -> BufferedReader:
    """Open a plain file, or a pipe that the shell opened; links are followed.

    Raises:
        OSError: It is absent, a folder, a device or a named pipe, or cannot be opened.
    """
    of_the_shell = stat.S_ISFIFO(_plain(path.stat(), or_pipe=is_descriptor(path)).st_mode)
    handle = os.open(path, os.O_RDONLY | (0 if of_the_shell else os.O_NONBLOCK))
    return _stream(handle, or_pipe=of_the_shell)


def open_inside(folder: Path, name: str) -> BufferedReader:
    """Open a plain file within a folder; no part of its name may be a link.

    Args:
        folder: Given by the user, so that it may be a link itself.
        name: Relative path within it, with slashes.

    Raises:
        OSError: It is absent, anything but a plain file, reached through a link, or cannot be
            opened; its text says what it is.
    """
    *folders, file = PurePosixPath(name).parts
    if not file or ".." in (*folders, file) or name.startswith("/"):
        raise OSError(errno.EINVAL, "the name leaves the folder")
    place = os.open(folder, _FOLDER)
    try:
        for part in folders:
            inner = os.open(part, _FOLDER | os.O_NOFOLLOW, dir_fd=place)
            os.close(place)
            place = inner
        _plain(os.stat(file, dir_fd=place, follow_symlinks=False))
        handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=place)
    except OSError as error:
        # Opening a link in the place of a folder tells of no folder.
        told = "a folder in its path is a link" if error.errno in _LINKED else error.strerror
        raise OSError(error.errno, told) from error
    finally:
        os.close(place)
    return _stream(handle)


def is_descriptor(path: Path) -> bool:
    """Tell whether a path is a name, such as /dev/stdin, of what the shell opened."""
    return path.is_symlink() and bool(_DESCRIPTORS.fullmatch(os.path.realpath(path.parent)))


def kind_of_file(mode: int) -> str:
    """Return what is not a plain file in words, such as "a pipe"."""
    return _KINDS.get(stat.S_IFMT(mode), "a device")


def _stream(handle: int, *, or_pipe: bool = False) -> BufferedReader:
    try:
        _plain(os.fstat(handle), or_pipe=or_pipe)
        return os.fdopen(handle, "rb")
    except OSError:
        os.close(handle)
        raise


def _plain(found: os.stat_result, *, or_pipe: bool = False) -> os.stat_result:
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, "it is a folder, not a plain file")
    if stat.S_ISREG(found.st_mode) or (or_pipe and stat.S_ISFIFO(found.st_mode)):
        return found
    raise OSError(errno.EINVAL, f"it is {kind_of_file(found.st_mode)}, not a plain file")
