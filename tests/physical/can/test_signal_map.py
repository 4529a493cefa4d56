"""Signals that cannot carry a field are refused with place, cause and cure; units are converted."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voltward.core.errors import ConfigurationError
from voltward.physical.can.bus_fields import TELEMETRY
from voltward.physical.can.database import load_database
from voltward.physical.can.signal_code import SignalEntry, code_of
from voltward.physical.can.signal_map import read_map
from voltward.physical.can.wire_scale import from_raw, to_raw
from voltward.ranges.configuration.system import load_system

GOOD = 'T : 0|16@1+ (0.1,0) [0|0] "degC"'


def code(folder, signal=GOOD, head="BO_ 1 M: 8 V", field="temperature_degC", **entry):
    path = folder / "own.dbc"
    path.write_text(f'VERSION ""\nBU_: V\n{head}\n SG_ {signal} V\n')
    message = load_database(path).messages[0]
    settings = SignalEntry(signal="M.T", **entry)
    return code_of(message, message.signals[0], settings, TELEMETRY[field], "can.telemetry.x")


BIG = "1" + "0" * 300
REFUSED = [
    ("T : 0|16@1+ (0,0) [0|0]", "factor 0"),
    ("T : 0|16@1+ (1e-400,0) [0|0]", "factor 0"),
    ("T : 0|16@1+ (1e-300,0) [0|0]", "factor"),
    ("T : 0|16@1+ (1e400,0) [0|0]", "factor inf"),
    (f"T : 0|16@1+ ({BIG},0) [0|0]", "factor above 1e15"),
    ("T : 0|16@1+ (1,1e400) [0|0]", "offset inf"),
    ("T : 0|16@1+ (1,-1e200) [0|0]", "offset"),
    ("T : 0|16@1+ (1,0) [0|1e400]", "maximum inf"),
    ("T : 0|16@1+ (1,0) [-1e400|5]", "minimum -inf"),
    ("T : 0|16@1+ (1,0) [100|0]", "minimum 100 above its maximum 0"),
    ("T : 0|8@1+ (1,0) [1000|2000]", "limits 1000 to 2000"),
    ("T : 0|64@1+ (1,0) [0|0]", "64 bits"),
    ("T : 0|64@1- (1,0) [0|10]", "64 bits"),
]


@pytest.mark.parametrize(("signal", "words"), REFUSED)
@pytest.mark.parametrize("field", ["temperature_degC", "sequence"])
def test_a_signal_that_carries_nothing_is_refused(signal, words, field, tmp_path):
    with pytest.raises(ConfigurationError) as caught:
        code(tmp_path, f'{signal} ""', field=field)
    assert words in caught.value.what
    assert "M.T" in caught.value.what
    assert caught.value.why
    assert caught.value.hint


@pytest.mark.parametrize("length", [9, 12, 13, 65, 100])
def test_a_message_that_no_frame_carries_is_refused(length, tmp_path):
    with pytest.raises(ConfigurationError, match=f"{length} bytes") as caught:
        code(tmp_path, head=f"BO_ 1 M: {length} V")
    assert "0, 1, 2, 3, 4, 5, 6, 7, 8" in caught.value.why
    assert ("VFrameFormat" in caught.value.hint) == (length == 12)


@pytest.mark.parametrize(
    ("unit", "reading", "degree"),
    [("degF", 212.0, 100.0), ("°F", 32.0, 0.0), ("K", 273.15, 0.0), ("Celsius", 25.0, 25.0)],
)
def test_known_units_are_converted(unit, reading, degree, tmp_path):
    scale = code(tmp_path, f'T : 0|16@1+ (0.01,0) [0|0] "{unit}"')
    raw = to_raw(degree, scale)
    assert int(raw) == round(reading * 100)
    assert float(from_raw(raw, scale)) == pytest.approx(degree)


@pytest.mark.parametrize("unit", ["V", "A", "%", "bar", "Nm"])
def test_no_hint_turns_another_quantity_into_a_temperature(unit, tmp_path):
    with pytest.raises(ConfigurationError, match=f"in '{unit}'") as caught:
        code(tmp_path, f'T : 0|16@1+ (0.01,0) [0|0] "{unit}"')
    assert "unit =" not in caught.value.hint
    assert "signal" in caught.value.hint


@given(
    bits=st.integers(2, 63),
    signed=st.booleans(),
    value=st.floats(allow_nan=False),
)
def test_every_count_of_a_wide_signal_fits_its_bits(bits, signed, value, tmp_path_factory):
    signal = f'T : 0|{bits}@1{"-" if signed else "+"} (1,0) [0|0] "degC"'
    scale = code(tmp_path_factory.mktemp("d"), signal)
    bottom = -(1 << (bits - 1)) if signed else 0
    assert bottom <= int(to_raw(value, scale)) < bottom + (1 << bits)


OWN = Path(__file__).parents[3] / "examples" / "own-bus"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("39|8@0+ (0.5,0)", "39|8@0+ (0,0)", ("State_Of_Charge has the factor 0", "bus.dbc")),
        ("Pack_Status: 8", "Pack_Status: 100", ("Pack_Status has 100 bytes", "bus.dbc")),
        ('(0.01,0) [0|100] "V"', '(0.01,0) [0|1e400] "V"', ("maximum inf", "bus.dbc")),
        ("Alive_Counter : 63|8@0+", "Alive_Counter : 63|9@0+", ("bus.dbc",)),
        ('dbc = "bus.dbc"', "", ("no dbc = is given", "voltward.dbc")),
    ],
)
def test_config_check_names_the_dbc_and_a_missing_one(old, new, words, tmp_path):
    for name in ("system.toml", "bus.dbc"):
        text = (OWN / name).read_text("utf-8").replace(old, new)
        (tmp_path / name).write_text(text, "utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_system(str(tmp_path / "system.toml"))
    for word in words:
        assert word in str(caught.value)


def test_two_messages_on_one_identifier_and_the_hint_of_a_pattern(tmp_path):
    path = tmp_path / "own.dbc"
    one = ' SG_ U_Cell_01 : 0|16@1+ (1,0) [0|0] "mV" V\n'
    path.write_text(f'VERSION ""\nBU_: V\nBO_ 1 M: 8 V\n{one}BO_ 1 N: 8 V\n{one}')
    with pytest.raises(ConfigurationError, match="M and N have the identifier 0x1"):
        read_map(load_database(path), {"voltage_V": "M.U_Cell_{cell:02}"}, {}, 2, "can")
    with pytest.raises(ConfigurationError) as caught:
        read_map(load_database(path), {"voltage_V": "M.UCell_{cell}"}, {}, 2, "can")
    assert "'U_Cell_{cell:02}'" in caught.value.hint
