"""DBC files as people have them: refused with the line of the fault, or read without it."""

import cantools
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voltward.core.errors import ConfigurationError
from voltward.physical.can import dbc_file
from voltward.physical.can.database import load_database, message_named, read_database
from voltward.physical.can.dbc_file import DbcFile
from voltward.physical.can.dbc_statements import dbc_text, statements
from voltward.physical.can.frame import Frame
from voltward.physical.can.named_signals import decode_frame

GOOD = """VERSION ""
NS_ :
\tCM_
\tSG_MUL_VAL_
BS_:
BU_: BMS VCU
BO_ 256 Pack: 8 BMS
 SG_ Current : 7|11@0- (0.5,0) [-400|200] "A" VCU,BMS
 SG_ Page M : 24|8@1+ (1,0) [0|3] "" VCU
 SG_ Cell_A m0 : 32|16@1+ (0.001,0) [0|5] "V" VCU
 SG_ Cell_B m1 : 32|16@1+ (0.001,0) [0|5] "V" VCU
CM_ SG_ 256 Current "Positive when
BO_ is charging; \\"so\\"";
VAL_ 256 Page 0 "first" 1 "second" ;
"""
LINES = GOOD.count("\n")
EXTENDED = 1 << 31


@pytest.fixture
def dbc(tmp_path):
    def write(text, encoding="utf-8"):
        path = tmp_path / "own.dbc"
        path.write_bytes(text.encode(encoding) if isinstance(text, str) else text)
        return path

    return write


# A statement or a change, the words of the refusal, and whether the rest is read as it was.
FAULTS = {
    "value of an unknown signal": ('VAL_ 256 Old 0 "off" ;', "VAL_ names signal 'Old'"),
    "value of an unknown message": ('VAL_ 999 Old 0 "off" ;', "message 999"),
    "value without an end": ('VAL_ 256 Page 0 "off"\n', "semicolon"),
    "value without a quotation mark": ('VAL_ 256 Page 0 "off ;', "quotation mark"),
    "value that is no number": ('VAL_ 256 Page x "off" ;', "not 'VAL_ "),
    "text that ends in a backslash": (
        'VAL_ 256 Current 0 "C:\\\\" 1 "b" ;',
        "a text ends in a backslash",
    ),
    "texts that end in backslashes": (
        'VAL_ 256 Current 0 "a" 1 "C:\\\\\\\\" ;',
        "a text ends in a backslash",
    ),
    "number type of an unknown signal": ("SIG_VALTYPE_ 256 Old : 1;", "'Old'"),
    "number type of other length": ("SIG_VALTYPE_ 256 Current : 1;", "11 bits"),
    "pages of an unknown signal": ("SG_MUL_VAL_ 256 Old Page 0-0;", "'Old'"),
    "pages of no multiplexer": ("SG_MUL_VAL_ 256 Cell_A Current 0-0;", "not another multiplexer"),
    "endless pages": ("SG_MUL_VAL_ 256 Cell_A Page 0-4294967295;", "values in one file"),
    "signal twice": (' SG_ Current : 56|8@1+ (1,0) [0|0] "" X', "appears twice, first in line 8"),
    "signal without a unit": (" SG_ S : 56|8@1+ (1,0) [0|0] X", "not 'SG_ NAME"),
    "decimal comma": (' SG_ S : 56|8@1+ (0,1,0) [0|0] "" X', "not 'SG_ NAME"),
    "signal without bits": (' SG_ S : 56|0@1+ (1,0) [0|0] "" X', "0 bits"),
    "mark without a number": (' SG_ S m : 56|8@1+ (1,0) [0|0] "" X', "multiplexing mark m"),
    "text": ("SG S : 56|8@1+ (1,0)", "not a DBC statement"),
    "zero bytes": ("\0\0\0", "not a DBC statement"),
    "message without a length": ("BO_ 257 Other: BMS", "not 'BO_ IDENTIFIER"),
    "message of absurd length": ("BO_ 257 Other: 99999999999 BMS", "above what a frame has"),
    "identifier of 33 bits": (f"BO_ {1 << 32} Other: 8 BMS", "above what a frame has"),
    "digits without end": (f"BO_ {'9' * 5000} Other: 8 BMS", "not 'BO_ IDENTIFIER"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_refuses_the_file_and_lenient_leaves_it_out(fault, dbc):
    statement, words = FAULTS[fault]
    at = 11 if statement.startswith(" SG_") else LINES
    lines = GOOD.splitlines()
    path = dbc("\n".join([*lines[:at], statement, *lines[at:]]) + "\n")
    with pytest.raises(ConfigurationError) as caught:
        load_database(path)
    assert f"line {at + 1}: " in caught.value.what
    assert words in caught.value.what
    assert str(path) in caught.value.what
    assert "--lenient" in caught.value.hint
    loaded = read_database(path, lenient=True)
    assert [words in remark for remark in loaded.remarks] == [True]
    assert described(loaded.database)["Pack"] == described(load_database(dbc(GOOD)))["Pack"]


def described(database):
    """Return what a database says about frames."""
    return {
        message.name: (
            *(message.frame_id, message.is_extended_frame, message.length, message.is_fd),
            message.protocol,
            {
                s.name: (
                    *(s.start, s.length, s.byte_order, s.is_signed, s.unit, s.minimum, s.maximum),
                    *(s.conversion.scale, s.conversion.offset, s.conversion.is_float),
                    {k: str(v) for k, v in (s.choices or {}).items()},
                    *(s.is_multiplexer, sorted(s.multiplexer_ids or []), s.multiplexer_signal),
                )
                for s in message.signals
            },
        )
        for message in database.messages
    }


ODD_BUT_GOOD = {
    "as it is": GOOD,
    "one line": " ".join(GOOD.replace('"Positive when\nBO_ is', '"is').split("\n")),
    "carriage returns": GOOD.replace("\n", "\r\n"),
    "comment line": GOOD.replace("BU_:", '// BO_ 1 Old: 8 X "\nBU_:'),
    "nodes with odd names": GOOD.replace("VCU,BMS", "V-CU , Bmü"),
    "comment without an end": GOOD + 'CM_ BO_ 256 "text"\n',
    "comment of nothing": GOOD + 'CM_ 256 "text";\nCM_ SG_ 9 "x";\n',
    "unknown attribute": GOOD + 'BA_ "Nobody" BO_ 256 "x";\n',
    "values of an environment variable": GOOD + 'VAL_ Env 0 "x" ;\n',
    "signals of no message": GOOD
    + "BO_ 3221225472 VECTOR__INDEPENDENT_SIG_MSG: 0 Vector__XXX\n"
    + ' SG_ X m3 : 0|8@1+ (1,0) [0|0] "" X\n'
    + ' SG_ X m3 : 0|8@1+ (1,0) [0|0] "" X\nVAL_ 3221225472 X 0 "x" ;\n',
    "end of file mark": GOOD + "\x1a",
}


@pytest.mark.parametrize("case", ODD_BUT_GOOD)
def test_what_changes_nothing_of_a_frame_is_no_fault(case, dbc):
    loaded = read_database(dbc(ODD_BUT_GOOD[case]))
    assert described(loaded.database) == described(
        cantools.database.load_string(GOOD, database_format="dbc")
    )
    assert loaded.remarks == ()


NUMBERS = st.one_of(
    st.integers(-1000, 1000), st.sampled_from(["0.1", "-2.5E-3", "1e3", ".5", "1.", "+4"])
).map(str)
NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)


@st.composite
def networks(draw):
    """Draw the text of a DBC whose signals do not overlap."""
    lines = ['VERSION ""', "BU_: A B"]
    values = []
    for number in range(draw(st.integers(1, 4))):
        extended = draw(st.booleans())
        identifier = number + draw(st.integers(0, 500)) * 4 + EXTENDED * extended
        lines.append(f"BO_ {identifier} M{number}: 8 A")
        multiplexed = draw(st.booleans())
        for byte, name in enumerate(draw(st.lists(NAMES, max_size=7, unique=True))):
            mark = " M" if multiplexed and not byte else f" m{byte % 3}" if multiplexed else ""
            order, start = draw(st.sampled_from([(0, 8 * byte + 7), (1, 8 * byte)]))
            sign, factor, offset = draw(st.sampled_from("+-")), draw(NUMBERS), draw(NUMBERS)
            low, high = draw(NUMBERS), draw(NUMBERS)
            bits = draw(st.integers(1, 8))
            lines.append(
                f" SG_ {name}{mark} : {start}|{bits}@{order}{sign} ({factor},{offset}) "
                f'[{low}|{high}] "{draw(st.sampled_from(["", "V", "°C", "%"]))}" A,B'
            )
            if draw(st.booleans()):
                values.append(
                    f'VAL_ {identifier} {name} 0 "none" {draw(st.integers(1, 9))} "x y" ;'
                )
    return "\n".join([*lines, *values, ""])


def nodes(database):
    """Return senders and receivers."""
    return [
        (message.name, message.senders, [(s.name, s.receivers) for s in message.signals])
        for message in database.messages
    ]


@given(text=networks())
@settings(max_examples=60)
def test_a_good_file_reads_as_cantools_reads_it(text, tmp_path_factory):
    path = tmp_path_factory.mktemp("dbc") / "own.dbc"
    path.write_text(text, encoding="utf-8")
    # cantools wants a digit before the point.
    truth = cantools.database.load_string(
        text.replace("(.5", "(0.5")
        .replace(",.5", ",0.5")
        .replace("[.5", "[0.5")
        .replace("|.5", "|0.5"),
        database_format="dbc",
    )
    loaded = read_database(path)
    assert described(loaded.database) == described(truth)
    assert nodes(loaded.database) == nodes(truth)
    assert described(read_database(path, lenient=True).database) == described(truth)


@given(text=networks(), data=st.data())
@settings(max_examples=80)
def test_a_damaged_file_is_refused_or_read_and_lenient_reads_the_rest(text, data, tmp_path_factory):
    position = data.draw(st.integers(0, len(text)))
    instead = data.draw(st.sampled_from(["", '"', ";", "\n", "SG_ ", "BO_ ", "\0", "é", "9" * 30]))
    path = tmp_path_factory.mktemp("dbc") / "own.dbc"
    path.write_text(text[:position] + instead + text[position + 2 :], encoding="utf-8")
    strict, lenient = refusal(path), refusal(path, lenient=True)
    assert str(path) in strict or not strict
    if lenient:
        assert strict
        assert "is it a DBC file?" in lenient or "no DBC statement" in lenient
    elif strict:
        assert read_database(path, lenient=True).remarks


def refusal(path, *, lenient=False):
    """Return why a file is refused, or nothing."""
    try:
        load_database(path, lenient=lenient)
    except ConfigurationError as error:
        return str(error)
    return ""


@given(content=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_a_dbc_or_refused(content, tmp_path_factory):
    path = tmp_path_factory.mktemp("dbc") / "own.dbc"
    path.write_bytes(b"BO_ " + content)
    for lenient in (False, True):
        said = refusal(path, lenient=lenient)
        assert str(path) in said or not said


@pytest.mark.parametrize(
    ("text", "encoding"),
    [("°C", "utf-8"), ("°C", "utf-8-sig"), ("°C", "cp1252"), ("°C", "utf-16"), ("Ωm", "utf-16-le")],
)
def test_encodings(text, encoding, dbc):
    database = load_database(dbc(GOOD.replace('"A"', f'"{text}"'), encoding))
    assert database.get_message_by_name("Pack").get_signal_by_name("Current").unit == text
    assert dbc_text(text.encode("cp1252", "ignore") + b"a") != ""


def test_odd_names_are_read_with_underscores(dbc):
    text = GOOD.replace("Current", "2nd Strom-Ü").replace("Pack", "12V-Batt")
    with pytest.raises(ConfigurationError, match="not a name"):
        load_database(dbc(text))
    database = load_database(dbc(text), lenient=True)
    assert "_2nd_Strom__" in [s.name for s in message_named(database, "_12V_Batt").signals]


OVERLAP = GOOD.replace("CM_ SG_", ' SG_ Other : 0|8@1+ (1,0) [0|0] "" X\nCM_ SG_')
BEYOND = GOOD.replace("256 Pack: 8", "256 Pack: 5")


@pytest.mark.parametrize(
    ("text", "words", "signals"),
    [
        (OVERLAP, "overlapping", {"Current": -0.5, "Other": 255}),
        (BEYOND, "does not fit", {"Current": -0.5, "Cell_A": 0.256}),
    ],
)
def test_lenient_keeps_signals_that_overlap_or_exceed_their_message(text, words, signals, dbc):
    with pytest.raises(ConfigurationError, match=words) as caught:
        load_database(dbc(text))
    assert "Pack" in caught.value.what
    loaded = read_database(dbc(text), lenient=True)
    assert [words in remark for remark in loaded.remarks] == [True]
    seen = decode_frame(loaded.database, Frame(256, bytes.fromhex("ffe0000000010000"))).signals
    assert signals.items() <= seen.items()


@pytest.mark.parametrize(
    ("marks", "words", "left"),
    [
        (("", "m0", "m1"), "no multiplexer", ["Page"]),
        (("M", "m0M", "m1"), "several multiplexers", ["Page"]),
        (("m0M", "m0", "m1"), "no other multiplexer", ["Page", "Cell_A", "Cell_B"]),
    ],
)
def test_signals_of_which_nothing_says_when_they_are_there(marks, words, left, dbc):
    first, second, third = (f" {mark}" if mark else "" for mark in marks)
    text = GOOD.replace("Page M", f"Page{first}").replace("Cell_A m0", f"Cell_A{second}")
    text = text.replace("Cell_B m1", f"Cell_B{third}")
    with pytest.raises(ConfigurationError, match=words):
        load_database(dbc(text))
    database = load_database(dbc(text), lenient=True)
    assert [s.name for s in message_named(database, "Pack").signals] == ["Current", *left]


def test_extended_multiplexing_and_circles(dbc):
    text = GOOD.replace("Cell_A m0", "Cell_A m0M").replace("Cell_B m1", "Cell_B m1")
    pages = "SG_MUL_VAL_ 256 Cell_A Page 0-0;\nSG_MUL_VAL_ 256 Cell_B Page 1-1, 3-4;\n"
    database = load_database(dbc(text + pages))
    assert message_named(database, "Pack").get_signal_by_name("Cell_B").multiplexer_ids == [1, 3, 4]
    circle = text.replace("Cell_B m1", "Cell_B m1M") + pages
    circle += "SG_MUL_VAL_ 256 Cell_B Cell_A 1-1;\nSG_MUL_VAL_ 256 Cell_A Cell_B 1-1;\n"
    with pytest.raises(ConfigurationError, match="multiplexed by itself"):
        load_database(dbc(circle))
    left = message_named(load_database(dbc(circle), lenient=True), "Pack").signals
    assert [signal.name for signal in left] == ["Current", "Page"]


def test_layouts_without_number_are_bounded(dbc):
    signals = [' SG_ S0 M : 0|8@1+ (1,0) [0|0] "" X']
    signals += [f' SG_ S{n} m0M : 0|8@1+ (1,0) [0|0] "" X' for n in range(1, 9)]
    pages = [f"SG_MUL_VAL_ 1 S{n} S{n - 1} 0-60;" for n in range(1, 9)]
    with pytest.raises(ConfigurationError, match="multiplexed layouts"):
        load_database(dbc("\n".join(["BO_ 1 M: 8 X", *signals, *pages])))


def test_identifiers_of_29_bits_without_their_mark(dbc):
    text = GOOD.replace("256", str(0x18F1E6FE))
    with pytest.raises(ConfigurationError, match="more than 11 bits"):
        load_database(dbc(text))
    database = load_database(dbc(text), lenient=True)
    seen = decode_frame(database, Frame(0x18F1E6FE, bytes(8), extended=True))
    assert seen.signals["Page"] == "first"


def test_messages_that_hide_others_are_named(dbc):
    text = GOOD.replace("CM_ SG_", "BO_ 256 Copy: 8 X\nBO_ 257 Pack: 8 X\nCM_ SG_")
    loaded = read_database(dbc(text))
    assert [r.split(":")[0] for r in loaded.remarks] == ["line 12", "line 13"]
    assert decode_frame(loaded.database, Frame(256, b"")).message == "Copy"


def test_frame_formats_and_long_names(dbc):
    attributes = """BA_DEF_ BO_ "VFrameFormat" ENUM "StandardCAN","J1939PG","StandardCAN_FD";
BA_DEF_DEF_ "VFrameFormat" "StandardCAN";
BA_ "VFrameFormat" BO_ 256 2;
BA_ "SystemMessageLongSymbol" BO_ 256 "Pack_With_A_Long_Name_Of_Its_Own_1";
BA_ "SystemSignalLongSymbol" SG_ 256 Page "Page_With_A_Long_Name";
"""
    message = message_named(
        load_database(dbc(GOOD + attributes)), "Pack_With_A_Long_Name_Of_Its_Own_1"
    )
    assert message.is_fd
    assert message.get_signal_by_name("Cell_A").multiplexer_signal == "Page_With_A_Long_Name"
    for protocol in ('BA_ "ProtocolType" "J1939";', 'BA_DEF_DEF_ "ProtocolType" "J1939";'):
        extended = GOOD.replace("256", str(EXTENDED + 0x18F1E6FE))
        assert load_database(dbc(extended + protocol)).messages[0].protocol == "j1939"
        assert load_database(dbc(GOOD + protocol)).messages[0].protocol is None


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is empty"),
        (b"hello", "first line is 'hello'"),
        (b"<NetworkDefinition>", "cantools convert"),
        (b"\0" * 100, "no DBC statement"),
    ],
)
@pytest.mark.parametrize("lenient", [False, True])
def test_what_is_no_dbc_is_refused_in_either_way(content, words, lenient, dbc):
    with pytest.raises(ConfigurationError, match=words):
        load_database(dbc(content), lenient=lenient)


SPACE = " " * 200_000


@pytest.mark.parametrize(
    "text",
    [
        *(
            f"SG_{SPACE}x",
            f"SG_ a{SPACE}x",
            f"SG_ a m{SPACE}",
            f"BO_ 1{SPACE}x",
            f"BO_ 1 a{SPACE}b",
        ),
        *(
            f'VAL_ 1 a 0{SPACE}"x" 1{SPACE};',
            f'BA_ "x" a{SPACE}"" ;',
            f"NS_ :{SPACE}",
            f"BU_:{SPACE}",
        ),
        f'BA_DEF_ BO_ "VFrameFormat" ENUM {SPACE}""',
        'CM_ "' + "\nBO_" * 20_000,
    ],
)
@pytest.mark.timeout(20)
def test_no_form_is_tried_over_and_over(text):
    # With a search that goes back, each of these would take hours.
    assert len(DbcFile(text).faults) <= dbc_file.MOST_FAULTS + 1


@pytest.mark.parametrize(
    "text",
    ['"' * 300_000, "BO_ " * 80_000, "SG_ x" * 80_000, 'x\\"' * 100_000, "VAL_ 1 a " * 30_000],
)
def test_reading_statements_takes_one_pass(text):
    calls = sum(len(statement) for _, _, statement in statements('BO_ 1 A: 8 X\nCM_ "' + text))
    assert calls <= len(text) + 100


def test_files_of_absurd_size_are_refused(dbc, monkeypatch):
    monkeypatch.setattr("voltward.physical.can.database.LARGEST_FILE_BYTES", len(GOOD) - 1)
    with pytest.raises(ConfigurationError, match="has more than"):
        load_database(dbc(GOOD))
    monkeypatch.undo()
    monkeypatch.setattr(dbc_file, "MOST_CHARACTERS", 40)
    with pytest.raises(ConfigurationError, match="more messages and signals"):
        load_database(dbc(GOOD))
    assert len(DbcFile(GOOD).messages) == 1
