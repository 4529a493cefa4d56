"""Digest and size of every file of a pack, as canonical JSON (RFC 8785)."""

import json
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import rfc8785

from voltward.assurance.evidence.layout import MANIFEST
from voltward.core.errors import ConfigurationError
from voltward.core.files import sha256_of
from voltward.core.input_file import read_bytes

_ODD_MODES = (
    (stat.S_ISUID | stat.S_ISGID, "runs in the name of its owner"),
    (stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH, "can be run"),
    (stat.S_IWOTH, "can be written to by everybody"),
)
# A pack of 80,000 files has such a manifest and such a statement.
LARGEST_BYTES = 12 * 2**20
NOT_PLAIN, EMPTY_FOLDER = "a link or a device", "an empty folder"


@dataclass(frozen=True)
class Manifest:
    """What a manifest holds.

    Attributes:
        digests: Path to SHA-256, for every file but the manifest and the statement on it.
        sizes: Path to size in bytes.
        previous_pack: SHA-256 of the statement file of the pack before, or None.
    """

    digests: Mapping[str, str]
    sizes: Mapping[str, int]
    previous_pack: str | None

    def encode(self) -> bytes:
        """Return the content of the file in its canonical encoding."""
        files = {
            name: {"sha256": self.digests[name], "size": self.sizes[name]} for name in self.digests
        }
        document: dict[str, Any] = {
            "files": files,
            "previous_pack": self.previous_pack,
            "schema_version": 1,
        }
        return rfc8785.dumps(document)


def manifest_of(folder: Path, previous_pack: str | None) -> Manifest:
    """Return the manifest of a folder that holds neither manifest nor statement yet."""
    files = dict(walk(folder))
    return Manifest(
        {name: sha256_of(path) for name, path in files.items()},
        {name: path.stat().st_size for name, path in files.items()},
        previous_pack,
    )


def read_manifest(pack: Path) -> Manifest:
    """Return the manifest of a pack.

    Raises:
        ValueError: It is not a manifest in its canonical encoding.
    """
    try:
        content = read_bytes(pack / MANIFEST, "manifest", largest_bytes=LARGEST_BYTES)
        document: dict[str, Any] = json.loads(content)
        files = document["files"]
        manifest = Manifest(
            {name: entry["sha256"] for name, entry in files.items()},
            {name: entry["size"] for name, entry in files.items()},
            document["previous_pack"],
        )
        again = manifest.encode()
    except (
        *(ConfigurationError, ValueError, KeyError, TypeError, AttributeError, RecursionError),
    ) as error:
        raise ValueError("not a manifest of digests and sizes") from error
    if again != content:
        raise ValueError("not the canonical encoding of a manifest")
    return manifest


def walk(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield path and place of everything in a folder but folders of files, links unfollowed."""
    waiting: list[Path] = [folder]
    found: list[Path] = []
    while waiting:
        entries = list(waiting.pop().iterdir())
        for path in entries:
            is_folder = path.is_dir() and not path.is_symlink()
            (waiting if is_folder and any(path.iterdir()) else found).append(path)
    for path in sorted(found):
        yield path.relative_to(folder).as_posix(), path


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a plain file, or what else it is."""
    mode = path.lstat().st_mode
    if stat.S_ISDIR(mode):
        return EMPTY_FOLDER
    return sha256_of(path) if stat.S_ISREG(mode) else NOT_PLAIN


def odd_modes(folder: Path) -> dict[str, str]:
    """Return path to what is odd about the permissions there, which no signature covers.

    Sign writes plain files that nobody can run; a folder is told of when everybody may write to it.
    """
    modes = {name: path.lstat().st_mode for name, path in walk(folder)}
    inner = {parent for name in modes for parent in PurePosixPath(name).parents}
    folders = {name.as_posix(): (folder / name).stat().st_mode for name in inner}
    told = {
        **{name: _oddities(mode) for name, mode in modes.items() if stat.S_ISREG(mode)},
        **{name: _oddities(mode & stat.S_IWOTH) for name, mode in folders.items()},
    }
    return {name: words for name, words in sorted(told.items()) if words}


def _oddities(mode: int) -> str:
    return ", ".join(words for bits, words in _ODD_MODES if mode & bits)
