"""Private keys in files that are about to be handed out, recognised by content, not by name.

1. Marks of the usual forms are searched for in the bytes: PEM, OpenSSH, PuTTY, PGP, age, minisign,
   WireGuard and JSON Web Keys.
2. Structures of ASN.1 that hold a private key are read as far as it takes to tell them from
   certificates and public keys.
3. The same is done with what stands there in base64 or hexadecimal.
4. The signing key itself is searched for as its 32 bytes, in base64, and in hexadecimal.

What is compressed or encrypted is not seen, but for texts of Parquet files.
"""

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from bisect import bisect
from collections.abc import Iterator, Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pyarrow import ArrowException, parquet

from voltward.assurance.evidence.personal_data import text_columns
from voltward.core.errors import ConfigurationError
from voltward.core.files import printable
from voltward.core.plain_file import open_plain

_CHUNK_BYTES, _OVERLAP_BYTES = 8 * 2**20, 64 * 2**10
_ROWS = 10_000
_BASE64_RUN = re.compile(rb"[A-Za-z0-9+/_-]{40,}")
_HEX_RUN = re.compile(rb"(?:[0-9A-Fa-f]{2}){30,}")
_READ_OF_RUN = 1024
_LENGTH = rb"(?:[\x00-\x7f]|\x81[\x80-\xff]|\x82[\x01-\xff].|\x83[\x01-\xff]..)"
_SEQUENCE = rb"\x30" + _LENGTH


_PEM = re.compile(rb"-{4,5} ?BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY")
# The words alone, as in a description, are no key: lines of base64 must follow.
_PEM_BODY, _PEM_REACH = re.compile(rb"[A-Za-z0-9+/=]{24}"), 800
_MARKS: tuple[tuple[str, re.Pattern[bytes]], ...] = (
    ("OpenSSH", re.compile(rb"openssh-key-v1\0\0\0\0[\x04-\x20]")),
    ("PuTTY", re.compile(rb"PuTTY-User-Key-File-\d")),
    ("age", re.compile(rb"AGE-SECRET-KEY-1[0-9A-Z]{50}", re.IGNORECASE)),
    (
        "minisign",
        re.compile(rb"untrusted comment: [^\n]{0,80}(secret|encrypted) key", re.IGNORECASE),
    ),
    ("WireGuard", re.compile(rb"PrivateKey\s*=\s*[A-Za-z0-9+/]{43}=")),
)
_JWK_SECRET = re.compile(rb'\\?"[dk]\\?"\s*:\s*\\?"[A-Za-z0-9_-]{20}')
_JWK_KIND, _JWK_REACH = re.compile(rb'\\?"kty\\?"\s*:'), 4000
# Version, algorithm, and an octet string with the key (RFC 5208 and 5958). What follows the
# algorithm tells it from a certificate, which has the name of its issuer there.
_PKCS8 = re.compile(
    _SEQUENCE + rb"\x02\x01[\x00\x01]\x30(" + _LENGTH + rb")\x06[\x03-\x0b]", re.DOTALL
)
_STRUCTURES: tuple[tuple[str, re.Pattern[bytes]], ...] = (
    # Version and modulus (RFC 8017), or version and prime of DSA.
    (
        "RSA",
        re.compile(
            _SEQUENCE + rb"\x02\x01\x00\x02(?:[\x20-\x7f]|\x81.|\x82[\x01-\x08].)\x00", re.DOTALL
        ),
    ),
    # Version and octet string (RFC 5915).
    ("EC", re.compile(_SEQUENCE + rb"\x02\x01\x01\x04[\x1c\x20\x30\x42]")),
    # An algorithm of encryption by a passphrase (RFC 8018, RFC 7292).
    (
        "PKCS #8, locked",
        re.compile(
            _SEQUENCE
            + _SEQUENCE
            + rb"\x06[\x09\x0a]\x2a\x86\x48\x86\xf7\x0d\x01(?:\x05[\x01-\x0d]|\x0c\x01[\x01-\x06])"
        ),
    ),
    (
        "PKCS #12",
        re.compile(
            _SEQUENCE + rb"\x02\x01\x03" + _SEQUENCE + rb"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07"
        ),
    ),
)


def refuse_private_keys(files: Mapping[str, Path], signer: Ed25519PrivateKey) -> None:
    """Refuse files that hold a private key.

    Args:
        files: Path in the pack to the file.
        signer: The signing key, which is also recognised as bare bytes.

    Raises:
        ConfigurationError: Names the file and the kind of key.
    """
    forms = _forms(signer.private_bytes_raw())
    for name, path in sorted(files.items()):
        for content in _contents(name, path):
            found = key_in(content, forms)
            if found:
                raise ConfigurationError(
                    printable(f"{name}: holds {found}"),
                    why="a pack is handed to others, and whoever has that key can act as its owner",
                    hint="take the key out of the file, and replace the key if others have seen it",
                )


def key_in(content: bytes, signer: tuple[bytes, ...] = ()) -> str:
    """Return what private key some bytes hold, or an empty text.

    Args:
        content: The bytes.
        signer: Forms of the signing key to look for as well.
    """
    dense = content.translate(None, b" \t\r\n")
    if any(form in content or form in dense for form in signer):
        return "the signing key"
    return _marked(content) or _structured(content) or _encoded(content, dense)


def _forms(secret: bytes) -> tuple[bytes, ...]:
    """Return how 32 bytes may stand in a file."""
    hexadecimal = secret.hex().encode()
    spaced = secret.hex(":").encode()
    base64 = _in_base64(secret)
    url_safe = tuple(text.replace(b"+", b"-").replace(b"/", b"_") for text in base64)
    texts = (hexadecimal, spaced)
    return (secret, *texts, *(text.upper() for text in texts), *base64, *url_safe)


def _in_base64(text: bytes) -> tuple[bytes, ...]:
    """Return the base64 of a text from each of the places in a group, without its ragged ends."""
    found = []
    for skipped in range(3):
        whole = b64encode(b"\0" * skipped + text).rstrip(b"=")
        ragged_end = 1 if (skipped + len(text)) % 3 else 0
        found.append(whole[(0, 2, 3)[skipped] : len(whole) - ragged_end])
    return tuple(found)


_BASE64_MARKS = (*_in_base64(b"PRIVATE KEY-----"), *_in_base64(b"openssh-key-v1\0"))


def _marked(content: bytes) -> str:
    # Text in UTF-16 has a NUL beside each character.
    text = content.translate(None, b"\0")
    for found in _PEM.finditer(text):
        if _PEM_BODY.search(text, found.end(), found.end() + _PEM_REACH):
            return "a private key (PEM)"
    for kind, pattern in _MARKS:
        if pattern.search(content):
            return f"a private key ({kind})"
    kinds = [found.start() for found in _JWK_KIND.finditer(text)]
    for found in _JWK_SECRET.finditer(text) if kinds else ():
        nearest = bisect(kinds, found.start())
        if any(
            abs(kind - found.start()) < _JWK_REACH
            for kind in kinds[max(0, nearest - 1) : nearest + 1]
        ):
            return "a private key (JSON Web Key)"
    return ""


def _structured(content: bytes, *, cut: bool = False) -> str:
    """Return what structure some bytes hold; of those that were cut the beginning is enough."""
    for found in _PKCS8.finditer(content):
        length = found[1] if len(found[1]) == 1 else found[1][1:]
        after = found.end(1) + int.from_bytes(length, "big")
        if content[after : after + 1] == b"\x04" or (cut and after >= len(content)):
            return "a private key (PKCS #8)"
    for kind, pattern in _STRUCTURES:
        if pattern.search(content):
            return f"a private key ({kind})"
    return ""


def _encoded(content: bytes, dense: bytes) -> str:
    if any(mark in dense for mark in _BASE64_MARKS):
        return "a private key (in base64)"
    for run in _BASE64_RUN.finditer(content):
        head = run[0][:_READ_OF_RUN].replace(b"-", b"+").replace(b"_", b"/")
        try:
            decoded = b64decode(head[: len(head) // 4 * 4])
        except Base64Error:
            continue
        if decoded[:1] == b"\x30" and _structured(decoded, cut=True):
            return "a private key (in base64)"
    for run in _HEX_RUN.finditer(dense):
        decoded = bytes.fromhex(run[0][: 2 * _READ_OF_RUN].decode())
        if _structured(decoded, cut=True) or _PEM.search(decoded):
            return "a private key (in hexadecimal)"
    return ""


def _contents(name: str, path: Path) -> Iterator[bytes]:
    """Yield a file piece by piece; pieces overlap, so that no key is cut."""
    with open_plain(path) as stream:
        piece = stream.read(_CHUNK_BYTES)
        while piece:
            yield piece
            more = stream.read(_CHUNK_BYTES)
            piece = piece[-_OVERLAP_BYTES:] + more if more else b""
    if name.endswith(".parquet"):
        yield from _texts_of_table(path)


def _texts_of_table(path: Path) -> Iterator[bytes]:
    try:
        with parquet.ParquetFile(path) as table:
            columns = text_columns(table.schema_arrow)
            for batch in table.iter_batches(_ROWS, columns=columns) if columns else ():
                for column in batch.columns:
                    texts = (str(value) for value in column.unique().to_pylist() if value)
                    yield "\n".join(texts).encode("utf-8", "surrogatepass")
    except (OSError, ArrowException):
        return  # a damaged file is not our matter
