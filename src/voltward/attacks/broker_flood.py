"""Connections and messages swamp the broker until the vehicle cannot reach it."""

from collections.abc import Mapping

from voltward.core.attack import Attack, AttackType, Goal, Step, Stride
from voltward.core.capabilities import Capability
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer


def _steps(values: Mapping[str, float]) -> tuple[Step, ...]:
    return (
        Step(
            name="swamp the topic",
            tap="mqtt.up",
            needs=Capability.BROKER_REACH,
            copies=values["copies"],
            duration_s=values["duration_s"],
        ),
        Step(
            name="exhaust the sessions",
            tap="mqtt.session",
            needs=Capability.BROKER_REACH,
            drop_share=values["drop_share"],
            duration_s=values["duration_s"],
        ),
    )


ATTACK = Attack(
    id="broker-flood",
    title="Flooded broker",
    layer=Layer.COMMUNICATION,
    type=AttackType.DENIAL_OF_SERVICE,
    stride=(Stride.DENIAL,),
    r155=(
        "8.1",
        "2.1",
    ),
    technique="EMB3D TID-405",
    holds=Capability.BROKER_REACH,
    parameters=(
        Parameter("copies", "1", 1000.0, 0.0, 100000.0, "messages sent in each tick"),
        Parameter(
            "drop_share", "1", 0.97, 0.0, 1.0, "share of the ticks in which the session fails"
        ),
        Parameter("duration_s", "s", 900.0, 1.0, 3600.0, "how long"),
    ),
    steps=_steps,
    goal=Goal("cloud_blind_s", 300.0, "the cloud sees nothing for five minutes (assumption)"),
    duty="commute-and-charge",
    start_s=1200.0,
    component_impact="no cloud plan, the on-board plan takes over",
    system_impact="slower charging, records lost",
    claimed_by=(
        "telemetry-silence",
        "command-silence",
    ),
    stopped_by=(),
    source="flood and SlowITe classes of MQTTset; that 3 % of the ticks get through is an "
    "assumption",
)
