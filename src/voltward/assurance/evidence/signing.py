"""A pack is gathered under another name, signed, and only then given its own."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from voltward.assurance.evidence.accepted_risks import exceptions_document
from voltward.assurance.evidence.collection import Collected, check_belongs
from voltward.assurance.evidence.envelope import sign_statement
from voltward.assurance.evidence.environment import Times, environment_document
from voltward.assurance.evidence.examination import examine
from voltward.assurance.evidence.keys import key_id, public_pem
from voltward.assurance.evidence.layout import (
    AFTER,
    BEFORE,
    CLAIM,
    ENVIRONMENT,
    EXCEPTIONS,
    MANIFEST,
    PREDICATE_TYPE,
    PUBLIC_KEY,
    SEAL,
    STATEMENT,
    STATEMENT_TYPE,
    seal_text,
)
from voltward.assurance.evidence.manifest import Manifest, manifest_of
from voltward.assurance.evidence.rating_snapshot import Snapshot, split_rating
from voltward.core.errors import ConfigurationError
from voltward.core.files import pretty_json, sha256_of, write_bytes, write_text


@dataclass(frozen=True)
class SignedPack:
    """A pack just signed.

    Attributes:
        path: The folder.
        key_id: Who signed.
        files: How many files are signed.
        pack_sha256: Digest of its statement file, which names the pack.
    """

    path: Path
    key_id: str
    files: int
    pack_sha256: str


def sign_pack(
    pack: Path,
    collected: Collected,
    key: Ed25519PrivateKey,
    times: Times,
    *,
    secret: Path | None = None,
    previous: Path | None = None,
    replace: bool = False,
) -> SignedPack:
    """Write a signed pack; the same inputs give the same bytes.

    Args:
        pack: The folder to be.
        collected: Run, ratings and model.
        key: Signs.
        times: Of run, collection and signing; no clock is read.
        secret: File of the private key, which is never copied.
        previous: The pack before this one; its digest chains the history.
        replace: An earlier pack at the same place is replaced.

    Raises:
        ConfigurationError: The inputs do not belong together, or the place is taken.
        EvidenceInvalidError: The previous pack is not what was signed.
    """
    place = pack.absolute()
    try:
        _check_place(place, previous, replace=replace)
    except OSError as error:
        raise _not_written(pack, error) from error
    check_belongs(collected)
    sources = collected.sources(secret)
    chained = examine(previous).trusted().pack_sha256 if previous else None
    part = place.with_name(f".{place.name}.{os.getpid()}.part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        for name, source in sources.items():
            (part / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, part / name)
        predicate = _write_documents(part, collected, times)
        write_bytes(part / PUBLIC_KEY, public_pem(key.public_key()))
        manifest = manifest_of(part, chained)
        _check_copies(collected, manifest)
        write_bytes(part / MANIFEST, manifest.encode())
        predicate |= {"previous_pack": chained, "signer": {"key_id": key_id(key.public_key())}}
        statement = statement_document(part, manifest, predicate)
        write_bytes(part / STATEMENT, sign_statement(statement, key))
        digest = sha256_of(part / STATEMENT)
        write_text(part / SEAL, seal_text(digest))
        _move(part, place)
    except OSError as error:
        raise _not_written(pack, error) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return SignedPack(pack, key_id(key.public_key()), len(statement["subject"]), digest)


def statement_document(
    folder: Path, manifest: Manifest, predicate: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the in-toto statement on the files of a folder whose manifest is written."""
    digests = {**manifest.digests, MANIFEST: sha256_of(folder / MANIFEST)}
    return {
        "_type": STATEMENT_TYPE,
        "subject": [
            {"name": name, "digest": {"sha256": digests[name]}} for name in sorted(digests)
        ],
        "predicateType": PREDICATE_TYPE,
        "predicate": dict(predicate),
    }


def _write_documents(part: Path, collected: Collected, times: Times) -> dict[str, Any]:
    """Write what is not copied, and return the predicate of the statement."""
    snapshot: Snapshot | None = None
    if collected.rating is not None:
        snapshot = split_rating(collected.rating, collected.earlier)
        write_text(part / BEFORE, pretty_json(snapshot.before))
        write_text(part / AFTER, pretty_json(snapshot.after))
    environment = environment_document(collected.run, times)
    exceptions = exceptions_document(collected.model)
    write_text(part / ENVIRONMENT, pretty_json(environment))
    write_text(part / EXCEPTIONS, pretty_json(exceptions))
    claims = exceptions["claims"]
    return {
        "claim": CLAIM,
        "environment": environment,
        "risk": snapshot.summary() if snapshot else None,
        "exceptions": None if claims is None else len(claims),
    }


def _check_copies(collected: Collected, manifest: Manifest) -> None:
    """Refuse a run that changed while it was copied."""
    for name, expected in collected.run.run["files"].items():
        got = manifest.digests[f"run/{name}"]
        if got != expected:
            raise ConfigurationError(
                f"{collected.run.path / name}: changed while it was copied",
                why=f"expected sha256 {expected}, got {got}",
                hint="sign again when nothing writes to the run folder",
            )


def _check_place(pack: Path, previous: Path | None, *, replace: bool) -> None:
    if pack.is_dir() and not any(pack.iterdir()):
        return
    if not pack.exists() and not pack.is_symlink():
        return
    if not replace:
        raise ConfigurationError(
            f"{pack}: is there already",
            why="a signed pack is not written over",
            hint="choose another --out, or replace an earlier pack with --force",
        )
    _require_pack(pack)
    if previous and previous.resolve() == pack.resolve():
        raise ConfigurationError(
            f"{pack}: is the previous pack",
            why="a history whose packs are replaced cannot be checked",
            hint="choose another --out",
        )


def _not_written(pack: Path, error: OSError) -> ConfigurationError:
    return ConfigurationError(
        f"{pack}: cannot be written", why=error.strerror or str(error), hint="choose another --out"
    )


def _require_pack(folder: Path) -> None:
    """Refuse a folder that holds anything but a whole pack as it was signed."""
    hint = "choose another --out, or remove it yourself"
    if folder.is_symlink() or not (folder / STATEMENT).is_file():
        raise ConfigurationError(
            f"{folder}: is no evidence pack", why="--force replaces nothing but a pack", hint=hint
        )
    findings = examine(folder).findings
    if findings:
        more = f" and {len(findings) - 1} more" if len(findings) > 1 else ""
        raise ConfigurationError(
            f"{folder}: holds other files than were signed: {findings[0].file}{more}",
            why="--force replaces nothing but a whole pack, so that no file of yours is lost",
            hint=hint,
        )


def _move(part: Path, place: Path) -> None:
    """Give a finished folder its name; an earlier one of that name goes."""
    old = place.with_name(f".{place.name}.{os.getpid()}.old")
    replaced = place.exists()
    if replaced:
        place.rename(old)
    part.rename(place)
    if replaced:
        shutil.rmtree(old)
