"""Forged orders to what the BMS switches: balancing, contactors, consumers and the charger.

An actuator obeys whoever speaks on its wire. The attacker does not deceive the BMS but acts in its
place, so that its estimates stay right while the pack is drained, worn, overcharged or stopped.

- `balancing-drain`: some cells are bled without need while the others are not.
- `contactor-open`: the main contactors open while the vehicle drives.
- `contactor-chatter`: contactors switch under load until they are worn.
- `auxiliary-drain`: consumers drain the parked pack.
- `charger-overrequest`: the charger is asked for more current than the BMS wants.
- `charger-stop`: noise on the charge link ends every session.
"""

from functools import partial

from voltward.attacks.building_blocks import (
    CELLS_APART,
    CHARGING_DENIED,
    LITHIUM_PLATED,
    PROPULSION_LOST,
    chosen_cells,
)
from voltward.core.attack import Attack, AttackType, Goal, Step, Stride
from voltward.core.capabilities import Capability
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer

_attack = partial(Attack, layer=Layer.PHYSICAL)


BALANCING_DRAIN = _attack(
    id="balancing-drain",
    title="Forged balancing commands",
    type=AttackType.DATA_MANIPULATION,
    stride=(Stride.TAMPERING,),
    r155=("11.1", "32.1"),
    technique="ATT&CK ICS T0855",
    holds=Capability.SENSOR_WIRING,
    parameters=(
        Parameter("first_cell", "1", 0.0, 0.0, 399.0, "first cell bled"),
        Parameter("cell_share", "1", 0.1, 0.0, 1.0, "share of the cells bled"),
    ),
    steps=lambda values: (
        Step(
            "hold back the wanted bleeds",
            "balancing",
            "bleed",
            needs=Capability.SENSOR_WIRING,
            gain=-1.0,
        ),
        Step(
            "bleed the chosen cells",
            "balancing",
            "bleed",
            needs=Capability.SENSOR_WIRING,
            bias=1.0,
            **chosen_cells(values),
        ),
    ),
    goal=CELLS_APART,
    duty="overnight-standby",
    start_s=0.0,
    component_impact="cells drift apart",
    system_impact="less usable capacity",
    claimed_by=(),
    stopped_by=(),
    source="balancing attack: dSoC/dt = V/(R Q), 0.12 A through 33 ohm; the choice of cells "
    "is an assumption",
)

CONTACTOR_OPEN = _attack(
    id="contactor-open",
    title="Contactors opened while driving",
    type=AttackType.DENIAL_OF_SERVICE,
    stride=(Stride.SPOOFING, Stride.DENIAL),
    r155=("11.1", "16.1"),
    technique="ATT&CK ICS T0855",
    holds=Capability.CAN_WRITE,
    parameters=(
        Parameter("duration_s", "s", 60.0, 1.0, 3600.0, "how long the command is repeated"),
    ),
    steps=lambda values: (
        Step(
            "command open",
            "contactor",
            "close",
            needs=Capability.CAN_WRITE,
            bias=-1.0,
            duration_s=values["duration_s"],
        ),
    ),
    goal=PROPULSION_LOST,
    duty="commute-and-charge",
    start_s=200.0,
    component_impact="contactors break a high current",
    system_impact="propulsion lost in traffic",
    claimed_by=(),
    stopped_by=("can-frame-authentication",),
    source="one forged frame stops propulsion: shutdown-mode injection on vehicle buses; the"
    " length is an assumption",
)

CONTACTOR_CHATTER = _attack(
    id="contactor-chatter",
    title="Contactor switching under load",
    type=AttackType.DATA_MANIPULATION,
    stride=(Stride.SPOOFING, Stride.TAMPERING),
    r155=("11.1", "16.1"),
    technique="ATT&CK ICS T0806",
    holds=Capability.CAN_WRITE,
    parameters=(Parameter("period_s", "s", 4.0, 2.0, 120.0, "one opening in each period"),),
    steps=lambda values: (
        Step(
            "switch under load",
            "contactor",
            "close",
            needs=Capability.CAN_WRITE,
            bias=-1.0,
            period_s=values["period_s"],
            duty_share=0.5,
        ),
    ),
    goal=Goal(
        "contactor_wear_pct", 1.0, "a hundredth of the contactors' life in one trip (assumption)"
    ),
    duty="commute-and-charge",
    start_s=100.0,
    component_impact="arcs wear the contacts until they weld",
    system_impact="loss of propulsion, no safe isolation",
    claimed_by=(),
    stopped_by=("can-frame-authentication",),
    source="brute-force switching of an actuator; breaks at rated current: see the pack's "
    "contactor data; period is an assumption",
)

AUXILIARY_DRAIN = _attack(
    id="auxiliary-drain",
    title="Auxiliaries drain the parked pack",
    type=AttackType.DENIAL_OF_SERVICE,
    stride=(Stride.SPOOFING, Stride.DENIAL),
    r155=("11.1", "16.1"),
    technique="ATT&CK ICS T0855",
    holds=Capability.CAN_WRITE,
    parameters=(Parameter("power_W", "W", 4200.0, 0.0, 10000.0, "power drawn besides propulsion"),),
    steps=lambda values: (
        Step(
            "switch consumers on",
            "load",
            "auxiliary_power_W",
            needs=Capability.CAN_WRITE,
            bias=values["power_W"],
        ),
    ),
    goal=Goal("under_voltage_s", 30.0, "a cell below the last tier of the limits"),
    duty="overnight-standby",
    start_s=600.0,
    component_impact="deep discharge",
    system_impact="stranded vehicle",
    claimed_by=(),
    stopped_by=(),
    source="Sripad et al., arXiv 1711.04822: up to 20 % of SoC an hour, which is 4.2 kW here",
)

CHARGER_OVERREQUEST = _attack(
    id="charger-overrequest",
    title="Charge current raised on the charge link",
    type=AttackType.MAN_IN_THE_MIDDLE,
    stride=(Stride.TAMPERING,),
    r155=("25.2", "16.1", "6.2"),
    technique="ATT&CK ICS T0836",
    holds=Capability.CHARGER_LINK,
    parameters=(Parameter("gain", "1", 1.2, -1.0, 5.0, "relative change of the request"),),
    steps=lambda values: (
        Step(
            "raise the request",
            "charger.request",
            "current_A",
            needs=Capability.CHARGER_LINK,
            gain=values["gain"],
        ),
    ),
    goal=LITHIUM_PLATED,
    duty="commute-and-charge",
    start_s=900.0,
    component_impact="plating, over-voltage",
    system_impact="faster ageing, fire risk",
    claimed_by=("charge-supervision",),
    stopped_by=("charger-link-authentication",),
    source="CHAdeMO carries the request in clear; gains of 0.2 to 2 are an assumption",
)

CHARGER_STOP = _attack(
    id="charger-stop",
    title="Charging denied on the charge link",
    type=AttackType.DENIAL_OF_SERVICE,
    stride=(Stride.DENIAL,),
    r155=("16.1", "8.2"),
    technique="EMB3D TID-404",
    holds=Capability.CHARGER_LINK,
    parameters=(Parameter("drop_share", "1", 1.0, 0.0, 1.0, "share of the requests lost"),),
    steps=lambda values: (
        Step(
            "drown the request",
            "charger.request",
            needs=Capability.CHARGER_LINK,
            drop_share=values["drop_share"],
        ),
    ),
    goal=CHARGING_DENIED,
    duty="commute-and-charge",
    start_s=900.0,
    component_impact="none",
    system_impact="vehicle not charged, range lost",
    claimed_by=("charge-supervision",),
    stopped_by=(),
    source="Brokenwire: Koehler et al., NDSS 2023: charging aborted by radio from up to 47 m"
    " with 1 W",
)
