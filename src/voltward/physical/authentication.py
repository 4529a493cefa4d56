"""Frames on the bus carry a truncated MAC; without its key a forgery passes by luck only."""

from voltward.core.capabilities import Capability
from voltward.core.control import Control, Cost, Verify
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer

CONTROL = Control(
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
