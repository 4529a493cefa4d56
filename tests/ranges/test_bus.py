"""The user's own DBC: what a signal map may say, what it makes of the wire, and what is refused."""

import math
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voltward.comms.payload import Kind, Message
from voltward.core.errors import ConfigurationError
from voltward.physical.can.codec import Codec
from voltward.physical.can.database import load_database
from voltward.physical.can.pack_telemetry import PackTelemetry
from voltward.physical.can.signal_code import UNITS, SignalEntry
from voltward.physical.can.signal_map import read_map
from voltward.physical.can.wire_scale import quantise
from voltward.ranges.configuration.bus import bus_of, bus_warnings, dbc_identity
from voltward.ranges.configuration.campaign_file import load_campaign
from voltward.ranges.configuration.run_inputs import gather_inputs
from voltward.ranges.configuration.system import load_system
from voltward.ranges.live.links.messages import BusMessages
from voltward.ranges.virtual.assembly import assemble

OWN = Path(__file__).parents[2] / "examples" / "own-bus"


def own_system(folder, *changes, dbc=None):
    """Return the example's system file with texts replaced, beside its DBC."""
    text = (OWN / "system.toml").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (folder / "bus.dbc").write_text(dbc or (OWN / "bus.dbc").read_text("utf-8"), "utf-8")
    path = folder / "system.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


CELLS = 'voltage_V = "Cell_Voltages.U_Cell_{cell}"'
SOC = 'soc = "Pack_Status.State_Of_Charge"'
LIMIT = 'charge_limit_A = "Charge_Command.Max_Charge_Current"'
CURRENT = '{ signal = "Pack_Status.Battery_Current", positive = "discharging" }'
BAD = {
    "no file": ('dbc = "bus.dbc"', 'dbc = "buss.dbc"', ["buss.dbc", "no such file", "beside"]),
    "no shipped name": ('dbc = "bus.dbc"', 'dbc = "voltwrd"', ["voltwrd", "'voltward'"]),
    "unknown field": (SOC, 'sock = "Pack_Status.State_Of_Charge"', ["telemetry.sock", "'soc'"]),
    "needed field": (SOC, "", ["can.telemetry.soc is missing", "twin", 'soc = "Message.Signal"']),
    "needed command": (LIMIT, "", ["can.command.charge_limit_A is missing", "charge plan"]),
    "message": (SOC, 'soc = "Pack_Statsu.State_Of_Charge"', ["Pack_Statsu", "'Pack_Status'"]),
    "signal": (SOC, 'soc = "Pack_Status.State_Of_Charg"', ["State_Of_Charg", "'State_Of_Charge'"]),
    "no point": (SOC, 'soc = "State_Of_Charge"', ["State_Of_Charge", "Message.Signal"]),
    "twice": (SOC, 'soc = "Pack_Status.Battery_Voltage"', ["Pack_Status.Battery_Voltage", "'V'"]),
    "one signal for two": (
        'pack_voltage_V = "Pack_Status.Battery_Voltage"',
        'pack_voltage_V = "Cell_Voltages.U_Cell_1"',
        ["Cell_Voltages.U_Cell_1", "telemetry.pack_voltage_V already", "one signal"],
    ),
    "no cell in the pattern": (
        CELLS,
        'voltage_V = ["Cell_Voltages.U_Cell_1", "Cell_Voltages.U_Cell_1"]',
        ["of cell 2", "U_Cell_1 carries", "{cell}"],
    ),
    "pattern": (CELLS, 'voltage_V = "Cell_Voltages.U_{nr}"', ["U_{nr}", "{cell:02}"]),
    "wide pattern": (CELLS, 'voltage_V = "Cell_Voltages.U_{cell:999999999}"', ["{cell:02}"]),
    "inside of a number": (CELLS, 'voltage_V = "Cell_Voltages.{cell.__class__}"', ["{cell:02}"]),
    "no cells": (CELLS, 'voltage_V = "Cell_Voltages.U_{cell}"', ["U_1", "U_Cell_1"]),
    "unit": (
        SOC,
        'soc = { signal = "Pack_Status.State_Of_Charge", unit = "V" }',
        ["in 'V'", "allowed are 1, -, %"],
    ),
    "direction": (
        SOC,
        'soc = { signal = "Pack_Status.State_Of_Charge", positive = "discharging" }',
        ["positive", "only currents"],
    ),
    "direction unknown": (CURRENT, CURRENT.replace("discharging", "out"), ["positive", "charging"]),
    "key of an entry": (CURRENT, CURRENT.replace("positive", "sign"), ["sign", "positive"]),
    "number": (SOC, "soc = 3", ["can.telemetry.soc", "got 3", "Message.Signal"]),
    "list": (SOC, 'soc = ["Pack_Status.State_Of_Charge"]', ["telemetry.soc", "a list"]),
    "multiplexer": ('"Pack_Status.Alive_Counter"', '"Cell_Voltages.Row"', ["Row", "multiplexer"]),
    "scaled count": (
        '"Pack_Status.Alive_Counter"',
        '"Pack_Status.State_Of_Charge"',
        ["scale 1 and offset 0"],
    ),
}


@pytest.mark.parametrize("case", BAD, ids=str)
def test_a_map_that_does_not_fit_is_refused_by_file_field_and_nearest_name(tmp_path, case):
    old, new, words = BAD[case]
    path = own_system(tmp_path, (old, new))
    with pytest.raises(ConfigurationError) as caught:
        load_system(path)
    assert caught.value.what.startswith(path)
    for word in words:
        assert word in str(caught.value)


def test_a_dbc_that_is_broken_or_overlaps_is_refused_with_the_system_file(tmp_path):
    for dbc, word in (("this is no DBC", "not a valid DBC"), (overlapping(), "overlap")):
        path = own_system(tmp_path, dbc=dbc)
        with pytest.raises(ConfigurationError, match=word) as caught:
            load_system(path)
        assert "bus.dbc" in str(caught.value)


def overlapping():
    text = (OWN / "bus.dbc").read_text("utf-8")
    return text.replace("State_Of_Charge : 39|8@0+", "State_Of_Charge : 24|8@0+")


def test_another_network_without_a_map_says_that_a_map_is_wanted(tmp_path):
    shutil.copy(OWN / "bus.dbc", tmp_path)
    path = tmp_path / "system.toml"
    path.write_text('[can]\ndbc = "bus.dbc"\n', encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_system(str(path))
    for word in (str(path), "bus.dbc", "no message 'Cell_Voltages_*'", "[can.telemetry]"):
        assert word in str(caught.value)


WARNED = {
    "left out": (SOC, SOC, ["can.telemetry.isolation_kohm is not sent", "command.sequence"]),
    "few cells": ("series = 16", "series = 18", ["16 of 18 cells", "live run is refused"]),
    "range": (
        "series = 16",
        "series = 16\nparallel = 1\n[limits.maximum]\ndischarge_current_A = 700",
        [
            "can.telemetry.current_A: the signal carries -600 to 600, the system needs -700 to 200",
            "nearest end",
        ],
    ),
}


@pytest.mark.parametrize("case", WARNED, ids=str)
def test_what_a_bus_carries_badly_is_said_with_what_follows(tmp_path, case):
    old, new, words = WARNED[case]
    text = "\n".join(bus_warnings(load_system(own_system(tmp_path, (old, new)))))
    for word in words:
        assert word in text


def test_a_coarse_step_a_short_number_and_a_wrong_sender_are_said(tmp_path):
    dbc = (OWN / "bus.dbc").read_text("utf-8")
    for old, new in (
        ("39|8@0+ (0.5,0)", "39|8@0+ (2,0)"),
        ("Alive_Counter : 63|8@0+ (1,0) [0|255]", "Alive_Counter : 59|4@0+ (1,0) [0|15]"),
        ("Charge_Command: 8 VCU", "Charge_Command: 8 BMS"),
    ):
        assert old in dbc
        dbc = dbc.replace(old, new)
    text = "\n".join(bus_warnings(load_system(own_system(tmp_path, dbc=dbc))))
    assert "can.telemetry.soc: a step of 0.02 is coarser than 0.01" in text
    assert "comes round after 16 records" in text
    assert "Charge_Command is sent by BMS, which sends telemetry too" in text


def test_a_bus_that_nobody_listens_to_is_said(tmp_path):
    dbc = (OWN / "bus.dbc").read_text("utf-8").replace('"A" BMS', '"A" OBC')
    text = "\n".join(bus_warnings(load_system(own_system(tmp_path, dbc=dbc))))
    assert "Max_Charge_Current is received by OBC, not by BMS" in text


def test_the_shipped_systems_say_nothing_but_the_room_of_the_network():
    assert list(bus_warnings(load_system())) == []
    (room,) = bus_warnings(load_system("reference-lfp"))
    assert "96 of 108 cells" in room


def telemetry(sequence):
    return Message(
        (np.linspace(3.5, 3.9, 16), np.linspace(20.0, 30.0, 16)),
        np.array([-12.52, 59.123, 0.504, 1.0, 5000.0, 1.0]),
        present=True,
        sequence=sequence,
        sent_tick=sequence,
    )


def test_the_frames_on_the_bus_are_those_of_the_users_dbc():
    bus = BusMessages.of(str(OWN / "system.toml"))
    frames = bus.frames(Kind.TELEMETRY, telemetry(300))
    assert [frame.identifier for frame in frames] == [0x602, 0x603, *[0x601] * 4, 0x600]
    assert all(len(frame.data) == 8 and not frame.fd for frame in frames)
    database = load_database(OWN / "bus.dbc")
    state = database.decode_message(0x600, frames[-1].data)
    assert state["Battery_Current"] == pytest.approx(12.5)  # positive when discharging
    assert state["State_Of_Charge"] == pytest.approx(50.5)
    assert (state["Charger_Connected"], state["Alive_Counter"]) == ("yes", 300 % 256)
    cells = {}
    for frame in frames[2:6]:
        cells |= database.decode_message(0x601, frame.data)
    assert cells["U_Cell_16"] == pytest.approx(3900.0)  # mV
    temperatures = database.decode_message(0x603, frames[1].data)
    assert temperatures["T_Cell_16"] == pytest.approx(30.0)


@pytest.mark.parametrize("sequence", [0, 255, 256, 300, 70_000])
def test_a_number_of_few_bits_is_completed_by_the_time_of_arrival(sequence):
    bus = BusMessages.of(str(OWN / "system.toml"))
    frames = bus.frames(Kind.TELEMETRY, telemetry(sequence))
    for late in (0, 1, 100):
        assert bus.message(Kind.TELEMETRY, frames, sequence + late).sequence == sequence
    command = Message((), np.zeros(7), present=True, sequence=9, sent_tick=9)
    sent = bus.frames(Kind.COMMAND, command)
    assert sent[0].extended
    # Without a number of its own, a command is numbered by its arrival.
    assert bus.message(Kind.COMMAND, sent, 11).sequence == 11


def test_what_arrives_is_what_the_program_of_the_virtual_range_rounds_to():
    system = load_system(str(OWN / "system.toml"))
    bus = BusMessages.of(str(OWN / "system.toml"))
    got = bus.message(Kind.TELEMETRY, bus.frames(Kind.TELEMETRY, telemetry(5)), 5)
    codes = assemble(system, (), 1.0).wire.telemetry
    assert codes.scales == bus_of(system).telemetry_scales
    np.testing.assert_array_equal(
        got.wide[0], quantise(telemetry(5).wide[0], codes.scales["voltage_V"])
    )
    assert got.scalars[0] == quantise(-12.52, codes.scales["current_A"]) == -12.5
    assert got.scalars[3] == codes.instead["charge_counter_Ah"] == 0.0
    assert assemble(system, (), 1.0).wire.command.instead["target_soc"] == 0.9


def test_a_run_keeps_dbc_and_map_and_is_the_same_configuration_again(tmp_path):
    flags = {"attacks": ["voltage-bias"], "system": str(OWN / "system.toml")}
    settings = load_campaign(None, flags)
    inputs = gather_inputs(settings)
    assert inputs.files["bus.dbc"] == (OWN / "bus.dbc").read_bytes()
    (tmp_path / "config.toml").write_text(inputs.config_text, encoding="utf-8")
    (tmp_path / "inputs").mkdir()
    for name, content in inputs.files.items():
        (tmp_path / "inputs" / name).write_bytes(content)
    again = load_campaign(tmp_path / "config.toml")
    assert again.config_sha256 == settings.config_sha256
    assert gather_inputs(again) == inputs
    kept = again.load_system()
    assert Path(kept.can.dbc) == tmp_path / "inputs" / "bus.dbc"
    assert bus_of(kept).telemetry_scales == bus_of(settings.load_system()).telemetry_scales
    assert dbc_identity(kept) == dbc_identity(settings.load_system())


def test_another_map_is_another_configuration(tmp_path):
    digests = set()
    for index, change in enumerate(((SOC, SOC), (CURRENT, CURRENT.replace("dis", "")))):
        folder = tmp_path / str(index)
        folder.mkdir()
        flags = {"attacks": ["voltage-bias"], "system": own_system(folder, change)}
        digests.add(load_campaign(None, flags).config_sha256)
    assert len(digests) == 2


UNIT_OF = {"current_A": "A", "pack_voltage_V": "V", "soc": "1", "charge_counter_Ah": "Ah"}
NODES = "BU_: BMS VCU\n"


@given(data=st.data())
def test_any_layout_carries_a_value_to_half_a_step_and_marks_its_absence(tmp_path_factory, data):
    field = data.draw(st.sampled_from(sorted(UNIT_OF)))
    unit = data.draw(st.sampled_from(sorted(UNITS[UNIT_OF[field]])))
    length = data.draw(st.integers(8, 24))
    signed, motorola = data.draw(st.booleans()), data.draw(st.booleans())
    scale = data.draw(st.sampled_from([0.001, 0.01, 0.1, 0.25, 0.5, 1, 2, 10]))
    offset = data.draw(st.sampled_from([0, -100, 1000, 0.5]))
    turned = UNIT_OF[field] == "A" and data.draw(st.booleans())
    start = 7 if motorola else 0
    place = f"{start}|{length}@{0 if motorola else 1}{'-' if signed else '+'}"
    top = (1 << (length - signed)) - 1
    lines = [
        f'BO_ 256 State: 8 BMS\n SG_ X : {place} ({scale},{offset}) [0|0] "{unit}" VCU\n',
        *(
            f'BO_ {300 + index} M{index}: 8 BMS\n SG_ {name} : 0|16@1+ (0.001,0) [0|0] "" VCU\n'
            for index, name in enumerate(("Voltage", "Temperature", "Current", "Soc", "Limit"))
        ),
        f'VAL_ 256 X {top} "SNA" ;\n',
    ]
    path = tmp_path_factory.mktemp("dbc") / "any.dbc"
    path.write_text('VERSION ""\n' + NODES + "".join(lines), encoding="utf-8")
    entries = {
        "voltage_V": ["M0.Voltage"],
        "temperature_degC": ["M1.Temperature"],
        "current_A": "M2.Current",
        "soc": "M3.Soc",
    }
    entries[field] = "State.X"
    if turned:
        entries[field] = SignalEntry(signal="State.X", positive="discharging")
    bus = read_map(load_database(path), entries, {"charge_limit_A": "M4.Limit"}, 1, "can")
    found = bus.telemetry[field].scale
    low, high = found.span
    value = data.draw(st.floats(low, high))
    codec = Codec(bus)
    got = getattr(
        codec.decode_telemetry(codec.encode_telemetry(PackTelemetry(**{field: value})), 1), field
    )
    assert got == quantise(value, found)
    assert abs(got - value) <= 0.500001 * abs(found.step)
    # In the unit of the DBC, another tool reads the same.
    frames = codec.encode_telemetry(PackTelemetry(**{field: value}))
    (frame,) = [frame for frame in frames if frame.identifier == 256]
    shown = load_database(path).decode_message(256, frame.data, decode_choices=False)["X"]
    factor, shift = UNITS[UNIT_OF[field]][unit]
    read = (shown * float(factor) + float(shift)) * (-1.0 if turned else 1.0)
    assert read == pytest.approx(got, rel=1e-9, abs=1e-9)
    nothing = codec.decode_telemetry(codec.encode_telemetry(PackTelemetry()), 1)
    assert math.isnan(getattr(nothing, field))
