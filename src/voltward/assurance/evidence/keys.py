"""Ed25519 key pairs in PEM files; a key's id is the SHA-256 of its SubjectPublicKeyInfo in DER."""

import hashlib
import stat
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from voltward.core.errors import ConfigurationError
from voltward.core.files import not_written
from voltward.core.input_file import read_bytes
from voltward.core.paired_files import undo_killed, write_together
from voltward.core.plain_file import kind_of_file

# The largest RSA key in PEM has 13 kB, so that it can still be named as one of another kind.
_LARGEST_BYTES = 64 * 1024
_MAKE_ONE = "make one with: voltward evidence keygen --out signer.pem"


@dataclass(frozen=True)
class KeyFiles:
    """A new key pair on disk.

    Attributes:
        private: PEM (PKCS #8), readable by its owner only.
        public: PEM, to hand out.
        key_id: SHA-256 of the public key's SubjectPublicKeyInfo in DER.
    """

    private: Path
    public: Path
    key_id: str


# The prime of the field of Ed25519 (RFC 8032, 5.1).
_PRIME = 2**255 - 19
# The y of one of the four points of order 8; the others are its mirror images.
_Y_OF_ORDER_8 = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
_SMALL_ORDER = frozenset({0, 1, _PRIME - 1, _Y_OF_ORDER_8, _PRIME - _Y_OF_ORDER_8})


def is_weak(key: Ed25519PublicKey) -> bool:
    """Tell whether a public key is a point of small order, or is not encoded canonically.

    Anybody can make signatures that hold under a point of order 1, 2, 4 or 8, and one signature
    holds for many messages; no key pair has such a public key. `_Y_OF_ORDER_8` is checked by a
    test that computes on the curve.

    Source: K. Chalkias, F. Garillot, V. Nikolaenko, "Taming the many EdDSAs" (2020), section 3.
    """
    y = int.from_bytes(key.public_bytes_raw(), "little") & (2**255 - 1)
    return y >= _PRIME or y in _SMALL_ORDER


def public_path(private: Path) -> Path:
    """Return where the public half of a key file is kept: `signer.pem` and `signer.pub.pem`."""
    return private.with_name(private.name.removesuffix(".pem") + ".pub.pem")


def public_pem(key: Ed25519PublicKey) -> bytes:
    """Return the PEM encoding of a public key."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def key_id(key: Ed25519PublicKey) -> str:
    """Return the SHA-256 of a public key's SubjectPublicKeyInfo in DER, in hexadecimal."""
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()


def make_keys(path: Path, *, passphrase: bytes = b"", replace: bool = False) -> KeyFiles:
    """Write a new key pair: both halves, or none and what was there before stays.

    The public half gets its name first, so that no private key is ever without it. When the process
    is killed between the two, the next call for the same name puts back what was there before.

    Args:
        path: The private key; its public half is beside it (`public_path`).
        passphrase: Encrypts the private key; empty leaves it in the clear.
        replace: Write over earlier keys; the old private key is there until the new one is.

    Raises:
        ConfigurationError: The name is not a file name, its folder is absent, one of the files
            exists already, is a link or a device, or cannot be written.
    """
    try:
        public = _free_place(path, replace=replace)
    except OSError as error:
        raise not_written(path, error) from error
    private_key = Ed25519PrivateKey.generate()
    protection: KeySerializationEncryption = (
        BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    )
    pem = private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection)
    write_together({public: public_pem(private_key.public_key()), path: pem}, {path: 0o600})
    return KeyFiles(path, public, key_id(private_key.public_key()))


def read_private_key(path: Path, passphrase: bytes = b"") -> Ed25519PrivateKey:
    """Return the private key of a PEM file.

    Raises:
        ConfigurationError: The file is absent, not a key, of another kind, or locked.
    """
    try:
        key = load_pem_private_key(_content(path), passphrase or None)
    except TypeError as error:
        locked = not passphrase
        raise ConfigurationError(
            f"{path}: the key is {'locked' if locked else 'not locked'}",
            why="it needs a passphrase" if locked else "a passphrase was given for an open key",
            hint="name its variable with --passphrase-env" if locked else "drop --passphrase-env",
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ConfigurationError(
            f"{path}: no private key can be read from it",
            why="the passphrase is wrong, or the file is damaged"
            if passphrase
            else "expected PEM (PKCS #8) of an Ed25519 private key",
            hint=_MAKE_ONE,
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise _other_kind(path, key)
    return key


def read_public_key(path: Path, *, allow_weak: bool = False) -> Ed25519PublicKey:
    """Return the public key of a PEM file.

    Args:
        path: The file.
        allow_weak: Return a key that `is_weak` tells of, too, so that it can be named.

    Raises:
        ConfigurationError: The file is absent, not a public key, or of another kind.
    """
    try:
        key = load_pem_public_key(_content(path))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ConfigurationError(
            f"{path}: no public key can be read from it",
            why="expected PEM that begins with '-----BEGIN PUBLIC KEY-----'",
            hint="keygen writes it beside the private key, as NAME.pub.pem",
        ) from error
    if not isinstance(key, Ed25519PublicKey):
        raise _other_kind(path, key)
    if is_weak(key) and not allow_weak:
        raise ConfigurationError(
            f"{path}: a key that proves nothing",
            why="it is a point of small order, or not encoded as keys are: anybody can make "
            "signatures that hold under it",
            hint="ask the signer for the right key",
        )
    return key


def _free_place(path: Path, *, replace: bool) -> Path:
    """Return where the public half goes, after a look at both places."""
    if path.is_dir() and not path.is_symlink():
        raise ConfigurationError(
            f"{path}: is a folder",
            why="a key is a file",
            hint="name a file, such as --out signer.pem",
        )
    if not path.parent.is_dir():
        there = path.parent.exists()
        raise ConfigurationError(
            f"{path.parent}: {'is a file, not a folder' if there else 'there is no such folder'}",
            why="a key is never written to a folder that was not made for it",
            hint="choose another --out" if there else f"make the folder first: mkdir {path.parent}",
        )
    public = public_path(path)
    for file in (path, public):
        _refuse_unless_plain(file)
    undo_killed((public, path))
    for file in (path, public):
        if file.exists() and not replace:
            raise ConfigurationError(
                f"{file}: exists already",
                why="a lost signing key cannot be had back",
                hint="choose another --out, or replace both files with --force",
            )
    return public


def _refuse_unless_plain(file: Path) -> None:
    """Refuse a name that stands for anything but a plain file, also when it is to be replaced."""
    try:
        mode = file.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISREG(mode):
        raise ConfigurationError(
            f"{file}: is {kind_of_file(mode)}",
            why="a key is written to a plain file only, and --force replaces nothing else",
            hint=f"choose another --out, or move away what is at {file.name}",
        )


def _content(path: Path) -> bytes:
    return read_bytes(path, "key", largest_bytes=_LARGEST_BYTES, hint=_MAKE_ONE)


def _other_kind(path: Path, key: object) -> ConfigurationError:
    name = type(key).__name__.lstrip("_")
    kind = name.removesuffix("PrivateKey").removesuffix("PublicKey")
    return ConfigurationError(
        f"{path}: a key of another kind",
        why=f"it is for {kind}, expected Ed25519",
        hint=_MAKE_ONE,
    )
