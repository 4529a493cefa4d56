"""Cell-voltage channels are permuted, so that balancing acts on the wrong cells."""

from collections.abc import Mapping

from voltward.core.attack import Attack, AttackType, Goal, Step, Stride
from voltward.core.capabilities import Capability
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer


def _steps(values: Mapping[str, float]) -> tuple[Step, ...]:
    return (
        Step(
            name="swap the sense wires",
            tap="cell.voltage",
            field="voltage_V",
            needs=Capability.SENSOR_WIRING,
            shift_cells=int(values["shift_cells"]),
            first_cell=int(values["first_cell"]),
            cell_share=values["cell_share"],
        ),
    )


ATTACK = Attack(
    id="sensor-swap",
    title="Swapped cell-voltage channels",
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
        Parameter("shift_cells", "1", 7.0, 1.0, 199.0, "how many places the channels move on"),
        Parameter("first_cell", "1", 0.0, 0.0, 399.0, "first cell touched"),
        Parameter("cell_share", "1", 1.0, 0.0, 1.0, "share of the cells touched"),
    ),
    steps=_steps,
    goal=Goal("soc_spread_pct", 3.5, "more than fresh cells have"),
    duty="overnight-standby",
    start_s=0.0,
    component_impact="balancing drives cells apart",
    system_impact="less usable capacity",
    claimed_by=(),
    stopped_by=(),
    source="sensor swapping in large packs: arXiv 2504.10658; the shift is an assumption",
)
