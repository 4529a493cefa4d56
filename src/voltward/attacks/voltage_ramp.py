"""A lie about cell voltages that grows so slowly that no single step stands out."""

from collections.abc import Mapping

from voltward.core.attack import Attack, AttackType, Goal, Step, Stride
from voltward.core.capabilities import Capability
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer


def _steps(values: Mapping[str, float]) -> tuple[Step, ...]:
    return (
        Step(
            name="drift the sense wires",
            tap="cell.voltage",
            field="voltage_V",
            needs=Capability.SENSOR_WIRING,
            ramp_per_s=values["ramp_V_per_s"],
            first_cell=int(values["first_cell"]),
            cell_share=values["cell_share"],
        ),
    )


ATTACK = Attack(
    id="voltage-ramp",
    title="Slow drift of the cell-voltage readings",
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
        Parameter("ramp_V_per_s", "V/s", -6e-05, -0.001, 0.001, "drift of the reading"),
        Parameter("first_cell", "1", 0.0, 0.0, 399.0, "first cell touched"),
        Parameter("cell_share", "1", 1.0, 0.0, 1.0, "share of the cells touched"),
    ),
    steps=_steps,
    goal=Goal("soc_error_pct", 5.0, "the BMS is off by 5 points of SoC (assumption)"),
    duty="commute-and-charge",
    start_s=600.0,
    component_impact="SoC drifts away, the end of charge comes late",
    system_impact="wrong range",
    claimed_by=(
        "innovation-cusum",
        "innovation-chi-square",
        "pack-sum-plausibility",
        "soc-drift",
    ),
    stopped_by=(),
    source="ramp class of false data; SynCAN calls it continuous change; 0.01 to 1 mV/s is "
    "an assumption",
)
