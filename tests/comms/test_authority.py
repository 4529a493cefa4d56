import ssl
import stat
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from voltward.comms.authority import LocalAuthority, self_made
from voltward.core.errors import ConfigurationError


def load(path):
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_certificates_are_short_lived_p256_and_for_loopback(tmp_path):
    authority = LocalAuthority(tmp_path)
    root, server = load(authority.certificate), load(authority.server("broker").certificate)
    server.verify_directly_issued_by(root)
    assert isinstance(server.public_key().curve, ec.SECP256R1)
    assert server.not_valid_after_utc - datetime.now(UTC) <= timedelta(days=1)
    names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert [str(ip) for ip in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]


def test_a_client_certificate_cannot_pass_for_a_server(tmp_path):
    client = load(LocalAuthority(tmp_path).client("vehicle-1").certificate)
    usage = client.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [x509.oid.ExtendedKeyUsageOID.CLIENT_AUTH]
    assert client.subject.rfc4514_string() == "CN=vehicle-1"


def test_private_keys_are_for_their_owner_only(tmp_path):
    key = LocalAuthority(tmp_path / "authority").client("a").key
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700


def test_a_self_made_certificate_is_not_of_the_authority(tmp_path):
    authority = LocalAuthority(tmp_path / "authority")
    forged = self_made(tmp_path / "attacker", "broker")
    ssl.create_default_context().load_cert_chain(forged.certificate, forged.key)
    with pytest.raises(ValueError, match="Issuer"):
        load(forged.certificate).verify_directly_issued_by(load(authority.certificate))


def test_a_name_that_is_a_wildcard_gets_no_certificate(tmp_path):
    with pytest.raises(ConfigurationError):
        LocalAuthority(tmp_path).client("+")
