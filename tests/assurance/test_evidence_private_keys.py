"""Private keys are found by content, in every form, and nothing else is taken for one."""

import base64
import json
import runpy
from pathlib import Path

import pyarrow as pa
import pytest
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa, x25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from voltward.assurance.evidence.private_keys import key_in, refuse_private_keys
from voltward.core.errors import ConfigurationError

PACK = runpy.run_path(str(Path(__file__).parent / "evidence_pack.py"))

ED25519 = ed25519.Ed25519PrivateKey.generate()
KEYS = {
    "ed25519": ED25519,
    "x25519": x25519.X25519PrivateKey.generate(),
    "ed448": ed448.Ed448PrivateKey.generate(),
    "rsa": rsa.generate_private_key(65537, 2048),
    "p256": ec.generate_private_key(ec.SECP256R1()),
    "p521": ec.generate_private_key(ec.SECP521R1()),
    "dsa": dsa.generate_private_key(2048),
}
OPEN, LOCKED = NoEncryption(), BestAvailableEncryption(b"secret")


def private_forms():
    """Every key in every form that the library writes."""
    for name, key in KEYS.items():
        forms = [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL, PrivateFormat.OpenSSH]
        for form in forms[:2] if name == "dsa" else forms:
            for encoding in (Encoding.PEM, Encoding.DER):
                for lock in (OPEN, LOCKED):
                    try:
                        content = key.private_bytes(encoding, form, lock)
                    except (ValueError, TypeError, UnsupportedAlgorithm):
                        continue  # the library does not write this key in this form
                    how = "locked" if lock is LOCKED else "open"
                    yield f"{name} {form} {encoding} {how}", content


FORMS = dict(private_forms())
AROUND = {
    "alone": lambda key: key,
    "in a longer text": lambda key: b"# notes\n" * 50 + key + b"\nand so on\n",
    "base64": base64.b64encode,
    "base64 in lines": base64.encodebytes,
    "base64 for addresses": base64.urlsafe_b64encode,
    "hexadecimal": lambda key: key.hex().encode(),
    "JSON": lambda key: (
        json.dumps({"a": key.decode("latin-1")}).encode() if key.startswith(b"-") else key
    ),
    "UTF-16": lambda key: key.decode().encode("utf-16") if key.startswith(b"-") else key,
    "lines of another system": lambda key: (
        key.replace(b"\n", b"\r\n") if key.startswith(b"-") else key
    ),
}


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("form", FORMS)
def test_private_keys_are_recognised_by_content(form, around):
    assert key_in(AROUND[around](FORMS[form]))


def test_forms_of_other_programs_are_recognised():
    numbers = base64.urlsafe_b64encode(ED25519.private_bytes_raw()).decode().rstrip("=")
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": "A" * 43, "d": numbers}
    for content in (
        b"PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n",
        b"# created\nAGE-SECRET-KEY-1" + b"Q" * 58,
        b"untrusted comment: minisign encrypted secret key\nRWRTY0Iy\n",
        b"[Interface]\nPrivateKey = " + base64.b64encode(bytes(32)),
        b"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQOYBGPpSVwBCAC7WjVkZ6y4Zm\n",
        b"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nP2/56wAAA+wAAAA3aWYtbW9kbntzaWdue3JzYS1wa\n",
        json.dumps(jwk).encode(),
        json.dumps({"keys": [json.dumps(jwk, indent=1)]}).encode(),
    ):
        assert key_in(content)


@pytest.mark.parametrize("name", KEYS)
def test_public_keys_and_certificates_are_no_private_keys(name):
    public = KEYS[name].public_key()
    forms = [(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)]
    forms += [(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)]
    contents = [public.public_bytes(*form) for form in forms]
    if name in {"ed25519", "rsa", "p256"}:
        contents.append(public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH))
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a")])
        now = PACK["TIMES"].signed_at
        day = __import__("datetime").datetime.fromisoformat(now.replace("Z", "+00:00"))
        # A certificate of version 1 with the serial number 1 looks most like a key.
        builder = x509.CertificateBuilder(subject, subject, public, 1, day, day)
        digest = None if name == "ed25519" else hashes.SHA256()
        certificate = builder.sign(KEYS[name], digest)
        contents += [certificate.public_bytes(Encoding.PEM), certificate.public_bytes(Encoding.DER)]
    for content in contents:
        for shown in (content, base64.b64encode(content), content.hex().encode()):
            assert key_in(shown) == ""


@given(st.binary(max_size=4096))
def test_arbitrary_bytes_are_no_private_key(content):
    assert key_in(content) == ""


@given(st.text(max_size=400), st.sampled_from(sorted(FORMS)), st.text(max_size=400))
def test_a_key_is_found_wherever_it_stands(before, form, after):
    assert key_in(before.encode() + b"\n" + FORMS[form] + b"\n" + after.encode())


SEED = ED25519.private_bytes_raw()
OWN = {
    "bytes": SEED,
    "bytes among others": b"abc" + SEED + b"def",
    "hexadecimal": SEED.hex().encode(),
    "capitals in lines": b"\n".join(b"%02X" % byte for byte in SEED),
    "with colons": SEED.hex(":").encode(),
    **{f"base64 from {n}": base64.b64encode(b"x" * n + SEED + b"yz") for n in range(3)},
    "base64 for addresses": base64.urlsafe_b64encode(SEED),
}


@pytest.mark.parametrize("form", OWN)
@pytest.mark.parametrize("offset", [0, 8 * 2**20 - 16])
def test_the_signing_key_is_found_in_any_form(tmp_path, form, offset):
    (tmp_path / "file").write_bytes(bytes(offset) + OWN[form])
    with pytest.raises(ConfigurationError, match=r"run/cases.csv: holds the signing key"):
        refuse_private_keys({"run/cases.csv": tmp_path / "file"}, ED25519)
    other = ed25519.Ed25519PrivateKey.generate()
    refuse_private_keys({"run/cases.csv": tmp_path / "file"}, other)


def test_a_key_in_a_compressed_column_is_found(tmp_path):
    column = pa.array(["none", FORMS[next(iter(FORMS))].decode()])
    parquet.write_table(pa.table({"note": column}), tmp_path / "t.parquet", compression="zstd")
    with pytest.raises(ConfigurationError, match="holds the signing key"):
        refuse_private_keys({"run/t.parquet": tmp_path / "t.parquet"}, ED25519)
