"""Recorded cell voltages are played again while the pack charges on."""

from collections.abc import Mapping

from voltward.core.attack import Attack, AttackType, Goal, Step, Stride
from voltward.core.capabilities import Capability
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer


def _steps(values: Mapping[str, float]) -> tuple[Step, ...]:
    return (
        Step(
            name="repeat the recording",
            tap="cell.voltage",
            needs=Capability.SENSOR_WIRING,
            window_s=values["window_s"],
            duration_s=values["duration_s"],
        ),
    )


ATTACK = Attack(
    id="voltage-freeze-replay",
    title="Replay of recorded cell voltages",
    layer=Layer.PHYSICAL,
    type=AttackType.DATA_MANIPULATION,
    stride=(Stride.TAMPERING,),
    r155=(
        "32.1",
        "25.2",
    ),
    technique="EMB3D TID-114",
    holds=Capability.SENSOR_WIRING,
    parameters=(
        Parameter("window_s", "s", 30.0, 1.0, 240.0, "length of the recording"),
        Parameter("duration_s", "s", 480.0, 1.0, 480.0, "how long it is repeated"),
    ),
    steps=_steps,
    goal=Goal("soc_error_pct", 2.0, "the BMS is off by 2 points of SoC (assumption)"),
    duty="commute-and-charge",
    start_s=1000.0,
    component_impact="the BMS does not see the voltage rise",
    system_impact="wrong range, late end of charge",
    claimed_by=(
        "innovation-cusum",
        "innovation-chi-square",
        "pack-sum-plausibility",
        "soc-drift",
    ),
    stopped_by=(),
    source="replay: Mo and Sinopoli, Allerton 2009; on packs: arXiv 2504.10658; window and "
    "length are an assumption",
)
