"""Logs of every format and encoding: read whole, and what is no data frame is named."""

import gzip
import io
import struct
import zlib

import can
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voltward.core.errors import ConfigurationError, EnvironmentLacksError, VoltwardError
from voltward.physical.can import log_lines, mf4_log
from voltward.physical.can.candump import format_line
from voltward.physical.can.frame import FD_LENGTHS, Frame
from voltward.physical.can.log_file import read_log
from voltward.physical.can.log_lines import LONGEST_LINE, LeftOut

WRITERS = {
    "asc": can.ASCWriter,
    "blf": can.BLFWriter,
    "trc": can.TRCWriter,
    "csv": can.CSVWriter,
    "log": can.CanutilsLogWriter,
}
GOOD = "(1.0) can0 123#0011"
ASC = "date Thu Jan 01 10:00:00.000 am 2026\nbase hex  timestamps absolute\n"
ASC_FRAME = "   0.100000 1  600             Rx   d 8 00 0A 00 A0 0F 00 00 00"


def read(content, name="some.log"):
    """Return the frames of a log, what was reported of it, and the account."""
    said = []
    left_out = LeftOut(name, said.append)
    if isinstance(content, str):
        content = content.encode()
    return list(read_log(io.BytesIO(content), name, left_out)), said, left_out


def written(messages, suffix, folder):
    """Return a log as python-can's writer writes it."""
    path = folder / f"written.{suffix}"
    with WRITERS[suffix](path) as writer:
        for message in messages:
            writer(message)
    return path.read_bytes()


@st.composite
def messages(draw, fd):
    extended, is_fd = draw(st.booleans()), draw(st.booleans()) and fd
    # Vector's text writes a CAN FD frame without data like a remote frame.
    lengths = [n for n in FD_LENGTHS if n] if is_fd else range(9)
    length = draw(st.sampled_from(lengths))
    return can.Message(
        timestamp=1.7e9 + draw(st.integers(0, 10**6)) / 1e3,
        arbitration_id=draw(st.integers(0, 0x1FFF_FFFF if extended else 0x7FF)),
        is_extended_id=extended,
        is_fd=is_fd,
        bitrate_switch=is_fd and draw(st.booleans()),
        data=draw(st.binary(min_size=length, max_size=length)),
        channel=0,
        check=True,
    )


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("suffix", WRITERS)
@settings(max_examples=25)
@given(data=st.data())
def test_what_python_can_writes_is_read_whole(suffix, packed, data, tmp_path_factory):
    drawn = messages(fd=suffix not in {"csv", "trc"})
    log = sorted(data.draw(st.lists(drawn, min_size=1, max_size=5)), key=lambda m: m.timestamp)
    content = written(log, suffix, tmp_path_factory.mktemp("logs"))
    content = gzip.compress(content) if packed else content
    # The content alone tells the format; the ending alone does too, where nothing speaks against.
    for name in ("some.txt", f"some.{suffix}" + ".gz" * packed):
        frames, said, _ = read(content, name)
        assert said == []
        assert [(f.frame.identifier, f.frame.extended, f.frame.data) for f in frames] == [
            (m.arbitration_id, m.is_extended_id, bytes(m.data)) for m in log
        ]
        times = [f.timestamp_s - frames[0].timestamp_s for f in frames]
        assert times == pytest.approx([m.timestamp - log[0].timestamp for m in log], abs=2e-3)
        if suffix in {"asc", "blf", "log"}:
            assert [f.frame.fd for f in frames] == [m.is_fd for m in log]
            assert [f.fd_flags & 1 for f in frames if f.frame.fd] == [
                m.bitrate_switch for m in log if m.is_fd
            ]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("(1.1) can0 20000004#0000000000000000", "error frame"),
        ("(1.1) can0 123#R8", "remote frame"),
        ("(1.1) can0 123#000", "odd number"),
        ("(1.1) can0 123#", ""),
        ("", ""),
        ("garbage", "not a candump line"),
        ("(1.1) can0 123#" + "0" * 2 * LONGEST_LINE, "longer than"),
        ("  can0  20000004   [8]  00 04 00 00 00 00 00 00   ERRORFRAME", "error frame"),
        ("\tbus-error", ""),
        ("\0" * 100_000, ""),
        ("\0" * 100_000 + GOOD, ""),
        ("# a comment", "not a candump line"),
        ("(1.1) can0 123#00 R T", "cut"),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_one_special_line_ends_nothing(line, words, end):
    content = end.join([GOOD, line, GOOD.replace("123", "124"), GOOD[:-1]])
    frames, said, left_out = read(content)
    identifiers = [f.frame.identifier for f in frames]
    assert (identifiers[0], identifiers[-1]) == (0x123, 0x124)
    assert (words or "odd number") in said[0]
    assert f"line {2 if words else 4}" in said[0]
    assert left_out.first.startswith("line")


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252"]
)
def test_encodings(encoding):
    channel = "kénal"
    frames, said, _ = read(f"(1.0) {channel} 123#0011\r\n{GOOD}\r\n".encode(encoding))
    assert [f.channel for f in frames] == [channel, "can0"]
    assert said == []


def test_lines_of_two_encodings_and_the_account():
    lines = ["(1.0) kö 123#00".encode("cp1252"), "(1.0) kö 123#01".encode(), *[b"x"] * 9]
    frames, said, left_out = read(b"\n".join(lines))
    assert [f.channel for f in frames] == ["kö", "kö"]
    assert (left_out.frames, left_out.unreadable) == (2, 9)
    assert len(said) == log_lines.NAMED + 1
    assert "9 lines" in said[-1]


def test_a_log_without_times_says_so():
    frames, said, _ = read("  can0  123   [1]  00\n")
    assert frames[0].timestamp_s == 0
    assert "without a time" in said[0]


@pytest.mark.parametrize(
    ("name", "content", "identifiers", "words"),
    [
        ("a.asc", ASC + ASC_FRAME, [0x600], ""),
        ("a.txt", ASC + ASC_FRAME, [0x600], ""),
        ("a.txt", ASC_FRAME, [0x600], ""),
        ("a.asc", ASC + "internal events logged\n" + ASC_FRAME, [0x600], ""),
        ("a.asc", ASC + "// version 9.0.0\nBegin Triggerblock\n" + ASC_FRAME, [0x600], ""),
        ("a.asc", ASC + ASC_FRAME[:-4] + "\n" + ASC_FRAME, [0x600], "line 3: 7 of 8 bytes"),
        ("a.asc", ASC + ASC_FRAME.replace(" 0A", " GG") + "\n" + ASC_FRAME, [0x600], "line 3"),
        ("a.asc", ASC + ASC_FRAME.replace("600", "Nam") + "\n" + ASC_FRAME, [0x600], "line 3"),
        ("a.asc", ASC + "   0.1 1 ErrorFrame\n" + ASC_FRAME, [0x600], "line 3: error frame"),
        ("a.asc", ASC + "   0.1 1 Statistic: D 0\n" + ASC_FRAME, [0x600], "line 3: event"),
        ("a.asc", ASC + ASC_FRAME.replace("d 8", "r 8") + "\n" + ASC_FRAME, [0x600], "remote"),
        ("a.asc", ASC.replace("hex", "dec") + "0.1 1 291 Rx d 1 16", [0x123], ""),
        ("a.asc", ASC + "0.1 1 18F1E6FE Rx d 1 16", [0x18F1E6FE], ""),
        (
            "a.trc",
            ";$FILEVERSION=1.1\n 1) 17.1 Rx 0123 2 00 11\n 2) 18.1 Rx 0124 2 00\n",
            [0x123],
            "3",
        ),
        (
            "a.trc",
            ";$FILEVERSION=1.1\n 1) 17.1 Warng FFFFFFFF 4 00 BUSHEAVY\n",
            [],
            "line 2: event",
        ),
        (
            "a.csv",
            "timestamp,arbitration_id,extended,remote,error,dlc,data\n1,0x123,0,0,0,1,AA==\nx\n",
            [0x123],
            "line 3",
        ),
        (
            "a.csv",
            "timestamp,arbitration_id,extended,remote,error,dlc,data\nx\n1,0x123,0,0,0,1,AA==\n",
            [0x123],
            "line 2",
        ),
        (
            "a.csv",
            "timestamp,arbitration_id,extended,remote,error,dlc,data\nnan,0x123,0,0,0,1,AA==\n1,0x1,0,1,0,1,\n",
            [],
            "line 2: its time",
        ),
    ],
)
def test_oddities_of_formats_of_lines(name, content, identifiers, words):
    frames, said, _ = read(content, name)
    assert [f.frame.identifier for f in frames] == identifiers
    assert words in " ".join(said)
    assert bool(said) == bool(words)


MAYBE_FRAMES = [
    ("a.asc", "   0.1 1  100"),
    ("a.asc", "   0.1 1"),
    ("a.asc", "   0.1"),
    ("a.asc", "   0.1 CANF"),
    ("a.asc", "   0.1 CANFD 1 Rx 100 1 0 9"),
    ("a.asc", "   0.1 1  100             Rx"),
    ("a.asc", "   0.1 1  100             Rx   d 3 10 error 30"),
    ("a.asc", "   0.1 1  100             Rx   d 3 Errorframe 20 30"),
    ("a.asc", "   0.1 1  Err"),
    ("a.asc", "   0,1 1  100             Rx   d 1 01"),
    ("a.asc", "   0.1 x1 100             Rx   d 1 01"),
    ("a.asc", "   0.1 1  EngineData(100)  Rx   d 1 1"),
    ("a.asc", "   0.1 1  EngineData  Rx   d 1 1"),
    ("a.trc", " 2) 17.1 Rx 0123 2 00 error"),
    ("a.trc", " 2) 17.1 Rx 0123 2 Warng 11"),
    ("a.csv", "1483389946.197,0x100,0,0,0,2,A!A!E="),
    ("a.csv", "1483389946.197,0x100,0,0,0,2,AAE"),
    ("a.csv", "1483389946.197,0x100,0,0,0,2,A A E ="),
    ("a.log", "  can0  123   [2]  11 22 33"),
    ("a.log", "  can0  123   [1]  11 22"),
    ("a.log", " (1.0) can0  123  [08]  11 22 33 44 55 66 77 88 99"),
    ("a.log", "  can0  123   [0]  11"),
    ("a.log", "  can0  123   [2]  00010001 00010010 00000000"),
]
HEADERS = {
    "a.asc": ASC + ASC_FRAME,
    "a.trc": ";$FILEVERSION=1.1\n 1) 17.1 Rx 0123 2 00 11",
    "a.csv": "timestamp,arbitration_id,extended,remote,error,dlc,data\n1,0x123,0,0,0,1,AA==",
    "a.log": GOOD,
}


@pytest.mark.parametrize(("name", "line"), MAYBE_FRAMES)
def test_what_may_have_been_a_frame_is_unreadable(name, line):
    frames, said, left_out = read(f"{HEADERS[name]}\n{line}\n", name)
    assert (len(frames), left_out.unreadable, sum(left_out.others.values())) == (1, 1, 0)
    assert ("by its name" in said[0]) == ("EngineData" in line)


@given(cut=st.integers(1, len(ASC_FRAME) - 1))
def test_a_frame_of_an_asc_file_that_is_cut_is_unreadable(cut):
    line = ASC_FRAME[:cut]
    frames, _, left_out = read(f"{HEADERS['a.asc']}\n{line}\n", "a.asc")
    assert (len(frames), left_out.unreadable) == (1, 1 if line.strip() else 0)


@pytest.mark.parametrize(
    "line",
    [
        "0.1 1 ErrorFrame",
        "0.1 1 Statistic: D 0 R 0",
        "0.1 CAN 1 Status:chip status error active",
        "0.1 log trigger event",
        "0.1 Li 3c Tx 8 00 01",
        "0.1 CANFD 2 Rx ErrorFrame Not Acknowledge error, dominant error flag fffe c7 31ca",
    ],
)
def test_known_events_are_no_loss(line):
    frames, _, left_out = read(f"{HEADERS['a.asc']}\n{line}\n", "a.asc")
    assert (len(frames), left_out.unreadable, sum(left_out.others.values())) == (1, 0, 1)


@pytest.mark.parametrize("name", ["a.log.gz", "a.asc.gz"])
def test_a_file_that_unpacks_without_end_is_refused(name):
    bomb = gzip.compress(f"{GOOD}\n".encode() + bytes(200 << 20), 6)
    with pytest.raises(ConfigurationError, match="200 times its size") as caught:
        read(bomb, name)
    assert name in caught.value.what
    assert "gzip -d" in caught.value.hint


def test_relative_times_are_added_up():
    content = ASC.replace("absolute", "relative") + f"{ASC_FRAME}\n{ASC_FRAME}\n{ASC_FRAME}"
    frames, _, _ = read(content, "a.asc")
    assert [f.timestamp_s for f in frames] == pytest.approx([0.1, 0.2, 0.3])


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.log", b"hello\nworld\n", ("line 1: not a candump line", "2 in all", ".asc")),
        ("a.asc", ASC.encode() + b"0.1 1 600 Rx d 1 zz\n", ("read as asc", "line 3")),
        ("a.csv", b"Time;ID\n1;2\n", ("read as csv", "line 1", "Time;ID")),
        ("a.blf", b"hello", ("BLF file", "hello")),
        ("a.mf4", b"hello", ("MF4 file", "hello")),
        ("a.log", b"LOGG" + bytes(20), ("not a whole BLF",)),
        ("a.zip", b"PK\x03\x04" + bytes(20), ("zip", "unpack")),
        ("a.db", b"SQLite format 3\0", ("SQLite", "can.logconvert")),
        ("a.log.gz", b"\x1f\x8b" + bytes(20), ("damaged gzip",)),
        ("a.log.gz", gzip.compress(b"PK\x03\x04"), ("zip",)),
    ],
)
def test_what_is_no_log_is_refused_with_its_cause(name, content, words):
    with pytest.raises(ConfigurationError) as caught:
        read(content, name)
    assert all(word in str(caught.value) for word in (name, *words))


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff", "\0\0\0"])
def test_an_empty_log_has_no_frames(content):
    assert read(content)[0] == []


@given(
    content=st.binary(max_size=300),
    name=st.sampled_from(["a.log", "a.asc", "a.trc", "a.csv", "a.blf", "a.gz", "-"]),
    start=st.sampled_from(
        [b"", ASC.encode(), b";$FILEVERSION=2.1\n", b"\x1f\x8b\x08", b"\xff\xfe"]
    ),
)
def test_any_bytes_are_read_or_refused(content, name, start):
    said = name
    try:
        read(start + content, name)
    except VoltwardError as error:
        said = str(error)
    assert name in said


@pytest.mark.parametrize("suffix", WRITERS)
def test_a_damaged_log_is_read_or_refused(suffix, tmp_path):
    log = [
        can.Message(timestamp=n, arbitration_id=n, data=bytes(8), is_extended_id=False, channel=0)
        for n in range(20)
    ]
    content = written(log, suffix, tmp_path)
    places = st.tuples(st.integers(0, 200), st.integers(0, 255))

    @settings(max_examples=60)
    @given(changes=st.lists(places, min_size=1, max_size=4), cut=st.integers(0, 200))
    def damage(changes, cut):
        damaged = bytearray(content)
        for place, byte in changes:
            damaged[place * (len(content) - 1) // 200] = byte
        frames, said = [], f"a.{suffix}"
        try:
            frames, _, _ = read(bytes(damaged[: len(content) - cut]), f"a.{suffix}")
        except VoltwardError as error:
            said = str(error)
        assert len(frames) <= 21
        assert f"a.{suffix}" in said

    damage()


def test_compressed_logs_are_read_in_constant_memory():
    zeros = gzip.compress(f"{GOOD}\n".encode() + bytes(20_000_000) + f"{GOOD}\n".encode())
    assert len(read(zeros, "a.gz")[0]) == 2
    cut = gzip.compress(f"{GOOD}\n".encode() * 9000, 0)[:-100]
    frames, said, left_out = read(cut, "a.gz")
    assert len(frames) > 8000
    assert "cut or damaged" in said[0]
    assert left_out.unreadable == 1


def container(data):
    packed = struct.pack("<H6xL4x", 2, len(data)) + data
    return (
        struct.pack("<4sHHLL", b"LOBJ", 16, 1, 16 + len(packed), 10)
        + packed
        + bytes(len(packed) % 4)
    )


def test_damaged_containers_of_binary_logs_are_passed_over(tmp_path):
    log = [
        can.Message(timestamp=n, arbitration_id=n, data=bytes(8), is_extended_id=False, channel=0)
        for n in range(3)
    ]
    content = written(log, "blf", tmp_path)
    header, good = content[:144], content[144:]
    bad = {
        "no data": container(b"\0" * 64),
        "other objects": container(zlib.compress(b"x" * 400)),
        "too much": container(zlib.compress(bytes(80 << 20))),
    }
    for middle in bad.values():
        frames, said, left_out = read(header + good + middle + good, "a.blf")
        assert [f.frame.identifier for f in frames] == [0, 1, 2, 0, 1, 2]
        assert "object 2" in said[0]
        assert left_out.unreadable == 1
    for end in (good[:-9], struct.pack("<4sHHLL", b"LOBJ", 16, 1, 3, 10) + b"x" * 90, b"x" * 90):
        frames, said, _ = read(header + good + end, "a.blf")
        assert [f.frame.identifier for f in frames][:3] == [0, 1, 2]
        assert said


def test_mdf_files_need_the_extra(monkeypatch):
    monkeypatch.setattr(mf4_log, "find_spec", lambda _: None)
    with pytest.raises(EnvironmentLacksError, match=r"voltward\[mf4\]"):
        read(b"MDF     4.10    " + bytes(100), "a.mf4")


def test_a_line_that_was_left_out_shows_no_control_characters():
    _, said, _ = read(f"{GOOD}\n\x1b]0;title\x07\n")
    assert said[0].isprintable()


def test_lines_arrive_as_they_are_written():
    class Pipe(io.RawIOBase):
        """Hands out one line at a time, and none before it is asked for."""

        handed = 0

        def readable(self):
            return True

        def readinto(self, buffer):
            self.handed += 1
            line = f"({self.handed}.0) can0 123#00\n".encode()
            buffer[: len(line)] = line
            return len(line)

    pipe = Pipe()
    frames = read_log(io.BufferedReader(pipe), "-", LeftOut("-", print))
    assert next(frames).frame == Frame(0x123, b"\0")
    assert format_line(next(frames)) == "(2.000000) can0 123#00"
    assert pipe.handed == 2
