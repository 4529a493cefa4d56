"""A pack held against its signature: which files are not what was signed, and how one sees it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from voltward.assurance.evidence.envelope import SignedStatement, read_statement
from voltward.assurance.evidence.keys import is_weak, key_id, read_public_key
from voltward.assurance.evidence.layout import (
    MANIFEST,
    PREDICATE_TYPE,
    PUBLIC_KEY,
    SEAL,
    STATEMENT,
    STATEMENT_TYPE,
    seal_text,
)
from voltward.assurance.evidence.manifest import (
    EMPTY_FOLDER,
    LARGEST_BYTES,
    digest_of,
    odd_modes,
    read_manifest,
    walk,
)
from voltward.core.errors import ConfigurationError, EvidenceInvalidError
from voltward.core.files import printable
from voltward.core.input_file import read_bytes, read_text

ABSENT = "no file"
_AGAIN = "get the pack again from the one who signed it"
_OTHER_KEY = f"the key that you gave may be the wrong one: compare its id; if it is right, {_AGAIN}"


@dataclass(frozen=True)
class Finding:
    """One file that is not what was signed.

    Attributes:
        file: Path in the pack.
        problem: What is wrong, in words.
        expected: SHA-256 that was signed, or why there is none.
        got: SHA-256 of what is there, or why there is none.
    """

    file: str
    problem: str
    expected: str
    got: str

    def text(self) -> str:
        """Return the finding on one line."""
        return printable(f"{self.file}: {self.problem}: {self.digests()}")

    def digests(self) -> str:
        """Return both digests, or the words in their place."""
        return f"expected {_digest_text(self.expected)}, got {_digest_text(self.got)}"


@dataclass(frozen=True)
class Examined:
    """What an examination found.

    Attributes:
        path: The pack.
        findings: Files that are not what was signed; a pack without any is valid.
        key_id: The key that signed; empty unless valid.
        pinned: The key, or its id, came from the caller, not from the pack itself.
        odd_modes: Path to what is odd about its permissions, which no signature covers.
        other_key: The statement names another key than the caller's.
        pack_sha256: Digest of the statement file, which names the pack.
        digests: Signed path to SHA-256; empty unless valid.
        predicate: What the signed statement says; empty unless valid.
    """

    path: Path
    findings: tuple[Finding, ...]
    key_id: str = ""
    pinned: bool = False
    other_key: bool = False
    pack_sha256: str = ""
    digests: Mapping[str, str] = field(default_factory=dict)
    predicate: Mapping[str, Any] = field(default_factory=dict)
    odd_modes: Mapping[str, str] = field(default_factory=dict)

    def error(self) -> EvidenceInvalidError | None:
        """Return what to tell people when something was found: files and both digests."""
        if not self.findings:
            return None
        first, *others = self.findings
        return EvidenceInvalidError(
            printable(f"{self.path / first.file}: {first.problem}"),
            why=printable("; ".join([first.digests(), *(other.text() for other in others)])),
            hint=_OTHER_KEY if self.other_key else _AGAIN,
        )

    def trusted(self) -> "Examined":
        """Return the same when nothing was found.

        Raises:
            EvidenceInvalidError: The pack is not what was signed; names files and digests.
        """
        error = self.error()
        if error:
            raise error
        return self


def examine(
    pack: Path, key: Ed25519PublicKey | None = None, wanted_id: str | None = None
) -> Examined:
    """Hold every file of a pack against the signed statement.

    Args:
        pack: The folder.
        key: The signer's key, known from elsewhere; without it the pack's own key is used, which
            shows that the pack is whole, and not whose it is.
        wanted_id: Id of the signer's key, known from elsewhere; the pack's own key is used when it
            has that id.

    Raises:
        ConfigurationError: The folder is not a pack, or cannot be read.
    """
    try:
        return _examine(pack, key, wanted_id)
    except OSError as error:
        raise ConfigurationError(
            f"{error.filename or pack}: cannot be read",
            why=error.strerror or str(error),
            hint="check the path; 'voltward evidence sign' writes a pack",
        ) from error


def _examine(pack: Path, key: Ed25519PublicKey | None, wanted_id: str | None) -> Examined:
    if not any((pack / name).is_file() for name in (STATEMENT, MANIFEST)):
        raise ConfigurationError(
            f"{pack}: is not an evidence pack",
            why=f"it holds neither {STATEMENT} nor {MANIFEST}",
            hint="check the path; 'voltward evidence sign' writes one",
        )
    got = {name: digest_of(path) for name, path in walk(pack)}
    content = _content(pack, got)
    pinned = key is not None or wanted_id is not None
    try:
        statement = read_statement(content)
        document = _document(statement.payload)
    except ValueError as error:
        altered = _altered(pack, got, str(error), "a signed statement on a pack")
        return Examined(pack, (altered,), pinned=pinned)
    digests = {entry["name"]: entry["digest"]["sha256"] for entry in document["subject"]}
    own = _own_key(pack, got)
    used = key or own
    known_id = key_id(key) if key else wanted_id
    other = known_id is not None and known_id != statement.key_id
    if other and wanted_id:
        problem = f"signed by key {statement.key_id}, not by key {wanted_id}"
        foreign = _altered(pack, got, problem, f"a statement signed by key {wanted_id}")
        return Examined(pack, (foreign,), pinned=True, other_key=True)
    if used is not None and is_weak(used):
        problem = "anybody can make signatures that hold under this key"
        weak = Finding(PUBLIC_KEY, problem, "a key of full order", got.get(PUBLIC_KEY, ABSENT))
        return Examined(pack, (weak,), pinned=pinned)
    wrong = _wrong_signature(pack, got, statement, digests, key, own)
    if wrong or used is None:
        return Examined(pack, (wrong,) if wrong else (), pinned=pinned, other_key=other)
    seal = hashlib.sha256(seal_text(got[STATEMENT]).encode()).hexdigest()
    findings = _differences({**digests, STATEMENT: got[STATEMENT], SEAL: seal}, got)
    findings = findings or _contradictions(pack, digests, used, own)
    if findings:
        return Examined(pack, tuple(findings), pinned=pinned)
    return Examined(
        pack,
        (),
        key_id=statement.key_id,
        pinned=pinned,
        pack_sha256=got[STATEMENT],
        digests=digests,
        predicate=document["predicate"],
        odd_modes=odd_modes(pack),
    )


def _wrong_signature(
    pack: Path,
    got: Mapping[str, str],
    statement: SignedStatement,
    digests: Mapping[str, str],
    key: Ed25519PublicKey | None,
    own: Ed25519PublicKey | None,
) -> Finding | None:
    """Return which of statement and public key is at fault when the signature does not hold."""
    used = key or own
    name = key_id(used) if used else ""
    if used and statement.is_signed_by(used):
        if name == statement.key_id:
            return None
        problem = f"it names key {statement.key_id}, but key {name} signed it"
        return _altered(pack, got, problem, "a statement that names its signer")
    key_differs = got.get(PUBLIC_KEY) != digests.get(PUBLIC_KEY)
    if key is None and name != statement.key_id and key_differs:
        expected = digests.get(PUBLIC_KEY, ABSENT)
        problem = f"is not the key {statement.key_id} that the statement names"
        return Finding(PUBLIC_KEY, problem, expected, got.get(PUBLIC_KEY, ABSENT))
    if name == statement.key_id:
        problem = f"the signature by key {name} does not hold"
        return _altered(pack, got, problem, "the statement that the key signed")
    wanted = f"key {name}" if used else "any key of the pack"
    problem = f"signed by key {statement.key_id}, not by {wanted}"
    return _altered(pack, got, problem, f"a statement signed by {wanted}")


def _altered(pack: Path, got: Mapping[str, str], problem: str, wanted: str) -> Finding:
    """Return the finding on the statement; what its digest was is told by the seal beside it."""
    found = got.get(STATEMENT, ABSENT)
    try:
        sealed = read_text(pack / SEAL).split(" ", maxsplit=1)[0]
    except ConfigurationError:
        sealed = ""
    known = len(sealed) == 64 and sealed != found
    return Finding(STATEMENT, problem, sealed if known else wanted, found)


def _differences(wanted: Mapping[str, str], got: Mapping[str, str]) -> list[Finding]:
    findings = []
    for name in sorted({*wanted, *got}):
        expected, found = wanted.get(name, ABSENT), got.get(name, ABSENT)
        if expected == found or (found == EMPTY_FOLDER and _is_signed_folder(name, wanted)):
            continue
        problem = "changed after signing"
        if expected == ABSENT:
            problem = "was not signed"
        elif found == ABSENT:
            problem = "is missing"
        findings.append(Finding(name, problem, expected, found))
    return findings


def _is_signed_folder(name: str, wanted: Mapping[str, str]) -> bool:
    """Tell whether signed files belong into a folder: these are named as missing then."""
    return any(signed.startswith(f"{name}/") for signed in wanted)


def _contradictions(
    pack: Path,
    digests: Mapping[str, str],
    used: Ed25519PublicKey,
    own: Ed25519PublicKey | None,
) -> list[Finding]:
    """Return what was signed and yet does not fit together."""
    if own is None or key_id(own) != key_id(used):
        digest = digests.get(PUBLIC_KEY, ABSENT)
        return [Finding(PUBLIC_KEY, "is not the key that signed", f"key {key_id(used)}", digest)]
    try:
        manifest = read_manifest(pack)
    except ValueError as error:
        return [Finding(MANIFEST, str(error), "a manifest", digests.get(MANIFEST, ABSENT))]
    listed = {**manifest.digests, MANIFEST: digests.get(MANIFEST, ABSENT)}
    return [
        Finding(
            name,
            "manifest and statement contradict each other",
            listed.get(name, ABSENT),
            digests.get(name, ABSENT),
        )
        for name in sorted({*digests, *listed})
        if digests.get(name) != listed.get(name)
    ]


def _document(payload: bytes) -> Any:
    """Return a payload that has the shape of our statement, or raise ValueError."""
    try:
        document = json.loads(payload)
        names = [entry["name"] for entry in document["subject"]]
        digests = [entry["digest"]["sha256"] for entry in document["subject"]]
        kinds = (document["_type"], document["predicateType"])
        right = isinstance(document["predicate"], dict) and len(set(names)) == len(names)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError("not a statement on a pack: files, digests or kind are missing") from error
    texts = all(isinstance(text, str) for text in (*names, *digests))
    if not right or not texts or kinds != (STATEMENT_TYPE, PREDICATE_TYPE):
        raise ValueError("not a statement on a pack")
    return document


def _content(pack: Path, got: Mapping[str, str]) -> bytes:
    if len(got.get(STATEMENT, "")) != 64:
        return b""
    return read_bytes(pack / STATEMENT, "statement", largest_bytes=LARGEST_BYTES)


def _digest_text(value: str) -> str:
    return f"sha256 {value}" if len(value) == 64 else value


def _own_key(pack: Path, got: Mapping[str, str]) -> Ed25519PublicKey | None:
    if len(got.get(PUBLIC_KEY, "")) != 64:
        return None
    try:
        return read_public_key(pack / PUBLIC_KEY, allow_weak=True)
    except ConfigurationError:
        return None
