"""Harm done by the protection itself, which a false reading provokes.

The limits of a protection are published, and it acts within seconds. The attacker does not get
past it but makes it act: one wrong reading of a few seconds opens the contactors or ends charging.

- `false-isolation-alarm`: the isolation reading falls, and the contactors open while driving.
- `provoke-under-voltage`: one cell seems empty, and the vehicle stops.
- `provoke-over-temperature`: one cell seems hot, and charging ends for good.
"""

from functools import partial

from voltward.attacks.building_blocks import CHARGING_DENIED, INNOVATION_TESTS, PROPULSION_LOST
from voltward.core.attack import Attack, AttackType, Step, Stride
from voltward.core.capabilities import Capability
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer

# What all entries of this file share.
_attack = partial(
    Attack,
    layer=Layer.PHYSICAL,
    type=AttackType.DATA_MANIPULATION,
    stride=(Stride.TAMPERING, Stride.DENIAL),
    r155=("32.1", "11.1"),
    holds=Capability.SENSOR_WIRING,
    duty="commute-and-charge",
    turns_defence=True,
)
_step = partial(Step, needs=Capability.SENSOR_WIRING)
_ONE_CELL = Parameter("first_cell", "1", 40.0, 0.0, 399.0, "cell touched")
_PUBLIC_LIMITS = (
    "provocation of a protection whose limits are public, as foxBMS 2 publishes them;"
    " magnitude is an assumption"
)


FALSE_ISOLATION_ALARM = _attack(
    id="false-isolation-alarm",
    title="False isolation alarm",
    technique="EMB3D TID-110",
    parameters=(
        Parameter("gain", "1", -0.995, -1.0, 0.0, "relative change of the reading"),
        Parameter("duration_s", "s", 30.0, 1.0, 3600.0, "duration of the false reading"),
    ),
    steps=lambda values: (
        _step(
            "lower the isolation reading",
            "pack.isolation",
            "resistance_kohm",
            gain=values["gain"],
            duration_s=values["duration_s"],
        ),
    ),
    goal=PROPULSION_LOST,
    start_s=180.0,
    component_impact="contactors break a current",
    system_impact="propulsion lost in traffic",
    claimed_by=("isolation-plausibility",),
    stopped_by=(),
    source="isolation monitors can be deceived by a resistor to ground; UN R100 sets 100 "
    "ohm/V, the reading is an assumption",
)

PROVOKE_UNDER_VOLTAGE = _attack(
    id="provoke-under-voltage",
    title="Protection provoked by a false under-voltage",
    technique="EMB3D TID-114",
    parameters=(
        Parameter("bias_V", "V", -1.8, -4.0, 0.0, "added to the reading"),
        _ONE_CELL,
        Parameter("duration_s", "s", 10.0, 1.0, 3600.0, "duration of the false reading"),
    ),
    steps=lambda values: (
        _step(
            "one cell seems empty",
            "cell.voltage",
            "voltage_V",
            bias=values["bias_V"],
            first_cell=int(values["first_cell"]),
            cell_share=0.0,
            duration_s=values["duration_s"],
        ),
    ),
    goal=PROPULSION_LOST,
    start_s=180.0,
    component_impact="contactors break a current",
    system_impact="propulsion lost in traffic",
    claimed_by=("pack-sum-plausibility", "cross-cell-comparison", *INNOVATION_TESTS),
    stopped_by=("sensor-voting",),
    source=_PUBLIC_LIMITS,
)

PROVOKE_OVER_TEMPERATURE = _attack(
    id="provoke-over-temperature",
    title="Protection provoked by a false over-temperature",
    technique="EMB3D TID-110",
    parameters=(
        Parameter("bias_K", "K", 40.0, 0.0, 100.0, "added to the reading"),
        _ONE_CELL,
        Parameter("duration_s", "s", 10.0, 1.0, 3600.0, "duration of the false reading"),
    ),
    steps=lambda values: (
        _step(
            "one cell seems hot",
            "cell.temperature",
            "temperature_degC",
            bias=values["bias_K"],
            first_cell=int(values["first_cell"]),
            cell_share=0.0,
            duration_s=values["duration_s"],
        ),
    ),
    goal=CHARGING_DENIED,
    start_s=1200.0,
    component_impact="none",
    system_impact="vehicle immobile until a workshop clears the fault",
    claimed_by=("thermal-residual",),
    stopped_by=(),
    source=_PUBLIC_LIMITS,
)
