"""The attack catalogue: the one table that says where each attack lives.

A new attack is an entry in the file of its mechanism and a line here; third parties join by entry
point. Nothing is imported until an attack is asked for.
"""

from voltward.core.attack import Attack
from voltward.core.catalogue import Catalogue

ATTACKS: Catalogue[Attack] = Catalogue(
    "attack",
    {
        "voltage-bias": "voltward.attacks.sensor_readings",
        "voltage-ramp": "voltward.attacks.sensor_readings",
        "current-gain": "voltward.attacks.sensor_readings",
        "temperature-bias": "voltward.attacks.sensor_readings",
        "hot-mask": "voltward.attacks.sensor_readings",
        "voltage-freeze-replay": "voltward.attacks.sensor_readings",
        "sensor-swap": "voltward.attacks.sensor_readings",
        "balancing-drain": "voltward.attacks.actuator_orders",
        "contactor-open": "voltward.attacks.actuator_orders",
        "contactor-chatter": "voltward.attacks.actuator_orders",
        "can-spoof-telemetry": "voltward.attacks.can_bus",
        "can-flood": "voltward.attacks.can_bus",
        "can-command-injection": "voltward.attacks.can_bus",
        "charger-overrequest": "voltward.attacks.actuator_orders",
        "charger-stop": "voltward.attacks.actuator_orders",
        "auxiliary-drain": "voltward.attacks.actuator_orders",
        "firmware-thresholds": "voltward.attacks.stored_data",
        "false-isolation-alarm": "voltward.attacks.provoked_protection",
        "provoke-under-voltage": "voltward.attacks.provoked_protection",
        "provoke-over-temperature": "voltward.attacks.provoked_protection",
        "mqtt-man-in-the-middle": "voltward.attacks.mqtt_traffic",
        "mqtt-stop-while-driving": "voltward.attacks.mqtt_traffic",
        "mqtt-drop": "voltward.attacks.mqtt_traffic",
        "telemetry-delay": "voltward.attacks.mqtt_traffic",
        "telemetry-replay": "voltward.attacks.mqtt_traffic",
        "rogue-publisher": "voltward.attacks.mqtt_traffic",
        "eavesdrop": "voltward.attacks.mqtt_traffic",
        "broker-flood": "voltward.attacks.mqtt_traffic",
        "operator-phish": "voltward.attacks.stolen_account",
        "reserve-denial": "voltward.attacks.stolen_account",
        "fleet-charge-switch": "voltward.attacks.stolen_account",
        "twin-poisoning": "voltward.attacks.stored_data",
        "model-update-tamper": "voltward.attacks.stored_data",
        "store-tamper": "voltward.attacks.stored_data",
    },
    group="voltward.attacks",
)
