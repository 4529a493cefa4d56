"""A gateway under foreign control sends the cloud old records again."""

from collections.abc import Mapping

from voltward.core.attack import Attack, AttackType, Goal, Step, Stride
from voltward.core.capabilities import Capability
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer


def _steps(values: Mapping[str, float]) -> tuple[Step, ...]:
    return (
        Step(
            name="repeat the recording",
            tap="mqtt.up",
            needs=Capability.GATEWAY_FOOTHOLD | Capability.DEVICE_KEY,
            window_s=values["window_s"],
            duration_s=values["duration_s"],
        ),
    )


ATTACK = Attack(
    id="telemetry-replay",
    title="Replayed telemetry",
    layer=Layer.COMMUNICATION,
    type=AttackType.DATA_MANIPULATION,
    stride=(
        Stride.SPOOFING,
        Stride.TAMPERING,
    ),
    r155=(
        "6.3",
        "20.5",
    ),
    technique="EMB3D TID-407",
    holds=Capability.GATEWAY_FOOTHOLD | Capability.DEVICE_KEY,
    parameters=(
        Parameter("window_s", "s", 60.0, 1.0, 240.0, "length of the recording"),
        Parameter("duration_s", "s", 450.0, 1.0, 480.0, "how long it is repeated"),
    ),
    steps=_steps,
    goal=Goal(
        "twin_soc_error_pct",
        10.0,
        "the twin is off by 10 points of SoC; a silence of that length leaves 8 (assumption)",
    ),
    duty="commute-and-charge",
    start_s=1000.0,
    component_impact="stale twin",
    system_impact="wrong range in the app, wrong charge plan",
    claimed_by=(
        "innovation-cusum",
        "innovation-chi-square",
        "soc-agreement",
    ),
    stopped_by=("telemetry-freshness",),
    source="replay: Mo and Sinopoli, Allerton 2009; on packs: arXiv 2504.10658; window and "
    "length are an assumption",
)
