"""Consumers are switched on in the parked vehicle until the pack is empty."""

from collections.abc import Mapping

from voltward.core.attack import Attack, AttackType, Goal, Step, Stride
from voltward.core.capabilities import Capability
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer


def _steps(values: Mapping[str, float]) -> tuple[Step, ...]:
    return (
        Step(
            name="switch consumers on",
            tap="load",
            field="auxiliary_power_W",
            needs=Capability.CAN_WRITE,
            bias=values["power_W"],
        ),
    )


ATTACK = Attack(
    id="auxiliary-drain",
    title="Auxiliaries drain the parked pack",
    layer=Layer.PHYSICAL,
    type=AttackType.DENIAL_OF_SERVICE,
    stride=(
        Stride.SPOOFING,
        Stride.DENIAL,
    ),
    r155=(
        "11.1",
        "16.1",
    ),
    technique="ATT&CK ICS T0855",
    holds=Capability.CAN_WRITE,
    parameters=(Parameter("power_W", "W", 4200.0, 0.0, 10000.0, "drawn beside propulsion"),),
    steps=_steps,
    goal=Goal("under_voltage_s", 30.0, "a cell below the last tier of the limits"),
    duty="overnight-standby",
    start_s=600.0,
    component_impact="deep discharge",
    system_impact="stranded vehicle",
    claimed_by=(),
    stopped_by=(),
    source="Sripad et al., arXiv 1711.04822: up to 20 % of SoC an hour, which is 4.2 kW here",
)
