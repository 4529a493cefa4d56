"""Records are changed in the store before the twin reads them."""

from collections.abc import Mapping

from voltward.core.attack import Attack, AttackType, Goal, Step, Stride
from voltward.core.capabilities import Capability
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer


def _steps(values: Mapping[str, float]) -> tuple[Step, ...]:
    return (
        Step(
            name="edit the rows",
            tap="store.write",
            field="voltage_V",
            needs=Capability.STORE_WRITE | Capability.TELEMETRY_KEY,
            bias=values["bias_V"],
            first_cell=int(values["first_cell"]),
            cell_share=values["cell_share"],
        ),
    )


ATTACK = Attack(
    id="store-tamper",
    title="Tampered telemetry store",
    layer=Layer.CLOUD,
    type=AttackType.DATA_MANIPULATION,
    stride=(
        Stride.TAMPERING,
        Stride.REPUDIATION,
    ),
    r155=(
        "1.1",
        "21.1",
    ),
    technique="ATT&CK ICS T0832",
    holds=Capability.STORE_WRITE,
    parameters=(
        Parameter("bias_V", "V", -0.1, -0.5, 0.5, "added to the voltages"),
        Parameter("first_cell", "1", 0.0, 0.0, 399.0, "first cell touched"),
        Parameter("cell_share", "1", 1.0, 0.0, 1.0, "share of the cells touched"),
    ),
    steps=_steps,
    goal=Goal("twin_soc_error_pct", 5.0, "the twin is off by 5 points of SoC (assumption)"),
    duty="commute-and-charge",
    start_s=600.0,
    component_impact="the twin's plan is too bold",
    system_impact="wrong history, warranty fraud",
    claimed_by=(
        "innovation-cusum",
        "innovation-chi-square",
        "soc-agreement",
    ),
    stopped_by=("store-integrity",),
    source="alteration of the historian, a known surface of cloud BMS; the bias is an assumption",
)
