"""`voltward can`: filters that can be chained."""

import contextlib
import gzip
import io
import json
import sys
from decimal import Decimal

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from voltward.core.errors import (
    ConfigurationError,
    ExitCode,
    GateFailedError,
    NothingRanError,
)
from voltward.interfaces.cli.commands.can import can_group
from voltward.interfaces.cli.main import run

COMMAND = {
    "message": "Gateway_Command",
    "signals": {"Charge_Limit": 80.5, "Charge_Enable": "yes", "Command_Sequence": 7},
    "timestamp_s": 12.5,
    "channel": "can0",
}
OWN_DBC = (
    'VERSION ""\nBU_: A\nBO_ 291 Mine: 2 A\n SG_ Speed : 0|16@1+ (0.01,0) [0|655.35] "km/h" A\n'
)


@pytest.fixture
def key_file(tmp_path):
    path = tmp_path / "key"
    path.write_text("2b7e151628aed2a6abf7158809cf4f3c\n")
    return path


def call(*arguments, text=""):
    """Run a filter that must do well."""
    result = CliRunner().invoke(can_group, [str(a) for a in arguments], input=text)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def fail(kind, *arguments, text=""):
    result = CliRunner().invoke(can_group, [str(a) for a in arguments], input=text)
    assert isinstance(result.exception, kind), result.output
    return result.exception, result.output


def test_encode_then_decode_gives_the_signals_back():
    line = call("encode", text=json.dumps(COMMAND))
    assert line.startswith("(12.500000) can0 110##1")
    decoded = json.loads(call("decode", "--json", text=line))
    assert decoded["message"] == "Gateway_Command"
    assert decoded["timestamp_s"] == 12.5
    assert decoded["signals"]["Charge_Limit"] == pytest.approx(80.5)
    assert decoded["signals"]["Charge_Enable"] == "yes"
    assert decoded["signals"]["Derate"] is None
    assert call("encode", text=json.dumps(decoded)) == line


def test_decode_table_shows_units_and_absent_values():
    line = call("encode", text=json.dumps(COMMAND))
    rows = [row.split() for row in call("decode", text=line + "(1.0) can0 7FF#0A\n").splitlines()]
    assert rows[0] == ["time_s", "id", "message", "signal", "value", "unit"]
    assert ["12.500000", "110", "Gateway_Command", "Charge_Limit", "80.5", "A"] in rows
    assert ["12.500000", "110", "Gateway_Command", "Derate", "not", "available"] in rows
    assert ["1.000000", "7FF", "(unknown)", "data", "0a"] in rows


def test_unknown_identifier_is_not_lost_in_json():
    decoded = json.loads(call("decode", "--json", text="(1.0) can0 7FF#0A\n"))
    assert decoded["message"] is None
    assert decoded["data"] == "0a"
    assert decoded["identifier"] == 0x7FF


def test_own_dbc(tmp_path):
    dbc = tmp_path / "own.dbc"
    dbc.write_text(OWN_DBC)
    line = call("encode", "--dbc", dbc, text='{"message": "Mine", "signals": {"Speed": 120}}\n\n')
    assert line == "(0.000000) vcan0 123#E02E\n"
    assert json.loads(call("decode", "--dbc", dbc, "--json", text=line))["signals"] == {
        "Speed": 120.0
    }


@pytest.mark.parametrize("profile", ["1", "2", "3", "wide"])
def test_authenticated_frames_verify(profile, key_file):
    log = "".join(f"({i}.0) can0 {0x110 + i % 2:03X}#0{i % 10}\n" for i in range(40))
    secured = call("authenticate", "--key-file", key_file, "--profile", profile, text=log)
    verdicts = call(
        "verify", "--key-file", key_file, "--profile", profile, "--json", text=secured
    ).splitlines()
    records = [json.loads(verdict) for verdict in verdicts]
    assert [record["accepted"] for record in records] == [True] * 40
    if profile != "2":
        assert [record["freshness"] for record in records] == [1 + i // 2 for i in range(40)]


def test_freshness_continues_where_told(key_file):
    options = ("--key-file", key_file)
    first = call("authenticate", *options, "--freshness", 300, text="(0.0) c 110#01\n")
    assert "freshness=300" in call("verify", *options, "--last-freshness", 299, text=first)
    fail(GateFailedError, "verify", *options, text=first)
    wide = call("verify", *options, "--window", 1000, text=first)
    assert "accepted freshness=300" in wide


def test_rejected_frames_fail_the_gate(key_file):
    secured = call("authenticate", "--key-file", key_file, text="(0.0) c 110#01\n(1.0) c 110#02\n")
    first, second = secured.splitlines(keepends=True)
    forged = second.replace("110#02", "110#03")
    error, output = fail(
        GateFailedError, "verify", "--key-file", key_file, text=first + forged + second + first
    )
    assert error.exit_code is ExitCode.GATE_FAILED
    assert error.exit_code == 3
    assert "2 of 4 frames rejected" in str(error)
    assert "2 mac_mismatch" in str(error)
    words = [line.split()[3] for line in output.splitlines()]
    assert words == ["accepted", "mac_mismatch", "accepted", "mac_mismatch"]


def test_secured_identifiers_are_described_by_the_shipped_dbc(key_file):
    line = call("encode", text=json.dumps(COMMAND))
    secured = call("authenticate", "--key-file", key_file, "--secured-identifiers", text=line)
    decoded = json.loads(call("decode", "--json", text=secured))
    assert decoded["message"] == "Secured_Gateway_Command"
    assert decoded["signals"]["Freshness"] == 1
    assert decoded["signals"]["Charge_Limit"] == pytest.approx(80.5)
    call("verify", "--key-file", key_file, text=secured)
    error, _ = fail(
        ConfigurationError,
        *("authenticate", "--key-file", key_file, "--secured-identifiers"),
        text="(0.0) c 7FF#00\n",
    )
    assert "0x7ff" in str(error)


def test_exit_codes_of_the_whole_command_line(key_file, monkeypatch):
    lines = ((b"(0.0) c 110#0102030405\n", 3), (b"", 5), (b"hello\n", 2), (b"(0.0) c 110#R\n", 5))
    for text, code in lines:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text)))
        assert run(["can", "verify", "--key-file", str(key_file)]) == code


def test_nothing_to_verify_is_no_success(key_file):
    error, _ = fail(NothingRanError, "verify", "--key-file", key_file, text="\n")
    assert error.exit_code == 5
    assert error.what == "standard input: no frame to verify"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not JSON"),
        ("[]", "no message"),
        ('{"message": "Pack_State"}', "'signals'"),
        ('{"message": "Pack_Stat", "signals": {}}', "Pack_State"),
        ('{"message": "Pack_Limits", "signals": {"Charge_Curent_Limit": 1}}', "did you mean"),
        ('{"message": "Pack_Limits", "signals": {}, "chanel": "x"}', "channel"),
        ('{"message": "Pack_Limits", "signals": {}, "timestamp_s": "now"}', "timestamp_s"),
        ('{"message": "Pack_Limits", "signals": {}, "timestamp_s": NaN}', "timestamp_s"),
        ('{"message": "Pack_Limits", "signals": {"Charge_Current_Limit": [1]}}', "Pack_Limits"),
        ('{"message": "Pack_Limits", "signals": {"Charge_Current_Limit": NaN}}', "Pack_Limits"),
        ('{"message": "Pack_Limits", "signals": {}, "channel": "a b"}', "channel"),
        ('{"message": "Pack_Limits", "signals": {"a": 1, "a": 2}}', "'a' appears twice"),
        ('{"message": "Pack_Limits", "signals": {}, "fd": 1}', "'fd' must be true or false"),
        ('{"message": "Pack_Limits", "signals": {}, "identifier": 5}', "0x5"),
        ('{"message": "Pack_Limits", "signals": {}, "identifier": -1}', "-0x1"),
        ('{"message": "Pack_Limits", "signals": {}, "pgn": 5}', "29 bits"),
        ('{"message": "Pack_Limits", "data": "0"}', "not a frame"),
        ('{"message": "Pack_Limits", "data": "00000000000000000000"}', "not a frame"),
        ('{"message": null, "data": "00"}', "no message"),
        ('{"message": null, "data": "00", "identifier": 2048, "extended": false}', "outside"),
        (
            '{"message": null, "data": "00", "identifier": 1, "fd": true, "fd_flags": 99}',
            "fd_flags",
        ),
        ('{"message": "Pack_Limits", "signals": {}, "timestamp_s": "1"}', "without quotation"),
        ('{"message": "Pack_Limits", "signals": {}, "timestamp_s": 1' + "0" * 400 + "}", "seconds"),
        ('{"message": "Pack_Limits", "signals": {}, "timestamp_s": 1e400}', "seconds"),
        ('{"message": "Pack_Limits", "signals": {}, "timestamp_s": -1e99}', "seconds"),
        ('{"message": "Pack_Limits", "signals": {}, "timestamp_s": 1e16}', "seconds"),
        ('{"message": "Pack_Limits", "signals": {}, "timestamp_s": 1e99999999}', "seconds"),
        ('{"message": "Pack_Limits", "signals": {}, "channel": "\\ud800"}', "'\\ud800'"),
        ('{"message": "Pack_Limits", "signals": {}, "channel": "a\\u0000"}', "'a\\x00'"),
        ('{"message": "Pack_Limits", "signals": {}, "channel": "\\u001b[2J"}', "'\\x1b[2J'"),
        ('{"message": "Pack_Limits", "signals": {}, "channel": "a\\u200b"}', "u200b"),
        ('{"message": "Pack_Limits", "signals": {}, "channel": ""}', "one word"),
        ('{"message": "Pack_Limits", "signals": {"Charge_Current_Limit": true}}', "True is not"),
        ('{"message": "Pack_Limits", "signals": {"Charge_Current_Limit": 0.00123}}', "nearest"),
        ("[1]", "not a JSON object"),
        ("[" * 20_000, "nested too deeply"),
        ('{"message": "' + "x" * 70_000, "longer than"),
        ('{"message": 1' + "0" * 5000 + "}", "digits"),
    ],
)
def test_bad_records_are_named_by_line(text, words):
    error, _ = fail(ConfigurationError, "encode", text=json.dumps(COMMAND) + "\n" + text)
    assert error.what.startswith("standard input: line 2: ")
    assert words in str(error)
    assert error.why
    assert error.hint


@pytest.mark.parametrize("command", ["decode", "authenticate", "verify"])
def test_a_log_without_any_frame_is_refused(command, key_file):
    options = [] if command == "decode" else ["--key-file", key_file]
    error, _ = fail(ConfigurationError, command, *options, text="(0.0) c 12#zz\n")
    assert "standard input" in error.what
    assert "line 1" in error.why
    assert "12#zz" in error.why
    assert ".asc" in error.hint


EXACT_DBC = (
    'VERSION ""\nBU_: A\nBO_ 1 Mine: 8 A\n SG_ Energy : 0|64@1+ (0.1,0) [0|0] "Wh" A\n'
    'BO_ 2 Also: 8 A\n SG_ Energy : 0|64@1- (0.001,-5) [0|0] "Wh" A\n'
    'BO_ 3 Named: 1 A\n SG_ State : 0|8@1+ (1,0) [0|0] "" A\n'
    'VAL_ 3 State 1 "reserved" 2 "on" 7 "reserved" ;\n'
)


@pytest.mark.parametrize("name", ["Mine", "Also"])
@given(data=st.binary(min_size=8, max_size=8))
def test_counters_of_64_bits_keep_all_digits(name, data, tmp_path_factory):
    dbc = tmp_path_factory.mktemp("dbc") / "own.dbc"
    dbc.write_text(EXACT_DBC)
    line = f"(1.000000) can0 {1 if name == 'Mine' else 2:03X}#{data.hex().upper()}\n"
    text = call("decode", "--json", "--dbc", dbc, text=line)
    record = json.loads(text, parse_float=Decimal)
    raw = int.from_bytes(data, "little", signed=name == "Also")
    factor, offset = (Decimal("0.1"), 0) if name == "Mine" else (Decimal("0.001"), -5)
    if abs(raw) > 1 << 53:
        assert record["signals"]["Energy"] == raw * factor + offset
    assert call("encode", "--dbc", dbc, text=text) == line
    del record["data"]
    alone = text[: text.index(', "data"')] + "}"
    assert call("encode", "--dbc", dbc, text=alone) == line


def test_a_text_of_several_numbers_is_not_guessed(tmp_path):
    dbc = tmp_path / "own.dbc"
    dbc.write_text(EXACT_DBC)
    record = {"message": "Named", "signals": {"State": "reserved"}}
    error, _ = fail(ConfigurationError, "encode", "--dbc", dbc, text=json.dumps(record))
    assert "1 and of 7" in error.what
    record["data"] = "07"  # decode gives the text beside the data
    assert call("encode", "--dbc", dbc, text=json.dumps(record)).endswith("003#07\n")


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "cp1252", "utf-8"])
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_standard_output_of_another_encoding(encoding, options, tmp_path, monkeypatch):
    dbc, log = tmp_path / "own.dbc", tmp_path / "own.log"
    dbc.write_text(OWN_DBC.replace("km/h", "kΩ") + 'VAL_ 291 Speed 1 "é→Ω" ;\n', "utf-8")
    log.write_text("(1.0) können 123#0100\n(1.0) кан 123#0200\n", "utf-8")
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding=encoding))
    with contextlib.suppress(SystemExit):
        can_group(["decode", str(log), "--dbc", str(dbc), *options], standalone_mode=False)
    sys.stdout.flush()
    text = written.getvalue().decode(encoding)
    if options:
        first, second = map(json.loads, text.splitlines())
        assert (first["signals"]["Speed"], first["channel"]) == ("é→Ω", "können")
        assert second["channel"] == "кан"
    else:
        assert ("é→Ω" if encoding == "utf-8" else "\\u2192\\u03a9") in text


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "utf-32", "utf-32-le", "utf-32-be"])
def test_records_of_other_encodings(encoding, tmp_path):
    path = tmp_path / "records.jsonl"
    record = '{"message": "Pack_Limits", "signals": {}, "channel": "kän"}\n'
    path.write_bytes(record.encode(encoding))
    if encoding != "latin-1":
        assert call("encode", path).startswith("(0.000000) kän 232#")
    else:
        error, _ = fail(ConfigurationError, "encode", path)
        assert "line 1: column 56: byte 0xe4 is not UTF-8" in error.what
        assert "iconv" in error.hint


def test_what_is_no_data_frame_is_named_and_ends_nothing(key_file):
    log = "(0.0) c 110#01\n(0.1) c 110#R\n(0.2) c 110#02\n(0.3) c 110#0"
    result = CliRunner().invoke(can_group, ["decode", "--json"], input=log)
    assert (result.exit_code, result.stdout.count("\n")) == (0, 2)
    assert "line 2: remote frame" in result.stderr
    assert "line 4: an odd number" in result.stderr
    options = ("--key-file", str(key_file))
    result = CliRunner().invoke(can_group, ["authenticate", *options], input=log)
    assert (result.exit_code, result.stdout.count("\n")) == (0, 2)
    # A line that cannot be read may have held a frame: it is not verified.
    secured = result.stdout
    call("verify", *options, text=secured + "(1.0) c 110#R\n")
    error, _ = fail(GateFailedError, "verify", *options, text=secured + "(1.0) c 110#0\n")
    assert "1 unreadable" in error.why


def test_frames_that_cannot_be_secured_are_left_out(key_file):
    log = f"(0.0) c 110#01\n(0.1) c 111##1{'00' * 64}\n(0.2) c 110#02\n"
    error, output = fail(ConfigurationError, "authenticate", "--key-file", key_file, text=log)
    assert "1 of 3 frames were left out: frame 0x111" in error.what
    assert output.count("c 110#") == 2


def test_logs_of_other_formats(tmp_path):
    path = tmp_path / "bus.asc.gz"
    content = "date Thu Jan 1 10:00:00 2026\nbase hex timestamps absolute\n0.5 1 7FF Rx d 1 0A\n"
    path.write_bytes(gzip.compress(content.encode()))
    record = json.loads(call("decode", "--json", path))
    assert (record["timestamp_s"], record["channel"], record["data"]) == (0.5, "can0", "0a")


def test_faulty_dbc_files_are_read_with_lenient(tmp_path):
    dbc = tmp_path / "own.dbc"
    dbc.write_text(OWN_DBC + 'VAL_ 291 Old 0 "x" ;\n')
    error, _ = fail(ConfigurationError, "decode", "--dbc", dbc, text="(0.0) c 123#E02E\n")
    assert "line 5: VAL_ names signal 'Old'" in error.what
    output = call("decode", "--dbc", dbc, "--lenient", text="(0.0) c 123#E02E\n")
    assert "Old" in output
    assert "120  km/h" in output
    records = call("decode", "--dbc", dbc, "--lenient", "--json", text="(0.0) c 123#E02E\n")
    record = records.splitlines()[-1]
    assert call("encode", "--dbc", dbc, "--lenient", text=record).endswith("c 123#E02E\n")


J1939_DBC = f"""VERSION ""
BU_: A
BO_ {(1 << 31) + 0x18F1E6FE} All: 2 A
 SG_ Volts : 0|16@1+ (0.05,-1606) [0|0] "V" A
BO_ {(1 << 31) + 0x0CEF27F9} To: 1 A
"""


def test_j1939_addresses_are_shown_and_taken_back(tmp_path):
    dbc = tmp_path / "own.dbc"
    dbc.write_text(J1939_DBC)
    log = "(0.0) c 18F1E6F3#00B4\n(0.0) c 18EF0327#00\n"
    assert call("decode", "--dbc", dbc, text=log).count("(unknown)") == 2
    table = call("decode", "--dbc", dbc, "--j1939", text=log)
    assert "All from F3" in table
    assert "To from 27 to 03" in table
    assert "(no signals)" in table
    marked = J1939_DBC + 'BA_ "ProtocolType" "J1939";\n'
    dbc.write_text(marked)
    records = call("decode", "--dbc", dbc, "--json", text=log)
    first, second = (json.loads(line) for line in records.splitlines())
    assert (first["pgn"], first["source_address"], first["destination_address"]) == (
        0xF1E6,
        0xF3,
        None,
    )
    assert (second["source_address"], second["destination_address"]) == (0x27, 3)
    assert call("encode", "--dbc", dbc, text=records) == log.replace("0.0", "0.000000")
    own = '{"message": "To", "signals": {}, "source_address": 1, "destination_address": 2}'
    assert call("encode", "--dbc", dbc, text=own) == "(0.000000) vcan0 0CEF0201#00\n"


def test_json_holds_no_number_that_json_does_not_have(tmp_path):
    dbc = tmp_path / "own.dbc"
    dbc.write_text(
        OWN_DBC.replace("0|16@1+ (0.01", "0|32@1- (1").replace("2 A", "4 A", 1)
        + "SIG_VALTYPE_ 291 Speed : 1;\n"
    )
    for data, note in (
        ("0000C07F", "not a number"),
        ("0000807F", "infinite"),
        ("000080FF", "-infinite"),
    ):
        line = f"(0.0) c 123#{data}\n"
        record = json.loads(
            call("decode", "--dbc", dbc, "--json", text=line), parse_constant=pytest.fail
        )
        assert (record["signals"], record["notes"]) == ({"Speed": None}, {"Speed": note})
        assert f"({note})" in call("decode", "--dbc", dbc, text=line)
        assert data in call("encode", "--dbc", dbc, text=json.dumps(record))


@pytest.mark.parametrize("content", [b"", b"00", b"zz" * 16, b"\xff\xfe"])
def test_bad_key_is_refused_and_not_shown(tmp_path, content):
    path = tmp_path / "key"
    path.write_bytes(content)
    error, _ = fail(ConfigurationError, "verify", "--key-file", path, text="(0.0) c 110#00\n")
    assert "32 hexadecimal digits" in str(error)
    assert "zz" not in str(error)
