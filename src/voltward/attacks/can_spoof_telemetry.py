"""A node on the bus poses as the BMS and reports low voltages."""

from collections.abc import Mapping

from voltward.core.attack import Attack, AttackType, Goal, Step, Stride
from voltward.core.capabilities import Capability
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer


def _steps(values: Mapping[str, float]) -> tuple[Step, ...]:
    return (
        Step(
            name="speak for the BMS",
            tap="can.up",
            field="voltage_V",
            needs=Capability.CAN_WRITE,
            bias=values["bias_V"],
            first_cell=int(values["first_cell"]),
            cell_share=values["cell_share"],
        ),
    )


ATTACK = Attack(
    id="can-spoof-telemetry",
    title="Masquerade as the BMS on the bus",
    layer=Layer.PHYSICAL,
    type=AttackType.DATA_MANIPULATION,
    stride=(
        Stride.SPOOFING,
        Stride.TAMPERING,
    ),
    r155=(
        "11.1",
        "4.1",
    ),
    technique="ATT&CK ICS T0856",
    holds=Capability.CAN_WRITE,
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
    system_impact="wrong range in the app, wrong charge plan",
    claimed_by=(
        "innovation-cusum",
        "innovation-chi-square",
        "soc-agreement",
    ),
    stopped_by=("can-frame-authentication",),
    source="masquerade: Cho and Shin, USENIX Security 2016; the bias is an assumption",
)
