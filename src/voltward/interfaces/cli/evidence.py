"""`voltward evidence`: sign a run with its risks, verify a signed pack, show what it holds."""

import os
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from voltward.assurance.evidence.collection import Collected
from voltward.assurance.evidence.environment import Times, observed_at
from voltward.assurance.evidence.examination import Examined, examine
from voltward.assurance.evidence.keys import (
    make_keys,
    public_path,
    read_private_key,
    read_public_key,
)
from voltward.assurance.evidence.kinds_of_files import still_told
from voltward.assurance.evidence.layout import EXCEPTIONS, RATING_OF_RUN, RUN_FOLDER
from voltward.assurance.evidence.rating_snapshot import Document, read_rating
from voltward.assurance.evidence.signing import SignedPack, sign_pack
from voltward.assurance.evidence.withheld_files import revealed_name, salts_path
from voltward.assurance.tara.model.model_folder import Model, model_folder, model_names, read_model
from voltward.core.errors import ConfigurationError, EvidenceInvalidError
from voltward.core.files import printable
from voltward.core.input_file import read_json
from voltward.interfaces.cli.output import (
    SCHEMA_VERSION,
    emit,
    emit_json,
    leave,
    message,
)
from voltward.interfaces.cli.runs import ROOT, open_run
from voltward.interfaces.evidence_text import leaving_text, pack_text, shortened_list, withheld_line
from voltward.results.run_folder import RunFolder
from voltward.results.run_layout import WORLDS_FILE


def make_key_pair(out: Path, passphrase_env: str | None, *, force: bool, as_json: bool) -> None:
    """Write a key pair and print where it is."""
    made = make_keys(out, passphrase=_passphrase(passphrase_env), replace=force)
    if as_json:
        document = {"private": str(made.private), "public": str(made.public), "key_id": made.key_id}
        emit_json({"schema_version": SCHEMA_VERSION, **document})
        return
    emit(f"private key {made.private}: keep it secret")
    emit(f"public key  {made.public}: hand it out by a way of its own")
    emit(f"key id      {made.key_id} (SHA-256 of the public key in DER)")
    if not passphrase_env:
        message("the private key is not locked; --passphrase-env NAME locks it")


def sign_run(
    run: str,
    key: Path,
    passphrase_env: str | None,
    out: Path,
    tara: tuple[Path, ...],
    before: Path | None,
    previous: Path | None,
    signed_at: str | None,
    collected_at: str | None,
    *,
    force: bool,
    withhold: str,
    allow_personal: bool,
    as_json: bool,
) -> None:
    """Sign a finished run; list what leaves the house, and print the digest of the pack."""
    signer = read_private_key(key, _passphrase(passphrase_env))
    now = _utc(signed_at, "--signed-at") if signed_at else _clock()
    folder = open_run(run, ROOT)
    rating, model = _tara(folder, tara)
    if before and rating is None:
        raise ConfigurationError(
            "--before: there is no present rating to compare with",
            why=f"neither --tara nor {folder.path / RATING_OF_RUN} gives one",
            hint="rate first: voltward tara rate MODEL --run RUN --out FILE",
        )
    collected = Collected(folder, rating, read_rating(before) if before else None, model)
    gathered = _utc(collected_at, "--collected-at") if collected_at else now
    times = Times(gathered, now if signed_at else _clock(), observed_at(folder))
    replaced = force and out.is_dir() and any(out.iterdir())
    old_salts = replaced and salts_path(out).is_file()
    kinds = tuple(dict.fromkeys(filter(None, withhold.split(","))))
    signed = sign_pack(
        out,
        collected,
        signer,
        times,
        previous=previous,
        replace=force,
        withheld_kinds=kinds,
        allow_personal=allow_personal,
    )
    if replaced:
        message(f"replaced {out}: the pack that was there was as it was signed")
    if old_salts and signed.salts is not None:
        message(f"replaced {signed.salts}: the salts of that pack")
    if rating is None:
        message("no TARA: the pack holds no risks. Give --tara RATING.json, or rate the run first")
    if signed.left_out:
        message(f"not signed, as no run writes it: {shortened_list(signed.left_out)}")
    if as_json:
        salts = None if signed.salts is None else str(signed.salts)
        document = {**asdict(signed), "path": str(signed.path), "salts": salts}
        emit_json({"schema_version": SCHEMA_VERSION, **document})
        return
    emit(leaving_text(signed.leaves, signed.withheld))
    for note in _notes_of_withheld(signed, kinds):
        message(note)
    if signed.salts is not None:
        message(f"keep {signed.salts}: without its salts nobody can check a withheld file later")
    emit(f"pack   {signed.path}: {signed.files} files signed by key {signed.key_id}")
    emit(f"sha256 {signed.pack_sha256} names this pack: note it down")
    public = public_path(key)
    handed_out = public if public.is_file() else "PUBLIC_KEY"
    message(f"Next: voltward evidence verify {signed.path} --key {handed_out}")


def _notes_of_withheld(signed: SignedPack, kinds: tuple[str, ...]) -> Iterator[str]:
    """Yield what was withheld beyond its name, and what still shows of it."""
    worlds = f"{RUN_FOLDER}/{WORLDS_FILE}"
    if worlds in signed.withheld:
        yield f"withheld with the duty: {worlds}, the draws of the world in inputs/world.toml"
    for kind in still_told(kinds, [entry.kind for entry in signed.leaves]):
        yield f"what is withheld still shows in: {kind}. --withhold {kind} keeps it back too"
    if "duty" in kinds:
        yield (
            "what is withheld still shows in: results. cases.csv names the duty in each row, and "
            "config.toml and ratings may name it too"
        )


def verify_pack(
    pack: Path,
    key: Path | None,
    key_id: str | None,
    reveal: Path | None,
    salts: Path | None,
    *,
    as_json: bool,
) -> None:
    """Print the verdict on a pack, and whether a file shown later is one that was withheld."""
    if (reveal is None) != (salts is None):
        raise ConfigurationError(
            "--reveal and --salts belong together",
            why="a withheld file is checked with the salt that the signer kept",
            hint="voltward evidence verify PACK --reveal FILE --salts PACK.withheld.json",
        )
    examined = _examined(pack, key, key_id)
    trust = _Trust(key, key_id)
    error = examined.error()
    revealed = None
    if error is None and reveal and salts:
        revealed = revealed_name(pack, reveal, salts)
    if not as_json:
        emit(_verdict(examined.trusted(), trust))
        if revealed:
            emit(f"revealed: {reveal} is {revealed}, as it was when the pack was signed")
        return
    if error is None:
        shown = {"revealed": revealed} if revealed else {}
        emit_json({**_document(examined, trust), **shown})
        return
    words = {"what": error.what, "why": error.why, "hint": error.hint}
    emit_json({**_document(examined, trust), "error": {**words, "exit_code": int(error.exit_code)}})
    leave(error.exit_code, error.what, why=error.why, hint=error.hint)


def show_pack(pack: Path, key: Path | None, key_id: str | None, *, as_json: bool) -> None:
    """Print what a valid pack holds."""
    examined = _examined(pack, key, key_id).trusted()
    trust = _Trust(key, key_id)
    exceptions = read_json(pack / EXCEPTIONS)
    if as_json:
        held = {"statement": dict(examined.predicate), "exceptions": exceptions}
        emit_json({**_document(examined, trust), **held})
        return
    try:
        text = pack_text(examined.predicate, exceptions, len(examined.digests))
    except (LookupError, TypeError, AttributeError, ValueError) as error:
        raise EvidenceInvalidError(
            f"{pack}: is whole, but its statement does not say what a pack says",
            why="it was signed by another program, or to mislead: a part is missing or is of "
            "another kind",
            hint="ask the signer for the pack as 'voltward evidence sign' wrote it; --json shows "
            "the statement as it is",
        ) from error
    emit(text)
    emit(_verdict(examined, trust))


@dataclass(frozen=True)
class _Trust:
    """Which key a user trusts, and why: a file, an id, or none."""

    key: Path | None
    key_id: str | None

    def reason(self) -> str:
        if self.key is not None:
            return f"you gave the key: --key {self.key}"
        if self.key_id is not None:
            return "you gave its id: --key-id"
        return "no key was given: the pack was checked with the key that lies in it"


def _examined(pack: Path, key: Path | None, key_id: str | None) -> Examined:
    if key is not None and key_id is not None:
        raise ConfigurationError(
            "--key and --key-id: give one of them", why="each of them names the signer's key"
        )
    wanted = key_id.lower().replace(":", "") if key_id is not None else None
    if wanted is not None and not re.fullmatch("[0-9a-f]{64}", wanted):
        raise ConfigurationError(
            f"--key-id: '{key_id}' is not the id of a key",
            why="an id is the SHA-256 of the public key in DER, 64 hexadecimal digits",
            hint="keygen and sign print it; ask the signer for it",
        )
    return examine(pack, read_public_key(key) if key else None, wanted)


def _document(examined: Examined, trust: _Trust) -> dict[str, Any]:
    """Return the JSON document of an examination."""
    return {
        "schema_version": SCHEMA_VERSION,
        "pack": str(examined.path),
        "valid": not examined.findings,
        "findings": [asdict(finding) for finding in examined.findings],
        "key_id": examined.key_id or None,
        "key_pinned": examined.pinned,
        "trusted_key": (examined.key_id or None) if examined.pinned else None,
        "trust": trust.reason(),
        "odd_modes": dict(examined.odd_modes),
        "pack_sha256": examined.pack_sha256 or None,
        "files": len(examined.digests),
        "withheld": examined.predicate.get("withheld", {}),
    }


def _verdict(examined: Examined, trust: _Trust) -> str:
    known = (
        "the key that you gave"
        if examined.pinned
        else "which you must know from elsewhere (--key pins it)"
    )
    odd = [f"{printable(name)} {words}" for name, words in examined.odd_modes.items()]
    lines = [
        f"valid: {len(examined.digests)} files are what was signed",
        f"signed by key {examined.key_id}, {known}",
        f"key trusted: {'yes' if examined.pinned else 'no'}, {trust.reason()}",
        *([f"permissions, which are not signed: {shortened_list(odd)}"] if odd else []),
        f"{withheld_line(examined.predicate)}pack sha256 {examined.pack_sha256}",
        "tamper-evident after signing; it does not prove that the runner was honest",
    ]
    return "\n".join(lines)


def _tara(run: RunFolder, given: tuple[Path, ...]) -> tuple[Document | None, Model | None]:
    """Return rating and model, as given or as found in the run folder."""
    own = [path for path in given if _is_folder(path)]
    others = [path for path in given if path not in own]
    shipped = [path for path in others if str(path) in model_names() and not path.exists()]
    folders = [*own, *map(model_folder, shipped)]
    files = [path for path in others if path not in shipped]
    if len(folders) > 1 or len(files) > 1:
        raise ConfigurationError(
            "--tara: at most one rating and one model folder",
            why=f"got {', '.join(map(str, given))}",
            hint="sign one pack for each model",
        )
    beside = run.path / RATING_OF_RUN
    source = files[0] if files else beside if beside.is_file() else None
    return read_rating(source) if source else None, read_model(folders[0]) if folders else None


def _is_folder(path: Path) -> bool:
    """Tell whether there is such a folder; for a name that no file can have the answer is no."""
    try:
        return path.is_dir()
    except OSError:
        return False


def _passphrase(name: str | None) -> bytes:
    """Return the passphrase of an environment variable, or nothing when none is named."""
    if name is None:
        return b""
    value = os.environ.get(name, "")
    if not value:
        raise ConfigurationError(
            f"--passphrase-env: the variable {name} is not set",
            why="there is no default passphrase",
            hint=f"set {name} in the environment of this command",
        )
    return value.encode()


def _clock() -> str:
    return _iso(datetime.now(UTC))


def _utc(text: str, option: str) -> str:
    """Return a given time in UTC."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise _not_a_time(text, option) from error
    if time.tzinfo is None:
        raise _not_a_time(text, option)
    try:
        return _iso(time.astimezone(UTC))
    except OverflowError as error:
        raise ConfigurationError(
            f"{option}: '{text}' is not a time in UTC",
            why="in UTC it lies before the year 1 or after the year 9999",
            hint="check the year and the offset",
        ) from error


def _iso(time: datetime) -> str:
    return f"{time.replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def _not_a_time(text: str, option: str) -> ConfigurationError:
    return ConfigurationError(
        f"{option}: not a time with its offset",
        why=f"got '{text}', expected such as 2026-11-22T10:00:00Z",
        hint="add the date, and Z for UTC",
    )
