"""One cell seems empty, and the protection stops the vehicle."""

from collections.abc import Mapping

from voltward.core.attack import Attack, AttackType, Goal, Step, Stride
from voltward.core.capabilities import Capability
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer


def _steps(values: Mapping[str, float]) -> tuple[Step, ...]:
    return (
        Step(
            name="one cell seems empty",
            tap="cell.voltage",
            field="voltage_V",
            needs=Capability.SENSOR_WIRING,
            bias=values["bias_V"],
            first_cell=int(values["first_cell"]),
            cell_share=0.0,
            duration_s=values["duration_s"],
        ),
    )


ATTACK = Attack(
    id="provoke-under-voltage",
    title="Protection provoked by a false under-voltage",
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
    technique="EMB3D TID-114",
    holds=Capability.SENSOR_WIRING,
    parameters=(
        Parameter("bias_V", "V", -1.8, -4.0, 0.0, "added to the reading"),
        Parameter("first_cell", "1", 40.0, 0.0, 399.0, "cell touched"),
        Parameter("duration_s", "s", 10.0, 1.0, 3600.0, "how long"),
    ),
    steps=_steps,
    goal=Goal("propulsion_lost_s", 5.0, "propulsion gone for 5 s in traffic (assumption)"),
    duty="commute-and-charge",
    start_s=180.0,
    component_impact="contactors break a current",
    system_impact="propulsion lost in traffic",
    claimed_by=(
        "pack-sum-plausibility",
        "cross-cell-comparison",
        "innovation-cusum",
        "innovation-chi-square",
    ),
    stopped_by=("sensor-voting",),
    source="provocation of a protection whose limits are public, as foxBMS 2 publishes them;"
    " magnitude is an assumption",
    turns_defence=True,
)
