"""Lines of candump logs."""

import io

import pytest
from can.io import CanutilsLogReader
from hypothesis import given
from hypothesis import strategies as st

from voltward.core.errors import ConfigurationError
from voltward.physical.can.candump import LoggedFrame, format_line, parse_line, parse_lines
from voltward.physical.can.frame import FD_LENGTHS, Frame
from voltward.physical.can.message import from_message


@st.composite
def logged_frames(draw):
    extended, fd = draw(st.booleans()), draw(st.booleans())
    length = draw(st.sampled_from([n for n in FD_LENGTHS if fd or n <= 8]))
    frame = Frame(
        draw(st.integers(0, 0x1FFF_FFFF if extended else 0x7FF)),
        draw(st.binary(min_size=length, max_size=length)),
        extended,
        fd,
    )
    return LoggedFrame(draw(st.integers(0, 10**15)) / 1e6, "vcan0", frame)


@given(logged=logged_frames())
def test_round_trip_and_agreement_with_python_can(logged):
    line = format_line(logged)
    assert parse_line(line, 1) == logged
    (message,) = CanutilsLogReader(io.StringIO(line + "\n"))
    assert from_message(message) == logged.frame
    assert message.timestamp == logged.timestamp_s


def test_examples():
    classic = parse_line("(1436509052.249713) vcan0 123#DEADBEEF\n", 1)
    assert classic.timestamp_s == 1436509052.249713
    assert classic.frame == Frame(0x123, b"\xde\xad\xbe\xef")
    assert format_line(classic) == "(1436509052.249713) vcan0 123#DEADBEEF"
    assert parse_line("(0) can0 12345678##3" + "00" * 12 + " R", 1).frame == Frame(
        0x12345678, bytes(12), extended=True, fd=True
    )
    assert [f.frame.identifier for f in parse_lines(["(0.0) c 001#", "", "  ", "(1.0) c 002#"])]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("hello", "not a candump"),
        ("(0.0) vcan0 123#ABC", "even number"),
        ("(0.0) vcan0 123#R", "remote"),
        ("(0.0) vcan0 123#" + "00" * 9, "9 bytes"),
        ("(0.0) vcan0 123##1" + "00" * 9, "CAN FD length"),
        ("(0.0) vcan0 800#00", "outside"),
        ("(0.0) vcan0 20000080#00", "outside"),
        ("(x) vcan0 123#00", "SECONDS"),
    ],
)
def test_bad_lines_are_named(line, words):
    with pytest.raises(ConfigurationError) as caught:
        list(parse_lines(["(0.0) vcan0 001#", line]))
    assert "line 2" in str(caught.value)
    assert line in str(caught.value)
    assert words in str(caught.value)
