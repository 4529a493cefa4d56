"""The broker takes records only from a client with a certificate of the fleet."""

from voltward.core.capabilities import Capability
from voltward.core.control import Control, Cost, Verify
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer

CONTROL = Control(
    id="mqtt-client-authentication",
    title="Authentication of the client by the broker",
    layer=Layer.COMMUNICATION,
    strength=Parameter(
        "proof_bits", "bit", 128.0, 0.0, 256.0, "length of the proof that a forger must guess"
    ),
    cost=Cost(note="a certificate for each device, and its renewal; nothing for each record"),
    source="RFC 8446 (TLS 1.3) client certificates, client id bound to the subject and topic "
    "rights to the client; a P-256 certificate has 128 bits of security",
    verify=Verify(("mqtt.up",), secret=Capability.DEVICE_KEY),
)
