"""Frames on the bus count up; one that does not is old and is dropped."""

from voltward.core.control import Control, Cost, Verify
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer

CONTROL = Control(
    id="can-freshness",
    title="Freshness of CAN frames",
    layer=Layer.PHYSICAL,
    strength=Parameter("check", "1", 1.0, 0.0, 1.0, "1 checks, 0 is absent"),
    cost=Cost(
        bytes_per_record=1.0,
        note="8 bits of the counter travel in a frame; a receiver out of step rejects until it "
        "has caught up",
    ),
    source="AUTOSAR SecOC, freshness value of profile 24Bit-CMAC-8Bit-FV",
    verify=Verify(("can.up", "can.down"), freshness=True),
)
