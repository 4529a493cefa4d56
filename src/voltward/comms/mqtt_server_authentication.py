"""The gateway speaks only to a broker that proves who it is."""

from voltward.core.capabilities import Capability
from voltward.core.control import Control, Cost, Verify
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer

CONTROL = Control(
    id="mqtt-server-authentication",
    title="Authentication of the broker by the gateway",
    layer=Layer.COMMUNICATION,
    strength=Parameter(
        "proof_bits", "bit", 128.0, 0.0, 256.0, "length of the proof that a forger must guess"
    ),
    cost=Cost(note="a TLS handshake for each connection, not for each record"),
    source="RFC 8446 (TLS 1.3) server authentication; a P-256 certificate has 128 bits of security",
    verify=Verify(("mqtt.session",), secret=Capability.SERVER_KEY),
)
