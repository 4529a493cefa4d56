"""A stolen account takes the power limits away while the pack serves the grid."""

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
            name="take the limits away",
            tap="service.command",
            field="derate",
            needs=Capability.OPERATOR_ACCOUNT | Capability.COMMAND_KEY,
            requires_step="log in",
            bias=values["derate"],
            inject=True,
        ),
    )


ATTACK = Attack(
    id="reserve-denial",
    title="Grid reserve denied through a stolen account",
    layer=Layer.CLOUD,
    type=AttackType.DENIAL_OF_SERVICE,
    stride=(
        Stride.SPOOFING,
        Stride.DENIAL,
    ),
    r155=(
        "15.1",
        "1.2",
    ),
    technique="ATT&CK ICS T0813",
    holds=Capability.BROKER_REACH | Capability.PASSWORD,
    parameters=(Parameter("derate", "1", 1.0, 0.0, 1.0, "share of the limits taken away"),),
    steps=_steps,
    goal=Goal("reserve_unserved_kWh", 1000.0, "a megawatt-hour of reserve missing (assumption)"),
    duty="grid-service",
    start_s=600.0,
    component_impact="none",
    system_impact="reserve missing when the grid asks for it",
    claimed_by=("command-plausibility",),
    stopped_by=("second-factor",),
    source="Ohrstrom et al., Energy Informatics 2025, 10.1186/s42162-025-00499-4: cloud-"
    "controlled storage under attack; magnitude is an assumption",
)
