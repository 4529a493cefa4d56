"""Stored records keep the signature that they came with; readers check it."""

from voltward.core.capabilities import Capability
from voltward.core.control import Control, Cost, Verify
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer

CONTROL = Control(
    id="store-integrity",
    title="Integrity of the telemetry store",
    layer=Layer.CLOUD,
    strength=Parameter(
        "proof_bits", "bit", 128.0, 0.0, 256.0, "length of the proof that a forger must guess"
    ),
    cost=Cost(
        bytes_per_record=64.0,
        latency_ms=0.1,
        note="64 bytes Ed25519 kept with each record; 0.1 ms to check is an assumption",
    ),
    source="NIST SP 800-53 SI-7; a signature from the source instead of a ledger; Ed25519 of RFC "
    "8032 has 128 bits of security",
    verify=Verify(("store.write",), secret=Capability.TELEMETRY_KEY),
)
