"""Signed evidence from Python: a key pair, a pack of run and risks, and its check.

A valid pack is tamper-evident after signing; it does not prove that the runner was honest.

Example:
    >>> import voltward as vw
    >>> from pathlib import Path
    >>> keys = vw.evidence.keygen("signer.pem")
    >>> pack = vw.evidence.sign(vw.open_run("out/demo"), key="signer.pem", out="pack")
    >>> pack.key_id == keys.key_id
    True
    >>> vw.evidence.verify("pack", key="signer.pub.pem").pinned
    True
    >>> _ = Path("pack/run/matrix.csv").write_text("other figures", encoding="utf-8")
    >>> vw.evidence.verify("pack", key="signer.pub.pem")
    Traceback (most recent call last):
    voltward.core.errors.EvidenceInvalidError: pack/run/matrix.csv: ...
"""

import json
from datetime import UTC, datetime
from pathlib import Path

from voltward.assurance.evidence.collection import Collected
from voltward.assurance.evidence.environment import Times, observed_at
from voltward.assurance.evidence.examination import Examined, examine
from voltward.assurance.evidence.keys import (
    KeyFiles,
    make_keys,
    read_private_key,
    read_public_key,
)
from voltward.assurance.evidence.layout import RATING_OF_RUN
from voltward.assurance.evidence.rating_snapshot import Document, read_rating
from voltward.assurance.evidence.signing import SignedPack, sign_pack
from voltward.core.errors import ConfigurationError
from voltward.interfaces.python.arguments import path_of, text_of
from voltward.interfaces.python.rating import Rating
from voltward.interfaces.python.run import Run, open_run

__all__ = ["keygen", "sign", "verify"]


def keygen(out: str | Path, *, passphrase: str = "", force: bool = False) -> KeyFiles:
    """Write an Ed25519 key pair: the private key, and its public half beside it.

    Args:
        out: The private key; readable by its owner only.
        passphrase: Locks it; empty leaves it open.
        force: Replace both files.

    Raises:
        ConfigurationError: A file is there already, or cannot be written.
    """
    return make_keys(
        path_of("out", out), passphrase=text_of("passphrase", passphrase).encode(), replace=force
    )


def sign(
    run: Run | str | Path,
    *,
    key: str | Path,
    out: str | Path,
    rating: Rating | str | Path | None = None,
    before: str | Path | None = None,
    previous: str | Path | None = None,
    passphrase: str = "",
    signed_at: datetime | None = None,
    force: bool = False,
) -> SignedPack:
    """Gather a finished run, its risks, model and environment, and sign them.

    Args:
        run: The run.
        key: The private key.
        out: The pack, a folder.
        rating: Of this run, with its model; or a file of one; by default the run's own risk.json.
        before: An earlier rating, for risks before and after.
        previous: The pack before this one, to chain the history.
        passphrase: Of the key.
        signed_at: With its offset; by default now.
        force: Replace an earlier pack.

    Raises:
        ConfigurationError: The inputs do not belong together, or the place is taken.
    """
    if signed_at is not None and signed_at.tzinfo is None:
        raise ConfigurationError("signed_at: a time without its offset", hint="add tzinfo=UTC")
    time = (signed_at or datetime.now(UTC)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    folder = (run if isinstance(run, Run) else open_run(run)).folder
    signer = read_private_key(path_of("key", key), text_of("passphrase", passphrase).encode())
    return sign_pack(
        path_of("out", out),
        Collected(
            folder,
            _rating(rating, folder.path / RATING_OF_RUN),
            read_rating(path_of("before", before)) if before else None,
            rating.rater.model if isinstance(rating, Rating) else None,
        ),
        signer,
        Times(time, time, observed_at(folder)),
        previous=path_of("previous", previous) if previous else None,
        replace=force,
    )


def verify(pack: str | Path, *, key: str | Path | None = None) -> Examined:
    """Return what a valid pack says of itself.

    Args:
        pack: The folder.
        key: The signer's public key, known from elsewhere than the pack.

    Raises:
        EvidenceInvalidError: A file is not what was signed.
        ConfigurationError: The folder is not an evidence pack.
    """
    return examine(
        path_of("pack", pack), read_public_key(path_of("key", key)) if key else None
    ).trusted()


def _rating(given: Rating | str | Path | None, beside: Path) -> Document | None:
    if isinstance(given, Rating):
        document: Document = json.loads(json.dumps(given.document))
        return document
    if given is not None:
        return read_rating(path_of("rating", given))
    return read_rating(beside) if beside.is_file() else None
