"""Forged commands on the bus ask the BMS to open its contactors."""

from collections.abc import Mapping

from voltward.core.attack import Attack, AttackType, Goal, Step, Stride
from voltward.core.capabilities import Capability
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer


def _steps(values: Mapping[str, float]) -> tuple[Step, ...]:
    return (
        Step(
            name="order to open",
            tap="can.down",
            field="open_request",
            needs=Capability.CAN_WRITE,
            bias=1.0,
            inject=True,
            period_s=values["period_s"],
            duty_share=1.0 / values["period_s"],
        ),
    )


ATTACK = Attack(
    id="can-command-injection",
    title="Commands injected on the bus",
    layer=Layer.PHYSICAL,
    type=AttackType.DATA_MANIPULATION,
    stride=(
        Stride.SPOOFING,
        Stride.ELEVATION,
    ),
    r155=(
        "11.1",
        "16.1",
    ),
    technique="ATT&CK ICS T0855",
    holds=Capability.CAN_WRITE,
    parameters=(Parameter("period_s", "s", 5.0, 1.0, 600.0, "one command in each period"),),
    steps=_steps,
    goal=Goal("propulsion_lost_s", 5.0, "propulsion gone for 5 s in traffic (assumption)"),
    duty="commute-and-charge",
    start_s=203.0,
    component_impact="contactors break a high current",
    system_impact="propulsion lost in traffic",
    claimed_by=("command-plausibility",),
    stopped_by=("can-frame-authentication",),
    source="injection on vehicle buses, as in the HCRL and SynCAN classes; the period is an "
    "assumption",
)
