"""A certificate authority made on the spot: P-256, short validity, loopback names only."""

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from voltward.comms.topics import checked_identity

VALIDITY = timedelta(hours=24)
CLOCK_TOLERANCE = timedelta(minutes=5)
LOOPBACK_NAMES = x509.SubjectAlternativeName(
    [x509.DNSName("localhost"), x509.IPAddress(ipaddress.IPv4Address("127.0.0.1"))]
)


@dataclass(frozen=True)
class CertificateFiles:
    """A certificate and its private key, as PEM files."""

    certificate: Path
    key: Path


@dataclass(frozen=True)
class _Signer:
    """Whose name and key sign a certificate."""

    name: x509.Name
    key: ec.EllipticCurvePrivateKey


class LocalAuthority:
    """Signs the certificates of one live run.

    Args:
        folder: Private folder for the files; made when absent.
        name: Common name of the authority.
    """

    def __init__(self, folder: Path, name: str = "voltward-live-authority") -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._signer = _Signer(_subject(name), ec.generate_private_key(ec.SECP256R1()))
        root = (
            _builder(self._signer.name, self._signer.name, self._signer.key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(signs_certificates=True), critical=True)
            .sign(self._signer.key, hashes.SHA256())
        )
        self.certificate = folder / "authority.pem"
        self.certificate.write_bytes(root.public_bytes(serialization.Encoding.PEM))

    def server(self, name: str) -> CertificateFiles:
        """Return a server certificate for 127.0.0.1 and localhost."""
        return _issue(self._folder, name, [ExtendedKeyUsageOID.SERVER_AUTH], self._signer)

    def client(self, name: str) -> CertificateFiles:
        """Return a client certificate; its common name is the identity that the broker sees."""
        return _issue(self._folder, name, [ExtendedKeyUsageOID.CLIENT_AUTH], self._signer)


def self_made(folder: Path, name: str) -> CertificateFiles:
    """Return a certificate signed with its own key only: what an attacker can make alone."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    return _issue(folder, name, usages, None)


def _issue(
    folder: Path, name: str, usages: list[x509.ObjectIdentifier], signer: _Signer | None
) -> CertificateFiles:
    """Make a key and its certificate; without a signer the key signs its own."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _subject(checked_identity(name))
    by = signer or _Signer(subject, key)
    builder = (
        _builder(subject, by.name, key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    )
    if signer is not None:
        issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(by.key.public_key())
        builder = builder.add_extension(
            _key_usage(signs_certificates=False), critical=True
        ).add_extension(issuer_key, critical=False)
    if ExtendedKeyUsageOID.SERVER_AUTH in usages:
        builder = builder.add_extension(LOOPBACK_NAMES, critical=False)
    certificate = builder.sign(by.key, hashes.SHA256())
    files = CertificateFiles(folder / f"{name}.pem", folder / f"{name}.key")
    files.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files.key.touch(mode=0o600)
    files.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return files


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _builder(
    subject: x509.Name, issuer: x509.Name, public_key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_TOLERANCE)
        .not_valid_after(now + VALIDITY)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
