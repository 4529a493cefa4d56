"""Certificates and broker demands of each case, all from one authority made on the spot."""

from dataclasses import dataclass
from pathlib import Path

from voltward.comms.authority import CertificateFiles, LocalAuthority, self_made
from voltward.comms.broker import BrokerSettings
from voltward.comms.mqtt_client import TlsSettings
from voltward.comms.topics import TopicMap, access_by_identity, access_for_all
from voltward.ranges.live.case.settings import Case, RogueCertificate

BROKER = "broker"
CLOUD = "cloud-service"
OTHER_VEHICLE = "other-vehicle"


@dataclass(frozen=True)
class Identities:
    """Who has which certificate.

    Attributes:
        authority: Certificate of the authority.
        broker: The broker's own.
        vehicle: The gateway's.
        cloud: The cloud service's.
        other_vehicle: Of another vehicle, signed by the same authority.
        attacker: Made by the attacker alone; nobody signed it.
    """

    authority: Path
    broker: CertificateFiles
    vehicle: CertificateFiles
    cloud: CertificateFiles
    other_vehicle: CertificateFiles
    attacker: CertificateFiles

    def broker_settings(
        self, case: Case, topics: TopicMap, vehicle: str, folder: Path
    ) -> BrokerSettings:
        """Return what the broker of a case demands."""
        by_identity = access_by_identity(topics, (vehicle, OTHER_VEHICLE), CLOUD)
        return BrokerSettings(
            folder,
            by_identity if case.client_certificates else access_for_all(topics),
            self.broker if case.tls else None,
            self.authority if case.tls else None,
            client_certificates=case.client_certificates,
        )

    def gateway_tls(self, case: Case) -> TlsSettings | None:
        """Return the gateway's TLS settings."""
        if not case.tls:
            return None
        own = self.vehicle if case.client_certificates else None
        return TlsSettings(self.authority, verify=case.verify_broker, client=own)

    def cloud_tls(self, case: Case) -> TlsSettings | None:
        """Return the cloud's TLS settings; it always checks the broker."""
        if not case.tls:
            return None
        return TlsSettings(self.authority, client=self.cloud if case.client_certificates else None)

    def rogue_tls(self, case: Case) -> TlsSettings | None:
        """Return the rogue publisher's TLS settings; it does not care who the broker is."""
        if not case.tls:
            return None
        shown: dict[RogueCertificate | None, CertificateFiles] = {
            "self-made": self.attacker,
            "other-vehicle": self.other_vehicle,
        }
        return TlsSettings(self.authority, verify=False, client=shown.get(case.rogue))


def make_identities(folder: Path, vehicle: str) -> Identities:
    """Make an authority and every certificate of a run."""
    authority = LocalAuthority(folder / "authority")
    return Identities(
        authority=authority.certificate,
        broker=authority.server(BROKER),
        vehicle=authority.client(vehicle),
        cloud=authority.client(CLOUD),
        other_vehicle=authority.client(OTHER_VEHICLE),
        attacker=self_made(folder / "attacker", "attacker"),
    )
