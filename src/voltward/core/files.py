"""Files that are whole or absent: written under a temporary name, then renamed."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file so that no reader ever sees half of it.

    Args:
        path: Where the file shall be; its folder is made when absent.
        content: All its bytes.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, content: str) -> None:
    """Write UTF-8 text whole or not at all."""
    write_bytes(path, content.encode())


def canonical_json(document: Any) -> str:
    """Return JSON with sorted keys and no spaces, the form that digests are taken of."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def pretty_json(document: Any) -> str:
    """Return JSON for people and for files: sorted keys, two spaces, newline at the end."""
    return json.dumps(document, sort_keys=True, indent=2, ensure_ascii=False) + "\n"


def sha256_of(path: Path) -> str:
    """Return the hexadecimal SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
