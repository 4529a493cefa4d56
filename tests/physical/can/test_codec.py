"""Records survive the wire; what is lost is marked."""

import hashlib
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voltward.core.errors import ConfigurationError
from voltward.physical.can import wire_scale
from voltward.physical.can.bus_fields import COMMAND, TELEMETRY
from voltward.physical.can.codec import secured_identifier, shipped_codec
from voltward.physical.can.database import load_database, shipped_database
from voltward.physical.can.frame import FD_LENGTHS, Frame
from voltward.physical.can.message import from_message, to_message
from voltward.physical.can.named_signals import decode_frame, encode_message
from voltward.physical.can.pack_telemetry import (
    BmsState,
    ContactorState,
    GatewayCommand,
    PackFault,
    PackTelemetry,
)
from voltward.physical.can.secured_frame import authenticate
from voltward.physical.can.secured_profile import PROFILES

flags = st.sampled_from([None, True, False])
contactors = st.sampled_from([None, *ContactorState])


def amounts(low, high):
    return st.just(math.nan) | st.floats(low, high)


telemetry_sets = st.builds(
    PackTelemetry,
    voltage_V=st.lists(amounts(0, 6.5), max_size=96).map(tuple),
    temperature_degC=st.lists(amounts(-100, 1500), max_size=96).map(tuple),
    current_A=amounts(-5000, 5000),
    pack_voltage_V=amounts(0, 2000),
    soc=amounts(0, 1),
    charge_counter_Ah=amounts(-2e6, 2e6),
    isolation_kohm=amounts(0, 60000),
    charging=flags,
    main_positive=contactors,
    main_negative=contactors,
    precharge=contactors,
    bms_state=st.sampled_from([None, *BmsState]),
    faults=st.integers(0, 2**12 - 1).map(PackFault),
    charge_limit_A=amounts(0, 5000),
    discharge_limit_A=amounts(0, 5000),
    sequence=st.integers(0, 2**32 - 1),
)
commands = st.builds(
    GatewayCommand,
    charge_limit_A=amounts(0, 5000),
    target_soc=amounts(0, 1),
    charge_enable=flags,
    conditioning_degC=amounts(-40, 100),
    derate=amounts(0, 1),
    open_request=flags,
    power_setpoint_W=amounts(-1e8, 1e8),
    sequence=st.integers(0, 2**32 - 1),
)

FULL = PackTelemetry(
    voltage_V=tuple(3.5 + 0.0001 * cell for cell in range(96)),
    temperature_degC=tuple(20.0 + 0.1 * cell for cell in range(96)),
    current_A=-123.45,
    pack_voltage_V=402.13,
    soc=0.8123,
    charge_counter_Ah=-12.345,
    isolation_kohm=1500.0,
    charging=False,
    main_positive=ContactorState.CLOSED,
    main_negative=ContactorState.CLOSED,
    precharge=ContactorState.OPEN,
    bms_state=BmsState.DRIVING,
    faults=PackFault.ISOLATION | PackFault.SENSOR,
    charge_limit_A=100.0,
    discharge_limit_A=350.5,
    sequence=2**32 - 1,
)


codec = shipped_codec()
CELL_SCALES = {name: signals[0].scale for name, signals in codec.wire.cells.items()}


def assert_same(record, other, signals):
    for field, found in signals.items():
        if TELEMETRY.get(field, COMMAND.get(field)).unit in {"flag", "count", "state"}:
            continue
        scale = found.scale
        np.testing.assert_array_equal(
            getattr(record, field), wire_scale.quantise(getattr(other, field), scale)
        )


@given(telemetry=telemetry_sets)
def test_telemetry_round_trip_is_exactly_the_quantised_set(telemetry):
    frames = codec.encode_telemetry(telemetry)
    seen = codec.decode_telemetry(frames, cells=max(1, len(telemetry.voltage_V)))
    assert_same(seen, telemetry, codec.wire.telemetry)
    count = len(telemetry.voltage_V)
    np.testing.assert_array_equal(
        seen.voltage_V[:count],
        wire_scale.quantise(telemetry.voltage_V, CELL_SCALES["voltage_V"]),
    )
    cells = codec.decode_telemetry(frames, cells=96)
    count = len(telemetry.temperature_degC)
    np.testing.assert_array_equal(
        cells.temperature_degC[:count],
        wire_scale.quantise(telemetry.temperature_degC, CELL_SCALES["temperature_degC"]),
    )
    assert all(math.isnan(value) for value in cells.temperature_degC[count:])
    for field in ("charging", "main_positive", "main_negative", "precharge", "bms_state"):
        assert getattr(seen, field) == getattr(telemetry, field)
    assert (seen.faults, seen.sequence) == (telemetry.faults, telemetry.sequence)


@given(command=commands)
def test_command_round_trip_is_exactly_the_quantised_command(command):
    seen = codec.decode_command(codec.encode_command(command))
    assert_same(seen, command, codec.wire.command)
    assert (seen.charge_enable, seen.open_request) == (command.charge_enable, command.open_request)
    assert seen.sequence == command.sequence


def test_cantools_reads_what_the_codec_writes():
    frames = {frame.identifier: frame for frame in codec.encode_telemetry(FULL)}
    state = shipped_database().decode_message("Pack_State", frames[0x220].data)
    assert state["Pack_Current"] == pytest.approx(-123.45)
    assert state["Soc"] == pytest.approx(81.23)
    assert state["Bms_State"] == "driving"
    assert state["Main_Positive"] == "closed"
    assert (state["Fault_Isolation"], state["Fault_Over_Voltage"]) == (1, 0)
    cells = shipped_database().decode_message("Cell_Voltages_4", frames[0x253].data)
    assert cells["Cell_96_Voltage"] == pytest.approx(3.5095)
    assert list(frames)[-1] == 0x220


def test_codec_reads_what_cantools_writes():
    values = {"Charge_Limit": 80.5, "Target_Soc": 90.0, "Conditioning_Target": -5.5}
    frame = encode_message(shipped_database(), "Gateway_Command", values | {"Command_Sequence": 7})
    command = codec.decode_command([frame])
    assert command.charge_limit_A == pytest.approx(80.5)
    assert command.target_soc == pytest.approx(0.9)
    assert command.conditioning_degC == pytest.approx(-5.5)
    assert command.missing() == ("charge_enable", "derate", "open_request", "power_setpoint_W")


def test_complete_set_misses_nothing_and_partial_set_names_what_it_misses():
    frames = codec.encode_telemetry(FULL)
    assert codec.decode_telemetry(frames, 96).missing() == ()
    without_state = [frame for frame in frames if frame.identifier != 0x220]
    missing = set(codec.decode_telemetry(without_state, 96).missing())
    assert {"current_A", "soc", "bms_state", "faults", "sequence"} <= missing
    assert not {"voltage_V", "charge_limit_A"} & missing
    one_group = codec.decode_telemetry([f for f in frames if f.identifier == 0x251], 96)
    assert [math.isnan(v) for v in one_group.voltage_V] == [True] * 24 + [False] * 24 + [True] * 48


def test_short_frame_gives_the_signals_that_fit():
    state = codec.encode_telemetry(FULL)[-1]
    seen = codec.decode_telemetry([Frame(state.identifier, state.data[:6], fd=True)], 96)
    assert (seen.pack_voltage_V, seen.current_A) == (402.13, -123.45)
    assert math.isnan(seen.soc)
    assert seen.faults is None


def test_foreign_frames_are_passed_over_and_saturation_is_silent():
    foreign = [Frame(0x7FF, b"\1"), Frame(0x220, bytes(8), extended=True)]
    assert (
        codec.decode_telemetry(foreign, cells=1).missing()
        == codec.decode_telemetry([], cells=1).missing()
    )
    seen = codec.decode_telemetry(codec.encode_telemetry(PackTelemetry(voltage_V=(9.9, -1.0))), 2)
    assert seen.voltage_V == (6.5, 0.0)


@given(data=st.data())
def test_a_frame_with_any_content_is_decoded(data):
    message = data.draw(st.sampled_from(shipped_database().messages))
    length = data.draw(st.sampled_from(FD_LENGTHS))
    content = data.draw(st.binary(min_size=length, max_size=length))
    frame = Frame(message.frame_id, content, fd=True)
    assert len(codec.decode_telemetry([frame], cells=4).voltage_V) == 4
    assert decode_frame(shipped_database(), frame).message == message.name


def test_too_many_cells_are_refused_and_a_foreign_frame_is_no_command():
    with pytest.raises(ValueError, match="97 cells"):
        codec.encode_telemetry(PackTelemetry(voltage_V=(3.7,) * 97))
    assert codec.decode_command([Frame(0x220, bytes(24), fd=True)]).sequence is None


# Frames as they were before other networks could be described; sha256 of one line a frame.
FRAMES = {
    "full": (FULL, "c058c254ee57f6130a2d84688a3d62c2750b14f2d67945e49ed1b134dda79366"),
    "three cells": (
        PackTelemetry(
            voltage_V=(3.7, 3.65004, 9.0),
            temperature_degC=(-20.06, 25.0, 25.0),
            current_A=12.345,
            pack_voltage_V=11.1,
            soc=1.2,
            charge_counter_Ah=0.0015,
            isolation_kohm=5000.4,
            charging=True,
            sequence=7,
        ),
        "a3930277bb411a0831911137dd3c6e9129ce5e1f80d5760872e846139d271e3c",
    ),
    "nothing": (
        PackTelemetry(),
        "b09a08bf9ae8905d514487cf704f1311c8a9d0a7e3c06e0516dd62be1fe1f578",
    ),
}


@pytest.mark.parametrize("name", FRAMES)
def test_the_bytes_of_the_shipped_network_stay(name):
    telemetry, digest = FRAMES[name]
    lines = [
        f"{f.identifier:x} {int(f.fd)} {f.data.hex()}" for f in codec.encode_telemetry(telemetry)
    ]
    assert hashlib.sha256("\n".join(lines).encode()).hexdigest() == digest


def test_the_bytes_of_a_command_stay():
    asked = GatewayCommand(80.46, 0.9, True, -5.5, 0.2524, False, -1500.4, 9)
    (frame,) = codec.encode_command(asked)
    assert (frame.identifier, frame.data.hex()) == (0x110, "25032823c9ff320124faffff09000000")
    (nothing,) = codec.encode_command(GatewayCommand())
    assert nothing.data.hex() == "ffffffff0080ff0f0000008000000000"


def test_secured_variant_is_described_by_the_dbc():
    key = bytes(range(16))
    for plain in codec.encode_telemetry(FULL):
        renamed = Frame(secured_identifier(plain.identifier), plain.data, fd=plain.fd)
        secured = authenticate(renamed, key, 0x1FE, PROFILES["1"])
        decoded = decode_frame(shipped_database(), secured)
        original = decode_frame(shipped_database(), plain)
        assert decoded.message == f"Secured_{original.message}"
        assert original.signals.items() <= decoded.signals.items()
        assert decoded.signals["Freshness"] == 0xFE
        assert decoded.signals["Authenticator"] == int.from_bytes(secured.data[-3:], "big")
        assert len(secured.data) == shipped_database().get_message_by_name(decoded.message).length
    assert codec.decode_telemetry([secured], cells=1).current_A == FULL.current_A


def test_profile_1_leaves_four_bytes_on_classic_can():
    limits = next(f for f in codec.encode_telemetry(FULL) if f.identifier == 0x232)
    secured = authenticate(limits, bytes(16), 1, PROFILES["1"])
    assert (len(limits.data), len(secured.data), secured.fd) == (4, 8, False)


def test_frames_become_python_can_messages_and_back():
    for frame in [*codec.encode_telemetry(FULL), Frame(0x18FF50E5, b"\1\2", extended=True)]:
        assert from_message(to_message(frame, 1.5)) == frame
    remote = to_message(Frame(1, b""))
    remote.is_remote_frame = True
    with pytest.raises(ValueError, match="remote"):
        from_message(remote)


@pytest.mark.parametrize(
    ("name", "signals", "words"),
    [
        ("Pack_Stat", {}, "Pack_State"),
        ("Pack_State", {"Sok": 1}, "Soc"),
        ("Pack_Limits", {"Charge_Current_Limit": 9999}, "5000"),
        ("Gateway_Command", {"Charge_Enable": "perhaps", "Command_Sequence": 0}, "yes"),
        ("Gateway_Command", {"Derate": 0.5}, "Command_Sequence"),
        ("Gateway_Command", {"Derate": math.nan, "Command_Sequence": 0}, "Gateway_Command"),
    ],
)
def test_bad_signals_are_refused_with_names(name, signals, words):
    with pytest.raises(ConfigurationError) as caught:
        encode_message(shipped_database(), name, signals)
    assert words in str(caught.value)


def test_bad_dbc_files_are_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_database(tmp_path / "absent.dbc")
    broken = tmp_path / "broken.dbc"
    broken.write_text("this is no DBC")
    with pytest.raises(ConfigurationError, match="not a valid DBC"):
        load_database(broken)
    overlap = tmp_path / "overlap.dbc"
    overlap.write_text(
        'VERSION ""\nBU_: A\nBO_ 1 M: 8 A\n SG_ X : 0|8@1+ (1,0) [0|255] "" A\n'
        ' SG_ Y : 4|8@1+ (1,0) [0|255] "" A\n'
    )
    with pytest.raises(ConfigurationError, match="overlap"):
        load_database(overlap)


def test_multiplexed_messages_of_a_foreign_dbc(tmp_path):
    path = tmp_path / "multiplexed.dbc"
    path.write_text(
        'VERSION ""\nBU_: A\nBO_ 1 M: 2 A\n SG_ Group M : 0|8@1+ (1,0) [0|1] "" A\n'
        ' SG_ X m0 : 8|8@1+ (1,0) [0|254] "V" A\n SG_ Y m1 : 8|8@1+ (2,0) [0|400] "A" A\n'
        'VAL_ 1 X 255 "not_available" ;\n'
    )
    database = load_database(path)
    frame = encode_message(database, "M", {"Group": 1, "Y": 40})
    assert frame == Frame(1, b"\x01\x14")
    assert decode_frame(database, frame).signals == {"Group": 1, "Y": 40}
    assert decode_frame(database, Frame(1, b"\x07\x14")).signals == {"Group": 7}
    assert decode_frame(database, Frame(1, b"\x00\xff")).signals == {"Group": 0, "X": None}


@pytest.mark.parametrize(
    "arguments",
    [(0x800, b""), (-1, b""), (1, bytes(9)), (0x2000_0000, b"", True), (1, bytes(9), False, True)],
)
def test_frames_that_no_bus_carries_are_refused(arguments):
    with pytest.raises(ValueError, match=r"is outside|bytes"):
        Frame(*arguments)
