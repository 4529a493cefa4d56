"""Logs of CAN buses, frame by frame, whatever their format.

1. gzip is unpacked as the file is read. The first bytes tell the format; where they do not, the
   name's ending does; where that does not either, it is candump's.
2. candump's lines are parsed by `candump`. All other formats go through python-can's readers. Those
   end at the first line that they cannot read, and are put behind it again.
3. What is no data frame is left out and named.

`.db` of python-can is not read: its reader opens the file to write.
"""

import gzip
import io
import logging
import math
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import can
from can.util import dlc2len

from voltward.core.errors import ConfigurationError
from voltward.physical.can.blf_stream import BlfStream
from voltward.physical.can.bounded_gzip import BoundedGzip
from voltward.physical.can.candump import (
    BIT_RATE_SWITCH,
    ERROR_STATE_INDICATOR,
    LoggedFrame,
    OtherFrameError,
    parse_line,
)
from voltward.physical.can.frame import CLASSIC_LENGTH_MAXIMUM, STANDARD_IDENTIFIER_MAXIMUM
from voltward.physical.can.log_lines import LeftOut, encoding_of, lines_of
from voltward.physical.can.message import from_message
from voltward.physical.can.mf4_log import mf4_messages

HEAD_BYTES = 2048
STANDARD_INPUT = "standard input"
FORMATS_READ = "candump (log and view), .asc, .blf, .trc, .csv of python-can, .mf4, each also .gz"
CONVERT = "python -m can.logconvert FILE FILE.log"
# What python-can logs of a file is named here.
logging.getLogger("can").addHandler(logging.NullHandler())

# What a malformed line makes python-can's readers of text raise.
_READER_ERRORS = (ValueError, LookupError, ArithmeticError, TypeError, NotImplementedError)
_CANDUMP, _BLF, _MF4 = "candump", "blf", "mf4"
_BY_SUFFIX = {f".{name}": name for name in ("asc", "trc", "csv", _BLF, _MF4)}
_NOTHING = re.compile(r"(?!)")
_SYMBOLIC = re.compile(r"\s*[\d.]+\s+\d+\s+[A-Za-z_]\w*(\(\w*\))?\s+[RT]x\s+d\b")
# In hexadecimal digits a byte has two; a line with one at its end was cut.
_CUT_BYTE = re.compile(r"\s\w+\s+(?:[0-9A-F]{2}\s+)+[0-9A-F]\s*$", re.IGNORECASE)
_ASC_TIME = re.compile(r"\s*(\d{1,12}\.\d{1,12})\s")


@dataclass(frozen=True)
class _TextFormat:
    """A format of lines that python-can reads.

    Args:
        reader: python-can's.
        passed_over: Lines that hold no frame and are no loss.
        restart: What the reader takes for its header when it begins in the middle of the file.
        header: Lines at the beginning that the reader takes for its header.
        event: Lines of other kinds than frames, in their exact forms: what is none of these may
            have been a frame.
        whole: What a line has whose frame is not cut or damaged, where the reader does not look.
    """

    reader: type[Any]
    passed_over: re.Pattern[str]
    restart: str = ""
    header: re.Pattern[str] = _NOTHING
    event: re.Pattern[str] = _NOTHING
    whole: re.Pattern[str] = re.compile("")


_TEXT_FORMATS = {
    "asc": _TextFormat(
        can.ASCReader,
        passed_over=re.compile(
            r"\s*(//|date\s|base\s|(no\s+)?internal|begin\s|end\s|[\d.]+\s+start of|$)",
            re.IGNORECASE,
        ),
        restart="\n",
        header=re.compile(r"\s*(//|date\s|base\s|(no\s+)?internal)", re.IGNORECASE),
        event=re.compile(
            r"\s*\d+\.\d+\s+(?:\d+\s+(?:(?:ErrorFrame|OverloadFrame)\b|Statistic:|J1939TP\s)"
            r"|CANFD\s+\d+\s+[RT]x\s+ErrorFrame\b|CAN\s+\d+\s+(?:Status:|Statistic:)|log\s"
            r"|(?:SV|SysVar|GPS[\w-]*|TFS|Comment|Trigger\w*|Statistic|Watermark):?(?:\s|$)|::\S"
            r"|(?:L\d+|Li\w*|Fr\w*|ETH|MOST\w*|M\d+|J1708|J1939TP|AFDX|A429|WLAN)\s|[A-Za-z_]\w*\s+:?=\s)",
            re.IGNORECASE,
        ),
    ),
    "trc": _TextFormat(
        can.TRCReader,
        passed_over=re.compile(r"\s*(;|$)"),
        event=re.compile(
            r"\s*\d+\)?\s+[\d.]+\s+(?:(?:\d+\s+)?(?:Warng|Error)|ST|E[CRV])\s"
            r"|\s*\d+\)\s+[\d.]+\s+FFFFFFFF\s+\d\s.*\bBUS[A-Z]+\s*$",
            re.IGNORECASE,
        ),
    ),
    "csv": _TextFormat(
        can.CSVReader,
        passed_over=re.compile(r"\s*(timestamp,|$)"),
        restart="timestamp\n",
        whole=re.compile(r".*,(?:[\w+/]{4})*+(?:[\w+/]{2}==|[\w+/]{3}=)?\s*$", re.ASCII),
    ),
}
_BY_CONTENT: Sequence[tuple[bytes, str]] = (
    (b"LOGG", _BLF),
    (b"MDF  ", _MF4),
)
_BY_FIRST_LINES: Sequence[tuple[re.Pattern[str], str]] = (
    (re.compile(r"\s*(date\s+\w+\s|base\s+(hex|dec)|// version \d)", re.IGNORECASE), "asc"),
    (re.compile(r"\s*;\$FILEVERSION|\s*;#{8}"), "trc"),
    (re.compile(r"timestamp,arbitration_id,"), "csv"),
    (re.compile(r"\s*\d+[.,]\d+\s+(\d+\s+\w+\s+[RT]x\s+[dr]\s|CANFD\s)", re.IGNORECASE), "asc"),
    (re.compile(r"\s*\([\d.:\- ]+\)\s+\S+\s+[0-9A-F]{3,8}(#|\s)", re.IGNORECASE), _CANDUMP),
)
_FOREIGN: Sequence[tuple[bytes, str, str]] = (
    (b"PK\x03\x04", "a zip archive", "unpack it"),
    (b"\xfd7zXZ", "compressed by xz", "unpack it with: xz -d"),
    (b"\x28\xb5\x2f\xfd", "compressed by zstd", "unpack it with: zstd -d"),
    (b"BZh", "compressed by bzip2", "unpack it with: bunzip2"),
    (b"SQLite format 3", "an SQLite database", f"convert it with: {CONVERT}"),
    (b"\x0a\x0d\x0d\x0a", "a pcapng capture", "take the log with: candump -L"),
    (b"\xd4\xc3\xb2\xa1", "a pcap capture", "take the log with: candump -L"),
)


def buffered_head(source: Any) -> tuple["io.BufferedReader[Any]", bytes]:
    """Return a stream of bytes with a buffer, and the first bytes, which stay in it."""
    buffered = source if isinstance(source, io.BufferedReader) else io.BufferedReader(source)
    return buffered, buffered.peek(HEAD_BYTES)[:HEAD_BYTES]


def read_log(source: BinaryIO, name: str, left_out: LeftOut) -> Iterator[LoggedFrame]:
    """Yield the data frames of a log as they are read.

    Args:
        source: A buffered stream of bytes, at its beginning.
        name: Of the file, for its ending, or `STANDARD_INPUT`.
        left_out: Takes what is left out.

    Raises:
        ConfigurationError: It is of a foreign format, or nothing of it is a frame.
        EnvironmentLacksError: MF4, and the extra is not installed.
    """
    # 1. Format.
    plain, head = buffered_head(source)
    suffixes = [suffix.lower() for suffix in Path(name).suffixes]
    unpacked = head.startswith(b"\x1f\x8b")
    stream: io.BufferedReader[Any] | gzip.GzipFile = plain
    if unpacked:
        stream = BoundedGzip(plain, name)
        suffixes = suffixes[:-1] if suffixes[-1:] == [".gz"] else suffixes
        try:
            head = stream.peek(HEAD_BYTES)[:HEAD_BYTES]
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise ConfigurationError(f"{name}: is a damaged gzip file: {error}") from error
    log_format = _format_of(name, head, (suffixes or [""])[-1])
    # 2. Frames.
    if log_format == _CANDUMP:
        frames = _candump_frames(lines_of(stream, head, left_out), left_out)
    elif log_format in _TEXT_FORMATS:
        lines = lines_of(stream, head, left_out)
        frames = _text_frames(_TEXT_FORMATS[log_format], lines, left_out)
    elif log_format == _BLF:
        frames = _binary_frames(BlfStream(stream, name, left_out).messages(), left_out)
    else:
        file = None if unpacked or name == STANDARD_INPUT else Path(name)
        frames = _binary_frames(mf4_messages(stream, name, file, left_out), left_out)
    for logged in frames:
        left_out.frames += 1
        left_out.untimed += not logged.timed
        yield logged
    # 3. What is left.
    left_out.conclude()
    if left_out.unreadable and not left_out.frames and not left_out.others:
        more = f" ({left_out.unreadable} in all)" if left_out.unreadable > 1 else ""
        raise ConfigurationError(
            f"{name}: nothing of it is a CAN frame; it was read as {log_format}",
            why=left_out.first + more,
            hint=f"read are: {FORMATS_READ}; others become one by: {CONVERT}",
        )


def _format_of(name: str, head: bytes, suffix: str) -> str:
    """Return the format that the first bytes show, else the ending of the name."""
    for magic, kind, cure in _FOREIGN:
        if head.startswith(magic):
            raise ConfigurationError(
                f"{name}: is {kind}, not a CAN log", why=f"read are: {FORMATS_READ}", hint=cure
            )
    for magic, log_format in _BY_CONTENT:
        if head.startswith(magic):
            return log_format
    text = head.decode(encoding_of(head), "replace")
    for pattern, log_format in _BY_FIRST_LINES:
        if pattern.match(text):
            return log_format
    log_format = _BY_SUFFIX.get(suffix, _CANDUMP)
    if not head:
        return _CANDUMP
    if log_format in {_BLF, _MF4}:
        raise ConfigurationError(
            f"{name}: is not the {log_format.upper()} file that its name says",
            why=f"it begins with {head[:8]!r}",
            hint="give it the ending of its format",
        )
    return log_format


def _candump_frames(lines: Iterable[tuple[int, str]], left_out: LeftOut) -> Iterator[LoggedFrame]:
    for number, line in lines:
        # candump -e explains an error frame in indented lines below it.
        if not line.strip() or line.startswith("\t"):
            continue
        try:
            logged = parse_line(line)
        except OtherFrameError as error:
            left_out.add_other(f"line {number}", str(error))
        except ValueError as error:
            left_out.add(f"line {number}", str(error), line)
        else:
            yield logged


class _Feed:
    """The lines of a log as the file of a reader, which begins anew behind a line that it refuses.

    Args:
        form: Of the log.
        lines: Numbers and texts.
        left_out: Takes lines that gave no frame.

    Attributes:
        number: Of the line that was handed out last.
        line: Its text.
        elapsed_s: Sum of the times at the beginnings of lines.
        settled: Whether it gave a frame, or was named.
        ended: Whether there is no further line.
    """

    def __init__(
        self, form: _TextFormat, lines: Iterator[tuple[int, str]], left_out: LeftOut
    ) -> None:
        self._form, self._lines, self._left_out = form, lines, left_out
        self._next: list[str] = []
        self._in_header = bool(form.header.pattern != _NOTHING.pattern)
        self.number, self.line, self.elapsed_s = 0, "", 0.0
        self.settled, self.ended = True, False

    def __iter__(self) -> "_Feed":
        return self

    def __next__(self) -> str:
        if self._next:
            return self._next.pop()
        if not self.settled:
            if self._form.event.match(self.line):
                self._left_out.add_other(f"line {self.number}", "event other than a frame")
            else:
                is_symbolic = _SYMBOLIC.match(self.line) is not None
                cause = "a message by its name, without an identifier" if is_symbolic else ""
                self._left_out.add(f"line {self.number}", cause or "not a frame", self.line)
        self.settled = self.ended = True
        self.number, self.line = next(self._lines)
        self.ended = False
        self.settled = self._form.passed_over.match(self.line) is not None
        if time := _ASC_TIME.match(self.line):
            self.elapsed_s += float(time[1])
        if self._in_header and not self._form.header.match(self.line):
            # The reader takes the first line after its header for a part of it.
            self._in_header = False
            self._next.append(self.line)
            return self._form.restart
        return self.line

    def restart(self) -> None:
        """Begin anew behind the line that was refused."""
        self.settled = True
        if self._form.restart:
            self._next.append(self._form.restart)

    def close(self) -> None:
        """The reader closes its file at the end; the stream is another's."""


def _text_frames(
    form: _TextFormat, lines: Iterator[tuple[int, str]], left_out: LeftOut
) -> Iterator[LoggedFrame]:
    feed = _Feed(form, lines, left_out)
    reader = form.reader(feed)
    messages = iter(reader)
    while True:
        try:
            message = next(messages)
        except StopIteration:
            return
        except _READER_ERRORS as error:
            if feed.ended:
                return
            place = f"line {feed.number}"
            if form.event.match(feed.line):
                left_out.add_other(place, "event other than a frame")
            elif _SYMBOLIC.match(feed.line):
                left_out.add(place, "a message by its name, without an identifier", feed.line)
            else:
                left_out.add(place, f"python-can cannot read it ({error})", feed.line)
            feed.restart()
            messages = iter(reader)
            continue
        feed.settled = True
        if getattr(reader, "timestamps_format", "") == "relative":
            message.timestamp = feed.elapsed_s
        lengths = {message.dlc, dlc2len(message.dlc)} if message.is_fd else set()
        lengths = lengths or {min(message.dlc, CLASSIC_LENGTH_MAXIMUM)}
        has_data = not (message.is_error_frame or message.is_remote_frame)
        if has_data and len(message.data) not in lengths:
            cause = f"{len(message.data)} of {message.dlc} bytes of data, as of a line that was cut"
            left_out.add(f"line {feed.number}", cause, feed.line)
            continue
        is_cut = getattr(reader, "base", "") == "hex" and _CUT_BYTE.search(feed.line)
        if has_data and (is_cut or not form.whole.match(feed.line)):
            left_out.add(f"line {feed.number}", "its data are damaged or cut", feed.line)
            continue
        yield from _logged(message, f"line {feed.number}", left_out)


def _binary_frames(messages: Iterable[can.Message], left_out: LeftOut) -> Iterator[LoggedFrame]:
    for number, message in enumerate(messages, start=1):
        yield from _logged(message, f"frame {number}", left_out)


def _logged(message: can.Message, place: str, left_out: LeftOut) -> Iterator[LoggedFrame]:
    """Yield the data frame of a message of python-can, or nothing."""
    if message.is_error_frame or message.is_remote_frame:
        left_out.add_other(place, "error frame" if message.is_error_frame else "remote frame")
        return
    channel = 0 if message.channel is None else message.channel
    if not math.isfinite(message.timestamp):
        left_out.add(place, "its time is not a number")
        return
    # What has more than 11 bits has 29; some programs do not mark it.
    message.is_extended_id |= message.arbitration_id > STANDARD_IDENTIFIER_MAXIMUM
    try:
        frame = from_message(message)
    except ValueError as error:
        left_out.add(place, str(error))
        return
    flags = BIT_RATE_SWITCH * message.bitrate_switch
    flags |= ERROR_STATE_INDICATOR * message.error_state_indicator
    name = channel if isinstance(channel, str) else f"can{channel}"
    yield LoggedFrame(message.timestamp, name, frame, flags if frame.fd else BIT_RATE_SWITCH)
