"""Frames of an attacker's own node on the vehicle's CAN bus.

Every node hears all frames and can send any identifier. Arbitration lets the lower identifier win,
and without a message authentication code a receiver cannot tell who sent a frame.

- `can-spoof-telemetry`: a node poses as the BMS and reports low voltages.
- `can-flood`: frames of the highest priority crowd out telemetry and commands.
- `can-command-injection`: forged commands ask the BMS to open its contactors.
"""

from functools import partial

from voltward.attacks.building_blocks import (
    CHOSEN_CELLS,
    CLOUD_BLIND,
    INNOVATION_TESTS,
    PROPULSION_LOST,
    TWIN_MISLED,
    chosen_cells,
)
from voltward.core.attack import Attack, AttackType, Step, Stride
from voltward.core.capabilities import Capability
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer

# What all entries of this file share.
_attack = partial(
    Attack,
    layer=Layer.PHYSICAL,
    holds=Capability.CAN_WRITE,
    duty="commute-and-charge",
)
_step = partial(Step, needs=Capability.CAN_WRITE)


CAN_SPOOF_TELEMETRY = _attack(
    id="can-spoof-telemetry",
    title="Masquerade as the BMS on the bus",
    type=AttackType.DATA_MANIPULATION,
    stride=(Stride.SPOOFING, Stride.TAMPERING),
    r155=("11.1", "4.1"),
    technique="ATT&CK ICS T0856",
    parameters=(
        Parameter("bias_V", "V", -0.1, -0.5, 0.5, "added to the voltages"),
        *CHOSEN_CELLS,
    ),
    steps=lambda values: (
        _step(
            "speak for the BMS",
            "can.up",
            "voltage_V",
            bias=values["bias_V"],
            **chosen_cells(values),
        ),
    ),
    goal=TWIN_MISLED,
    start_s=600.0,
    component_impact="the twin's plan is too bold",
    system_impact="wrong range in the app, wrong charge plan",
    claimed_by=(*INNOVATION_TESTS, "soc-agreement"),
    stopped_by=("can-frame-authentication",),
    source="masquerade: Cho and Shin, USENIX Security 2016; the bias is an assumption",
)

CAN_FLOOD = _attack(
    id="can-flood",
    title="Flooded bus",
    type=AttackType.DENIAL_OF_SERVICE,
    stride=(Stride.DENIAL,),
    r155=("24.1", "8.1"),
    technique="ATT&CK ICS T0814",
    parameters=(
        Parameter("copies", "1", 500.0, 0.0, 4000.0, "frames sent in each tick"),
        Parameter("drop_share", "1", 1.0, 0.0, 1.0, "share of the honest records crowded out"),
        Parameter("duration_s", "s", 600.0, 1.0, 3600.0, "duration of the flood"),
    ),
    steps=lambda values: tuple(
        _step(
            name,
            tap,
            copies=values["copies"],
            drop_share=values["drop_share"],
            duration_s=values["duration_s"],
        )
        for name, tap in (("flood upwards", "can.up"), ("flood downwards", "can.down"))
    ),
    goal=CLOUD_BLIND,
    start_s=1200.0,
    component_impact="no cloud plan, the on-board plan takes over",
    system_impact="slower charging, no remote help",
    claimed_by=("bus-traffic", "telemetry-silence", "command-silence"),
    stopped_by=(),
    source="flooding with the lowest identifier, gaps of 0.3 to 1 ms as in the car-hacking "
    "traces; that a saturated bus lets nothing through is an assumption",
)

CAN_COMMAND_INJECTION = _attack(
    id="can-command-injection",
    title="Commands injected on the bus",
    type=AttackType.DATA_MANIPULATION,
    stride=(Stride.SPOOFING, Stride.ELEVATION),
    r155=("11.1", "16.1"),
    technique="ATT&CK ICS T0855",
    parameters=(Parameter("period_s", "s", 5.0, 1.0, 600.0, "one command in each period"),),
    steps=lambda values: (
        _step(
            "order to open",
            "can.down",
            "open_request",
            bias=1.0,
            inject=True,
            period_s=values["period_s"],
            duty_share=1.0 / values["period_s"],
        ),
    ),
    goal=PROPULSION_LOST,
    start_s=203.0,
    component_impact="contactors break a high current",
    system_impact="propulsion lost in traffic",
    claimed_by=("command-plausibility",),
    stopped_by=("can-frame-authentication",),
    source="injection on vehicle buses, as in the HCRL and SynCAN classes; the period is an "
    "assumption",
)
