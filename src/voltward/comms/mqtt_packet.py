"""As much of MQTT 5 as a man in the middle needs: packet boundaries, and the payload of PUBLISH.

Source: OASIS MQTT 5.0, sections 2.1 (fixed header), 1.5.5 (variable byte integer), 3.3 (PUBLISH).
"""

from collections.abc import Callable

PUBLISH = 3
_LENGTH_BYTES = 4

Rewrite = Callable[[str, bytes], bytes]


class PacketError(ValueError):
    """Bytes that are not MQTT packets."""


class PacketSplitter:
    """Cuts a stream of bytes into complete packets."""

    def __init__(self) -> None:
        self._received = bytearray()

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the packets that are now complete.

        Raises:
            PacketError: A length of more than four bytes.
        """
        self._received += chunk
        packets = []
        while len(self._received) >= 2:
            body = _variable_integer(self._received, 1)
            if body is None or len(self._received) < body[1] + body[0]:
                break
            end = body[1] + body[0]
            packets.append(bytes(self._received[:end]))
            del self._received[:end]
        return packets


def rewrite_publish(packet: bytes, rewrite: Rewrite) -> bytes:
    """Return a PUBLISH packet with its payload replaced, and any other packet as it is.

    Args:
        packet: One complete packet.
        rewrite: From topic and payload to the new payload.

    Raises:
        PacketError: The packet is too short, or its topic is not text.
    """
    if packet[0] >> 4 != PUBLISH:
        return packet
    header = _variable_integer(packet, 1)
    if header is None:
        raise PacketError("a packet without its length")
    start = header[1]
    topic_end = start + 2 + int.from_bytes(packet[start : start + 2])
    try:
        topic = packet[start + 2 : topic_end].decode()
    except UnicodeDecodeError as error:
        raise PacketError("a topic that is not UTF-8") from error
    quality = packet[0] >> 1 & 3
    properties = _variable_integer(packet, topic_end + (2 if quality else 0))
    if properties is None or properties[1] + properties[0] > len(packet):
        raise PacketError("a PUBLISH that is too short")
    payload_start = properties[1] + properties[0]
    body = packet[start:payload_start] + rewrite(topic, packet[payload_start:])
    return packet[:1] + _as_variable_integer(len(body)) + body


def _variable_integer(data: bytes | bytearray, start: int) -> tuple[int, int] | None:
    """Return the value and the position after it, or None while bytes of it are missing."""
    value = 0
    for index, byte in enumerate(data[start : start + _LENGTH_BYTES]):
        value |= (byte & 0x7F) << (7 * index)
        if not byte & 0x80:
            return value, start + index + 1
    if len(data) - start >= _LENGTH_BYTES:
        raise PacketError("a length of more than four bytes")
    return None


def _as_variable_integer(value: int) -> bytes:
    encoded = bytearray()
    while True:
        value, low = value >> 7, value & 0x7F
        encoded.append(low | (0x80 if value else 0))
        if not value:
            return bytes(encoded)
