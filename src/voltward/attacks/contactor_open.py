"""A forged command opens the main contactors while the vehicle drives."""

from collections.abc import Mapping

from voltward.core.attack import Attack, AttackType, Goal, Step, Stride
from voltward.core.capabilities import Capability
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer


def _steps(values: Mapping[str, float]) -> tuple[Step, ...]:
    return (
        Step(
            name="command open",
            tap="contactor",
            field="close",
            needs=Capability.CAN_WRITE,
            bias=-1.0,
            duration_s=values["duration_s"],
        ),
    )


ATTACK = Attack(
    id="contactor-open",
    title="Contactors opened while driving",
    layer=Layer.PHYSICAL,
    type=AttackType.DENIAL_OF_SERVICE,
    stride=(
        Stride.SPOOFING,
        Stride.DENIAL,
    ),
    r155=(
        "11.1",
        "16.1",
    ),
    technique="ATT&CK ICS T0855",
    holds=Capability.CAN_WRITE,
    parameters=(
        Parameter("duration_s", "s", 60.0, 1.0, 3600.0, "how long the command is repeated"),
    ),
    steps=_steps,
    goal=Goal("propulsion_lost_s", 5.0, "propulsion gone for 5 s in traffic (assumption)"),
    duty="commute-and-charge",
    start_s=200.0,
    component_impact="contactors break a high current",
    system_impact="propulsion lost in traffic",
    claimed_by=(),
    stopped_by=("can-frame-authentication",),
    source="one forged frame stops propulsion: shutdown-mode injection on vehicle buses; the"
    " length is an assumption",
)
