"""TLS settings of a service, as they travel to its process."""

from pathlib import Path
from typing import Any

from voltward.comms.authority import CertificateFiles
from voltward.comms.mqtt_client import TlsSettings


def as_request(settings: TlsSettings | None) -> dict[str, Any] | None:
    """Return TLS settings as JSON values."""
    if settings is None:
        return None
    client = settings.client
    return {
        "authority": str(settings.authority),
        "verify": settings.verify,
        "client": None if client is None else certificate_request(client),
    }


def from_request(request: dict[str, Any] | None) -> TlsSettings | None:
    """Return the TLS settings in a request."""
    if request is None:
        return None
    client = request["client"]
    return TlsSettings(
        Path(request["authority"]),
        verify=request["verify"],
        client=None if client is None else certificate_from_request(client),
    )


def certificate_request(files: CertificateFiles) -> dict[str, str]:
    """Return the paths of a certificate as JSON values."""
    return {"certificate": str(files.certificate), "key": str(files.key)}


def certificate_from_request(request: dict[str, str]) -> CertificateFiles:
    """Return the paths of a certificate in a request."""
    return CertificateFiles(Path(request["certificate"]), Path(request["key"]))
