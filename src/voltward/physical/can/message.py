"""A python-can message in its other forms: a frame, and a record of the hub's protocol.

A record has a fixed size, so that a stream of them is cut without a look at the content. The first
record of each side is a greeting.
"""

import struct

from can import Message

from voltward.physical.can.frame import Frame

RECORD = struct.Struct("<dIHBx64s")  # time stamp, identifier, flags, length, data
RECORD_BYTES = RECORD.size

EXTENDED = 1 << 0
FD = 1 << 1
BIT_RATE_SWITCH = 1 << 2
ERROR_STATE = 1 << 3
REMOTE = 1 << 4
ERROR_FRAME = 1 << 5
OWN = 1 << 6  # set by the hub on a sender's own message
HELLO = 1 << 7  # first record of each side
WANTS_OWN = 1 << 8  # with HELLO: the sender wants its own messages too
OF_A_MESSAGE = EXTENDED | FD | BIT_RATE_SWITCH | ERROR_STATE | REMOTE | ERROR_FRAME


def to_message(frame: Frame, timestamp_s: float = 0.0) -> Message:
    """Return a frame as python-can sends it; FD frames switch to the data bit rate.

    Args:
        frame: What to send.
        timestamp_s: Seconds since the epoch, or of the simulation.
    """
    return Message(
        timestamp=timestamp_s,
        arbitration_id=frame.identifier,
        is_extended_id=frame.extended,
        is_fd=frame.fd,
        bitrate_switch=frame.fd,
        data=frame.data,
        check=True,
    )


def from_message(message: Message) -> Frame:
    """Return the frame of a python-can message.

    Raises:
        ValueError: A remote or error frame, which carry no data.
    """
    if message.is_remote_frame or message.is_error_frame:
        raise ValueError("remote and error frames carry no data")
    return Frame(message.arbitration_id, bytes(message.data), message.is_extended_id, message.is_fd)


def pack(message: Message, timestamp_s: float) -> bytes:
    """Return the record of a message with the time stamp given."""
    flags = (
        EXTENDED * message.is_extended_id
        | FD * message.is_fd
        | BIT_RATE_SWITCH * message.bitrate_switch
        | ERROR_STATE * message.error_state_indicator
        | REMOTE * message.is_remote_frame
        | ERROR_FRAME * message.is_error_frame
    )
    length = message.dlc if message.is_remote_frame else len(message.data)
    return RECORD.pack(timestamp_s, message.arbitration_id, flags, length, bytes(message.data))


def pack_hello(*, wants_own: bool) -> bytes:
    """Return the record that opens a connection."""
    return RECORD.pack(0.0, 0, HELLO | (WANTS_OWN if wants_own else 0), 0, b"")


def flags_of(record: bytes | bytearray | memoryview) -> int:
    """Return the flags of a record."""
    flags: int = RECORD.unpack(record)[2]
    return flags


def is_carried(record: bytes) -> bool:
    """Return whether a record holds a message that a CAN bus carries."""
    _, identifier, flags, length, data = RECORD.unpack(record)
    if flags & ~OF_A_MESSAGE or any(data[length:]):
        return False
    try:
        # A remote frame asks for so many bytes and has none.
        payload = bytes(length) if flags & REMOTE else data[:length]
        Frame(identifier, payload, bool(flags & EXTENDED), bool(flags & FD))
    except ValueError:
        return False
    return length <= len(data) and not (flags & REMOTE and flags & FD)


def marked_own(record: bytes) -> bytes:
    """Return the record with the mark of a sender's own message."""
    timestamp, identifier, flags, length, data = RECORD.unpack(record)
    return RECORD.pack(timestamp, identifier, flags | OWN, length, data)


def unpack(record: bytes | bytearray, channel: str) -> Message:
    """Return the message of a record."""
    timestamp, identifier, flags, length, data = RECORD.unpack(record)
    remote = bool(flags & REMOTE)
    return Message(
        timestamp=timestamp,
        arbitration_id=identifier,
        is_extended_id=bool(flags & EXTENDED),
        is_remote_frame=remote,
        is_error_frame=bool(flags & ERROR_FRAME),
        is_fd=bool(flags & FD),
        bitrate_switch=bool(flags & BIT_RATE_SWITCH),
        error_state_indicator=bool(flags & ERROR_STATE),
        is_rx=not flags & OWN,
        dlc=length,
        data=None if remote else data[:length],
        channel=channel,
    )
