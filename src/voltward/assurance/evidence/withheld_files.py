"""Files that stay with the signer: the pack holds a salted digest, so that they can be shown later.

1. Each file gets a salt, derived from the private key, its name and its content: without the salt
   nobody can try out which content has the digest, and the same inputs give the same pack.
2. The pack says in `withheld.json` what is withheld; `run.json` in the pack holds neither the plain
   digests of those files nor limits that repeat their texts.
3. The salts stay in `PACK.withheld.json`, beside the pack and outside of it.
4. Whoever is shown a file and the salts finds out whether it is the one that was withheld.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from voltward.assurance.evidence.kinds_of_files import kind_of
from voltward.assurance.evidence.layout import RUN_FOLDER, WITHHELD
from voltward.core.errors import ConfigurationError, EvidenceInvalidError
from voltward.core.files import new_secret, pretty_json
from voltward.core.input_file import parse_toml, read_json, read_pieces, read_text, text_of

METHOD = "SHA-256 of the salt (32 bytes) followed by the content"
# How a line of the limits in run.json begins that tells of a file of that kind.
_LIMITS_OF = {"duty": "Duty ", "system": "Link "}
# Shorter values are names and words that any line may hold.
_SHORTEST_TEXT = 8
_DIGEST = re.compile(r"[0-9a-f]{64}")
_PURPOSE = b"voltward withheld file v1"


@dataclass(frozen=True)
class WithheldFile:
    """One file that is not in the pack.

    Attributes:
        name: Path that it would have in the pack.
        salt: 32 bytes that only the signer has.
        sha256: Of its content.
        salted_sha256: What the pack holds.
    """

    name: str
    salt: bytes
    sha256: str
    salted_sha256: str


def withhold(name: str, content: bytes, key: Ed25519PrivateKey) -> WithheldFile:
    """Return the digest that takes a file's place in the pack, and what the signer keeps."""
    digest = hashlib.sha256(content)
    salt = _salt(name, digest.digest(), key)
    return WithheldFile(name, salt, digest.hexdigest(), hashlib.sha256(salt + content).hexdigest())


def _salt(name: str, sha256: bytes, key: Ed25519PrivateKey) -> bytes:
    info = b"\0".join((_PURPOSE, name.encode(), sha256))
    return HKDF(SHA256(), 32, None, info).derive(key.private_bytes_raw())


def pack_document(files: list[WithheldFile]) -> dict[str, Any]:
    """Return the content of `withheld.json` in the pack."""
    return {
        "schema_version": 1,
        "method": METHOD,
        "files": {
            file.name: {"kind": kind_of(file.name), "salted_sha256": file.salted_sha256}
            for file in files
        },
    }


def run_document(
    run: Mapping[str, Any], files: list[WithheldFile], contents: Mapping[str, bytes]
) -> dict[str, Any]:
    """Return run.json with the names of withheld files instead of their digests and texts.

    Args:
        run: As the run folder holds it.
        files: What is withheld.
        contents: Name to bytes of the same files.
    """
    names = {file.name.removeprefix(f"{RUN_FOLDER}/") for file in files}
    kept = {name: sha for name, sha in run["files"].items() if name not in names}
    document = {**run, "files": kept, "withheld": sorted(names & set(run["files"]))}
    if "limits" in run:
        kinds = {kind_of(file.name) for file in files}
        begins = tuple(word for kind, word in _LIMITS_OF.items() if kind in kinds)
        texts = {text for name in contents for text in _texts(name, contents[name])}
        document["limits"] = [
            line
            for line in run["limits"]
            if not line.startswith(begins) and not any(text in line for text in texts)
        ]
    return document


def _texts(name: str, content: bytes) -> Iterator[str]:
    """Yield the values of a TOML file that are long enough to tell something."""
    if not name.endswith(".toml"):
        return
    try:
        left: list[Any] = [parse_toml(text_of(content, name), name)]
    except ConfigurationError:
        return
    while left:
        value = left.pop()
        if isinstance(value, dict):
            left.extend(value.values())
        elif isinstance(value, list):
            left.extend(value)
        elif isinstance(value, str) and len(value.strip()) > _SHORTEST_TEXT:
            yield value.strip()


def salts_path(pack: Path) -> Path:
    """Return where the salts of a pack are kept: beside it."""
    return pack.with_name(f"{pack.name}.withheld.json")


@contextmanager
def new_salts(pack: Path, pack_sha256: str, files: list[WithheldFile]) -> Iterator[Path | None]:
    """Write the salts of a pack, readable by the signer only; they get their name with the pack.

    They are on the disk before the pack is moved to its place, and stay away when that fails.
    """
    if not files:
        yield None
        return
    path = salts_path(pack)
    with new_secret(path, _salts_text(pack_sha256, files).encode()):
        yield path


def is_salts_of(pack: Path, pack_sha256: str, key: Ed25519PrivateKey) -> bool:
    """Tell whether the file beside a pack is, to the byte, what this key wrote for that pack.

    Args:
        pack: The pack that withholds something.
        pack_sha256: Digest of its statement file.
        key: Of the signer; the salts are derived from it again.
    """
    path = salts_path(pack)
    if path.is_symlink() or not path.is_file():
        return False
    try:
        held = _digests(pack / WITHHELD, "salted_sha256", "the pack withholds nothing")
        digests = _digests(path, "sha256", "no salts of a pack")
        content = read_text(path)
    except ConfigurationError:
        return False
    files = [
        WithheldFile(name, _salt(name, bytes.fromhex(sha256), key), sha256, held.get(name, ""))
        for name, sha256 in digests.items()
    ]
    whole = {file.name for file in files} == set(held)
    return whole and content == _salts_text(pack_sha256, files)


def _salts_text(pack_sha256: str, files: list[WithheldFile]) -> str:
    document = {
        "schema_version": 1,
        "pack_sha256": pack_sha256,
        "files": {file.name: {"salt": file.salt.hex(), "sha256": file.sha256} for file in files},
    }
    return pretty_json(document)


def revealed_name(pack: Path, shown: Path, salts: Path) -> str:
    """Return which withheld file of a valid pack a shown file is.

    Args:
        pack: The pack, already examined.
        shown: The file that was handed over.
        salts: `PACK.withheld.json`, handed over with it.

    Raises:
        ConfigurationError: A file cannot be read, or the pack withholds nothing.
        EvidenceInvalidError: It is none of the withheld files.
    """
    found = _digests(salts, "salt", "no salts of a pack")
    if not (pack / WITHHELD).exists():
        raise ConfigurationError(
            f"{pack}: the pack withholds nothing", hint="is it the pack of these salts?"
        )
    held = _digests(pack / WITHHELD, "salted_sha256", "the pack withholds nothing")
    salted = {name: hashlib.sha256(bytes.fromhex(salt)) for name, salt in found.items()}
    for piece in read_pieces(shown):
        for digest in salted.values():
            digest.update(piece)
    for name, digest in salted.items():
        if held.get(name) == digest.hexdigest():
            return name
    raise EvidenceInvalidError(
        f"{shown}: is none of the files that {pack} withholds",
        why=f"with no salt of {salts} it gives a digest of {WITHHELD}",
        hint="ask the signer for the file as it was signed, and for the salts of this pack",
    )


def _digests(path: Path, key: str, otherwise: str) -> dict[str, str]:
    """Return name to digest, or to salt, of the files that a document lists."""
    document = read_json(path)
    entries = document.get("files") if isinstance(document, dict) else None
    if isinstance(entries, dict):
        found = {
            name: str(entry.get(key)) for name, entry in entries.items() if isinstance(entry, dict)
        }
        if len(found) == len(entries) and all(map(_DIGEST.fullmatch, found.values())):
            return found
    raise ConfigurationError(
        f"{path}: {otherwise}",
        why=f"expected a table 'files', in which each name has a '{key}' of 64 hexadecimal digits",
        hint="ask the signer for the file as sign wrote it",
    )
