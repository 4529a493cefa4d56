"""Firmware and calibration start only with the maker's signature."""

from voltward.core.capabilities import Capability
from voltward.core.control import Control, Cost, Verify
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer

CONTROL = Control(
    id="firmware-signature",
    title="Signature on firmware and calibration",
    layer=Layer.PHYSICAL,
    strength=Parameter(
        "proof_bits", "bit", 128.0, 0.0, 256.0, "length of the proof that a forger must guess"
    ),
    cost=Cost(
        bytes_per_record=64.0,
        note="64 bytes are an Ed25519 signature, once for an update; the check at start is not "
        "timed",
    ),
    source="ISO 24089 and UN R156 7.2.1; Ed25519 of RFC 8032 has 128 bits of security",
    verify=Verify(("firmware",), secret=Capability.UPDATE_KEY),
)
