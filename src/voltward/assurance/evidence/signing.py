"""A pack is gathered under another name, signed, and only then given its own.

1. The place is free, and the parts belong together.
2. What leaves the house is chosen: withheld kinds stay.
3. Files are copied, and salted digests of withheld ones are written; of the copies, personal data
   and private keys are refused.
4. Risks, environment, exceptions, key and manifest are written.
5. The statement is signed, and the folder gets its name.
"""

import os
import shutil
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from voltward.assurance.evidence.accepted_risks import exceptions_document
from voltward.assurance.evidence.collection import Collected, Source, check_belongs
from voltward.assurance.evidence.envelope import sign_statement
from voltward.assurance.evidence.environment import Times, environment_document
from voltward.assurance.evidence.examination import examine
from voltward.assurance.evidence.keys import key_id, public_pem
from voltward.assurance.evidence.kinds_of_files import (
    PACK_ITSELF,
    WITHHOLDABLE,
    Leaving,
    kind_of,
    leaving,
)
from voltward.assurance.evidence.layout import (
    AFTER,
    BEFORE,
    CLAIM,
    ENVIRONMENT,
    EXCEPTIONS,
    MANIFEST,
    MODEL_FOLDER,
    PREDICATE_TYPE,
    PUBLIC_KEY,
    RUN_FOLDER,
    SEAL,
    STATEMENT,
    STATEMENT_TYPE,
    WITHHELD,
    seal_text,
)
from voltward.assurance.evidence.manifest import Manifest, manifest_of, walk
from voltward.assurance.evidence.personal_data import refuse_personal
from voltward.assurance.evidence.private_keys import refuse_private_keys
from voltward.assurance.evidence.rating_snapshot import Snapshot, split_rating
from voltward.assurance.evidence.withheld_files import (
    WithheldFile,
    is_salts_of,
    new_salts,
    pack_document,
    run_document,
    salts_path,
    withhold,
)
from voltward.assurance.tara.model.model_folder import read_model
from voltward.assurance.tara.rating.rating import part_digests
from voltward.core.errors import ConfigurationError
from voltward.core.files import (
    checked_path,
    not_written,
    pretty_json,
    printable,
    sha256_of,
    write_bytes,
    write_text,
)
from voltward.core.suggestion import nearest
from voltward.results.run_folder import RunFolder
from voltward.results.run_layout import RUN_FILE


@dataclass(frozen=True)
class SignedPack:
    """A pack just signed.

    Attributes:
        path: The folder.
        key_id: Who signed.
        files: How many files are signed.
        pack_sha256: Digest of its statement file, which names the pack.
        withheld: Names of the files that stay with the signer.
        salts: The file of their salts, to be kept beside the key; None where nothing is withheld.
        leaves: The files that were copied, kind by kind.
        left_out: What lies in the run folder and is not signed, as no run writes it.
    """

    path: Path
    key_id: str
    files: int
    pack_sha256: str
    withheld: tuple[str, ...] = ()
    salts: Path | None = None
    leaves: tuple[Leaving, ...] = ()
    left_out: tuple[str, ...] = ()


def sign_pack(
    pack: Path,
    collected: Collected,
    key: Ed25519PrivateKey,
    times: Times,
    *,
    previous: Path | None = None,
    replace: bool = False,
    withheld_kinds: Collection[str] = (),
    allow_personal: bool = False,
) -> SignedPack:
    """Write a signed pack; the same inputs give the same bytes.

    Args:
        pack: The folder to be.
        collected: Run, ratings and model.
        key: Signs.
        times: Of run, collection and signing; no clock is read.
        previous: The pack before this one; its digest chains the history.
        replace: An earlier pack at the same place is replaced.
        withheld_kinds: Of `WITHHOLDABLE`: files that stay with the signer; the pack holds salted
            digests.
        allow_personal: Files that look personal may leave.

    Raises:
        ConfigurationError: The inputs do not belong together, the place is taken, lies in the run
            or in a signed pack, or cannot have a name, or a file is not plain, looks personal, or
            holds a private key.
        EvidenceInvalidError: The previous pack is not what was signed.
    """
    # 1. The place and the parts.
    try:
        place = _named_place(pack)
        _refuse_inside(place, collected.run.path)
        _check_place(place, previous, replace=replace)
    except OSError as error:
        raise not_written(pack, error) from error
    check_belongs(collected)
    # 2. What leaves the house.
    sources, kept_back = split_sources(collected.sources(), withheld_kinds)
    chained = examine(previous).trusted().pack_sha256 if previous else None
    part = place.with_name(f".{place.name}.{os.getpid()}.part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        # 3. Copies.
        if kept_back:
            _check_salts(pack, key, replace=replace)
        for name, source in sources.items():
            source.copy_to(part / name)
        secrets = {name: source.read() for name, source in kept_back.items()}
        held = [withhold(name, content, key) for name, content in secrets.items()]
        _check_copies(collected, part, held)
        _check_model(collected, part)
        leaves = leaving({name: part / name for name in sources})
        if not allow_personal:
            refuse_personal({n: part / n for n in sources if kind_of(n) != PACK_ITSELF})
        if held:
            run = run_document(collected.run.run, held, secrets)
            write_text(part / RUN_FOLDER / RUN_FILE, pretty_json(run))
            write_text(part / WITHHELD, pretty_json(pack_document(held)))
        # 4. Documents.
        predicate = _write_documents(part, collected, times)
        predicate["withheld"] = dict(sorted(Counter(kind_of(file.name) for file in held).items()))
        refuse_private_keys(dict(walk(part)), key)
        write_bytes(part / PUBLIC_KEY, public_pem(key.public_key()))
        manifest = manifest_of(part, chained)
        write_bytes(part / MANIFEST, manifest.encode())
        predicate |= {"previous_pack": chained, "signer": {"key_id": key_id(key.public_key())}}
        # 5. The signature.
        statement = statement_document(part, manifest, predicate)
        write_bytes(part / STATEMENT, sign_statement(statement, key))
        digest = sha256_of(part / STATEMENT)
        write_text(part / SEAL, seal_text(digest))
        with new_salts(pack, digest, held) as salts:
            _move(part, place)
    except OSError as error:
        raise not_written(pack, error) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return SignedPack(
        pack,
        key_id(key.public_key()),
        len(statement["subject"]),
        digest,
        tuple(file.name for file in held),
        salts,
        tuple(leaves),
        tuple(collected.left_out()),
    )


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
    # Of the run as the pack holds it, whose run.json does not name what is withheld.
    copied = RunFolder(part / RUN_FOLDER, collected.run.run)
    environment = environment_document(copied, times)
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


def split_sources(
    sources: Mapping[str, Source], withheld_kinds: Collection[str]
) -> tuple[dict[str, Source], dict[str, Source]]:
    """Return the files that are copied, and those that stay with the signer.

    Raises:
        ConfigurationError: A kind cannot be withheld, or the run has no file of it.
    """
    found = {kind_of(name) for name in sources}
    for kind in withheld_kinds:
        if kind not in WITHHOLDABLE or kind not in found:
            raise ConfigurationError(
                f"--withhold: '{kind}' is not there"
                if kind in WITHHOLDABLE
                else f"--withhold: '{kind}' cannot be withheld",
                why=f"allowed are {', '.join(sorted(found & set(WITHHOLDABLE)))}: what this pack "
                "holds beside the results, which it is about",
                hint=nearest(kind, WITHHOLDABLE),
            )
    kept_back = {name: path for name, path in sources.items() if kind_of(name) in withheld_kinds}
    return {name: path for name, path in sources.items() if name not in kept_back}, kept_back


def _check_copies(collected: Collected, part: Path, held: Sequence[WithheldFile]) -> None:
    """Refuse a run that changed while it was copied."""
    digests = {file.name: file.sha256 for file in held}
    for name, expected in collected.run.run["files"].items():
        place = f"{RUN_FOLDER}/{name}"
        got = digests[place] if place in digests else sha256_of(part / place)
        if got != expected:
            raise ConfigurationError(
                f"{collected.run.path / name}: changed while it was copied",
                why=f"expected sha256 {expected}, got {got}",
                hint="sign again when nothing writes to the run folder",
            )


def _check_model(collected: Collected, part: Path) -> None:
    """Refuse a model that changed between being read and being copied."""
    model = collected.model
    if model is None or not (part / MODEL_FOLDER).is_dir():
        return
    copied, read = (part_digests(each) for each in (read_model(part / MODEL_FOLDER), model))
    if copied != read:
        raise ConfigurationError(
            f"{model.path}: changed while it was copied",
            why="the model in the pack must be the one that was checked",
            hint="sign again when nothing writes to the model",
        )


def _named_place(pack: Path) -> Path:
    """Return where a pack goes, by a name that it can be given and shown by.

    Raises:
        ConfigurationError: It has no name, is the current folder, or is not text.
        OSError: The system cannot look it up.
    """
    hint = "choose another --out"
    try:
        str(pack).encode()
    except UnicodeEncodeError as error:
        raise ConfigurationError(
            printable(f"--out {pack}: cannot be the name of a pack"),
            why="it holds a byte that is not a character of UTF-8",
            hint=hint,
        ) from error
    place = checked_path(pack, "--out").absolute()
    if pack.name in {"", ".."} or place.resolve() == Path.cwd():
        raise ConfigurationError(
            f"--out {pack}: cannot be the name of a pack",
            why="a pack is a new folder; the current folder and those above it are in use",
            hint="name a folder that does not exist yet",
        )
    return place


def _refuse_inside(place: Path, run: Path) -> None:
    """Refuse a place where a new folder changes what is signed, or is to be signed."""
    run = run.resolve()
    for folder in place.resolve().parents:
        if folder == run or (folder / STATEMENT).is_file():
            what = "the run that is signed" if folder == run else "an evidence pack"
            raise ConfigurationError(
                f"--out {place}: lies in {what}, {folder}",
                why="a run and a pack hold nothing but what was written with them",
                hint="choose another --out",
            )


def _check_place(pack: Path, previous: Path | None, *, replace: bool) -> None:
    if pack.is_dir() and not pack.is_symlink() and not any(pack.iterdir()):
        return
    if not pack.exists() and not pack.is_symlink():
        return
    if not replace:
        raise ConfigurationError(
            f"{pack}: exists already",
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


def _check_salts(pack: Path, key: Ed25519PrivateKey, *, replace: bool) -> None:
    """Refuse to write over a file beside the pack that may be somebody's only copy."""
    path = salts_path(pack)
    if not path.exists() and not path.is_symlink():
        return
    seal = pack / STATEMENT
    if replace and seal.is_file() and is_salts_of(pack, sha256_of(seal), key):
        return
    why = "it is not the file of salts that this key wrote for the pack that is replaced"
    raise ConfigurationError(
        f"{path}: exists already",
        why=why if replace else "it may hold the salts of an earlier pack of that name",
        hint="choose another --out, or move it to the pack that it belongs to",
    )


def _require_pack(folder: Path) -> None:
    """Refuse a folder that holds anything but a whole pack as it was signed."""
    hint = "choose another --out, or remove it yourself"
    if folder.is_symlink() or not (folder / STATEMENT).is_file():
        raise ConfigurationError(
            f"{folder}: is not an evidence pack",
            why="--force replaces nothing but a pack",
            hint=hint,
        )
    findings = examine(folder).findings
    if findings:
        more = f" and {len(findings) - 1} more" if len(findings) > 1 else ""
        raise ConfigurationError(
            f"{folder}: holds other files than were signed: {printable(findings[0].file)}{more}",
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
