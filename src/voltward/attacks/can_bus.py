"""Frames of the highest priority fill the bus, so that telemetry is crowded out."""

from collections.abc import Mapping

from voltward.core.attack import Attack, AttackType, Goal, Step, Stride
from voltward.core.capabilities import Capability
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer


def _steps(values: Mapping[str, float]) -> tuple[Step, ...]:
    return (
        Step(
            name="flood upwards",
            tap="can.up",
            needs=Capability.CAN_WRITE,
            copies=values["copies"],
            drop_share=values["drop_share"],
            duration_s=values["duration_s"],
        ),
        Step(
            name="flood downwards",
            tap="can.down",
            needs=Capability.CAN_WRITE,
            copies=values["copies"],
            drop_share=values["drop_share"],
            duration_s=values["duration_s"],
        ),
    )


ATTACK = Attack(
    id="can-flood",
    title="Flooded bus",
    layer=Layer.PHYSICAL,
    type=AttackType.DENIAL_OF_SERVICE,
    stride=(Stride.DENIAL,),
    r155=(
        "24.1",
        "8.1",
    ),
    technique="ATT&CK ICS T0814",
    holds=Capability.CAN_WRITE,
    parameters=(
        Parameter("copies", "1", 500.0, 0.0, 4000.0, "frames sent in each tick"),
        Parameter("drop_share", "1", 1.0, 0.0, 1.0, "share of the honest records crowded out"),
        Parameter("duration_s", "s", 600.0, 1.0, 3600.0, "how long"),
    ),
    steps=_steps,
    goal=Goal("cloud_blind_s", 300.0, "the cloud sees nothing for five minutes (assumption)"),
    duty="commute-and-charge",
    start_s=1200.0,
    component_impact="no cloud plan, the on-board plan takes over",
    system_impact="slower charging, no remote help",
    claimed_by=(
        "bus-traffic",
        "telemetry-silence",
        "command-silence",
    ),
    stopped_by=(),
    source="flooding with the lowest identifier, gaps of 0.3 to 1 ms as in the car-hacking "
    "traces; that a saturated bus lets nothing through is an assumption",
)
