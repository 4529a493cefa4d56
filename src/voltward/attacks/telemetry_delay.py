"""Records arrive unchanged, but minutes late."""

from collections.abc import Mapping

from voltward.core.attack import Attack, AttackType, Goal, Step, Stride
from voltward.core.capabilities import Capability
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer


def _steps(values: Mapping[str, float]) -> tuple[Step, ...]:
    return (
        Step(
            name="hold records back",
            tap="mqtt.up",
            needs=Capability.NETWORK_PATH,
            delay_s=values["delay_s"],
        ),
    )


ATTACK = Attack(
    id="telemetry-delay",
    title="Delayed telemetry",
    layer=Layer.COMMUNICATION,
    type=AttackType.MAN_IN_THE_MIDDLE,
    stride=(Stride.TAMPERING,),
    r155=(
        "6.3",
        "8.2",
    ),
    technique="ATT&CK ICS T0804",
    holds=Capability.NETWORK_PATH,
    parameters=(Parameter("delay_s", "s", 240.0, 0.0, 480.0, "how late"),),
    steps=_steps,
    goal=Goal("twin_soc_error_pct", 3.0, "the twin is off by 3 points of SoC (assumption)"),
    duty="commute-and-charge",
    start_s=800.0,
    component_impact="stale twin, plan for a pack that no longer is",
    system_impact="wrong range in the app",
    claimed_by=("telemetry-silence",),
    stopped_by=(),
    source="delay class of Koopman-based secure estimation studies, 1 to 30 s there; minutes"
    " are an assumption",
)
