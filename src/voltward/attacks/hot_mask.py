"""A hot pack is made to look cold: its cooling stays off, and its heater runs."""

from collections.abc import Mapping

from voltward.core.attack import Attack, AttackType, Goal, Step, Stride
from voltward.core.capabilities import Capability
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer


def _steps(values: Mapping[str, float]) -> tuple[Step, ...]:
    return (
        Step(
            name="cool the thermistors",
            tap="cell.temperature",
            field="temperature_degC",
            needs=Capability.SENSOR_WIRING,
            bias=values["bias_K"],
            first_cell=int(values["first_cell"]),
            cell_share=values["cell_share"],
        ),
    )


ATTACK = Attack(
    id="hot-mask",
    title="Heat hidden from the thermal management",
    layer=Layer.PHYSICAL,
    type=AttackType.DATA_MANIPULATION,
    stride=(Stride.TAMPERING,),
    r155=(
        "32.1",
        "25.2",
    ),
    technique="EMB3D TID-110",
    holds=Capability.SENSOR_WIRING,
    parameters=(
        Parameter("bias_K", "K", -20.0, -60.0, 0.0, "added to the reading"),
        Parameter("first_cell", "1", 0.0, 0.0, 399.0, "first cell touched"),
        Parameter("cell_share", "1", 1.0, 0.0, 1.0, "share of the cells touched"),
    ),
    steps=_steps,
    goal=Goal("peak_temperature_degC", 35.0, "5 K above the start of cooling (assumption)"),
    duty="commute-and-charge",
    start_s=0.0,
    component_impact="cells run hot, faster ageing",
    system_impact="shorter life, fire risk",
    claimed_by=(
        "innovation-cusum",
        "innovation-chi-square",
        "soc-drift",
    ),
    stopped_by=(),
    source="thermal-management deception; a bias of 5 to 30 K is an assumption",
)
