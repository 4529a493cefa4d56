"""One cell seems to burn, and the protection ends the charging session for good."""

from collections.abc import Mapping

from voltward.core.attack import Attack, AttackType, Goal, Step, Stride
from voltward.core.capabilities import Capability
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer


def _steps(values: Mapping[str, float]) -> tuple[Step, ...]:
    return (
        Step(
            name="one cell seems hot",
            tap="cell.temperature",
            field="temperature_degC",
            needs=Capability.SENSOR_WIRING,
            bias=values["bias_K"],
            first_cell=int(values["first_cell"]),
            cell_share=0.0,
            duration_s=values["duration_s"],
        ),
    )


ATTACK = Attack(
    id="provoke-over-temperature",
    title="Protection provoked by a false over-temperature",
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
        Parameter("bias_K", "K", 40.0, 0.0, 100.0, "added to the reading"),
        Parameter("first_cell", "1", 40.0, 0.0, 399.0, "cell touched"),
        Parameter("duration_s", "s", 10.0, 1.0, 3600.0, "how long"),
    ),
    steps=_steps,
    goal=Goal("charging_denied_s", 600.0, "ten minutes without charge at the charger (assumption)"),
    duty="commute-and-charge",
    start_s=1200.0,
    component_impact="none",
    system_impact="vehicle immobile until a workshop clears the fault",
    claimed_by=("thermal-residual",),
    stopped_by=(),
    source="provocation of a protection whose limits are public, as foxBMS 2 publishes them;"
    " magnitude is an assumption",
    turns_defence=True,
)
