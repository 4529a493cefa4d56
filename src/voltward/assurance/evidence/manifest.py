"""Digest and size of every file of a pack, as canonical JSON (RFC 8785)."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rfc8785

from voltward.assurance.evidence.layout import MANIFEST
from voltward.core.files import sha256_of

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
        content = (pack / MANIFEST).read_bytes()
        document: dict[str, Any] = json.loads(content)
        files = document["files"]
        manifest = Manifest(
            {name: entry["sha256"] for name, entry in files.items()},
            {name: entry["size"] for name, entry in files.items()},
            document["previous_pack"],
        )
        again = manifest.encode()
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("not a manifest of digests and sizes") from error
    if again != content:
        raise ValueError("not the canonical encoding of a manifest")
    return manifest


def walk(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield path and place of everything in a folder but folders of files, links unfollowed."""
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_dir() or not any(path.iterdir()):
            yield path.relative_to(folder).as_posix(), path


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a plain file, or what else it is."""
    if path.is_dir() and not path.is_symlink():
        return EMPTY_FOLDER
    plain = path.is_file() and not path.is_symlink()
    return sha256_of(path) if plain else NOT_PLAIN
