"""The twin's parameters are changed in memory, without any update."""

from collections.abc import Mapping

from voltward.core.attack import Attack, AttackType, Goal, Step, Stride
from voltward.core.capabilities import Capability
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer


def _steps(values: Mapping[str, float]) -> tuple[Step, ...]:
    return (
        Step(
            name="poison the resistance",
            tap="twin.memory",
            field="resistance_scale",
            needs=Capability.TWIN_MEMORY,
            gain=values["resistance_gain"],
            # Once after each parameter load, which comes every ten minutes.
            period_s=600.0,
            duty_share=1.0 / 600.0,
        ),
    )


ATTACK = Attack(
    id="twin-poisoning",
    title="Twin parameters changed in memory",
    layer=Layer.CLOUD,
    type=AttackType.DATA_MANIPULATION,
    stride=(Stride.TAMPERING,),
    r155=(
        "1.2",
        "25.1",
    ),
    technique="ATT&CK ICS T0836",
    holds=Capability.TWIN_MEMORY,
    parameters=(
        Parameter("resistance_gain", "1", 1.0, -0.8, 4.0, "relative change of the resistance"),
    ),
    steps=_steps,
    goal=Goal("twin_soc_error_pct", 4.0, "the twin is off by 4 points of SoC (assumption)"),
    duty="commute-and-charge",
    start_s=1200.0,
    component_impact="the plan lets more current in than the anode takes",
    system_impact="wrong range in the app, faster ageing",
    claimed_by=(
        "innovation-cusum",
        "innovation-chi-square",
        "model-parameter-monitor",
        "soc-agreement",
    ),
    stopped_by=(),
    source="parameter tampering of twins: half to twice the resistance is an assumption",
)
