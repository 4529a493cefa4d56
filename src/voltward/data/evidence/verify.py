"""Verify an evidence pack: python3 verify.py [PACK] [PUBLIC_KEY.pem], with exit code 0 or 4."""

# Needs Python 3.9 and the package `cryptography`, or instead of it the program `openssl` 3.

import base64
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
except ImportError:
    OPENSSL = shutil.which("openssl") or "openssl"
else:
    OPENSSL = ""
STATEMENT, KEY, SEAL = "statement.dsse.json", "public-key.pem", "statement.dsse.json.sha256"
TYPE = "application/vnd.in-toto+json"
ED25519 = bytes.fromhex("302a300506032b6570032100")  # how such a key begins in DER (RFC 8410)


def key_of(pem: bytes) -> bytes:
    """Return an Ed25519 public key in DER, or nothing when the text holds none."""
    try:
        der = base64.b64decode(b"".join(pem.split(b"-----")[2].split()))
    except (IndexError, ValueError):
        return b""
    return der if len(der) == 44 and der.startswith(ED25519) else b""


def is_signed(der: bytes, proof: bytes, message: bytes) -> bool:
    """Tell whether the proof is the key's signature of the message."""
    if not OPENSSL:
        try:
            Ed25519PublicKey.from_public_bytes(der[12:]).verify(proof, message)
        except InvalidSignature:
            return False
        return True
    with tempfile.TemporaryDirectory() as folder:
        for name, data in (("key", der), ("proof", proof), ("message", message)):
            Path(folder, name).write_bytes(data)
        options = "pkeyutl -verify -pubin -keyform DER -inkey key -rawin -in message -sigfile proof"
        command = [OPENSSL, *options.split()]
        return subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode == 0


def opened(raw: bytes) -> tuple[bytes, bytes, str, dict[str, str]]:
    """Return signed message, signature, key id, and path to digest; only one spelling passes."""
    envelope = json.loads(raw)
    payload, (entry,) = base64.b64decode(envelope["payload"]), envelope["signatures"]
    proof, keyid = base64.b64decode(entry["sig"]), entry["keyid"]
    form = '{"payload":"%s","payloadType":"%s","signatures":[{"keyid":"%s","sig":"%s"}]}\n'
    coded, sig = base64.b64encode(payload).decode(), base64.b64encode(proof).decode()
    if raw != (form % (coded, TYPE, keyid, sig)).encode():
        raise ValueError
    subjects = {item["name"]: item["digest"]["sha256"] for item in json.loads(payload)["subject"]}
    message = b"DSSEv1 %d %b %d %b" % (len(TYPE), TYPE.encode(), len(payload), payload)
    return message, proof, keyid, subjects


def problems(pack: Path, pinned: bytes = b"") -> list[str]:
    """Return a line for every file that is not what was signed, with both digests."""
    got: dict[str, str] = {}
    for path in pack.rglob("*"):
        if path.is_symlink() or not path.is_dir():
            plain = path.is_file() and not path.is_symlink()
            digest = hashlib.sha256(path.read_bytes()).hexdigest() if plain else "no plain file"
            got[path.relative_to(pack).as_posix()] = digest
    there = [len(got.get(name, "")) == 64 and pack / name for name in (STATEMENT, SEAL, KEY)]
    raw, seal, pem = (path.read_bytes() if path else b"" for path in there)
    right_seal = f"{got.get(STATEMENT)}  {STATEMENT}\n".encode()
    hint = "another signature" if seal == right_seal else seal[:64].decode(errors="replace")
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
    bad = [name for name in sorted({*wanted, *got}) if wanted.get(name) != got.get(name)]
    lines = [f"{n}: expected {wanted.get(n, 'no file')}, got {got.get(n, 'no file')}" for n in bad]
    return lines if identity == keyid else [altered]


if __name__ == "__main__":
    paths = [Path(text) for text in sys.argv[1:]] or [Path(__file__).parent]
    trusted = [key_of(path.read_bytes()) for path in paths[1:]]
    lines = problems(paths[0], *trusted) if all(trusted) else [f"{paths[1]}: no Ed25519 key"]
    sys.stdout.write("\n".join(lines or ["every file is what the holder of the key signed"]) + "\n")
    sys.exit(4 if lines else 0)
