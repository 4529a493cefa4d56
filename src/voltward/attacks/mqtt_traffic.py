"""Traffic between gateway and broker: intercepted, dropped, delayed, replayed, forged or read.

The attacker sits on the network path, reaches the broker, or controls the gateway. A man in the
middle first terminates the session as an impersonated broker; that step grants
`SESSION_TERMINATED`, on which every change of a message builds.

- `mqtt-man-in-the-middle`: raises the charge limit and hides the current from the cloud.
- `mqtt-stop-while-driving`: turns a charge plan into an order to open the contactors.
- `mqtt-drop`: drops all traffic in both directions.
- `telemetry-delay`: records arrive unchanged, but minutes late.
- `telemetry-replay`: a compromised gateway sends old records again.
- `rogue-publisher`: a stranger publishes telemetry in the vehicle's name.
- `eavesdrop`: telemetry is read, and with it the driver's habits.
- `broker-flood`: connections and messages swamp the broker.
"""

from functools import partial

from voltward.attacks.building_blocks import (
    CLOUD_BLIND,
    INNOVATION_TESTS,
    PROPULSION_LOST,
    TWIN_MISLED,
)
from voltward.core.attack import Attack, AttackType, Goal, Step, Stride
from voltward.core.capabilities import Capability
from voltward.core.parameter import Parameter
from voltward.core.taps import Layer

_attack = partial(Attack, layer=Layer.COMMUNICATION, duty="commute-and-charge")

_IMPERSONATE = Step(
    "answer as the broker",
    "mqtt.session",
    needs=Capability.NETWORK_PATH,
    grants=Capability.SESSION_TERMINATED,
    terminate=True,
)
# A step of the man in the middle, once the session is terminated.
_rewrite = partial(Step, needs=Capability.SESSION_TERMINATED, requires_step=_IMPERSONATE.name)


MQTT_MAN_IN_THE_MIDDLE = _attack(
    id="mqtt-man-in-the-middle",
    title="Man in the middle between gateway and broker",
    type=AttackType.MAN_IN_THE_MIDDLE,
    stride=(Stride.SPOOFING, Stride.TAMPERING),
    r155=("6.2", "4.1", "25.2"),
    technique="ATT&CK ICS T0830",
    holds=Capability.NETWORK_PATH,
    parameters=(
        Parameter("limit_gain", "1", 1.0, -1.0, 5.0, "relative change of the charge limit"),
        Parameter("current_gain", "1", -0.5, -1.0, 1.0, "relative change of the reported current"),
    ),
    steps=lambda values: (
        _IMPERSONATE,
        _rewrite(
            "raise the charge limit", "mqtt.down", "charge_limit_A", gain=values["limit_gain"]
        ),
        _rewrite("report the ordered current", "mqtt.up", "current_A", gain=values["current_gain"]),
    ),
    goal=Goal(
        "plated_charge_mAh",
        1000.0,
        "lithium plated in one session, 1.7 % of the capacity (assumption)",
    ),
    start_s=600.0,
    component_impact="plating, lost capacity",
    system_impact="faster ageing, fire risk",
    claimed_by=(*INNOVATION_TESTS, "soc-agreement", "command-plausibility"),
    stopped_by=("mqtt-server-authentication", "telemetry-signature", "command-signature"),
    source="attacker who rewrites set points and telemetry, as in the OCPP man in the middle"
    " on EVerest; gains are an assumption",
)

MQTT_STOP_WHILE_DRIVING = _attack(
    id="mqtt-stop-while-driving",
    title="Vehicle stopped through a hijacked session",
    type=AttackType.MAN_IN_THE_MIDDLE,
    stride=(Stride.SPOOFING, Stride.TAMPERING),
    r155=("6.2", "4.1", "16.2"),
    technique="ATT&CK ICS T0830",
    holds=Capability.NETWORK_PATH,
    parameters=(
        Parameter("duration_s", "s", 120.0, 1.0, 3600.0, "how long commands are rewritten"),
    ),
    steps=lambda values: (
        _IMPERSONATE,
        _rewrite(
            "order to open",
            "mqtt.down",
            "open_request",
            bias=1.0,
            duration_s=values["duration_s"],
        ),
    ),
    goal=PROPULSION_LOST,
    start_s=170.0,
    component_impact="contactors break a high current",
    system_impact="propulsion lost in traffic: network to vehicle",
    claimed_by=("command-plausibility",),
    stopped_by=("mqtt-server-authentication", "command-signature"),
    source="man in the middle on a path without server authentication; effect as in remote "
    "stops of vehicles; times are an assumption",
)

MQTT_DROP = _attack(
    id="mqtt-drop",
    title="Uplink and downlink dropped",
    type=AttackType.DENIAL_OF_SERVICE,
    stride=(Stride.DENIAL,),
    r155=("8.2",),
    technique="ATT&CK ICS T0804",
    holds=Capability.NETWORK_PATH,
    parameters=(
        Parameter("drop_share", "1", 1.0, 0.0, 1.0, "probability that a tick's traffic is lost"),
        Parameter("duration_s", "s", 450.0, 1.0, 3600.0, "duration of the outage"),
    ),
    steps=lambda values: (
        Step(
            "drop everything",
            "mqtt.session",
            needs=Capability.NETWORK_PATH,
            drop_share=values["drop_share"],
            duration_s=values["duration_s"],
        ),
    ),
    goal=Goal(
        "records_lost", 200.0, "more than three minutes of history lost for good (assumption)"
    ),
    start_s=1200.0,
    component_impact="no cloud plan, the on-board plan takes over",
    system_impact="slower charging, records lost",
    claimed_by=("telemetry-silence", "command-silence"),
    stopped_by=("store-and-forward",),
    source="loss of 10 to 90 % and outages of 1 to 30 s are usual in the field's studies; a "
    "path attacker can drop all (assumption)",
)

TELEMETRY_DELAY = _attack(
    id="telemetry-delay",
    title="Delayed telemetry",
    type=AttackType.MAN_IN_THE_MIDDLE,
    stride=(Stride.TAMPERING,),
    r155=("6.3", "8.2"),
    technique="ATT&CK ICS T0804",
    holds=Capability.NETWORK_PATH,
    parameters=(Parameter("delay_s", "s", 240.0, 0.0, 480.0, "delay of each record"),),
    steps=lambda values: (
        Step(
            "hold records back",
            "mqtt.up",
            needs=Capability.NETWORK_PATH,
            delay_s=values["delay_s"],
        ),
    ),
    goal=Goal("twin_soc_error_pct", 3.0, "the twin is off by 3 points of SoC (assumption)"),
    start_s=800.0,
    component_impact="stale twin, plan for an outdated state of the pack",
    system_impact="wrong range in the app",
    claimed_by=("telemetry-silence",),
    stopped_by=(),
    source="delay class of Koopman-based secure estimation studies, 1 to 30 s there; minutes"
    " are an assumption",
)

TELEMETRY_REPLAY = _attack(
    id="telemetry-replay",
    title="Replayed telemetry",
    type=AttackType.DATA_MANIPULATION,
    stride=(Stride.SPOOFING, Stride.TAMPERING),
    r155=("6.3", "20.5"),
    technique="EMB3D TID-407",
    holds=Capability.GATEWAY_FOOTHOLD | Capability.DEVICE_KEY,
    parameters=(
        Parameter("window_s", "s", 60.0, 1.0, 240.0, "length of the recording"),
        Parameter("duration_s", "s", 450.0, 1.0, 480.0, "how long it is repeated"),
    ),
    steps=lambda values: (
        Step(
            "repeat the recording",
            "mqtt.up",
            needs=Capability.GATEWAY_FOOTHOLD | Capability.DEVICE_KEY,
            window_s=values["window_s"],
            duration_s=values["duration_s"],
        ),
    ),
    goal=Goal(
        "twin_soc_error_pct",
        10.0,
        "the twin is off by 10 points of SoC; a silence of that length leaves 8 (assumption)",
    ),
    start_s=1000.0,
    component_impact="stale twin",
    system_impact="wrong range in the app, wrong charge plan",
    claimed_by=(*INNOVATION_TESTS, "soc-agreement"),
    stopped_by=("telemetry-freshness",),
    source="replay: Mo and Sinopoli, Allerton 2009; on packs: arXiv 2504.10658; window and "
    "length are an assumption",
)

ROGUE_PUBLISHER = _attack(
    id="rogue-publisher",
    title="Rogue publisher at the broker",
    type=AttackType.DATA_MANIPULATION,
    stride=(Stride.SPOOFING,),
    r155=("4.1", "6.1", "20.1"),
    technique="ATT&CK ICS T0849",
    holds=Capability.BROKER_REACH,
    parameters=(
        Parameter("bias_V", "V", -0.2, -0.5, 0.5, "added to the voltages"),
        Parameter("period_s", "s", 2.0, 1.0, 60.0, "one record in each period"),
    ),
    steps=lambda values: (
        Step(
            "publish in its name",
            "mqtt.up",
            "voltage_V",
            needs=Capability.BROKER_REACH | Capability.DEVICE_KEY | Capability.TELEMETRY_KEY,
            bias=values["bias_V"],
            inject=True,
            period_s=values["period_s"],
            duty_share=1.0 / values["period_s"],
        ),
    ),
    goal=TWIN_MISLED,
    start_s=600.0,
    component_impact="the twin's plan is too bold",
    system_impact="wrong range in the app, wrong charge plan",
    claimed_by=(*INNOVATION_TESTS, "soc-agreement"),
    stopped_by=("mqtt-client-authentication", "telemetry-signature"),
    source="identity spoofing at an open broker, as in the MQTTset classes; magnitudes are "
    "an assumption",
)

EAVESDROP = _attack(
    id="eavesdrop",
    title="Telemetry read on its way",
    type=AttackType.MAN_IN_THE_MIDDLE,
    stride=(Stride.DISCLOSURE,),
    r155=("7.1", "19.2"),
    technique="ATT&CK ICS T0842",
    holds=Capability.NETWORK_LISTEN,
    parameters=(),
    steps=lambda _values: (
        Step(
            "read along",
            "mqtt.up",
            needs=Capability.NETWORK_LISTEN | Capability.CONFIDENTIALITY_KEY,
            listen=True,
        ),
    ),
    goal=Goal(
        "records_exposed",
        600.0,
        "ten minutes of records at one a second: enough features to tell vehicles "
        "apart (assumption)",
    ),
    start_s=0.0,
    component_impact="none",
    system_impact="habits and identity of the driver disclosed",
    claimed_by=(),
    stopped_by=("mqtt-encryption",),
    source="profiling from charging records: arXiv 2506.07714, 0.86 accuracy over 49 vehicles",
)

BROKER_FLOOD = _attack(
    id="broker-flood",
    title="Flooded broker",
    type=AttackType.DENIAL_OF_SERVICE,
    stride=(Stride.DENIAL,),
    r155=("8.1", "2.1"),
    technique="EMB3D TID-405",
    holds=Capability.BROKER_REACH,
    parameters=(
        Parameter("copies", "1", 1000.0, 0.0, 100000.0, "messages sent in each tick"),
        Parameter(
            "drop_share", "1", 0.97, 0.0, 1.0, "share of the ticks in which the session fails"
        ),
        Parameter("duration_s", "s", 900.0, 1.0, 3600.0, "duration of the flood"),
    ),
    steps=lambda values: (
        Step(
            "swamp the topic",
            "mqtt.up",
            needs=Capability.BROKER_REACH,
            copies=values["copies"],
            duration_s=values["duration_s"],
        ),
        Step(
            "exhaust the sessions",
            "mqtt.session",
            needs=Capability.BROKER_REACH,
            drop_share=values["drop_share"],
            duration_s=values["duration_s"],
        ),
    ),
    goal=CLOUD_BLIND,
    start_s=1200.0,
    component_impact="no cloud plan, the on-board plan takes over",
    system_impact="slower charging, records lost",
    claimed_by=("telemetry-silence", "command-silence"),
    stopped_by=(),
    source="flood and SlowITe classes of MQTTset; that 3 % of the ticks get through is an "
    "assumption",
)
