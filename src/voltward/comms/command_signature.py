"""Commands are signed by the command service and checked in the vehicle, end to end."""

from voltward.core.capabilities import Capability
from voltward.core.control import Control, Cost, Verify
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer

CONTROL = Control(
    id="command-signature",
    title="Signature on commands",
    layer=Layer.COMMUNICATION,
    strength=Parameter(
        "proof_bits", "bit", 128.0, 0.0, 256.0, "length of the proof that a forger must guess"
    ),
    cost=Cost(
        bytes_per_record=64.0, latency_ms=0.1, note="64 bytes Ed25519; 0.1 ms is an assumption"
    ),
    source="application-layer signature that outlives a compromised broker; Ed25519 of RFC 8032 "
    "has 128 bits of security",
    verify=Verify(("mqtt.down",), secret=Capability.COMMAND_KEY),
)
