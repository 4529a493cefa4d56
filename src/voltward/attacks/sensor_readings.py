"""Biased, scaled, swapped and replayed sensor readings.

The attacker reaches the wires between the cells and the BMS, so that every reader downstream
believes a wrong value: estimator, limits, telemetry and twin. No key protects an analogue wire;
what helps is a second way to know the same quantity.

- `voltage-bias`: a constant bias on cell voltages.
- `voltage-ramp`: a bias that grows so slowly that no single step stands out.
- `current-gain`: the pack-current sensor reports too little.
- `temperature-bias`: cold cells look warm, and charging plates lithium.
- `hot-mask`: hot cells look cold, and cooling stays off.
- `voltage-freeze-replay`: recorded cell voltages are repeated while the pack charges.
- `sensor-swap`: channels are permuted, so that balancing acts on the wrong cells.
"""

from functools import partial

from voltward.attacks.building_blocks import (
    BMS_MISLED,
    CELLS_APART,
    CHOSEN_CELLS,
    INNOVATION_TESTS,
    LITHIUM_PLATED,
    chosen_cells,
)
from voltward.core.attack import Attack, AttackType, Goal, Step, Stride
from voltward.core.capabilities import Capability
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer

# What all entries of this file share.
_attack = partial(
    Attack,
    layer=Layer.PHYSICAL,
    type=AttackType.DATA_MANIPULATION,
    stride=(Stride.TAMPERING,),
    r155=("32.1", "25.2"),
    holds=Capability.SENSOR_WIRING,
    stopped_by=(),
)
_step = partial(Step, needs=Capability.SENSOR_WIRING)
_DATA_BUS, _HARDWARE_FAULT = "EMB3D TID-114", "EMB3D TID-110"


VOLTAGE_BIAS = _attack(
    id="voltage-bias",
    title="Bias on the cell-voltage readings",
    technique=_DATA_BUS,
    parameters=(
        Parameter("bias_V", "V", -0.15, -0.5, 0.5, "added to the reading"),
        *CHOSEN_CELLS,
    ),
    steps=lambda values: (
        _step(
            "bias the sense wires",
            "cell.voltage",
            "voltage_V",
            bias=values["bias_V"],
            **chosen_cells(values),
        ),
    ),
    goal=BMS_MISLED,
    duty="commute-and-charge",
    start_s=600.0,
    component_impact="wrong SoC, charging beyond the voltage limit",
    system_impact="wrong range, charging beyond the limit",
    claimed_by=(*INNOVATION_TESTS, "pack-sum-plausibility", "unsafe-readings", "soc-drift"),
    source="additive bias as in O'Brien et al., IEEE TIA 59(6) 2023, "
    "10.1109/TIA.2023.3308548; magnitudes are an assumption",
)

VOLTAGE_RAMP = _attack(
    id="voltage-ramp",
    title="Slow drift of the cell-voltage readings",
    technique=_DATA_BUS,
    parameters=(
        Parameter("ramp_V_per_s", "V/s", -6e-05, -0.001, 0.001, "drift of the reading"),
        *CHOSEN_CELLS,
    ),
    steps=lambda values: (
        _step(
            "drift the sense wires",
            "cell.voltage",
            "voltage_V",
            ramp_per_s=values["ramp_V_per_s"],
            **chosen_cells(values),
        ),
    ),
    goal=BMS_MISLED,
    duty="commute-and-charge",
    start_s=600.0,
    component_impact="SoC drifts away, the end of charge comes late",
    system_impact="wrong range",
    claimed_by=(*INNOVATION_TESTS, "pack-sum-plausibility", "soc-drift"),
    source="ramp class of false data; SynCAN calls it continuous change; 0.01 to 1 mV/s is "
    "an assumption",
)

CURRENT_GAIN = _attack(
    id="current-gain",
    title="Gain error on the pack-current sensor",
    technique=_DATA_BUS,
    parameters=(Parameter("gain", "1", -0.5, -1.0, 1.0, "relative change of the reading"),),
    steps=lambda values: (
        _step("scale the shunt reading", "pack.current", "current_A", gain=values["gain"]),
    ),
    goal=Goal("soc_error_pct", 3.0, "the BMS is off by 3 points of SoC (assumption)"),
    duty="commute-and-charge",
    start_s=100.0,
    component_impact="wrong charge count, over-current unseen",
    system_impact="wrong range, wrong end of charge",
    claimed_by=(*INNOVATION_TESTS, "current-redundancy", "soc-drift"),
    source="scaling class of false data; 1 to 20 % of full scale in the field's studies, "
    "half is an assumption for a shunt with a bypass",
)

TEMPERATURE_BIAS = _attack(
    id="temperature-bias",
    title="Bias on the cell-temperature readings",
    technique=_HARDWARE_FAULT,
    parameters=(
        Parameter("bias_K", "K", 25.0, -60.0, 60.0, "added to the reading"),
        *CHOSEN_CELLS,
    ),
    steps=lambda values: (
        _step(
            "heat the thermistors",
            "cell.temperature",
            "temperature_degC",
            bias=values["bias_K"],
            **chosen_cells(values),
        ),
    ),
    goal=LITHIUM_PLATED,
    duty="cold-fast-charge",
    start_s=0.0,
    component_impact="lithium plating, lost capacity",
    system_impact="faster ageing, later a fire risk",
    claimed_by=(*INNOVATION_TESTS, "thermal-residual", "soc-drift"),
    source="signal injection on sensors: Lavau et al. 2023, 10.5194/ars-20-37-2023; 5 to 30 "
    "K is an assumption",
)

HOT_MASK = _attack(
    id="hot-mask",
    title="Heat hidden from the thermal management",
    technique=_HARDWARE_FAULT,
    parameters=(
        Parameter("bias_K", "K", -20.0, -60.0, 0.0, "added to the reading"),
        *CHOSEN_CELLS,
    ),
    steps=lambda values: (
        _step(
            "cool the thermistors",
            "cell.temperature",
            "temperature_degC",
            bias=values["bias_K"],
            **chosen_cells(values),
        ),
    ),
    goal=Goal("peak_temperature_degC", 35.0, "5 K above the start of cooling (assumption)"),
    duty="commute-and-charge",
    start_s=0.0,
    component_impact="cells run hot, faster ageing",
    system_impact="shorter life, fire risk",
    claimed_by=(*INNOVATION_TESTS, "soc-drift"),
    source="thermal-management deception; a bias of 5 to 30 K is an assumption",
)

VOLTAGE_FREEZE_REPLAY = _attack(
    id="voltage-freeze-replay",
    title="Replay of recorded cell voltages",
    technique=_DATA_BUS,
    parameters=(
        Parameter("window_s", "s", 30.0, 1.0, 240.0, "length of the recording"),
        Parameter("duration_s", "s", 480.0, 1.0, 480.0, "how long it is repeated"),
    ),
    steps=lambda values: (
        _step(
            "repeat the recording",
            "cell.voltage",
            window_s=values["window_s"],
            duration_s=values["duration_s"],
        ),
    ),
    goal=Goal("soc_error_pct", 2.0, "the BMS is off by 2 points of SoC (assumption)"),
    duty="commute-and-charge",
    start_s=1000.0,
    component_impact="the BMS does not see the voltage rise",
    system_impact="wrong range, late end of charge",
    claimed_by=(*INNOVATION_TESTS, "pack-sum-plausibility", "soc-drift"),
    source="replay: Mo and Sinopoli, Allerton 2009; on packs: arXiv 2504.10658; window and "
    "length are an assumption",
)

SENSOR_SWAP = _attack(
    id="sensor-swap",
    title="Swapped cell-voltage channels",
    technique=_DATA_BUS,
    parameters=(
        Parameter("shift_cells", "1", 7.0, 1.0, 199.0, "places by which channels are shifted"),
        *CHOSEN_CELLS,
    ),
    steps=lambda values: (
        _step(
            "swap the sense wires",
            "cell.voltage",
            "voltage_V",
            shift_cells=int(values["shift_cells"]),
            **chosen_cells(values),
        ),
    ),
    goal=CELLS_APART,
    duty="overnight-standby",
    start_s=0.0,
    component_impact="balancing drives cells apart",
    system_impact="less usable capacity",
    claimed_by=(),
    source="sensor swapping in large packs: arXiv 2504.10658; the shift is an assumption",
)
