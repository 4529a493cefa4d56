"""Frames to python-can messages and back."""

from can import Message

from voltward.physical.can.frame import Frame


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
