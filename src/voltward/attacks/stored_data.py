"""Data that is changed where it is stored: calibration, telemetry, model updates, twin memory.

Nothing is forged on a wire. The attacker writes to a store that later readers trust, so that the
change outlives the session in which it was made.

- `firmware-thresholds`: the BMS's calibration shifts voltages and switches the protection off.
- `twin-poisoning`: the twin's parameters are changed in memory, without any update.
- `model-update-tamper`: parameters are changed in the store before the twin loads them.
- `store-tamper`: telemetry is changed in the store before the twin reads it.
"""

from functools import partial

from voltward.attacks.building_blocks import (
    CHOSEN_CELLS,
    INNOVATION_TESTS,
    TWIN_MISLED,
    chosen_cells,
)
from voltward.core.attack import Attack, AttackType, Goal, Step, Stride
from voltward.core.capabilities import Capability
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer

_attack = partial(Attack, type=AttackType.DATA_MANIPULATION, duty="commute-and-charge")


FIRMWARE_THRESHOLDS = _attack(
    id="firmware-thresholds",
    title="Changed calibration of the BMS firmware",
    layer=Layer.PHYSICAL,
    stride=(Stride.TAMPERING, Stride.ELEVATION),
    r155=("5.2", "12.2", "18.3", "25.2"),
    technique="ATT&CK ICS T0839",
    holds=Capability.DIAGNOSTIC_PORT,
    parameters=(
        Parameter("voltage_offset_V", "V", -0.25, -0.5, 0.5, "offset of the voltage channels"),
        Parameter("disable_protection", "1", 1.0, 0.0, 1.0, "1 switches the three tiers off"),
    ),
    steps=lambda values: (
        Step(
            "shift the voltage channels",
            "firmware",
            "voltage_offset_V",
            needs=Capability.DIAGNOSTIC_PORT,
            grants=Capability.FIRMWARE_EXECUTION,
            bias=values["voltage_offset_V"],
        ),
        Step(
            "disable the tiers",
            "firmware",
            "protection_disabled",
            needs=Capability.DIAGNOSTIC_PORT,
            bias=values["disable_protection"],
        ),
    ),
    goal=Goal("over_voltage_s", 60.0, "a cell above the last tier for a minute (assumption)"),
    start_s=0.0,
    component_impact="overcharge, plating, heat",
    system_impact="fire risk, later for the whole fleet",
    claimed_by=(*INNOVATION_TESTS, "pack-sum-plausibility", "unsafe-readings", "soc-drift"),
    stopped_by=("firmware-signature",),
    source="calibration edits of a BMS as in Kintsugi, USENIX Security 2025; offset is an "
    "assumption",
)

TWIN_POISONING = _attack(
    id="twin-poisoning",
    title="Twin parameters changed in memory",
    layer=Layer.CLOUD,
    stride=(Stride.TAMPERING,),
    r155=("1.2", "25.1"),
    technique="ATT&CK ICS T0836",
    holds=Capability.TWIN_MEMORY,
    parameters=(
        Parameter("resistance_gain", "1", 1.0, -0.8, 4.0, "relative change of the resistance"),
    ),
    steps=lambda values: (
        Step(
            "poison the resistance",
            "twin.memory",
            "resistance_scale",
            needs=Capability.TWIN_MEMORY,
            gain=values["resistance_gain"],
            # Once after each parameter load, which comes every ten minutes.
            period_s=600.0,
            duty_share=1.0 / 600.0,
        ),
    ),
    goal=Goal("twin_soc_error_pct", 4.0, "the twin is off by 4 points of SoC (assumption)"),
    start_s=1200.0,
    component_impact="the plan allows more current than the anode takes",
    system_impact="wrong range in the app, faster ageing",
    claimed_by=(*INNOVATION_TESTS, "model-parameter-monitor", "soc-agreement"),
    stopped_by=(),
    source="parameter tampering of twins: half to twice the resistance is an assumption",
)

MODEL_UPDATE_TAMPER = _attack(
    id="model-update-tamper",
    title="Tampered model update",
    layer=Layer.CLOUD,
    stride=(Stride.TAMPERING,),
    r155=("12.1", "12.3", "25.1"),
    technique="ATT&CK ICS T0836",
    holds=Capability.STORE_WRITE,
    parameters=(
        Parameter("ocv_shift_V", "V", 0.08, -0.2, 0.2, "shift of the open-circuit voltage"),
    ),
    steps=lambda values: (
        Step(
            "edit the update",
            "model.update",
            "ocv_shift_V",
            needs=Capability.STORE_WRITE | Capability.UPDATE_KEY,
            bias=values["ocv_shift_V"],
        ),
    ),
    goal=TWIN_MISLED,
    start_s=0.0,
    component_impact="the twin's plan is too bold",
    system_impact="wrong range in the app, faster ageing",
    claimed_by=(*INNOVATION_TESTS, "model-parameter-monitor", "soc-agreement"),
    stopped_by=("model-signature", "model-envelope"),
    source="poisoned update: OCV shifts of 5 to 30 mV are an assumption in the field's "
    "studies, 80 mV here",
)

STORE_TAMPER = _attack(
    id="store-tamper",
    title="Tampered telemetry store",
    layer=Layer.CLOUD,
    stride=(Stride.TAMPERING, Stride.REPUDIATION),
    r155=("1.1", "21.1"),
    technique="ATT&CK ICS T0832",
    holds=Capability.STORE_WRITE,
    parameters=(
        Parameter("bias_V", "V", -0.1, -0.5, 0.5, "added to the voltages"),
        *CHOSEN_CELLS,
    ),
    steps=lambda values: (
        Step(
            "edit the rows",
            "store.write",
            "voltage_V",
            needs=Capability.STORE_WRITE | Capability.TELEMETRY_KEY,
            bias=values["bias_V"],
            **chosen_cells(values),
        ),
    ),
    goal=TWIN_MISLED,
    start_s=600.0,
    component_impact="the twin's plan is too bold",
    system_impact="wrong history, warranty fraud",
    claimed_by=(*INNOVATION_TESTS, "soc-agreement"),
    stopped_by=("store-integrity",),
    source="alteration of the historian, a known surface of cloud BMS; the bias is an assumption",
)
