"""A false isolation reading makes the protection open the contactors while driving."""

from collections.abc import Mapping

from voltward.core.attack import Attack, AttackType, Goal, Step, Stride
from voltward.core.capabilities import Capability
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer


def _steps(values: Mapping[str, float]) -> tuple[Step, ...]:
    return (
        Step(
            name="lower the isolation reading",
            tap="pack.isolation",
            field="resistance_kohm",
            needs=Capability.SENSOR_WIRING,
            gain=values["gain"],
            duration_s=values["duration_s"],
        ),
    )


ATTACK = Attack(
    id="false-isolation-alarm",
    title="False isolation alarm",
    layer=Layer.PHYSICAL,
    type=AttackType.DATA_MANIPULATION,
    stride=(
        Stride.TAMPERING,
        Stride.DENIAL,
    ),
    r155=(
        "32.1",
        "11.1",
    ),
    technique="EMB3D TID-110",
    holds=Capability.SENSOR_WIRING,
    parameters=(
        Parameter("gain", "1", -0.995, -1.0, 0.0, "relative change of the reading"),
        Parameter("duration_s", "s", 30.0, 1.0, 3600.0, "how long"),
    ),
    steps=_steps,
    goal=Goal("propulsion_lost_s", 5.0, "propulsion gone for 5 s in traffic (assumption)"),
    duty="commute-and-charge",
    start_s=180.0,
    component_impact="contactors break a current",
    system_impact="propulsion lost in traffic",
    claimed_by=("isolation-plausibility",),
    stopped_by=(),
    source="isolation monitors can be deceived by a resistor to ground; UN R100 sets 100 "
    "ohm/V, the reading is an assumption",
    turns_defence=True,
)
