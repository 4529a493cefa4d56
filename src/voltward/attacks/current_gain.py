"""The current sensor reports too little of what flows."""

from collections.abc import Mapping

from voltward.core.attack import Attack, AttackType, Goal, Step, Stride
from voltward.core.capabilities import Capability
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer


def _steps(values: Mapping[str, float]) -> tuple[Step, ...]:
    return (
        Step(
            name="scale the shunt reading",
            tap="pack.current",
            field="current_A",
            needs=Capability.SENSOR_WIRING,
            gain=values["gain"],
        ),
    )


ATTACK = Attack(
    id="current-gain",
    title="Gain error on the pack-current sensor",
    layer=Layer.PHYSICAL,
    type=AttackType.DATA_MANIPULATION,
    stride=(Stride.TAMPERING,),
    r155=(
        "32.1",
        "25.2",
    ),
    technique="EMB3D TID-114",
    holds=Capability.SENSOR_WIRING,
    parameters=(Parameter("gain", "1", -0.5, -1.0, 1.0, "relative change of the reading"),),
    steps=_steps,
    goal=Goal("soc_error_pct", 3.0, "the BMS is off by 3 points of SoC (assumption)"),
    duty="commute-and-charge",
    start_s=100.0,
    component_impact="wrong charge count, over-current unseen",
    system_impact="wrong range, wrong end of charge",
    claimed_by=(
        "innovation-cusum",
        "innovation-chi-square",
        "current-redundancy",
        "soc-drift",
    ),
    stopped_by=(),
    source="scaling class of false data; 1 to 20 % of full scale in the field's studies, "
    "half is an assumption for a shunt with a bypass",
)
