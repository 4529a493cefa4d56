"""Which proofs a record carries in the live range: only those that a process really checked.

SERVER_KEY   `mqtt.session`: the gateway's TLS stack found the broker's certificate signed by the
             authority and made out to its address. Without TLS, without verification, or when the
             check failed, the peer has no such proof.
DEVICE_KEY   `mqtt.up`: the cloud is in session with a broker, checked by TLS, that admits only
             clients with a certificate of the authority and ties topics to its name; that Mosquitto
             let the record pass is the check.
All others   nobody makes or checks them on the live bus and uplink: frames and payloads carry no
             tag. A control that asks for one there is refused before anything starts.

Proofs that a part asks for within itself, such as an operator's password, are those of the virtual
range; no live attacker reaches them.
"""

from voltward.controls.catalogue import CONTROLS
from voltward.core.capabilities import Capability

# Controls of the uplink, and the key of a case that makes them real.
UPLINK_CONTROLS = {
    "mqtt-server-authentication": "verify_broker",
    "mqtt-client-authentication": "client_certificates",
    "mqtt-encryption": "tls",
}
_BETWEEN_PROCESSES = {"can.up", "can.down", "mqtt.session", "mqtt.up", "mqtt.down"}


def peer_proofs(*, verified: bool) -> int:
    """Return the proofs of whoever answers in the broker's place."""
    return int(Capability.SERVER_KEY) if verified else 0


def telemetry_proofs(*, client_certificates: bool) -> int:
    """Return the proofs of a record that the broker let pass."""
    return int(Capability.DEVICE_KEY) if client_certificates else 0


def uplink_controls(*, tls: bool, verify_broker: bool, client_certificates: bool) -> list[str]:
    """Return the controls that a case's TLS amounts to."""
    real = {"tls": tls, "verify_broker": verify_broker, "client_certificates": client_certificates}
    return [control for control, key in UPLINK_CONTROLS.items() if real[key]]


def unchecked_proof(control: str) -> str:
    """Return the proof that a control asks for between processes and nobody checks, or ''."""
    rule = CONTROLS.load(control).verify
    if rule is None or not rule.secret or not _BETWEEN_PROCESSES & set(rule.taps):
        return ""
    return str(rule.secret.name)
