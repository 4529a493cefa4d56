"""Noise on the charge link breaks off every session."""

from collections.abc import Mapping

from voltward.core.attack import Attack, AttackType, Goal, Step, Stride
from voltward.core.capabilities import Capability
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer


def _steps(values: Mapping[str, float]) -> tuple[Step, ...]:
    return (
        Step(
            name="drown the request",
            tap="charger.request",
            needs=Capability.CHARGER_LINK,
            drop_share=values["drop_share"],
        ),
    )


ATTACK = Attack(
    id="charger-stop",
    title="Charging denied on the charge link",
    layer=Layer.PHYSICAL,
    type=AttackType.DENIAL_OF_SERVICE,
    stride=(Stride.DENIAL,),
    r155=(
        "16.1",
        "8.2",
    ),
    technique="EMB3D TID-404",
    holds=Capability.CHARGER_LINK,
    parameters=(Parameter("drop_share", "1", 1.0, 0.0, 1.0, "share of the requests lost"),),
    steps=_steps,
    goal=Goal("charging_denied_s", 600.0, "ten minutes without charge at the charger (assumption)"),
    duty="commute-and-charge",
    start_s=900.0,
    component_impact="none",
    system_impact="vehicle not charged, range lost",
    claimed_by=("charge-supervision",),
    stopped_by=(),
    source="Brokenwire: Koehler et al., NDSS 2023: charging aborted by radio from up to 47 m"
    " with 1 W",
)
