"""A false broker raises the charge limit and hides the current from the cloud."""

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
            name="raise the charge limit",
            tap="mqtt.down",
            field="charge_limit_A",
            needs=Capability.SESSION_TERMINATED,
            requires_step="answer as the broker",
            gain=values["limit_gain"],
        ),
        Step(
            name="report the ordered current",
            tap="mqtt.up",
            field="current_A",
            needs=Capability.SESSION_TERMINATED,
            requires_step="answer as the broker",
            gain=values["current_gain"],
        ),
    )


ATTACK = Attack(
    id="mqtt-man-in-the-middle",
    title="Man in the middle between gateway and broker",
    layer=Layer.COMMUNICATION,
    type=AttackType.MAN_IN_THE_MIDDLE,
    stride=(
        Stride.SPOOFING,
        Stride.TAMPERING,
    ),
    r155=(
        "6.2",
        "4.1",
        "25.2",
    ),
    technique="ATT&CK ICS T0830",
    holds=Capability.NETWORK_PATH,
    parameters=(
        Parameter("limit_gain", "1", 1.0, -1.0, 5.0, "relative change of the charge limit"),
        Parameter("current_gain", "1", -0.5, -1.0, 1.0, "relative change of the reported current"),
    ),
    steps=_steps,
    goal=Goal(
        "plated_charge_mAh",
        1000.0,
        "lithium plated in one session, 1.7 % of the capacity (assumption)",
    ),
    duty="commute-and-charge",
    start_s=600.0,
    component_impact="plating, lost capacity",
    system_impact="faster ageing, fire risk",
    claimed_by=(
        "innovation-cusum",
        "innovation-chi-square",
        "soc-agreement",
        "command-plausibility",
    ),
    stopped_by=(
        "mqtt-server-authentication",
        "telemetry-signature",
        "command-signature",
    ),
    source="attacker who rewrites set points and telemetry, as in the OCPP man in the middle"
    " on EVerest; gains are an assumption",
)
