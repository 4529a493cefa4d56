"""Some cells are bled without need while the others are not."""

from collections.abc import Mapping

from voltward.core.attack import Attack, AttackType, Goal, Step, Stride
from voltward.core.capabilities import Capability
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer


def _steps(values: Mapping[str, float]) -> tuple[Step, ...]:
    return (
        Step(
            name="hold back the wanted bleeds",
            tap="balancing",
            field="bleed",
            needs=Capability.SENSOR_WIRING,
            gain=-1.0,
        ),
        Step(
            name="bleed the chosen cells",
            tap="balancing",
            field="bleed",
            needs=Capability.SENSOR_WIRING,
            bias=1.0,
            first_cell=int(values["first_cell"]),
            cell_share=values["cell_share"],
        ),
    )


ATTACK = Attack(
    id="balancing-drain",
    title="Forged balancing commands",
    layer=Layer.PHYSICAL,
    type=AttackType.DATA_MANIPULATION,
    stride=(Stride.TAMPERING,),
    r155=(
        "11.1",
        "32.1",
    ),
    technique="ATT&CK ICS T0855",
    holds=Capability.SENSOR_WIRING,
    parameters=(
        Parameter("first_cell", "1", 0.0, 0.0, 399.0, "first cell bled"),
        Parameter("cell_share", "1", 0.1, 0.0, 1.0, "share of the cells bled"),
    ),
    steps=_steps,
    goal=Goal("soc_spread_pct", 3.5, "more than fresh cells have"),
    duty="overnight-standby",
    start_s=0.0,
    component_impact="cells drift apart",
    system_impact="less usable capacity",
    claimed_by=(),
    stopped_by=(),
    source="balancing attack: dSoC/dt = V/(R Q), 0.12 A through 33 ohm; the choice of cells "
    "is an assumption",
)
