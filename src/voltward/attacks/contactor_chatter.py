"""The contactors are switched on and off under load until they are worn."""

from collections.abc import Mapping

from voltward.core.attack import Attack, AttackType, Goal, Step, Stride
from voltward.core.capabilities import Capability
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer


def _steps(values: Mapping[str, float]) -> tuple[Step, ...]:
    return (
        Step(
            name="switch under load",
            tap="contactor",
            field="close",
            needs=Capability.CAN_WRITE,
            bias=-1.0,
            period_s=values["period_s"],
            duty_share=0.5,
        ),
    )


ATTACK = Attack(
    id="contactor-chatter",
    title="Contactor switching under load",
    layer=Layer.PHYSICAL,
    type=AttackType.DATA_MANIPULATION,
    stride=(
        Stride.SPOOFING,
        Stride.TAMPERING,
    ),
    r155=(
        "11.1",
        "16.1",
    ),
    technique="ATT&CK ICS T0806",
    holds=Capability.CAN_WRITE,
    parameters=(Parameter("period_s", "s", 4.0, 2.0, 120.0, "one opening in each period"),),
    steps=_steps,
    goal=Goal(
        "contactor_wear_pct", 1.0, "a hundredth of the contactors' life in one trip (assumption)"
    ),
    duty="commute-and-charge",
    start_s=100.0,
    component_impact="arcs wear the contacts, at last they weld",
    system_impact="loss of propulsion, no safe isolation",
    claimed_by=(),
    stopped_by=("can-frame-authentication",),
    source="brute-force switching of an actuator; breaks at rated current: see the pack's "
    "contactor data; period is an assumption",
)
