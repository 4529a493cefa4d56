"""Lines of candump logs, as `candump -L` of can-utils writes them.

python-can's reader accepts odd digits and skips unknown lines; a filter must name the bad line, and
so the two formats are parsed here.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from voltward.core.errors import ConfigurationError
from voltward.physical.can.frame import Frame

FORMAT = "expected '(SECONDS) CHANNEL ID#DATA' or, for CAN FD, '(SECONDS) CHANNEL ID##FDATA'"
BIT_RATE_SWITCH = "1"
_LINE = re.compile(
    r"\((?P<time>\d+(?:\.\d+)?)\)\s+(?P<channel>\S+)\s+"
    r"(?P<identifier>[0-9A-Fa-f]{3}|[0-9A-Fa-f]{8})"
    r"(?:#(?P<data>(?:[0-9A-Fa-f]{2})*)|##[0-9A-Fa-f](?P<fd_data>(?:[0-9A-Fa-f]{2})*))"
    r"(?:\s+[RTrt])?"
)


@dataclass(frozen=True)
class LoggedFrame:
    """One line of a log.

    Args:
        timestamp_s: Seconds since the epoch, to the microsecond.
        channel: Name of the bus.
        frame: What was seen.
    """

    timestamp_s: float
    channel: str
    frame: Frame


def parse_line(text: str, line_number: int) -> LoggedFrame:
    """Return the frame in one line; flags of FD frames and the direction mark are not kept.

    Args:
        text: The line.
        line_number: For the error message, from 1.

    Raises:
        ConfigurationError: The line is not a data frame; the message names number and text.
    """
    shown = text.strip()
    match = _LINE.fullmatch(shown)
    if match is None:
        raise ConfigurationError(
            f"line {line_number}: not a candump data frame: {shown!r}",
            why=FORMAT + ", an even number of hexadecimal digits",
            hint="remote frames are not supported",
        )
    fd = match["fd_data"] is not None
    try:
        frame = Frame(
            identifier=int(match["identifier"], 16),
            data=bytes.fromhex(match["fd_data"] if fd else match["data"]),
            extended=len(match["identifier"]) == 8,
            fd=fd,
        )
    except ValueError as error:
        raise ConfigurationError(
            f"line {line_number}: not a valid CAN frame: {shown!r}", why=str(error)
        ) from error
    return LoggedFrame(float(match["time"]), match["channel"], frame)


def parse_lines(lines: Iterable[str]) -> Iterator[LoggedFrame]:
    """Yield the frames of a log; empty lines are skipped.

    Raises:
        ConfigurationError: At the first line that is not a data frame.
    """
    for line_number, text in enumerate(lines, start=1):
        if text.strip():
            yield parse_line(text, line_number)


def format_line(logged: LoggedFrame) -> str:
    """Return one line without its end; FD frames carry the bit-rate-switch flag."""
    frame = logged.frame
    digits = 8 if frame.extended else 3
    mark = f"##{BIT_RATE_SWITCH}" if frame.fd else "#"
    return (
        f"({logged.timestamp_s:.6f}) {logged.channel} "
        f"{frame.identifier:0{digits}X}{mark}{frame.data.hex().upper()}"
    )
