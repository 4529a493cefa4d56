"""The charger obeys requests that carry the vehicle's proof."""

from voltward.core.capabilities import Capability
from voltward.core.control import Control, Cost, Verify
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer

CONTROL = Control(
    id="charger-link-authentication",
    title="Authentication of the charging link",
    layer=Layer.PHYSICAL,
    strength=Parameter(
        "proof_bits", "bit", 24.0, 0.0, 128.0, "length of the proof that a forger must guess"
    ),
    cost=Cost(
        bytes_per_record=4.0,
        note="24 bits MAC and 8 bits freshness a frame, as on the vehicle's bus (assumption)",
    ),
    source="ISO 15118-20 asks for mutual TLS; the truncated MAC of AUTOSAR SecOC stands for a "
    "charger on CAN (assumption)",
    verify=Verify(("charger.request",), secret=Capability.FRAME_KEY),
)
