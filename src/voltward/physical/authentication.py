"""Proofs that receivers inside the vehicle ask for: on the bus, on the charge link, at start.

A record without its proof is rejected, whoever sent it; one that is forged without the key passes
only by guessing. Freshness rejects a record that was recorded earlier, proof and all.

- `can-frame-authentication`: frames carry a truncated message authentication code.
- `can-freshness`: frames count up; an old one is dropped.
- `charger-link-authentication`: the charger obeys requests with the vehicle's proof.
- `firmware-signature`: firmware and calibration start only with the maker's signature.
"""

from voltward.core.capabilities import Capability
from voltward.core.control import Control, Cost, Verify
from voltward.core.parameter import Parameter
from voltward.core.strength import CHECKED, proof_bits
from voltward.core.taps import Layer

CAN_FRAME_AUTHENTICATION = Control(
    id="can-frame-authentication",
    title="Authentication of CAN frames",
    layer=Layer.PHYSICAL,
    strength=Parameter("mac_bits", "bit", 24.0, 0.0, 128.0, "length of the truncated MAC"),
    cost=Cost(
        bytes_per_record=4.0,
        note="24 bits MAC and 8 bits freshness a frame, AUTOSAR SecOC profile 1",
    ),
    source="AUTOSAR SecOC profile 24Bit-CMAC-8Bit-FV",
    verify=Verify(("can.up", "can.down", "contactor"), secret=Capability.FRAME_KEY),
)

CAN_FRESHNESS = Control(
    id="can-freshness",
    title="Freshness of CAN frames",
    layer=Layer.PHYSICAL,
    strength=CHECKED,
    cost=Cost(
        bytes_per_record=1.0,
        note="8 bits of the counter travel in a frame; a receiver out of step rejects until it "
        "has caught up",
    ),
    source="AUTOSAR SecOC, freshness value of profile 24Bit-CMAC-8Bit-FV",
    verify=Verify(("can.up", "can.down"), freshness=True),
)

CHARGER_LINK_AUTHENTICATION = Control(
    id="charger-link-authentication",
    title="Authentication of the charging link",
    layer=Layer.PHYSICAL,
    strength=proof_bits(24.0, 128.0),
    cost=Cost(
        bytes_per_record=4.0,
        note="24 bits MAC and 8 bits freshness a frame, as on the vehicle's bus (assumption)",
    ),
    source="ISO 15118-20 asks for mutual TLS; the truncated MAC of AUTOSAR SecOC stands for a "
    "charger on CAN (assumption)",
    verify=Verify(("charger.request",), secret=Capability.FRAME_KEY),
)

FIRMWARE_SIGNATURE = Control(
    id="firmware-signature",
    title="Signature on firmware and calibration",
    layer=Layer.PHYSICAL,
    strength=proof_bits(128.0),
    cost=Cost(
        bytes_per_record=64.0,
        note="64 bytes are an Ed25519 signature, once for an update; the check at start is not "
        "timed",
    ),
    source="ISO 24089 and UN R156 7.2.1; Ed25519 of RFC 8032 has 128 bits of security",
    verify=Verify(("firmware",), secret=Capability.UPDATE_KEY),
)
