"""What an attacker holds: positions let a step act, secrets make a forged proof good."""

from enum import IntFlag


class Capability(IntFlag):
    """Bits of `held[run]`. A missing position stops a step; a missing secret never does.

    A record forged without its secret travels without its proof, and the receiver's rule decides.
    """

    NONE = 0
    SENSOR_WIRING = 1 << 0
    CAN_WRITE = 1 << 1
    GATEWAY_FOOTHOLD = 1 << 2
    NETWORK_PATH = 1 << 3
    BROKER_REACH = 1 << 4
    OPERATOR_ACCOUNT = 1 << 5
    STORE_WRITE = 1 << 6
    DIAGNOSTIC_PORT = 1 << 7
    TWIN_MEMORY = 1 << 8
    NETWORK_LISTEN = 1 << 9
    CHARGER_LINK = 1 << 10
    SESSION_TERMINATED = 1 << 11
    FIRMWARE_EXECUTION = 1 << 12

    FRAME_KEY = 1 << 16
    DEVICE_KEY = 1 << 17
    SERVER_KEY = 1 << 18
    TELEMETRY_KEY = 1 << 19
    COMMAND_KEY = 1 << 20
    UPDATE_KEY = 1 << 21
    PASSWORD = 1 << 22
    SECOND_FACTOR = 1 << 23
    CONFIDENTIALITY_KEY = 1 << 24


POSITIONS = Capability((1 << 16) - 1)
SECRETS = Capability(((1 << 25) - 1) & ~((1 << 16) - 1))
# Proofs that stay good when an old record is sent again: they cover content, not the session.
REPLAYABLE = (
    Capability.FRAME_KEY
    | Capability.TELEMETRY_KEY
    | Capability.COMMAND_KEY
    | Capability.CONFIDENTIALITY_KEY
)
