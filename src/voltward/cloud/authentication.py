"""Proofs that the cloud asks for: of operators, of model parameters, of stored records.

- `second-factor`: operators log in with a password and a second factor.
- `model-signature`: the twin loads parameters only with a signature of the model's owner.
- `store-integrity`: stored records keep their signature, and readers check it.
"""

from voltward.core.capabilities import Capability
from voltward.core.control import Control, Cost, Verify
from voltward.core.strength import proof_bits
from voltward.core.taps import Layer

SECOND_FACTOR = Control(
    id="second-factor",
    title="Second factor for operators",
    layer=Layer.CLOUD,
    strength=proof_bits(20.0, 128.0),
    cost=Cost(note="20 to 30 s of an operator's time for each login (assumption)"),
    source="RFC 6238 with six digits, which are 20 bits; NIST SP 800-63B asks for two factors "
    "from AAL2 on",
    verify=Verify(("service.login",), secret=Capability.SECOND_FACTOR),
)

MODEL_SIGNATURE = Control(
    id="model-signature",
    title="Signature on model parameters",
    layer=Layer.CLOUD,
    strength=proof_bits(128.0),
    cost=Cost(bytes_per_record=64.0, note="64 bytes Ed25519 for each update"),
    source="The Update Framework 1.0, roles and signed targets; Ed25519 of RFC 8032 has 128 bits "
    "of security",
    verify=Verify(("model.update",), secret=Capability.UPDATE_KEY),
)

STORE_INTEGRITY = Control(
    id="store-integrity",
    title="Integrity of the telemetry store",
    layer=Layer.CLOUD,
    strength=proof_bits(128.0),
    cost=Cost(
        bytes_per_record=64.0,
        latency_ms=0.1,
        note="64 bytes Ed25519 kept with each record; 0.1 ms to check is an assumption",
    ),
    source="NIST SP 800-53 SI-7; a signature from the source instead of a ledger; Ed25519 of RFC "
    "8032 has 128 bits of security",
    verify=Verify(("store.write",), secret=Capability.TELEMETRY_KEY),
)
