"""A stolen account switches the charging of a fleet on and off in step with the grid."""

from collections.abc import Mapping

from voltward.core.attack import Attack, AttackType, Goal, Step, Stride
from voltward.core.capabilities import Capability
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer


def _steps(values: Mapping[str, float]) -> tuple[Step, ...]:
    return (
        Step(
            name="log in",
            tap="service.login",
            needs=Capability.BROKER_REACH | Capability.PASSWORD | Capability.SECOND_FACTOR,
            grants=Capability.OPERATOR_ACCOUNT,
            inject=True,
        ),
        Step(
            name="stop charging",
            tap="service.command",
            field="charge_enable",
            start_s=2.0,
            period_s=values["period_s"],
            duty_share=0.5,
            needs=Capability.OPERATOR_ACCOUNT | Capability.COMMAND_KEY,
            requires_step="log in",
            gain=-1.0,
            inject=True,
        ),
        Step(
            name="start charging",
            tap="service.command",
            field="charge_enable",
            start_s=2.0 + 0.5 * values["period_s"],
            period_s=values["period_s"],
            duty_share=0.5,
            needs=Capability.OPERATOR_ACCOUNT | Capability.COMMAND_KEY,
            requires_step="log in",
            inject=True,
        ),
    )


ATTACK = Attack(
    id="fleet-charge-switch",
    title="Fleet charging switched in a square wave",
    layer=Layer.CLOUD,
    type=AttackType.DATA_MANIPULATION,
    stride=(
        Stride.SPOOFING,
        Stride.TAMPERING,
    ),
    r155=(
        "15.1",
        "1.2",
        "16.1",
    ),
    technique="ATT&CK ICS T0831",
    holds=Capability.BROKER_REACH | Capability.PASSWORD,
    parameters=(Parameter("period_s", "s", 4.0, 2.0, 600.0, "of the square wave"),),
    steps=_steps,
    goal=Goal(
        "frequency_deviation_Hz",
        0.1,
        "twice the standard frequency range of Continental Europe, Regulation (EU) "
        "2017/1485 Annex III",
    ),
    duty="commute-and-charge",
    start_s=1200.0,
    component_impact="none",
    system_impact="grid frequency disturbed: account to vehicle to grid",
    claimed_by=("command-plausibility",),
    stopped_by=("second-factor",),
    source="dynamic and static load altering: Lakshminarayana et al., arXiv 2009.13352; "
    "Sayed et al.; fleet and share are the system file's assumption",
)
