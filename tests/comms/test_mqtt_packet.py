import pytest
from hypothesis import given
from hypothesis import strategies as st

from voltward.comms.mqtt_packet import PacketError, PacketSplitter, rewrite_publish


def publish(topic: str, payload: bytes, quality: int) -> bytes:
    """Write a PUBLISH by the standard: topic, identifier with QoS above 0, no properties."""
    name = topic.encode()
    body = len(name).to_bytes(2) + name + (b"\x00\x07" if quality else b"") + b"\x00" + payload
    length, head = len(body), bytearray([0x30 | quality << 1])
    while True:
        length, low = divmod(length, 128)
        head.append(low | (0x80 if length else 0))
        if not length:
            return bytes(head) + body


PACKETS = st.lists(
    st.builds(publish, st.text(max_size=5), st.binary(max_size=300), st.integers(0, 2)), max_size=5
)


@given(PACKETS, st.integers(1, 50))
def test_packets_come_whole_however_the_bytes_are_cut(packets, size):
    stream, splitter, found = b"".join(packets), PacketSplitter(), []
    for start in range(0, len(stream), size):
        found += splitter.feed(stream[start : start + size])
    assert found == packets


@given(st.text(max_size=5), st.binary(max_size=300), st.integers(0, 2), st.binary(max_size=300))
def test_only_the_payload_is_replaced(topic, payload, quality, new):
    seen = []

    def rewrite(name: str, old: bytes) -> bytes:
        seen.append((name, old))
        return new

    assert rewrite_publish(publish(topic, payload, quality), rewrite) == publish(
        topic, new, quality
    )
    assert seen == [(topic, payload)]


def test_other_packets_pass_unchanged():
    ping = b"\xc0\x00"
    assert rewrite_publish(ping, lambda _topic, _payload: b"changed") == ping


def test_bytes_that_are_no_mqtt_are_told_apart():
    with pytest.raises(PacketError):
        PacketSplitter().feed(b"\x30\xff\xff\xff\xff\xff")
    with pytest.raises(PacketError):
        rewrite_publish(b"\x30\x05\x00\x02ab", lambda _topic, payload: payload)
    with pytest.raises(PacketError):
        rewrite_publish(b"\x30\x04\x00\x01\xff\x00", lambda _topic, payload: payload)
