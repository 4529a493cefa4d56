"""A false broker turns a charge plan into an order to open the contactors."""

from collections.abc import Mapping

from voltward.core.attack import Attack, AttackType, Goal, Step, Stride
from voltward.core.capabilities import Capability
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer


def _steps(values: Mapping[str, float]) -> tuple[Step, ...]:
    return (
        Step(
            name="answer as the broker",
            tap="mqtt.session",
            needs=Capability.NETWORK_PATH,
            grants=Capability.SESSION_TERMINATED,
            terminate=True,
        ),
        Step(
            name="order to open",
            tap="mqtt.down",
            field="open_request",
            needs=Capability.SESSION_TERMINATED,
            requires_step="answer as the broker",
            bias=1.0,
            duration_s=values["duration_s"],
        ),
    )


ATTACK = Attack(
    id="mqtt-stop-while-driving",
    title="Vehicle stopped through a hijacked session",
    layer=Layer.COMMUNICATION,
    type=AttackType.MAN_IN_THE_MIDDLE,
    stride=(
        Stride.SPOOFING,
        Stride.TAMPERING,
    ),
    r155=(
        "6.2",
        "4.1",
        "16.2",
    ),
    technique="ATT&CK ICS T0830",
    holds=Capability.NETWORK_PATH,
    parameters=(
        Parameter("duration_s", "s", 120.0, 1.0, 3600.0, "how long commands are rewritten"),
    ),
    steps=_steps,
    goal=Goal("propulsion_lost_s", 5.0, "propulsion gone for 5 s in traffic (assumption)"),
    duty="commute-and-charge",
    start_s=170.0,
    component_impact="contactors break a high current",
    system_impact="propulsion lost in traffic: network to vehicle",
    claimed_by=("command-plausibility",),
    stopped_by=(
        "mqtt-server-authentication",
        "command-signature",
    ),
    source="man in the middle on a path without server authentication; effect as in remote "
    "stops of vehicles; times are an assumption",
)
