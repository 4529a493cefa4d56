"""Lines of candump: its log and its view."""

import io

import pytest
from can.io import CanutilsLogReader
from hypothesis import given
from hypothesis import strategies as st

from voltward.physical.can.candump import LoggedFrame, OtherFrameError, format_line, parse_line
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
    flags = draw(st.integers(0, 9)) if fd else 1
    return LoggedFrame(draw(st.integers(0, 10**15)) / 1e6, "vcan0", frame, flags)


def view(logged, *, time="", ascii_column=False, extra=False):
    """Write a frame as candump shows it, from the description in can-utils."""
    frame = logged.frame
    digits = f"{frame.identifier:0{8 if frame.extended else 3}X}"
    length = f"[{len(frame.data):02d}]" if frame.fd else f" [{len(frame.data)}]"
    text = frame.data.hex(" ").upper()
    if ascii_column:
        shown = "".join(chr(byte) if 0x20 < byte < 0x7F else "." for byte in frame.data)
        text = f"{text}   '{shown}'"
    marks = "  RX - - " if extra else ""
    return f"{time}  {logged.channel}{marks}  {digits}  {length}  {text}"


@given(logged=logged_frames())
def test_round_trip_and_agreement_with_python_can(logged):
    line = format_line(logged)
    assert parse_line(line) == logged
    (message,) = CanutilsLogReader(io.StringIO(line + "\n"))
    assert from_message(message) == logged.frame
    assert message.timestamp == logged.timestamp_s


@given(logged=logged_frames(), ascii_column=st.booleans(), extra=st.booleans())
def test_the_view_gives_the_same_frame_as_the_log(logged, ascii_column, extra):
    time = f"({logged.timestamp_s:.6f})"
    seen = parse_line(view(logged, time=time, ascii_column=ascii_column, extra=extra))
    assert (seen.timestamp_s, seen.channel, seen.frame, seen.timed) == (
        *(logged.timestamp_s, "vcan0", logged.frame),
        True,
    )
    untimed = parse_line(view(logged, ascii_column=ascii_column, extra=extra))
    assert (untimed.frame, untimed.timed, untimed.timestamp_s) == (logged.frame, False, 0.0)


@given(
    line=st.text(max_size=60)
    | st.tuples(logged_frames(), st.integers(0, 60), st.text(max_size=3)).map(
        lambda t: format_line(t[0])[: t[1]] + t[2] + format_line(t[0])[t[1] + 1 :]
    )
)
def test_any_line_is_a_frame_or_says_why_not(line):
    cause = ""
    try:
        seen = parse_line(line)
    except ValueError as error:
        cause = str(error)
    assert cause or parse_line(format_line(seen)).frame == seen.frame


@pytest.mark.parametrize(
    ("line", "identifier", "data"),
    [
        ("(1436509052.249713) vcan0 123#DEADBEEF\n", 0x123, "deadbeef"),
        ("(0) can0 12345678##3" + "00" * 12 + " R", 0x12345678, "00" * 12),
        ("(1.0) can0 123#", 0x123, ""),
        ("(1.0) can0 123#0011223344556677_E", 0x123, "0011223344556677"),
        ("(1.0) can0 123#00.11.22", 0x123, "001122"),
        ("(1.0) can0 98F1E6FE#00 T", 0x18F1E6FE, "00"),
        ("(2024-05-06 07:08:09.5) can0 123#01", 0x123, "01"),
        ("  can0  123   [3]  11 22 33", 0x123, "112233"),
        (" (000.000123)  can0  123   [2]  61 62   'ab'", 0x123, "6162"),
        ("  can0  123   [2]  61 27   'a''", 0x123, "6127"),
        ("  can0  12345678  [03]  01 02 03", 0x12345678, "010203"),
        ("  can0  TX B E  123  [02]  01 02", 0x123, "0102"),
        ("  can0  123   [3]  33`22`11", 0x123, "112233"),
        ("  can0  123   [2]  00010001 11111111", 0x123, "11ff"),
        ("  can0  123   {E}  00 11 22 33 44 55 66 77", 0x123, "0011223344556677"),
        ("\x1b[31m  can0  123   [1]  00\x1b[0m", 0x123, "00"),
        ("  can0  123   [0] ", 0x123, ""),
    ],
)
def test_forms_that_candump_writes(line, identifier, data):
    seen = parse_line(line).frame
    assert (seen.identifier, seen.data.hex()) == (identifier, data)
    assert seen.extended == (identifier > 0x7FF)


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("(0.0) vcan0 123#R", "remote frame"),
        ("(0.0) vcan0 123#R8", "remote frame"),
        ("(0.0) vcan0 12345678#R8_E R", "remote frame"),
        ("  can0  123   [8]  remote request", "remote frame"),
        ("(0.0) vcan0 20000080#0000000000000000", "error frame"),
        ("  can0  20000004   [8]  00 04 00 00 00 00 00 00   ERRORFRAME", "error frame"),
    ],
)
def test_frames_without_data_are_told_apart(line, kind):
    with pytest.raises(OtherFrameError, match=kind):
        parse_line(line)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("hello", "not a candump line"),
        ("(0.0) vcan0 123#ABC", "odd number"),
        ("(0.0) vcan0 123#" + "00" * 9, "9 bytes"),
        ("(0.0) vcan0 123##1" + "00" * 9, "CAN FD length"),
        ("(0.0) vcan0 800#00", "outside"),
        ("(0.0) vcan0 123#zz", "hexadecimal"),
        ("(x) vcan0 123#00", "not a time"),
        ("(" + "9" * 30 + ") vcan0 123#00", "not a time"),
        ("  can0  123   [3]  11 22", "3 bytes"),
        ("  can0  123   [2]  11 2", "2 bytes"),
        ("\0" * 40, "zero bytes"),
        ("(0.0) \x1b]0;x\x07 123#00", "hexadecimal"),
    ],
)
def test_what_is_no_frame_says_why(line, words):
    with pytest.raises(ValueError, match=words) as caught:
        parse_line(line)
    assert not isinstance(caught.value, OtherFrameError)
