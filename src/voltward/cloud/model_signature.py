"""Parameters of the twin are loaded only with a signature of the model's owner."""

from voltward.core.capabilities import Capability
from voltward.core.control import Control, Cost, Verify
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer

CONTROL = Control(
    id="model-signature",
    title="Signature on model parameters",
    layer=Layer.CLOUD,
    strength=Parameter(
        "proof_bits", "bit", 128.0, 0.0, 256.0, "length of the proof that a forger must guess"
    ),
    cost=Cost(bytes_per_record=64.0, note="64 bytes Ed25519 for each update"),
    source="The Update Framework 1.0, roles and signed targets; Ed25519 of RFC 8032 has 128 bits "
    "of security",
    verify=Verify(("model.update",), secret=Capability.UPDATE_KEY),
)
