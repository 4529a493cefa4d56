"""Whoever sits on the charge link asks the charger for more than the BMS does."""

from collections.abc import Mapping

from voltward.core.attack import Attack, AttackType, Goal, Step, Stride
from voltward.core.capabilities import Capability
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer


def _steps(values: Mapping[str, float]) -> tuple[Step, ...]:
    return (
        Step(
            name="raise the request",
            tap="charger.request",
            field="current_A",
            needs=Capability.CHARGER_LINK,
            gain=values["gain"],
        ),
    )


ATTACK = Attack(
    id="charger-overrequest",
    title="Charge current raised on the charge link",
    layer=Layer.PHYSICAL,
    type=AttackType.MAN_IN_THE_MIDDLE,
    stride=(Stride.TAMPERING,),
    r155=(
        "25.2",
        "16.1",
        "6.2",
    ),
    technique="ATT&CK ICS T0836",
    holds=Capability.CHARGER_LINK,
    parameters=(Parameter("gain", "1", 1.2, -1.0, 5.0, "relative change of the request"),),
    steps=_steps,
    goal=Goal("plated_charge_mAh", 100.0, "lithium plated in one session (assumption)"),
    duty="commute-and-charge",
    start_s=900.0,
    component_impact="plating, over-voltage",
    system_impact="faster ageing, fire risk",
    claimed_by=("charge-supervision",),
    stopped_by=("charger-link-authentication",),
    source="CHAdeMO carries the request in clear; gains of 0.2 to 2 are an assumption",
)
