"""Telemetry is read on its way, and with it the driver's habits."""

from collections.abc import Mapping

from voltward.core.attack import Attack, AttackType, Goal, Step, Stride
from voltward.core.capabilities import Capability
from voltward.core.taps import Layer


def _steps(values: Mapping[str, float]) -> tuple[Step, ...]:
    del values
    return (
        Step(
            name="read along",
            tap="mqtt.up",
            needs=Capability.NETWORK_LISTEN | Capability.CONFIDENTIALITY_KEY,
            listen=True,
        ),
    )


ATTACK = Attack(
    id="eavesdrop",
    title="Telemetry read on its way",
    layer=Layer.COMMUNICATION,
    type=AttackType.MAN_IN_THE_MIDDLE,
    stride=(Stride.DISCLOSURE,),
    r155=(
        "7.1",
        "19.2",
    ),
    technique="ATT&CK ICS T0842",
    holds=Capability.NETWORK_LISTEN,
    parameters=(),
    steps=_steps,
    goal=Goal(
        "records_exposed",
        600.0,
        "ten minutes of records at one a second: enough features to tell vehicles "
        "apart (assumption)",
    ),
    duty="commute-and-charge",
    start_s=0.0,
    component_impact="none",
    system_impact="habits and identity of the driver disclosed",
    claimed_by=(),
    stopped_by=("mqtt-encryption",),
    source="profiling from charging records: arXiv 2506.07714, 0.86 accuracy over 49 vehicles",
)
