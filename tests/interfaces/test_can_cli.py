"""`voltward can`: filters that can be chained."""

import io
import json

import pytest
from click.testing import CliRunner

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
    for text, code in (("(0.0) c 110#0102030405\n", 3), ("", 5), ("hello\n", 2)):
        monkeypatch.setattr("sys.stdin", io.StringIO(text))
        assert run(["can", "verify", "--key-file", str(key_file)]) == code


def test_nothing_to_verify_is_no_success(key_file):
    error, _ = fail(NothingRanError, "verify", "--key-file", key_file, text="\n")
    assert error.exit_code == 5


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
    ],
)
def test_bad_records_are_named_by_line(text, words):
    error, _ = fail(ConfigurationError, "encode", text=json.dumps(COMMAND) + "\n" + text)
    assert "line 2" in str(error)
    assert words in str(error)


@pytest.mark.parametrize("command", ["decode", "authenticate", "verify"])
def test_bad_lines_are_named(command, key_file):
    options = [] if command == "decode" else ["--key-file", key_file]
    error, _ = fail(ConfigurationError, command, *options, text="(0.0) c 12#zz\n")
    assert "line 1" in str(error)
    assert "12#zz" in str(error)


@pytest.mark.parametrize("content", [b"", b"00", b"zz" * 16, b"\xff\xfe"])
def test_bad_key_is_refused_and_not_shown(tmp_path, content):
    path = tmp_path / "key"
    path.write_bytes(content)
    error, _ = fail(ConfigurationError, "verify", "--key-file", path, text="(0.0) c 110#00\n")
    assert "32 hexadecimal digits" in str(error)
    assert "zz" not in str(error)
