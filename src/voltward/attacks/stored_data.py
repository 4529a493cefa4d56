"""A changed calibration shifts the voltage channels and takes the protection away."""

from collections.abc import Mapping

from voltward.core.attack import Attack, AttackType, Goal, Step, Stride
from voltward.core.capabilities import Capability
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer


def _steps(values: Mapping[str, float]) -> tuple[Step, ...]:
    return (
        Step(
            name="shift the voltage channels",
            tap="firmware",
            field="voltage_offset_V",
            needs=Capability.DIAGNOSTIC_PORT,
            grants=Capability.FIRMWARE_EXECUTION,
            bias=values["voltage_offset_V"],
        ),
        Step(
            name="disable the tiers",
            tap="firmware",
            field="protection_disabled",
            needs=Capability.DIAGNOSTIC_PORT,
            bias=values["disable_protection"],
        ),
    )


ATTACK = Attack(
    id="firmware-thresholds",
    title="Changed calibration of the BMS firmware",
    layer=Layer.PHYSICAL,
    type=AttackType.DATA_MANIPULATION,
    stride=(
        Stride.TAMPERING,
        Stride.ELEVATION,
    ),
    r155=(
        "5.2",
        "12.2",
        "18.3",
        "25.2",
    ),
    technique="ATT&CK ICS T0839",
    holds=Capability.DIAGNOSTIC_PORT,
    parameters=(
        Parameter("voltage_offset_V", "V", -0.25, -0.5, 0.5, "offset of the voltage channels"),
        Parameter("disable_protection", "1", 1.0, 0.0, 1.0, "1 switches the three tiers off"),
    ),
    steps=_steps,
    goal=Goal("over_voltage_s", 60.0, "a cell a minute above the last tier (assumption)"),
    duty="commute-and-charge",
    start_s=0.0,
    component_impact="overcharge, plating, heat",
    system_impact="fire risk, later for the whole fleet",
    claimed_by=(
        "innovation-cusum",
        "innovation-chi-square",
        "pack-sum-plausibility",
        "unsafe-readings",
        "soc-drift",
    ),
    stopped_by=("firmware-signature",),
    source="calibration edits of a BMS as in Kintsugi, USENIX Security 2025; offset is an "
    "assumption",
)
