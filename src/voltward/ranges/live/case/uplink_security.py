"""Security of the uplink in a case: certificates, demands of the broker, and what they prove.

A record carries only proofs that a process really checked:

SERVER_KEY   `mqtt.session`: the gateway's TLS stack found the broker's certificate signed by the
             authority and made out to its address. Without TLS, without verification, or when the
             check failed, the peer has no such proof.
DEVICE_KEY   `mqtt.up`: the cloud is in session with a broker, checked by TLS, that admits only
             clients with a certificate of the authority and ties topics to its name; that Mosquitto
             accepted the record is the check.
All others   no process makes or checks them on the live bus and uplink: frames and payloads carry
             no tag. A control that needs one there is refused before anything starts.

Proofs that a part checks within itself, such as an operator's password, are those of the virtual
range; no live attacker reaches them.
"""

from dataclasses import dataclass
from pathlib import Path

from voltward.comms.authority import CertificateFiles, LocalAuthority, self_made
from voltward.comms.broker import BrokerSettings
from voltward.comms.mqtt_client import TlsSettings
from voltward.comms.topics import TopicMap, access_by_identity, access_for_all
from voltward.controls.catalogue import CONTROLS
from voltward.core.capabilities import Capability
from voltward.ranges.live.case.settings import Case, RogueCertificate

BROKER = "broker"
CLOUD = "cloud-service"
OTHER_VEHICLE = "other-vehicle"
ROGUE = "rogue-publisher"
# Controls of the uplink, and the key of a case that makes them real.
UPLINK_CONTROLS = {
    "mqtt-server-authentication": "verify_broker",
    "mqtt-client-authentication": "client_certificates",
    "mqtt-encryption": "tls",
}
_BETWEEN_PROCESSES = {"can.up", "can.down", "mqtt.session", "mqtt.up", "mqtt.down"}


@dataclass(frozen=True)
class Identities:
    """Who has which certificate.

    Attributes:
        authority: Certificate of the authority.
        broker: The broker's own.
        vehicle: The gateway's.
        cloud: The cloud service's.
        other_vehicle: Of another vehicle, signed by the same authority.
        attacker: Made by the attacker alone, signed by no authority.
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
        own = self.vehicle if case.client_certificates else None
        return self._tls(case, own, verify=case.verify_broker)

    def cloud_tls(self, case: Case) -> TlsSettings | None:
        """Return the cloud's TLS settings; it always checks the broker."""
        return self._tls(case, self.cloud if case.client_certificates else None, verify=True)

    def rogue_tls(self, case: Case) -> TlsSettings | None:
        """Return the rogue publisher's TLS settings; it does not check the broker."""
        shown: dict[RogueCertificate | None, CertificateFiles] = {
            "self-made": self.attacker,
            "other-vehicle": self.other_vehicle,
        }
        return self._tls(case, shown.get(case.rogue), verify=False)

    def _tls(
        self, case: Case, client: CertificateFiles | None, *, verify: bool
    ) -> TlsSettings | None:
        return TlsSettings(self.authority, verify=verify, client=client) if case.tls else None


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


def peer_proofs(*, verified: bool) -> int:
    """Return the proofs of the peer that answered the gateway.

    Args:
        verified: Whether the peer's certificate was checked and valid.
    """
    return int(Capability.SERVER_KEY) if verified else 0


def telemetry_proofs(*, client_certificates: bool) -> int:
    """Return the proofs of a record that the broker accepted.

    Args:
        client_certificates: Whether the broker demands certificates of its clients.
    """
    return int(Capability.DEVICE_KEY) if client_certificates else 0


def uplink_controls(case: Case) -> list[str]:
    """Return the controls that a case's TLS settings amount to."""
    return [control for control, key in UPLINK_CONTROLS.items() if getattr(case, key)]


def unchecked_proof(control: str) -> str:
    """Return the proof that a control needs between processes and no process checks, or ''."""
    rule = CONTROLS.load(control).verify
    if rule is None or not rule.secret or not _BETWEEN_PROCESSES & set(rule.taps):
        return ""
    return str(rule.secret.name)
