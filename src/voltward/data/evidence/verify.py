"""Verify an evidence pack: python3 verify.py [PACK] [PUBLIC_KEY.pem]; leaves with 0, 4 or 2."""

import hashlib
import json
import subprocess
import sys
import tempfile
from base64 import b64decode, b64encode
from pathlib import Path

TOOL = ""
try:  # Python 3.9 with the package `cryptography`, or instead of it the program `openssl` 3
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
except ImportError:
    TOOL = "openssl pkeyutl -verify -pubin -keyform DER -inkey key -rawin -in text -sigfile proof"
STATEMENT, KEY, SEAL = "statement.dsse.json", "public-key.pem", "statement.dsse.json.sha256"
TYPE = "application/vnd.in-toto+json"


def key_of(pem: bytes) -> bytes:
    """Return an Ed25519 public key in DER (RFC 8410), or nothing when the text holds none."""
    try:
        der = b64decode(b"".join(pem.split(b"-----")[2].split()))
    except (IndexError, ValueError):
        return b""
    return der if len(der) == 44 and der.hex().startswith("302a300506032b6570032100") else b""


def is_signed(der: bytes, proof: bytes, message: bytes) -> bool:
    """Tell whether the proof is the key's signature of the message."""
    if not TOOL:
        try:
            Ed25519PublicKey.from_public_bytes(der[12:]).verify(proof, message)
        except InvalidSignature:
            return False
        return True
    with tempfile.TemporaryDirectory() as folder:
        for name, data in (("key", der), ("proof", proof), ("text", message)):
            Path(folder, name).write_bytes(data)
        done = subprocess.run(TOOL.split(), cwd=folder, capture_output=True, check=False)
    return done.returncode == 0


def opened(raw: bytes) -> tuple[bytes, bytes, str, dict[str, str]]:
    """Return signed message, signature, key id, and path to digest; one encoding passes."""
    envelope = json.loads(raw)
    (entry,) = envelope["signatures"]
    payload, proof, keyid = b64decode(envelope["payload"]), b64decode(entry["sig"]), entry["keyid"]
    form = '{"payload":"%s","payloadType":"%s","signatures":[{"keyid":"%s","sig":"%s"}]}\n'
    parts = (b64encode(payload).decode(), TYPE, keyid, b64encode(proof).decode())
    if raw != (form % parts).encode():
        raise ValueError
    subjects = {item["name"]: item["digest"]["sha256"] for item in json.loads(payload)["subject"]}
    return b"DSSEv1 28 %b %d %b" % (TYPE.encode(), len(payload), payload), proof, keyid, subjects


def problems(pack: Path, pinned: bytes = b"") -> list[str]:
    """Return a line for every file that is not what was signed, with both digests."""
    got: dict[str, str] = {}
    for path in pack.rglob("*"):
        if path.is_symlink() or not path.is_dir() or not any(path.iterdir()):
            name, file = path.relative_to(pack).as_posix(), path.is_file() and not path.is_symlink()
            got[name] = hashlib.sha256(path.read_bytes()).hexdigest() if file else "no plain file"
    there = [len(got.get(name, "")) == 64 and pack / name for name in (STATEMENT, SEAL, KEY)]
    raw, seal, pem = (path.read_bytes() if path else b"" for path in there)
    right_seal = f"{got.get(STATEMENT)}  {STATEMENT}\n".encode()
    hint = "another statement" if seal in (right_seal, b"") else seal[:64].decode(errors="replace")
    altered = f"{STATEMENT}: expected {hint}, got {got.get(STATEMENT, 'no file')}"
    try:
        message, proof, keyid, subjects = opened(raw)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return [altered]
    der = pinned or key_of(pem)
    identity = hashlib.sha256(der).hexdigest()
    if not der or not is_signed(der, proof, message):
        if not pinned and identity != keyid and got.get(KEY) != subjects.get(KEY):
            return [f"{KEY}: expected {subjects.get(KEY)}, got {got.get(KEY, 'no file')}"]
        return [f"{altered}; it names key {keyid}, and was checked with key {identity}"]
    wanted = {**subjects, STATEMENT: got[STATEMENT], SEAL: hashlib.sha256(right_seal).hexdigest()}
    bad = [n for n in sorted({*wanted, *got}) if wanted.get(n) != got.get(n)]
    bad = [n for n in bad if n in wanted or not any(w.startswith(n + "/") for w in wanted)]
    lines = [f"{n}: expected {wanted.get(n, 'no file')}, got {got.get(n, 'no file')}" for n in bad]
    return lines if identity == keyid else [altered]


if __name__ == "__main__":
    pack, *given = [Path(text) for text in sys.argv[1:]] or [Path(__file__).parent]
    try:
        trusted = [key_of(path.read_bytes()) for path in given[:1]]
        lines = problems(pack, *trusted) if all(trusted) else [f"{given[0]}: no Ed25519 key"]
        signer, files = ("", {}) if lines else opened((pack / STATEMENT).read_bytes())[2:]
    except OSError as error:
        sys.stdout.write(f"{error.filename}: {error.strerror}\n")
        sys.exit(2)
    whose = "the one given" if given else "the pack's own: compare it with one you got another way"
    whole = f"whole: {len(files)} files are what key {signer} signed; the key is {whose}"
    whole += "; what is withheld stands in withheld.json" * ("withheld.json" in files)
    sys.stdout.write("\n".join(x if x.isprintable() else ascii(x) for x in lines or [whole]) + "\n")
    sys.exit(4 if lines else 0)
