"""A cold cell is made to look warm, so that charging plates lithium."""

from collections.abc import Mapping

from voltward.core.attack import Attack, AttackType, Goal, Step, Stride
from voltward.core.capabilities import Capability
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer


def _steps(values: Mapping[str, float]) -> tuple[Step, ...]:
    return (
        Step(
            name="heat the thermistors",
            tap="cell.temperature",
            field="temperature_degC",
            needs=Capability.SENSOR_WIRING,
            bias=values["bias_K"],
            first_cell=int(values["first_cell"]),
            cell_share=values["cell_share"],
        ),
    )


ATTACK = Attack(
    id="temperature-bias",
    title="Bias on the cell-temperature readings",
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
        Parameter("bias_K", "K", 25.0, -60.0, 60.0, "added to the reading"),
        Parameter("first_cell", "1", 0.0, 0.0, 399.0, "first cell touched"),
        Parameter("cell_share", "1", 1.0, 0.0, 1.0, "share of the cells touched"),
    ),
    steps=_steps,
    goal=Goal("plated_charge_mAh", 100.0, "lithium plated in one session (assumption)"),
    duty="cold-fast-charge",
    start_s=0.0,
    component_impact="lithium plating, lost capacity",
    system_impact="faster ageing, later a fire risk",
    claimed_by=(
        "innovation-cusum",
        "innovation-chi-square",
        "thermal-residual",
        "soc-drift",
    ),
    stopped_by=(),
    source="signal injection on sensors: Lavau et al. 2023, 10.5194/ars-20-37-2023; 5 to 30 "
    "K is an assumption",
)
