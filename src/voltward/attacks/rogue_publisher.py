"""A stranger publishes telemetry in the vehicle's name."""

from collections.abc import Mapping

from voltward.core.attack import Attack, AttackType, Goal, Step, Stride
from voltward.core.capabilities import Capability
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer


def _steps(values: Mapping[str, float]) -> tuple[Step, ...]:
    return (
        Step(
            name="publish in its name",
            tap="mqtt.up",
            field="voltage_V",
            needs=Capability.BROKER_REACH | Capability.DEVICE_KEY | Capability.TELEMETRY_KEY,
            bias=values["bias_V"],
            inject=True,
            period_s=values["period_s"],
            duty_share=1.0 / values["period_s"],
        ),
    )


ATTACK = Attack(
    id="rogue-publisher",
    title="Rogue publisher at the broker",
    layer=Layer.COMMUNICATION,
    type=AttackType.DATA_MANIPULATION,
    stride=(Stride.SPOOFING,),
    r155=(
        "4.1",
        "6.1",
        "20.1",
    ),
    technique="ATT&CK ICS T0849",
    holds=Capability.BROKER_REACH,
    parameters=(
        Parameter("bias_V", "V", -0.2, -0.5, 0.5, "added to the voltages"),
        Parameter("period_s", "s", 2.0, 1.0, 60.0, "one record in each period"),
    ),
    steps=_steps,
    goal=Goal("twin_soc_error_pct", 5.0, "the twin is off by 5 points of SoC (assumption)"),
    duty="commute-and-charge",
    start_s=600.0,
    component_impact="the twin's plan is too bold",
    system_impact="wrong range in the app, wrong charge plan",
    claimed_by=(
        "innovation-cusum",
        "innovation-chi-square",
        "soc-agreement",
    ),
    stopped_by=(
        "mqtt-client-authentication",
        "telemetry-signature",
    ),
    source="identity spoofing at an open broker, as in the MQTTset classes; magnitudes are "
    "an assumption",
)
