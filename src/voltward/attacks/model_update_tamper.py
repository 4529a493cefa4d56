"""The parameters that the twin loads are changed on their way."""

from collections.abc import Mapping

from voltward.core.attack import Attack, AttackType, Goal, Step, Stride
from voltward.core.capabilities import Capability
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer


def _steps(values: Mapping[str, float]) -> tuple[Step, ...]:
    return (
        Step(
            name="edit the update",
            tap="model.update",
            field="ocv_shift_V",
            needs=Capability.STORE_WRITE | Capability.UPDATE_KEY,
            bias=values["ocv_shift_V"],
        ),
    )


ATTACK = Attack(
    id="model-update-tamper",
    title="Tampered model update",
    layer=Layer.CLOUD,
    type=AttackType.DATA_MANIPULATION,
    stride=(Stride.TAMPERING,),
    r155=(
        "12.1",
        "12.3",
        "25.1",
    ),
    technique="ATT&CK ICS T0836",
    holds=Capability.STORE_WRITE,
    parameters=(
        Parameter("ocv_shift_V", "V", 0.08, -0.2, 0.2, "shift of the open-circuit voltage"),
    ),
    steps=_steps,
    goal=Goal("twin_soc_error_pct", 5.0, "the twin is off by 5 points of SoC (assumption)"),
    duty="commute-and-charge",
    start_s=0.0,
    component_impact="the twin's plan is too bold",
    system_impact="wrong range in the app, faster ageing",
    claimed_by=(
        "innovation-cusum",
        "innovation-chi-square",
        "model-parameter-monitor",
        "soc-agreement",
    ),
    stopped_by=(
        "model-signature",
        "model-envelope",
    ),
    source="poisoned update: OCV shifts of 5 to 30 mV are an assumption in the field's "
    "studies, 80 mV here",
)
