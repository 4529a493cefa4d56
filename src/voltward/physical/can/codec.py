"""Records to frames of the pack network and back, packed by the DBC.

1. Tables say which signal of the DBC carries which field, and in which code of `wire_scale`.
2. To encode, values become counts, and the DBC packs the counts of a message into a frame.
3. To decode, the DBC unpacks each frame into counts; those of all frames together become values.

A decoded value equals `wire_scale.quantise` exactly. A secured variant is decoded like its plain
message; `secured_frame` checks it.
"""

from collections.abc import Iterable, Mapping
from typing import Literal, TypeVar

from voltward.physical.can.database import shipped_database
from voltward.physical.can.frame import Frame
from voltward.physical.can.pack_telemetry import (
    NETWORK_CELLS,
    BmsState,
    ChargerReading,
    ContactorState,
    GatewayCommand,
    PackFault,
    PackTelemetry,
)
from voltward.physical.can.secured_profile import SECURED_IDENTIFIER_OFFSET
from voltward.physical.can.wire_scale import (
    COMMAND_SCALES,
    CURRENT_A,
    CURRENT_LIMIT_A,
    FLAG,
    PACK_VOLTAGE_V,
    TELEMETRY_SCALES,
    WireScale,
    from_raw,
    to_raw,
)

CELLS_PER_FRAME = 24
CONTACTOR_ABSENT, BMS_STATE_ABSENT = 3, 15
Signals = Mapping[str, tuple[str, WireScale]]


def _signals(scales: Mapping[str, WireScale], **names: str) -> Signals:
    return {field: (name, scales[field]) for field, name in names.items()}


STATE_SIGNALS = _signals(
    TELEMETRY_SCALES,
    pack_voltage_V="Pack_Voltage",
    current_A="Pack_Current",
    soc="Soc",
    charge_counter_Ah="Charge_Counter",
    isolation_kohm="Isolation_Resistance",
)
COMMAND_SIGNALS = _signals(
    COMMAND_SCALES,
    charge_limit_A="Charge_Limit",
    target_soc="Target_Soc",
    conditioning_degC="Conditioning_Target",
    derate="Derate",
    power_setpoint_W="Power_Setpoint",
)
LIMIT_SIGNALS: Signals = {
    "charge_limit_A": ("Charge_Current_Limit", CURRENT_LIMIT_A),
    "discharge_limit_A": ("Discharge_Current_Limit", CURRENT_LIMIT_A),
}
METER_SIGNALS: Signals = {
    "current_A": ("Charger_Current", CURRENT_A),
    "voltage_V": ("Charger_Voltage", PACK_VOLTAGE_V),
}
CONTACTOR_SIGNALS = {
    "main_positive": "Main_Positive",
    "main_negative": "Main_Negative",
    "precharge": "Precharge",
}
FAULT_SIGNALS = {fault: f"Fault_{str(fault.name).title()}" for fault in PackFault}
CELL_MESSAGES = {
    "voltage_V": ("Cell_Voltages", "Voltage"),
    "temperature_degC": ("Cell_Temperatures", "Temperature"),
}

Counts = Mapping[str, int]
Named = TypeVar("Named", BmsState, ContactorState)


def encode_telemetry(telemetry: PackTelemetry) -> list[Frame]:
    """Return the frames of one set: cells first, `Pack_State` last.

    Cell frames without any value are left out; values saturate at the ends of the wire's range;
    faults or a sequence of None are sent as 0, because the wire cannot mark them as absent.

    Raises:
        ValueError: More cells than the network has room for.
    """
    state = _counts(telemetry, STATE_SIGNALS)
    for field, signal in CONTACTOR_SIGNALS.items():
        contactor: ContactorState | None = getattr(telemetry, field)
        state[signal] = CONTACTOR_ABSENT if contactor is None else int(contactor)
    state["Charging"] = _flag(telemetry.charging)
    bms_state = telemetry.bms_state
    state["Bms_State"] = BMS_STATE_ABSENT if bms_state is None else int(bms_state)
    faults = telemetry.faults or PackFault(0)
    state.update({signal: int(fault in faults) for fault, signal in FAULT_SIGNALS.items()})
    state["State_Sequence"] = (telemetry.sequence or 0) & 0xFFFF_FFFF
    return [
        *_cell_frames("voltage_V", telemetry.voltage_V),
        *_cell_frames("temperature_degC", telemetry.temperature_degC),
        _frame("Pack_Limits", _counts(telemetry, LIMIT_SIGNALS)),
        _frame("Pack_State", state),
    ]


def decode_telemetry(frames: Iterable[Frame], cells: int = NETWORK_CELLS) -> PackTelemetry:
    """Return what frames say; what did not arrive is NaN or None.

    Args:
        frames: In order of arrival; of equal ones the last counts; foreign frames are ignored.
        cells: How many cells the pack has.
    """
    raw: dict[str, int] = {}
    for frame in frames:
        raw.update(_raw(frame))
    faults: PackFault | None = None
    if set(FAULT_SIGNALS.values()) <= set(raw):
        faults = PackFault(0)
        for fault, signal in FAULT_SIGNALS.items():
            faults |= fault if raw[signal] else PackFault(0)
    return PackTelemetry(
        voltage_V=_cell_values("voltage_V", raw, cells),
        temperature_degC=_cell_values("temperature_degC", raw, cells),
        **_values(raw, STATE_SIGNALS),
        **_values(raw, LIMIT_SIGNALS),
        charging=_truth(raw.get("Charging")),
        main_positive=_state_named(ContactorState, raw.get(CONTACTOR_SIGNALS["main_positive"])),
        main_negative=_state_named(ContactorState, raw.get(CONTACTOR_SIGNALS["main_negative"])),
        precharge=_state_named(ContactorState, raw.get(CONTACTOR_SIGNALS["precharge"])),
        bms_state=_state_named(BmsState, raw.get("Bms_State")),
        faults=faults,
        sequence=raw.get("State_Sequence"),
    )


def encode_command(command: GatewayCommand) -> Frame:
    """Return the frame of a command of the cloud."""
    raw = _counts(command, COMMAND_SIGNALS)
    raw["Charge_Enable"] = _flag(command.charge_enable)
    raw["Open_Request"] = _flag(command.open_request)
    raw["Command_Sequence"] = (command.sequence or 0) & 0xFFFF_FFFF
    return _frame("Gateway_Command", raw)


def decode_command(frame: Frame) -> GatewayCommand:
    """Return the command in a frame.

    Raises:
        ValueError: The frame is not a gateway command.
    """
    raw = _raw_of(frame, "Gateway_Command")
    return GatewayCommand(
        **_values(raw, COMMAND_SIGNALS),
        charge_enable=_truth(raw.get("Charge_Enable")),
        open_request=_truth(raw.get("Open_Request")),
        sequence=raw.get("Command_Sequence"),
    )


def encode_charger_reading(reading: ChargerReading) -> Frame:
    """Return the frame of one reading of the charger's meter."""
    raw = _counts(reading, METER_SIGNALS)
    raw["Meter_Sequence"] = (reading.sequence or 0) & 0xFFFF
    return _frame("Charger_Meter", raw)


def decode_charger_reading(frame: Frame) -> ChargerReading:
    """Return the reading in a frame.

    Raises:
        ValueError: The frame is not the charger meter's.
    """
    raw = _raw_of(frame, "Charger_Meter")
    return ChargerReading(**_values(raw, METER_SIGNALS), sequence=raw.get("Meter_Sequence"))


def secured_identifier(identifier: int) -> int:
    """Return the identifier under which the shipped DBC describes a message's secured variant."""
    return identifier + SECURED_IDENTIFIER_OFFSET


def _frame(name: str, raw: Counts) -> Frame:
    message = shipped_database().get_message_by_name(name)
    return Frame(message.frame_id, message.encode(dict(raw), scaling=False), fd=message.is_fd)


def _raw(frame: Frame) -> dict[str, int]:
    if frame.extended:
        return {}
    try:
        message = shipped_database().get_message_by_frame_id(frame.identifier)
    except KeyError:
        return {}
    counts = message.decode_simple(
        frame.data, scaling=False, decode_choices=False, allow_truncated=True
    )
    return {name: count for name, count in counts.items() if isinstance(count, int)}


def _raw_of(frame: Frame, name: str) -> dict[str, int]:
    plain = shipped_database().get_message_by_name(name).frame_id
    if frame.extended or frame.identifier not in (plain, secured_identifier(plain)):
        raise ValueError(f"identifier {frame.identifier:#x} is not that of {name}")
    return _raw(frame)


def _counts(record: object, signals: Signals) -> dict[str, int]:
    return {
        signal: int(to_raw(getattr(record, field), scale))
        for field, (signal, scale) in signals.items()
    }


def _values(raw: Counts, signals: Signals) -> dict[str, float]:
    return {
        field: float(from_raw(raw.get(signal, scale.raw_absent), scale))
        for field, (signal, scale) in signals.items()
    }


def _cell_signal(kind: str, cell: int) -> str:
    return f"Cell_{cell + 1:02d}_{kind}"


def _cell_frames(field: str, values: tuple[float, ...]) -> list[Frame]:
    if len(values) > NETWORK_CELLS:
        raise ValueError(f"{len(values)} cells, the network has room for {NETWORK_CELLS}")
    message, kind = CELL_MESSAGES[field]
    scale = TELEMETRY_SCALES[field]
    counts = [int(count) for count in to_raw(values, scale)]
    counts += [scale.raw_absent] * (NETWORK_CELLS - len(counts))
    frames = []
    for first in range(0, NETWORK_CELLS, CELLS_PER_FRAME):
        group = range(first, first + CELLS_PER_FRAME)
        if any(counts[cell] != scale.raw_absent for cell in group):
            raw = {_cell_signal(kind, cell): counts[cell] for cell in group}
            frames.append(_frame(f"{message}_{first // CELLS_PER_FRAME + 1}", raw))
    return frames


def _cell_values(field: str, raw: Counts, cells: int) -> tuple[float, ...]:
    _, kind = CELL_MESSAGES[field]
    scale = TELEMETRY_SCALES[field]
    counts = [raw.get(_cell_signal(kind, cell), scale.raw_absent) for cell in range(cells)]
    return tuple(float(value) for value in from_raw(counts, scale))


def _flag(truth: Literal[True, False] | None) -> int:
    return FLAG.raw_absent if truth is None else int(truth)


def _truth(raw: int | None) -> bool | None:
    return None if raw is None or raw > 1 else bool(raw)


def _state_named(kind: type[Named], raw: int | None) -> Named | None:
    return kind(raw) if raw in set(kind) else None
