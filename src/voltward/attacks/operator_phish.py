"""A phished operator's account stops the charging of a vehicle."""

from collections.abc import Mapping

from voltward.core.attack import Attack, AttackType, Goal, Step, Stride
from voltward.core.capabilities import Capability
from voltward.core.taps import Layer


def _steps(values: Mapping[str, float]) -> tuple[Step, ...]:
    del values
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
            needs=Capability.OPERATOR_ACCOUNT | Capability.COMMAND_KEY,
            requires_step="log in",
            gain=-1.0,
            inject=True,
        ),
    )


ATTACK = Attack(
    id="operator-phish",
    title="Phished operator account",
    layer=Layer.CLOUD,
    type=AttackType.DENIAL_OF_SERVICE,
    stride=(
        Stride.SPOOFING,
        Stride.ELEVATION,
    ),
    r155=(
        "15.1",
        "1.2",
        "16.1",
    ),
    technique="ATT&CK ICS T0859",
    holds=Capability.BROKER_REACH | Capability.PASSWORD,
    parameters=(),
    steps=_steps,
    goal=Goal("charging_denied_s", 600.0, "ten minutes without charge at the charger (assumption)"),
    duty="commute-and-charge",
    start_s=1000.0,
    component_impact="none",
    system_impact="vehicle not charged, range lost",
    claimed_by=("command-plausibility",),
    stopped_by=("second-factor",),
    source="use of valid accounts, ATT&CK for ICS T0859; the order is an assumption",
)
