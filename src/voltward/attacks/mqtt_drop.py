"""Whoever sits on the path lets nothing through."""

from collections.abc import Mapping

from voltward.core.attack import Attack, AttackType, Goal, Step, Stride
from voltward.core.capabilities import Capability
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer


def _steps(values: Mapping[str, float]) -> tuple[Step, ...]:
    return (
        Step(
            name="drop everything",
            tap="mqtt.session",
            needs=Capability.NETWORK_PATH,
            drop_share=values["drop_share"],
            duration_s=values["duration_s"],
        ),
    )


ATTACK = Attack(
    id="mqtt-drop",
    title="Uplink and downlink dropped",
    layer=Layer.COMMUNICATION,
    type=AttackType.DENIAL_OF_SERVICE,
    stride=(Stride.DENIAL,),
    r155=("8.2",),
    technique="ATT&CK ICS T0804",
    holds=Capability.NETWORK_PATH,
    parameters=(
        Parameter("drop_share", "1", 1.0, 0.0, 1.0, "probability that a tick's traffic is lost"),
        Parameter("duration_s", "s", 450.0, 1.0, 3600.0, "how long"),
    ),
    steps=_steps,
    goal=Goal(
        "records_lost", 200.0, "more than three minutes of history gone for good (assumption)"
    ),
    duty="commute-and-charge",
    start_s=1200.0,
    component_impact="no cloud plan, the on-board plan takes over",
    system_impact="slower charging, records lost",
    claimed_by=(
        "telemetry-silence",
        "command-silence",
    ),
    stopped_by=("store-and-forward",),
    source="loss of 10 to 90 % and outages of 1 to 30 s are usual in the field's studies; a "
    "path attacker can drop all (assumption)",
)
