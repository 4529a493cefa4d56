"""The hub and its python-can back end."""

import contextlib
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import can
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voltward.core.errors import ConfigurationError
from voltward.physical.can.frame import Frame
from voltward.physical.can.hub import HubServer
from voltward.physical.can.hub_bus import HubBus
from voltward.physical.can.message import (
    EXTENDED,
    FD,
    HELLO,
    OWN,
    RECORD,
    RECORD_BYTES,
    REMOTE,
    from_message,
    is_carried,
    pack_hello,
    to_message,
    unpack,
)

WAIT_S = 5.0

ECHO = """
import sys
from voltward.physical.can.hub_bus import HubBus
with HubBus(sys.argv[1], preserve_timestamps=True) as bus:
    sys.stdout.write("joined\\n")
    sys.stdout.flush()
    for _ in range(100):
        message = bus.recv(10.0)
        message.arbitration_id += 1
        bus.send(message)
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "bus"


@pytest.fixture
def hub(path):
    with HubServer(path) as server:
        yield server


def node(hub, **options):
    return can.Bus(interface="voltward-hub", channel=str(hub.path), **options)


def open_descriptors():
    return len(list(Path("/proc/self/fd").iterdir()))


def until(condition):
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_entry_point_gives_a_bus_that_sends_to_all_others(hub):
    with node(hub) as bms, node(hub) as gateway, node(hub) as charger:
        assert isinstance(bms, HubBus)
        frame = Frame(0x220, bytes(range(24)), fd=True)
        bms.send(to_message(frame))
        for other in (gateway, charger):
            received = other.recv(WAIT_S)
            assert from_message(received) == frame
            assert received.bitrate_switch
            assert received.is_rx
            assert abs(received.timestamp - time.time()) < WAIT_S
        assert bms.recv(0.0) is None


@pytest.mark.parametrize(
    "message",
    [
        can.Message(arbitration_id=0x7FF, is_extended_id=False, data=b""),
        can.Message(arbitration_id=0x1FFFFFFF, data=bytes(8)),
        can.Message(arbitration_id=1, is_extended_id=False, is_remote_frame=True, dlc=5),
        can.Message(is_error_frame=True),
        can.Message(arbitration_id=1, is_fd=True, data=bytes(64), error_state_indicator=True),
    ],
)
def test_every_kind_of_message_crosses_unchanged(hub, message):
    with node(hub) as sender, node(hub) as receiver:
        sender.send(message)
        assert receiver.recv(WAIT_S).equals(
            message, timestamp_delta=None, check_channel=False, check_direction=False
        )


def test_timeouts(hub):
    with node(hub) as bus:
        start = time.monotonic()
        assert bus.recv(0.05) is None
        assert 0.04 < time.monotonic() - start < WAIT_S
        assert bus.recv(0.0) is None


def test_filters(hub):
    wanted = [{"can_id": 0x220, "can_mask": 0x7F0, "extended": False}]
    with node(hub) as sender, node(hub, can_filters=wanted) as receiver:
        for identifier in (0x110, 0x225, 0x330, 0x22F):
            sender.send(to_message(Frame(identifier, b"")))
        assert [receiver.recv(WAIT_S).arbitration_id for _ in range(2)] == [0x225, 0x22F]
        assert receiver.recv(0.02) is None


def test_own_messages_come_back_on_wish_in_the_order_of_the_bus(hub):
    with node(hub, receive_own_messages=True) as first, node(hub) as second:
        first.send(to_message(Frame(1, b"")))
        assert second.recv(WAIT_S).arbitration_id == 1
        second.send(to_message(Frame(2, b"")))
        seen = [first.recv(WAIT_S) for _ in range(2)]
        assert [(m.arbitration_id, m.is_rx) for m in seen] == [(1, False), (2, True)]


def test_simulated_time_is_kept_on_wish(hub):
    with node(hub, preserve_timestamps=True) as sender, node(hub) as receiver:
        sender.send(to_message(Frame(1, b""), timestamp_s=12.5))
        assert receiver.recv(WAIT_S).timestamp == 12.5


def test_all_nodes_see_one_order(hub):
    with contextlib.ExitStack() as stack:
        senders = [stack.enter_context(node(hub)) for _ in range(2)]
        watchers = [stack.enter_context(node(hub)) for _ in range(2)]

        def chatter(index):
            for count in range(500):
                senders[index].send(to_message(Frame(index, count.to_bytes(2, "big"))))

        threads = [threading.Thread(target=chatter, args=(index,)) for index in range(2)]
        for thread in threads:
            thread.start()
        seen = [[from_message(bus.recv(WAIT_S)) for _ in range(1000)] for bus in watchers]
        for thread in threads:
            thread.join()
    assert seen[0] == seen[1]
    for index in range(2):
        numbers = [int.from_bytes(f.data, "big") for f in seen[0] if f.identifier == index]
        assert numbers == list(range(500))


def test_notifier_and_periodic_sending(hub):
    with node(hub) as sender, node(hub) as receiver:
        reader = can.BufferedReader()
        with can.Notifier(receiver, [reader], timeout=0.05):
            task = sender.send_periodic(to_message(Frame(5, b"\1")), 0.005)
            seen = [reader.get_message(WAIT_S) for _ in range(3)]
            task.stop()
        assert [message.arbitration_id for message in seen] == [5, 5, 5]


def test_descriptor_stays_readable_while_messages_wait(hub):
    with node(hub) as sender, node(hub) as receiver:
        for identifier in range(3):
            sender.send(to_message(Frame(identifier, b"")))
        assert receiver.recv(WAIT_S).arbitration_id == 0
        until(lambda: receiver.recv(0.0) is not None)
        assert receiver.fileno() >= 0
        assert receiver.recv(WAIT_S).arbitration_id == 2


def test_frames_cross_processes(hub):
    with (
        subprocess.Popen(
            [sys.executable, "-c", ECHO, str(hub.path)], stdout=subprocess.PIPE, text=True
        ) as echo,
        node(hub, preserve_timestamps=True) as bus,
    ):
        assert echo.stdout.readline() == "joined\n"
        for count in range(100):
            bus.send(to_message(Frame(2 * count, bytes([count])), timestamp_s=float(count)))
            answer = bus.recv(WAIT_S)
            assert answer.arbitration_id == 2 * count + 1
            assert answer.timestamp == count
        assert echo.wait(WAIT_S) == 0


def test_hub_as_a_process_ends_on_sigterm_and_leaves_nothing(path):
    command = [sys.executable, "-m", "voltward.physical.can.hub", "--socket", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline().startswith(f"listening {path}")
        with (
            HubBus(str(path)) as sender,
            HubBus(str(path)) as receiver,
        ):
            sender.send(to_message(Frame(7, b"")))
            assert receiver.recv(WAIT_S).arbitration_id == 7
            again = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
            assert again.returncode == 2
            assert "another hub" in again.stderr
        process.send_signal(signal.SIGTERM)
        assert process.wait(WAIT_S) == 0
    assert not path.exists()


def test_shutdown_is_final_and_repeatable(hub):
    bus = node(hub)
    until(lambda: hub.clients == 1)
    bus.shutdown()
    bus.shutdown()
    for use in (lambda: bus.recv(0.0), lambda: bus.send(to_message(Frame(1, b"")))):
        with pytest.raises(can.CanOperationError, match="shut down"):
            use()
    until(lambda: hub.clients == 0)


def test_a_hub_that_ends_is_noticed(path):
    with HubServer(path) as server:
        bus = HubBus(str(path))
    with contextlib.closing(bus._socket), pytest.raises(can.CanOperationError, match="gone"):
        bus.recv(WAIT_S)
    bus.shutdown()
    assert server.clients == 0


def test_no_hub_leaves_no_socket_open(path):
    before = open_descriptors()
    with pytest.raises(can.CanInitializationError, match="no hub answers"):
        HubBus(str(path))
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(path))
        silent.listen()
        with pytest.raises(can.CanInitializationError, match="timed out"):
            HubBus(str(path), connect_timeout_s=0.02)
    assert open_descriptors() == before


def test_start_and_stop_leave_nothing(path):
    before, threads = open_descriptors(), threading.active_count()
    for _ in range(3):
        with HubServer(path), HubBus(str(path)) as bus:
            assert path.stat().st_mode & 0o777 == 0o600
            bus.send(to_message(Frame(1, b"")))
        assert not path.exists()
    assert open_descriptors() == before
    assert threading.active_count() == threads


def test_abandoned_socket_is_replaced_and_other_files_are_kept(path, tmp_path):
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    with HubServer(path), HubBus(str(path)):
        pass
    file = tmp_path / "file"
    file.write_text("mine")
    with pytest.raises(ConfigurationError, match="not a socket"):
        HubServer(file).start()
    assert file.read_text() == "mine"
    with pytest.raises(ConfigurationError, match="80 bytes"):
        HubServer(tmp_path / ("x" * 200)).start()


def test_second_start_is_refused_and_stop_may_be_called_twice(path):
    with HubServer(path) as server:
        with pytest.raises(ConfigurationError, match="already running"):
            server.start()
        with pytest.raises(ConfigurationError, match="another hub"):
            HubServer(path).start()
        server.stop()
        server.stop()


def test_a_node_that_does_not_read_loses_frames_and_harms_nobody(hub, monkeypatch):
    monkeypatch.setattr("voltward.physical.can.hub.QUEUE_FRAMES", 100)
    with node(hub) as sender, node(hub) as sleeper, node(hub) as reader:
        count = 20_000
        seen = []

        def read():
            seen.extend(reader.recv(WAIT_S).arbitration_id for _ in range(count))

        thread = threading.Thread(target=read)
        thread.start()
        for index in range(count):
            sender.send(to_message(Frame(index, b"", extended=True)))
            while index - len(seen) > 50:
                time.sleep(0)
        thread.join()
        assert seen == list(range(count))
        late = []
        while (message := sleeper.recv(0.1)) is not None:
            late.append(message.arbitration_id)
        assert late == sorted(late)
        assert late[-1] == count - 1
        assert len(late) + hub.dropped == count
        assert hub.dropped > 0


def test_a_broken_client_does_not_stop_the_hub(hub):
    with socket.socket(socket.AF_UNIX) as broken:
        broken.connect(str(hub.path))
        broken.send(b"half a record")
    with socket.socket(socket.AF_UNIX) as reset:
        reset.connect(str(hub.path))
        reset.sendall(pack_hello(wants_own=False))
    with node(hub) as sender, node(hub) as receiver:
        sender.send(to_message(Frame(3, b"")))
        assert receiver.recv(WAIT_S).arbitration_id == 3


@pytest.mark.parametrize(
    ("identifier", "flags", "length", "data"),
    [
        (0x800, 0, 0, b""),  # 12 bits
        (0x2000_0000, EXTENDED, 0, b""),  # 30 bits
        (1, 0, 9, bytes(9)),  # too long for a classic frame
        (1, FD, 9, bytes(9)),  # no data length code
        (1, FD, 255, bytes(64)),  # more than a record holds
        (1, 0, 2, b"abc"),  # bytes behind the end
        (1, REMOTE, 12, b""),
        (1, REMOTE | FD, 0, b""),
        (1, 1 << 12, 0, b""),  # an unknown flag
        (1, OWN, 0, b""),  # set by the hub only
        (0, HELLO, 0, b""),  # a second greeting
    ],
)
def test_a_record_that_no_bus_carries_is_counted_and_dropped(hub, identifier, flags, length, data):
    with node(hub) as sender, node(hub) as receiver:
        sender._socket.sendall(RECORD.pack(0.0, identifier, flags, length, data))
        sender.send(to_message(Frame(3, b"")))
        assert receiver.recv(WAIT_S).arbitration_id == 3
        assert hub.malformed == 1


@given(st.lists(st.binary(min_size=RECORD_BYTES, max_size=RECORD_BYTES), max_size=20))
def test_any_record_is_counted_or_a_frame_of_python_can(records):
    carried = [record for record in records if is_carried(record)]
    for record in carried:
        message = unpack(record, "bus")
        assert message.is_remote_frame or message.is_error_frame or from_message(message)


def test_no_more_than_a_number_of_clients_is_accepted(hub, monkeypatch):
    monkeypatch.setattr("voltward.physical.can.hub.CLIENTS_MAXIMUM", 2)
    with node(hub), node(hub), pytest.raises(can.CanInitializationError, match="no hub answers"):
        node(hub)
    until(lambda: hub.clients == 0)
    with node(hub):
        assert hub.clients == 1


def test_a_path_of_any_length_has_an_address(tmp_path):
    folder = tmp_path / ("x" * 100) / ("y" * 100)
    folder.mkdir(parents=True)
    with HubServer(folder / "bus") as server, node(server) as sender, node(server) as receiver:
        sender.send(to_message(Frame(3, b"")))
        assert receiver.recv(WAIT_S).arbitration_id == 3
        with pytest.raises(ConfigurationError, match="another hub"):
            HubServer(folder / "bus").start()
    assert list(folder.iterdir()) == []


def test_sending_times_out_when_nobody_takes(path, monkeypatch):
    with socket.socket(socket.AF_UNIX) as stuck:
        stuck.bind(str(path))
        stuck.listen()
        monkeypatch.setattr(HubBus, "_join", _join_without_answer)
        with HubBus(str(path)) as bus, pytest.raises(can.CanTimeoutError, match="no space"):
            send_many(bus, 100_000)


def send_many(bus, count):
    for _ in range(count):
        bus.send(to_message(Frame(1, b"")), timeout=0.01)


def _join_without_answer(bus, timeout_s, *, wants_own):
    bus._socket.connect(bus._path)
    bus._socket.setblocking(False)
