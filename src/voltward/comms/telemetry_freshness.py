"""The cloud takes a telemetry record only when it is newer than the last one."""

from voltward.core.control import Control, Cost, Verify
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer

CONTROL = Control(
    id="telemetry-freshness",
    title="Freshness of telemetry",
    layer=Layer.COMMUNICATION,
    strength=Parameter("check", "1", 1.0, 0.0, 1.0, "1 checks, 0 is absent"),
    cost=Cost(
        bytes_per_record=8.0, note="a 64-bit counter; a record that the link has overtaken is lost"
    ),
    source="monotonic counter in the signed payload, as Sparkplug B 3.0 numbers its messages",
    verify=Verify(("mqtt.up",), freshness=True),
)
