"""Lines of candump: its log (`candump -L`, `-l`) and its view on the screen, one frame a line.

python-can's reader takes odd digits for data and ends at a remote frame with a length, and it does
not know the view; a filter must name what it leaves out. So lines are parsed here:

    (1436509052.249713) can0 123#DEADBEEF        log; ##FDATA for CAN FD with its flags F
    (1436509052.249713)  can0  123   [4]  DE AD BE EF   '....'

Marks of direction and of a raw length code (`_E`) are passed over.

Source: can-utils, `lib.h` (form of frames) and `candump.c` (times, direction, view).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from voltward.physical.can.frame import CLASSIC_LENGTH_MAXIMUM, Frame

BIT_RATE_SWITCH = 1
ERROR_STATE_INDICATOR = 2
ERROR_FLAG = 0x2000_0000  # in the identifier of an error frame
EXTENDED_FLAG = 0x8000_0000  # raw identifiers of SocketCAN have it
_IDENTIFIER = r"(?P<identifier>[0-9A-Fa-f]{3}|[0-9A-Fa-f]{8})"
_LOG = re.compile(
    rf"\((?P<time>[^()]{{1,40}})\)\s+(?P<channel>[^\s\x00-\x1f\x7f]+)\s+{_IDENTIFIER}"
    r"#(?:(?P<remote>[Rr][0-9A-Fa-f]?)|#(?P<flags>[0-9A-Fa-f]))?(?P<data>[0-9A-Fa-f.]*)"
    r"(?P<length_code>_[0-9A-Fa-f])?(?:\s+[RTrt])?"
)
_VIEW = re.compile(
    rf"(?:\((?P<time>[^()]{{1,40}})\)\s+)?(?P<channel>[^\s\x00-\x1f\x7f]+)\s+(?:[RT]X\s+[B-]\s+[E-]\s+)?"
    rf"{_IDENTIFIER}\s+(?:\[(?P<length>\d{{1,2}})\]|\{{(?P<length_code>[0-9A-F])\}})\s*(?P<rest>.*)"
)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_ALMOST = re.compile(r"\([\d.]+\)\s+\S+\s+[0-9A-Fa-f]{3,8}#.*")


@dataclass(frozen=True)
class LoggedFrame:
    """One frame of a log.

    Args:
        timestamp_s: Seconds, as the log counts them; to the microsecond.
        channel: Name of the bus.
        frame: What was seen.
        fd_flags: Of a CAN FD frame: 1 bit rate switch, 2 error state indicator.
        timed: Whether the log gives the time; else it is 0.
    """

    timestamp_s: float
    channel: str
    frame: Frame
    fd_flags: int = BIT_RATE_SWITCH
    timed: bool = True


class OtherFrameError(ValueError):
    """A frame without data: an error frame or a remote frame."""


def parse_line(text: str) -> LoggedFrame:
    """Return the data frame in one line.

    Args:
        text: The line.

    Raises:
        OtherFrameError: It is an error frame or a remote frame.
        ValueError: It is no frame; the text says why.
    """
    line = _COLOUR.sub("", text).strip()
    for form, read in _FORMS:
        match = form.fullmatch(line)
        if match is not None:
            return read(match)
    if not line.strip("\0"):
        raise ValueError("zero bytes, as of a logger that lost power")
    if _ALMOST.fullmatch(line):
        raise ValueError("its data are not pairs of hexadecimal digits, as of a line that was cut")
    raise ValueError("not a candump line")


def format_line(logged: LoggedFrame) -> str:
    """Return one line of a log without its end."""
    frame = logged.frame
    digits = 8 if frame.extended else 3
    mark = f"##{logged.fd_flags:X}" if frame.fd else "#"
    return (
        f"({logged.timestamp_s:.6f}) {logged.channel} "
        f"{frame.identifier:0{digits}X}{mark}{frame.data.hex().upper()}"
    )


def _of_log(match: re.Match[str]) -> LoggedFrame:
    identifier, extended = _identifier(match["identifier"])
    if match["remote"]:
        raise OtherFrameError("remote frame")
    digits = match["data"].replace(".", "")
    if len(digits) % 2:
        raise ValueError("an odd number of hexadecimal digits, as of a line that was cut")
    fd = match["flags"] is not None
    frame = Frame(identifier, bytes.fromhex(digits), extended, fd)
    flags = int(match["flags"], 16) if fd else BIT_RATE_SWITCH
    return LoggedFrame(_time_s(match["time"]), match["channel"], frame, flags)


def _of_view(match: re.Match[str]) -> LoggedFrame:
    rest = match["rest"]
    if rest.endswith("ERRORFRAME"):
        raise OtherFrameError("error frame")
    identifier, extended = _identifier(match["identifier"])
    if rest.startswith("remote request"):
        raise OtherFrameError("remote frame")
    # CAN FD has its length in two digits; a raw length code stands for 8 bytes.
    fd = match["length"] is not None and len(match["length"]) == 2
    length = int(match["length"] or CLASSIC_LENGTH_MAXIMUM)
    swapped = "`" in rest.split("'")[0].split('"')[0]
    words = rest.replace("`", " ").split()
    words, more = words[:length], words[length : length + 1]
    bits = bool(words) and len(words[0]) == 8
    pattern = r"[01]{8}" if bits else r"[0-9A-Fa-f]{2}"
    if len(words) < length or not all(re.fullmatch(pattern, word) for word in words):
        raise ValueError(f"not {length} bytes of data, as of a line that was cut")
    if more and re.fullmatch(pattern, more[0]):
        raise ValueError(f"more than the {length} bytes of data that its length says")
    data = bytes(int(word, 2 if bits else 16) for word in words)
    frame = Frame(identifier, data[::-1] if swapped else data, extended, fd)
    timed = match["time"] is not None
    time_s = _time_s(match["time"]) if timed else 0.0
    return LoggedFrame(time_s, match["channel"], frame, timed=timed)


_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], LoggedFrame]], ...] = (
    (_LOG, _of_log),
    (_VIEW, _of_view),
)


def _identifier(digits: str) -> tuple[int, bool]:
    number, extended = int(digits, 16), len(digits) == 8
    if number & ERROR_FLAG:
        raise OtherFrameError("error frame")
    return number & ~EXTENDED_FLAG, extended


def _time_s(text: str) -> float:
    """Return seconds from digits, or since 1970 from a date, which is taken as UTC."""
    if re.fullmatch(r"-?\d{1,20}(\.\d*)?", text.strip()):
        return float(text)
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise ValueError(f"'{text}' is not a time in seconds or a date") from None
