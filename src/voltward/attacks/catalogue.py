"""The attack catalogue: the one table that says where each attack lives.

A new attack is an entry in the file of its mechanism and a line here; third parties join by entry
point. Nothing is imported until an attack is asked for.
"""

from voltward.core.attack import Attack
from voltward.core.catalogue import Catalogue

ATTACKS: Catalogue[Attack] = Catalogue(
    "attack",
    {
        "voltage-bias": "voltward.attacks.sensor_readings:VOLTAGE_BIAS",
        "voltage-ramp": "voltward.attacks.sensor_readings:VOLTAGE_RAMP",
        "current-gain": "voltward.attacks.sensor_readings:CURRENT_GAIN",
        "temperature-bias": "voltward.attacks.sensor_readings:TEMPERATURE_BIAS",
        "hot-mask": "voltward.attacks.sensor_readings:HOT_MASK",
        "voltage-freeze-replay": "voltward.attacks.sensor_readings:VOLTAGE_FREEZE_REPLAY",
        "sensor-swap": "voltward.attacks.sensor_readings:SENSOR_SWAP",
        "balancing-drain": "voltward.attacks.actuator_orders:BALANCING_DRAIN",
        "contactor-open": "voltward.attacks.actuator_orders:CONTACTOR_OPEN",
        "contactor-chatter": "voltward.attacks.actuator_orders:CONTACTOR_CHATTER",
        "can-spoof-telemetry": "voltward.attacks.can_bus:CAN_SPOOF_TELEMETRY",
        "can-flood": "voltward.attacks.can_bus:CAN_FLOOD",
        "can-command-injection": "voltward.attacks.can_bus:CAN_COMMAND_INJECTION",
        "charger-overrequest": "voltward.attacks.actuator_orders:CHARGER_OVERREQUEST",
        "charger-stop": "voltward.attacks.actuator_orders:CHARGER_STOP",
        "auxiliary-drain": "voltward.attacks.actuator_orders:AUXILIARY_DRAIN",
        "firmware-thresholds": "voltward.attacks.stored_data:FIRMWARE_THRESHOLDS",
        "false-isolation-alarm": "voltward.attacks.provoked_protection:FALSE_ISOLATION_ALARM",
        "provoke-under-voltage": "voltward.attacks.provoked_protection:PROVOKE_UNDER_VOLTAGE",
        "provoke-over-temperature": "voltward.attacks.provoked_protection:PROVOKE_OVER_TEMPERATURE",
        "mqtt-man-in-the-middle": "voltward.attacks.mqtt_traffic:MQTT_MAN_IN_THE_MIDDLE",
        "mqtt-stop-while-driving": "voltward.attacks.mqtt_traffic:MQTT_STOP_WHILE_DRIVING",
        "mqtt-drop": "voltward.attacks.mqtt_traffic:MQTT_DROP",
        "telemetry-delay": "voltward.attacks.mqtt_traffic:TELEMETRY_DELAY",
        "telemetry-replay": "voltward.attacks.mqtt_traffic:TELEMETRY_REPLAY",
        "rogue-publisher": "voltward.attacks.mqtt_traffic:ROGUE_PUBLISHER",
        "eavesdrop": "voltward.attacks.mqtt_traffic:EAVESDROP",
        "broker-flood": "voltward.attacks.mqtt_traffic:BROKER_FLOOD",
        "operator-phish": "voltward.attacks.stolen_account:OPERATOR_PHISH",
        "reserve-denial": "voltward.attacks.stolen_account:RESERVE_DENIAL",
        "fleet-charge-switch": "voltward.attacks.stolen_account:FLEET_CHARGE_SWITCH",
        "twin-poisoning": "voltward.attacks.stored_data:TWIN_POISONING",
        "model-update-tamper": "voltward.attacks.stored_data:MODEL_UPDATE_TAMPER",
        "store-tamper": "voltward.attacks.stored_data:STORE_TAMPER",
    },
    group="voltward.attacks",
)
