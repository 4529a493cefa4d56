"""Frames as named signals: nothing that is there is hidden, nothing is misread, all comes back."""

import json
import math

import cantools
import cantools.j1939
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voltward.core.errors import ConfigurationError
from voltward.interfaces.cli.can_records import frame_record, logged_frame, record_of
from voltward.physical.can.candump import LoggedFrame
from voltward.physical.can.database import load_database, message_named, shipped_database
from voltward.physical.can.frame import FD_LENGTHS, Frame
from voltward.physical.can.named_signals import decode_frame, encode_message
from voltward.physical.can.parameter_group import address_of, parameter_groups, with_addresses
from voltward.physical.can.signal_bits import raw_value, with_raw_value

EXTENDED = 1 << 31
TEXT = f"""VERSION ""
BU_: A
BO_ 256 Std: 8 A
 SG_ A : 0|16@1- (0.1,0) [0|0] "A" A
 SG_ State : 16|4@1+ (1,0) [0|3] "" A
BO_ {EXTENDED + 256} Ext: 8 A
 SG_ B : 0|16@1- (0.01,0) [0|0] "A" A
BO_ 257 Mux: 8 A
 SG_ Page M : 0|8@1+ (1,0) [0|3] "" A
 SG_ Current : 8|16@1- (0.1,0) [-10|10] "A" A
 SG_ X m0 : 24|8@1+ (1,0) [0|0] "" A
 SG_ Y m1 : 31|8@0+ (2,-4) [0|0] "" A
BO_ 258 Nested: 8 A
 SG_ P M : 0|4@1+ (1,0) [0|0] "" A
 SG_ Q m1M : 4|4@1+ (1,0) [0|0] "" A
 SG_ R m2 : 8|8@1+ (1,0) [0|0] "" A
 SG_ S m1 : 8|8@1+ (1,0) [0|0] "" A
BO_ 259 Big: 8 A
 SG_ Counter : 0|64@1+ (1,0) [0|0] "mWh" A
BO_ 260 Scaled: 8 A
 SG_ Energy : 0|64@1+ (0.001,0) [0|0] "Wh" A
BO_ 261 Float: 8 A
 SG_ F : 0|32@1- (1,0) [0|0] "" A
 SG_ G : 32|32@1- (1e300,0) [0|0] "" A
BO_ 262 Double: 8 A
 SG_ D : 7|64@0- (1,0) [0|0] "" A
BO_ 263 Heartbeat: 0 A
BO_ 264 Overlap: 2 A
 SG_ Low : 0|8@1+ (1,0) [0|0] "" A
 SG_ High : 4|8@1+ (1,0) [0|0] "" A
BO_ 265 Motorola: 8 A
 SG_ M1 : 3|10@0- (1,0) [0|0] "" A
 SG_ M2 : 17|9@0+ (1,0) [0|0] "" A
 SG_ M3 : 39|32@0- (1,0) [0|0] "" A
BO_ {EXTENDED + 0x18F1E6FE} Group: 8 A
 SG_ Voltage : 0|16@1+ (0.05,-1606) [0|0] "V" A
BO_ {EXTENDED + 0x0CEF27F9} To: 8 A
 SG_ Order : 0|8@1+ (1,0) [0|0] "" A
SIG_VALTYPE_ 261 F : 1;
SIG_VALTYPE_ 261 G : 1;
SIG_VALTYPE_ 262 D : 2;
VAL_ 256 State 0 "off" 1 "on" 2 "same" 3 "same" 15 "not_available" ;
SG_MUL_VAL_ 258 Q P 1-1;
SG_MUL_VAL_ 258 R P 2-3;
SG_MUL_VAL_ 258 S Q 1-1, 7-9;
BA_DEF_ BO_ "VFrameFormat" ENUM "StandardCAN","ExtendedCAN","reserved","J1939PG";
BA_DEF_DEF_ "VFrameFormat" "StandardCAN";
BA_ "VFrameFormat" BO_ {EXTENDED + 0x18F1E6FE} 3;
BA_ "VFrameFormat" BO_ {EXTENDED + 0x0CEF27F9} 3;
"""


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    path = tmp_path_factory.mktemp("dbc") / "own.dbc"
    path.write_text(TEXT)
    return load_database(path, lenient=True)


@pytest.fixture(scope="module")
def groups(database):
    return parameter_groups(database.messages)


def decoded(database, identifier, data, *, extended=False, groups=None):
    frame = Frame(identifier, bytes.fromhex(data), extended)
    return decode_frame(database, frame, groups, with_texts=True)


@pytest.mark.parametrize(
    ("identifier", "data", "signals", "notes"),
    [
        (0x100, "1000000000000000", {"A": pytest.approx(1.6), "State": "off"}, []),
        (0x100, "10000F", {"A": pytest.approx(1.6), "State": None}, []),
        (0x100, "1000", {"A": pytest.approx(1.6), "State": None}, ["State"]),
        (0x100, "", {"A": None, "State": None}, ["A", "State"]),
        (0x101, "070A00A00F000000", {"Page": 7, "Current": 1.0}, ["Page"]),
        (0x101, "000A00A0", {"Page": 0, "Current": 1.0, "X": 0xA0}, []),
        (0x101, "010A00A0", {"Page": 1, "Current": 1.0, "Y": 0x13C}, []),
        (0x101, "01", {"Page": 1, "Current": None, "Y": None}, ["Current", "Y"]),
        (0x102, "7155", {"P": 1, "Q": 7, "S": 0x55}, []),
        (0x102, "2155", {"P": 1, "Q": 2}, ["Q"]),
        (0x102, "0355", {"P": 3, "R": 0x55}, []),
        (0x102, "0955", {"P": 9}, ["P"]),
        (0x105, "0000C07F0000803F", {"F": None, "G": 1e300}, ["F"]),
        (0x105, "000080FF00007F7F", {"F": None, "G": None}, ["F", "G"]),
        (0x106, "FFF0000000000000", {"D": None}, ["D"]),
        (0x107, "", {}, []),
        (0x107, "00", {}, []),
        (0x108, "F00F", {"Low": 0xF0, "High": 0xFF}, []),
    ],
)
def test_what_is_there_is_shown(identifier, data, signals, notes, database):
    seen = decoded(database, identifier, data)
    assert seen.signals == signals
    assert sorted(seen.notes) == notes


def test_identifiers_of_11_and_29_bits_are_different(database):
    assert decoded(database, 0x100, "10").message == "Std"
    assert decoded(database, 0x100, "10", extended=True).message == "Ext"
    assert decoded(database, 0x101, "10", extended=True) is None


@given(count=st.integers(0, 2**64 - 1))
def test_counters_of_64_bits_are_exact(count, database):
    data = count.to_bytes(8, "little").hex()
    seen = decoded(database, 0x103, data)
    assert seen.signals["Counter"] == count
    assert seen.texts["Counter"] == str(count)
    text = decoded(database, 0x104, data).texts["Energy"]
    whole, _, thousandths = text.partition(".")
    assert int(whole) * 1000 + int(f"{thousandths:<03}" or 0) == count


def test_texts_have_no_digits_of_binary_fractions(database):
    assert decoded(database, 0x100, "0300").texts["A"] == "0.3"
    assert decoded(database, 0x101, "000A00A0").texts == {"Page": "0", "Current": "1", "X": "160"}


@given(data=st.data())
def test_signals_are_those_of_cantools(data, database):
    own = [message_named(database, name) for name in ("Motorola", "Std", "Big")]
    message = data.draw(st.sampled_from([*own, *shipped_database().messages]))
    content = data.draw(st.binary(min_size=message.length, max_size=message.length))
    network = database if message in own else shipped_database()
    seen = decode_frame(network, Frame(message.frame_id, content, fd=True)).signals
    truth = message.decode(content)
    for name, value in seen.items():
        expected = truth[name]
        assert value == (None if str(expected) == "not_available" else expected)
        signal = message.get_signal_by_name(name)
        raw = message.decode(content, scaling=False, decode_choices=False)[name]
        assert raw_value(signal, content) == raw
        assert with_raw_value(signal, raw, bytes(len(content))) == message.encode(
            {s.name: raw if s.name == name else 0 for s in message.signals},
            scaling=False,
            strict=False,
        )


def returned(database, frame, groups=None, **changes):
    """Return a frame after `decode --json` and `encode`."""
    logged = LoggedFrame(1.5, "can0", frame)
    record = frame_record(logged, decode_frame(database, frame, groups))
    text = json.dumps(record, allow_nan=False)
    record = record_of(text, "vcan0")
    record["signals"] = record.get("signals", {}) | changes
    return logged_frame(database, record)


frames = st.one_of(
    st.tuples(
        st.sampled_from(range(0x0FF, 0x10A)), st.binary(max_size=8), st.booleans(), st.just(False)
    ),
    st.tuples(
        st.integers(0, 0xFF).map(lambda source: 0x18F1E600 | source),
        *(st.binary(max_size=8), st.just(True), st.just(False)),
    ),
    st.tuples(
        st.integers(0, 0x7FF),
        st.sampled_from(FD_LENGTHS).flatmap(lambda n: st.binary(min_size=n, max_size=n)),
        *(st.just(False), st.just(True)),
    ),
).map(lambda parts: Frame(*parts))


@given(frame=frames)
def test_every_frame_comes_back_as_it_was(frame, database, groups):
    logged = LoggedFrame(1.5, "can0", frame)
    assert returned(database, frame, groups) == logged
    assert returned(shipped_database(), frame) == logged


@given(data=st.binary(min_size=3, max_size=8), value=st.integers(-100, 100))
def test_a_signal_with_another_value_changes_its_bits_only(data, value, database):
    frame = Frame(0x101, data)
    changed = returned(database, frame, Current=value / 10).frame
    assert changed.data[:1] + changed.data[3:] == frame.data[:1] + frame.data[3:]
    assert int.from_bytes(changed.data[1:3], "little", signed=True) == value


@pytest.mark.parametrize(
    ("name", "signals", "data"),
    [
        ("Heartbeat", {}, ""),
        ("Std", {"A": 1.6}, "10000f0000000000"),
        ("Std", {"A": 1.6, "State": "on"}, "1000010000000000"),
        ("Std", {"A": 1.6, "State": None}, "10000f0000000000"),
        ("Mux", {"Page": 1, "Current": -1, "Y": 2, "X": None}, "01f6ff0300000000"),
        ("Nested", {"P": 1, "Q": 7, "S": 3}, "7103000000000000"),
        ("Big", {"Counter": 2**64 - 1}, "ff" * 8),
        ("Float", {"F": 1.5, "G": 1e300}, "0000c03f0000803f"),
        ("Overlap", {"Low": 0xF0, "High": 0xFF}, "f00f"),
    ],
)
def test_messages_are_made_from_signals(name, signals, data, database):
    frame = encode_message(database, name, signals)
    assert frame.data.hex() == data
    given = {key: value for key, value in signals.items() if value is not None}
    assert given.items() <= decode_frame(database, frame).signals.items()


@pytest.mark.parametrize(
    ("name", "signals", "words"),
    [
        ("Std", {"A": 1, "State": 15.5}, "outside its range"),
        ("Std", {"A": 1, "State": "of"}, "named values: not_available, off, on"),
        ("Std", {"A": None}, "has no value 'not_available'"),
        ("Std", {}, "Std.A is not given"),
        ("Std", {"A": 4000}, "-32768 to 32767"),
        ("Std", {"A": "1"}, "named values: none"),
        ("Std", {"A": [1]}, "not a number"),
        ("Std", {"A": math.inf}, "not a number"),
        ("Mux", {"Page": 0, "Current": 1, "X": 0, "Y": 2}, "is not in the frame while Page is 0"),
        ("Mux", {"Page": 3, "Current": 1}, "no signals of the DBC have the value 3"),
        ("Mux", {"Page": 0, "Current": 11, "X": 0}, "the DBC allows -10 to 10"),
        ("Overlap", {"Low": 0xF0, "High": 0}, "shares bits"),
        ("Big", {"Counter": 2**2000}, "is not one of 0 to"),
        ("Scaled", {"Energy": 10**400}, "cannot be encoded"),
        ("Heartbeat", {"A": 1}, "this message has no signals"),
        ("Float", {"F": 1e39, "G": 0}, "above a float of 32 bits"),
    ],
)
def test_what_does_not_fit_says_why(name, signals, words, database):
    with pytest.raises(ConfigurationError) as caught:
        encode_message(database, name, signals)
    assert words in str(caught.value)
    assert name in str(caught.value)


@pytest.mark.parametrize(
    ("identifier", "message", "source", "destination"),
    [
        (0x18F1E6FE, "Group", 0xFE, None),
        (0x18F1E6F3, "Group", 0xF3, None),
        (0x0CF1E6F3, "Group", 0xF3, None),
        (0x0CEF27F9, "To", 0xF9, 0x27),
        (0x18EF0327, "To", 0x27, 0x03),
        (0x18EFFF27, "To", 0x27, 0xFF),
        (0x18F1E5FE, None, None, None),
        (0x19F1E6FE, None, None, None),
        (0x00000100, "Ext", None, None),
    ],
)
def test_j1939_messages_are_found_by_their_group(
    identifier, message, source, destination, database, groups
):
    seen = decoded(database, identifier, "00B4", extended=True, groups=groups)
    assert (seen and seen.message) == message
    address = seen and seen.address
    assert (address and address.source, address and address.destination) == (source, destination)


def test_j1939_takes_no_message_that_is_not_told_apart(tmp_path):
    def groups_of(*identifiers, every=True):
        lines = [f"BO_ {EXTENDED + n} M{n:X}: 8 A" for n in identifiers]
        path = tmp_path / "own.dbc"
        path.write_text("\n".join(lines) + "\n")
        return parameter_groups(load_database(path).messages, every=every)

    def found(groups, identifier):
        message = groups.message_of(identifier)
        return message and message.name

    two = groups_of(0x18F1E601, 0x18F1E602)
    assert found(two, 0x0CF1E602) == "M18F1E602"
    assert found(two, 0x18F1E603) is None
    assert found(groups_of(0x18F1E601, 0x18F1E6FE), 0x18F1E603) == "M18F1E6FE"
    assert found(groups_of(0x18EF0102, 0x18EF0302), 0x0CEF0302) == "M18EF0302"
    assert found(groups_of(0x18F1E601, every=False), 0x18F1E603) is None


@given(
    identifier=st.integers(0, 2**29 - 1),
    source=st.integers(0, 255),
    destination=st.integers(0, 255),
)
def test_addresses_of_an_identifier(identifier, source, destination):
    address = address_of(identifier)
    truth = cantools.j1939.frame_id_unpack(identifier)
    assert (address.source, address.group) == (
        truth.source_address,
        cantools.j1939.pgn_from_frame_id(identifier),
    )
    to = destination if address.destination is not None else None
    other = address_of(with_addresses(identifier, source, to))
    assert (other.group, other.source, other.destination) == (address.group, source, to)
    if address.destination is None:
        with pytest.raises(ValueError, match="goes to all"):
            with_addresses(identifier, None, destination)
