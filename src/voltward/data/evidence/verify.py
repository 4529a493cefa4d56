"""Verify an evidence pack: python3 verify.py [PACK] [PUBLIC_KEY.pem | KEY_ID]; leaves 0, 4 or 2."""

import hashlib
import json
import os
import re
import stat
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
LARGEST = 12 * 2**20
PRIME, ORDER_8 = 2**255 - 19, 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826


def content(path: Path) -> bytes:
    """Return a plain file; a device or a pipe is not opened, and so never waited for."""
    with open(path, "rb", opener=opened_plain) as stream:
        raw = stream.read(LARGEST + 1) or b""
    if len(raw) > LARGEST:
        raise OSError(27, "is too large", str(path))
    return raw


def opened_plain(path: str, flags: int) -> int:
    """Open a plain file, which is looked at before and after, or a pipe that the shell opened."""
    mode, pipe = Path(path).stat().st_mode, path.startswith("/dev/fd/")
    if stat.S_ISREG(mode) or (pipe and stat.S_ISFIFO(mode)):
        handle = os.open(path, flags if pipe else flags | getattr(os, "O_NONBLOCK", 0))
        if pipe or stat.S_ISREG(os.fstat(handle).st_mode):
            return handle
    raise OSError(22, "is not a plain file", path)


def digest(path: Path) -> str:
    """Return the SHA-256 of a plain file, or what else it is."""
    if not stat.S_ISREG(path.lstat().st_mode):
        return "no plain file"
    sha256 = hashlib.sha256()
    with open(path, "rb", opener=opened_plain) as stream:
        for piece in iter(lambda: stream.read(2**20), b""):
            sha256.update(piece)
    return sha256.hexdigest()


def files(pack: Path) -> list[Path]:
    """Return everything in a folder but folders of files; links are not followed."""
    waiting: list[Path] = [pack]
    found: list[Path] = []
    while waiting:
        for path in waiting.pop().iterdir():
            folder = path.is_dir() and not path.is_symlink() and any(path.iterdir())
            (waiting if folder else found).append(path)
    return found


def key_of(pem: bytes) -> bytes:
    """Return an Ed25519 public key in DER (RFC 8410), or nothing when the text holds none."""
    try:
        der = b64decode(b"".join(pem.split(b"-----")[2].split()))
    except (IndexError, ValueError):
        return b""
    return der if len(der) == 44 and der.hex().startswith("302a300506032b6570032100") else b""


def is_weak(der: bytes) -> bool:
    """Tell whether anybody can make signatures that hold under a key: a point of small order."""
    y = int.from_bytes(der[12:], "little") & (2**255 - 1)
    return y >= PRIME or y in (0, 1, PRIME - 1, ORDER_8, PRIME - ORDER_8)


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
    pairs = [(item["name"], item["digest"]["sha256"]) for item in json.loads(payload)["subject"]]
    subjects = dict(pairs)
    if len(subjects) < len(pairs) or {type(text) for pair in pairs for text in pair} != {str}:
        raise ValueError
    return b"DSSEv1 28 %b %d %b" % (TYPE.encode(), len(payload), payload), proof, keyid, subjects


def problems(pack: Path, pinned: bytes = b"", wanted_id: str = "") -> list[str]:
    """Return a line for every file that is not what was signed, with both digests."""
    got = {path.relative_to(pack).as_posix(): digest(path) for path in files(pack)}
    there = [len(got.get(name, "")) == 64 and pack / name for name in (STATEMENT, SEAL, KEY)]
    raw, seal, pem = (content(path) if path else b"" for path in there)
    right_seal = f"{got.get(STATEMENT)}  {STATEMENT}\n".encode()
    hint = "another statement" if seal in (right_seal, b"") else seal[:64].decode(errors="replace")
    altered = f"{STATEMENT}: expected {hint}, got {got.get(STATEMENT, 'no file')}"
    try:
        message, proof, keyid, subjects = opened(raw)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return [altered]
    der = pinned or key_of(pem)
    identity = hashlib.sha256(der).hexdigest()
    if wanted_id not in ("", keyid):
        return [f"{altered}; it names key {keyid}, and the key given is {wanted_id}"]
    if der and is_weak(der):
        return [f"{KEY}: expected a key of full order, got one under which anybody can sign"]
    if not der or not is_signed(der, proof, message):
        if not pinned and identity != keyid and got.get(KEY) != subjects.get(KEY):
            return [f"{KEY}: expected {subjects.get(KEY)}, got {got.get(KEY, 'no file')}"]
        return [f"{altered}; it names key {keyid}, and was checked with key {identity}"]
    wanted = {**subjects, STATEMENT: got[STATEMENT], SEAL: hashlib.sha256(right_seal).hexdigest()}
    bad = [n for n in sorted({*wanted, *got}) if wanted.get(n) != got.get(n)]
    bad = [n for n in bad if n in wanted or not any(w.startswith(n + "/") for w in wanted)]
    lines = [f"{n}: expected {wanted.get(n, 'no file')}, got {got.get(n, 'no file')}" for n in bad]
    return lines if identity == keyid else [altered]


def odd_modes(pack: Path) -> list[str]:
    """Return a line for each file that can be run or that everybody may write to."""
    modes = {path: path.lstat().st_mode for path in files(pack)}
    odd = [path for path, mode in modes.items() if stat.S_ISREG(mode) and mode & 0o6113]
    return [f"{path.relative_to(pack)}: odd permissions {modes[path] & 0o7777:o}" for path in odd]


if __name__ == "__main__":
    pack, *given = sys.argv[1:] or [str(Path(__file__).parent)]
    wanted = given[0] if given and re.fullmatch("[0-9a-f]{64}", given[0]) else ""
    try:
        trusted = [key_of(content(Path(text))) for text in given[:1] if not wanted]
        lines = problems(Path(pack), trusted[0] if trusted else b"", wanted)
        lines = lines if all(trusted) else [f"{given[0]}: no Ed25519 key"]
        signer, names = ("", {}) if lines else opened(content(Path(pack, STATEMENT)))[2:]
        odd = [] if lines or os.name == "nt" else sorted(odd_modes(Path(pack)))
    except OSError as error:
        sys.stdout.write(f"{error.filename}: {error.strerror}\n")
        sys.exit(2)
    own = "the pack's own: compare it with one you got another way"
    whose = f"the one given, {given[0]}" if given else own
    whole = f"whole: {len(names)} files are what key {signer} signed; the key is {whose}"
    whole += "; what is withheld stands in withheld.json" * ("withheld.json" in names)
    told = lines or [whole, *odd]
    sys.stdout.write("\n".join(x if x.isprintable() else ascii(x) for x in told) + "\n")
    sys.exit(4 if lines else 0)
