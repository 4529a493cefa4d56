"""Key files: made once, readable by one, refused when they are something else."""

import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from voltward.assurance.evidence.keys import (
    key_id,
    make_keys,
    public_path,
    read_private_key,
    read_public_key,
)
from voltward.core.errors import ConfigurationError


def test_a_private_key_is_for_its_owner_alone(tmp_path):
    made = make_keys(tmp_path / "signer.pem")
    assert stat.S_IMODE(made.private.stat().st_mode) == 0o600
    assert made.public == public_path(made.private) == tmp_path / "signer.pub.pem"
    assert key_id(read_public_key(made.public)) == made.key_id
    assert sorted(path.name for path in tmp_path.iterdir()) == ["signer.pem", "signer.pub.pem"]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("", "is a folder"),
        (".", "is a folder"),
        ("file/signer.pem", "is a file, not a folder"),
        ("absent/signer.pem", "there is no such folder"),
        ("x" * 300, "cannot be written"),
        (f"{'x' * 300}/signer.pem", "cannot be written"),
        ("x" * 250, "cannot be written"),
    ],
)
def test_a_place_where_no_key_can_be_is_refused(tmp_path, monkeypatch, name, told):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("no folder", "utf-8")
    with pytest.raises(ConfigurationError, match=told) as caught:
        make_keys(Path(name))
    assert "Errno" not in str(caught.value)
    assert caught.value.hint
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_key_is_not_written_over(tmp_path):
    first = make_keys(tmp_path / "signer")
    with pytest.raises(ConfigurationError, match="exists already"):
        make_keys(tmp_path / "signer")
    first.private.unlink()
    with pytest.raises(ConfigurationError, match=r"signer\.pub\.pem"):
        make_keys(tmp_path / "signer")
    assert make_keys(tmp_path / "signer", replace=True).key_id != first.key_id


def test_a_locked_key_needs_its_passphrase(tmp_path):
    made = make_keys(tmp_path / "signer.pem", passphrase=b"correct")
    assert b"ENCRYPTED" in made.private.read_bytes()
    assert key_id(read_private_key(made.private, b"correct").public_key()) == made.key_id
    with pytest.raises(ConfigurationError, match="is locked"):
        read_private_key(made.private)
    with pytest.raises(ConfigurationError, match="no private key"):
        read_private_key(made.private, b"wrong")


def test_a_passphrase_for_an_open_key_is_refused(tmp_path):
    made = make_keys(tmp_path / "signer.pem")
    with pytest.raises(ConfigurationError, match="is not locked"):
        read_private_key(made.private, b"any")


def test_keys_of_another_kind_are_refused(tmp_path):
    key = rsa.generate_private_key(65537, 2048)
    form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "rsa.pem").write_bytes(key.private_bytes(*form))
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "rsa.pub.pem").write_bytes(public)
    with pytest.raises(ConfigurationError, match="another kind") as caught:
        read_private_key(tmp_path / "rsa.pem")
    assert "RSA" in caught.value.why
    with pytest.raises(ConfigurationError, match="another kind"):
        read_public_key(tmp_path / "rsa.pub.pem")
    with pytest.raises(ConfigurationError, match="no public key"):
        read_public_key(tmp_path / "rsa.pem")
    with pytest.raises(ConfigurationError, match="no private key"):
        read_private_key(tmp_path / "rsa.pub.pem")
    with pytest.raises(ConfigurationError, match="there is no such key"):
        read_private_key(tmp_path / "absent.pem")
