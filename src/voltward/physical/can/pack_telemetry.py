"""The content of the pack network's messages, as records without bytes."""

import math
from dataclasses import dataclass
from enum import IntEnum, IntFlag

ABSENT = math.nan
NETWORK_CELLS = 96  # what the shipped DBC has room for


class ContactorState(IntEnum):
    """State of one contactor; values are those of the DBC."""

    OPEN = 0
    CLOSED = 1
    FAULT = 2


class BmsState(IntEnum):
    """State of the BMS's state machine; values are those of the DBC."""

    INITIALISING = 0
    STANDBY = 1
    PRECHARGING = 2
    DRIVING = 3
    CHARGING = 4
    SAFE_STATE = 5


class PackFault(IntFlag):
    """Faults that the BMS reports, in the order of the DBC's fault bits."""

    OVER_VOLTAGE = 1 << 0
    UNDER_VOLTAGE = 1 << 1
    OVER_TEMPERATURE = 1 << 2
    UNDER_TEMPERATURE = 1 << 3
    OVER_CURRENT_CHARGE = 1 << 4
    OVER_CURRENT_DISCHARGE = 1 << 5
    ISOLATION = 1 << 6
    CONTACTOR = 1 << 7
    PRECHARGE = 1 << 8
    SENSOR = 1 << 9
    COMMUNICATION = 1 << 10
    AUTHENTICATION = 1 << 11


class _Message:
    """What all messages of the network have in common: values can be missing."""

    def missing(self) -> tuple[str, ...]:
        """Return the names of the fields that are None or NaN, or hold NaN."""
        missing = []
        for name, value in vars(self).items():
            items = value if isinstance(value, tuple) else (value,)
            if any(
                item is None or (isinstance(item, float) and math.isnan(item)) for item in items
            ):
                missing.append(name)
        return tuple(missing)


@dataclass(frozen=True)
class PackTelemetry(_Message):
    """One set of telemetry; NaN or None marks a missing value.

    Args:
        voltage_V: One per cell, in V; up to 96.
        temperature_degC: One per cell, in degC; up to 96.
        current_A: Pack current in A, positive when charging.
        pack_voltage_V: Of the pack-voltage sensor, in V.
        soc: State of charge by the BMS, 0 to 1.
        charge_counter_Ah: Net charge since commissioning, in Ah.
        isolation_kohm: Isolation resistance, in kohm.
        charging: Whether a charging session is running.
        main_positive: State of the positive main contactor.
        main_negative: State of the negative main contactor.
        precharge: State of the pre-charge contactor.
        bms_state: State of the state machine.
        faults: Reported faults.
        charge_limit_A: Highest charging current allowed, in A.
        discharge_limit_A: Highest discharging current allowed, in A, a positive number.
        sequence: Running number, modulo 2^32.
    """

    voltage_V: tuple[float, ...] = ()
    temperature_degC: tuple[float, ...] = ()
    current_A: float = ABSENT
    pack_voltage_V: float = ABSENT
    soc: float = ABSENT
    charge_counter_Ah: float = ABSENT
    isolation_kohm: float = ABSENT
    charging: bool | None = None
    main_positive: ContactorState | None = None
    main_negative: ContactorState | None = None
    precharge: ContactorState | None = None
    bms_state: BmsState | None = None
    faults: PackFault | None = None
    charge_limit_A: float = ABSENT
    discharge_limit_A: float = ABSENT
    sequence: int | None = None


@dataclass(frozen=True)
class GatewayCommand(_Message):
    """One command of the cloud; NaN or None asks for no change.

    Args:
        charge_limit_A: Highest charging current asked for, in A.
        target_soc: State of charge at which charging shall end, 0 to 1.
        charge_enable: Whether charging is allowed.
        conditioning_degC: Temperature that conditioning shall reach, in degC.
        derate: Share of the current limits taken away, 0 to 1.
        open_request: Whether the contactors shall open.
        power_setpoint_W: Pack power asked for by a grid service, in W, positive when charging.
        sequence: Running number, modulo 2^32.
    """

    charge_limit_A: float = ABSENT
    target_soc: float = ABSENT
    charge_enable: bool | None = None
    conditioning_degC: float = ABSENT
    derate: float = ABSENT
    open_request: bool | None = None
    power_setpoint_W: float = ABSENT
    sequence: int | None = None
