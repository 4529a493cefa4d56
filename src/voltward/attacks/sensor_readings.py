"""A constant lie about a few cell voltages."""

from collections.abc import Mapping

from voltward.core.attack import Attack, AttackType, Goal, Step, Stride
from voltward.core.capabilities import Capability
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer


def _steps(values: Mapping[str, float]) -> tuple[Step, ...]:
    return (
        Step(
            name="bias the sense wires",
            tap="cell.voltage",
            field="voltage_V",
            needs=Capability.SENSOR_WIRING,
            bias=values["bias_V"],
            first_cell=int(values["first_cell"]),
            cell_share=values["cell_share"],
        ),
    )


ATTACK = Attack(
    id="voltage-bias",
    title="Bias on the cell-voltage readings",
    layer=Layer.PHYSICAL,
    type=AttackType.DATA_MANIPULATION,
    stride=(Stride.TAMPERING,),
    r155=(
        "32.1",
        "25.2",
    ),
    technique="EMB3D TID-114",
    holds=Capability.SENSOR_WIRING,
    parameters=(
        Parameter("bias_V", "V", -0.15, -0.5, 0.5, "added to the reading"),
        Parameter("first_cell", "1", 0.0, 0.0, 399.0, "first cell touched"),
        Parameter("cell_share", "1", 1.0, 0.0, 1.0, "share of the cells touched"),
    ),
    steps=_steps,
    goal=Goal("soc_error_pct", 5.0, "the BMS is off by 5 points of SoC (assumption)"),
    duty="commute-and-charge",
    start_s=600.0,
    component_impact="wrong SoC, charging beyond the voltage limit",
    system_impact="wrong range, charging beyond the limit",
    claimed_by=(
        "innovation-cusum",
        "innovation-chi-square",
        "pack-sum-plausibility",
        "unsafe-readings",
        "soc-drift",
    ),
    stopped_by=(),
    source="additive bias as in O'Brien et al., IEEE TIA 59(6) 2023, "
    "10.1109/TIA.2023.3308548; magnitudes are an assumption",
)
