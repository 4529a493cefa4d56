"""The bus model against the standard and against published attacks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voltward.physical.can.bus_model import (
    ErrorCounters,
    NodeState,
    Outcome,
    Transmission,
    arbitration_key,
    simulate,
)
from voltward.physical.can.frame import FD_LENGTHS, Frame
from voltward.physical.can.frame_time import (
    BitRate,
    classic_bits,
    classic_bits_bounds,
    crc_15,
    fd_bits_maximum,
    frame_time_s,
)

RATE = BitRate()


def every(node, frame, period_s, count, first_s=0.0):
    return [Transmission(node, frame, first_s + index * period_s) for index in range(count)]


def test_frame_bounds_are_those_of_davis_2007():
    assert classic_bits_bounds(8) == (111, 135)
    assert classic_bits_bounds(8, extended=True) == (131, 160)
    assert classic_bits_bounds(0) == (47, 55)


@given(data=st.binary(max_size=8), identifier=st.integers(0, 0x1FFF_FFFF), extended=st.booleans())
def test_exact_length_lies_within_the_bounds(data, identifier, extended):
    frame = Frame(identifier if extended else identifier & 0x7FF, data, extended)
    low, high = classic_bits_bounds(len(data), extended=extended)
    assert low <= classic_bits(frame) <= high


def test_stuffing_is_counted():
    # Identifier 0, no data: start, 11, RTR, IDE, r0 and 4 length bits are 19 zeros; their CRC is 0
    # as well, so 34 equal bits take a stuff bit after each five.
    assert crc_15([0] * 19) == 0
    assert classic_bits(Frame(0, b"")) == 47 + 6
    assert classic_bits(Frame(0x555, b"\x55" * 8)) < classic_bits(Frame(0, bytes(8)))


def test_crc_15_finds_every_error_of_up_to_five_bits_in_a_sample():
    bits = [0, *([1, 0, 0, 1, 1] * 16)]
    reference = crc_15(bits)
    for shift in range(1, 70, 7):
        changed = list(bits)
        for step in (0, 1, 3, 4, 9):
            changed[shift + step] ^= 1
        assert crc_15(changed) != reference


def test_crc_15_of_a_message_followed_by_its_crc_is_zero():
    bits = [0, 1, 1, 0, 1, 0, 0, 1, 1, 1, 0]
    check = crc_15(bits)
    assert crc_15(bits + [(check >> shift) & 1 for shift in range(14, -1, -1)]) == 0


def test_saturated_classic_bus_carries_about_4000_frames_a_second():
    flood = every("ATTACKER", Frame(0x000, bytes(range(8))), 0.0, 6000)
    trace = simulate(flood, duration_s=1.0)
    assert 3700 <= len(trace.events) <= 4510
    assert len(trace.events) == pytest.approx(4000, rel=0.12)


@given(length=st.sampled_from(FD_LENGTHS), extended=st.booleans())
def test_fd_frames_are_bounded_and_grow(length, extended):
    nominal, data = fd_bits_maximum(Frame(1, bytes(length), extended, fd=True))
    assert nominal >= 29
    assert data >= 5 + 8 * length + 28
    assert frame_time_s(Frame(1, bytes(length), extended, fd=True), RATE) == pytest.approx(
        nominal / 500e3 + data / 2e6
    )


def test_fd_frame_of_64_bytes_by_hand():
    # Nominal: 17 to the bit-rate switch, 4 stuff, 12 tail. Data: 5 header, 512 payload, 129 stuff
    # over the 534 bits less those 4, 4 stuff count, 21 CRC, 7 fixed stuff, 1 delimiter.
    assert fd_bits_maximum(Frame(1, bytes(64), fd=True)) == (33, 5 + 512 + 129 + 33)


def test_lowest_identifier_wins_and_standard_beats_extended():
    standard = Frame(0x123, b"")
    extended = Frame(0x123 << 18, b"", extended=True)
    lower = Frame(0x122 << 18 | 0x3FFFF, b"", extended=True)
    assert sorted([extended, standard, lower], key=arbitration_key) == [lower, standard, extended]
    trace = simulate(
        [Transmission("A", extended, 0.0), Transmission("B", standard, 0.0)], duration_s=1.0
    )
    assert [event.transmission.node for event in trace.events] == ["B", "A"]
    assert trace.events[1].waited_s == pytest.approx(frame_time_s(standard, RATE))


def test_a_frame_on_the_wire_is_not_interrupted():
    low, high = Frame(0x700, bytes(8)), Frame(0x001, bytes(8))
    trace = simulate([Transmission("A", low, 0.0), Transmission("B", high, 1e-5)], duration_s=1.0)
    assert [event.transmission.frame for event in trace.events] == [low, high]


def test_flooding_with_identifier_zero_starves_everybody():
    flood = every("ATTACKER", Frame(0x000, bytes(8)), 0.0, 500)
    honest = every("BMS", Frame(0x220, bytes(8)), 0.01, 10)
    trace = simulate(flood + honest, duration_s=0.1)
    assert not [event for event in trace.events if event.transmission.node == "BMS"]
    assert [item.node for item in trace.unsent].count("BMS") == 10
    quiet = simulate(honest, duration_s=0.2)
    assert len(quiet.events) == 10
    assert quiet.unsent == ()


@given(
    wishes=st.lists(
        st.tuples(
            st.sampled_from("ABC"),
            st.integers(0, 0x7FF),
            st.integers(0, 8),
            st.floats(0, 0.01),
        ),
        max_size=30,
    )
)
def test_frames_are_conserved_and_never_overlap(wishes):
    sent = [Transmission(n, Frame(i, bytes(size)), t) for n, i, size, t in wishes]
    trace = simulate(sent, duration_s=0.005)
    assert sorted(map(repr, [e.transmission for e in trace.events] + list(trace.unsent))) == sorted(
        map(repr, sent)
    )
    for before, after in zip(trace.events, trace.events[1:], strict=False):
        assert after.start_s >= before.end_s
    assert all(event.waited_s >= 0 for event in trace.events)
    assert trace == simulate(sent, duration_s=0.005)


def test_states_follow_the_counters():
    assert ErrorCounters(127, 127).state is NodeState.ERROR_ACTIVE
    assert ErrorCounters(128, 0).state is NodeState.ERROR_PASSIVE
    assert ErrorCounters(0, 128).state is NodeState.ERROR_PASSIVE
    assert ErrorCounters(255, 0).state is NodeState.ERROR_PASSIVE
    assert ErrorCounters(256, 0).state is NodeState.BUS_OFF


@pytest.mark.parametrize(
    ("before", "sent", "destroyed", "after"),
    [
        (ErrorCounters(), True, True, ErrorCounters(8, 0)),
        (ErrorCounters(8, 3), True, False, ErrorCounters(7, 3)),
        (ErrorCounters(), True, False, ErrorCounters()),
        (ErrorCounters(), False, True, ErrorCounters(0, 1)),
        (ErrorCounters(0, 140), False, False, ErrorCounters(0, 127)),
        (ErrorCounters(), False, False, ErrorCounters()),
    ],
)
def test_counters_change_as_in_iso_11898(before, sent, destroyed, after):
    assert before.after(sent=sent, destroyed=destroyed) == after


def test_32_hits_put_a_node_off_the_bus_as_in_cho_and_shin():
    victim = Transmission("BMS", Frame(0x220, bytes(8)), 0.0)
    trace = simulate(
        [victim], duration_s=1.0, hits=lambda t, _: t.node == "BMS", listeners=["GATEWAY"]
    )
    assert len(trace.events) == 32
    assert all(event.outcome is Outcome.DESTROYED for event in trace.events)
    passive = [event for event in trace.events if event.transmit_errors > 127]
    assert len(trace.events) - len(passive) == 15  # the 16th makes it passive
    assert trace.counters["BMS"].state is NodeState.BUS_OFF
    assert trace.counters["GATEWAY"] == ErrorCounters(0, 32)
    assert trace.unsent == (victim,)
    assert 1e-3 < trace.bus_off_s["BMS"] < 10e-3  # in milliseconds


def test_31_hits_do_not():
    victim = Transmission("BMS", Frame(0x220, bytes(8)), 0.0)
    trace = simulate([victim], duration_s=1.0, hits=lambda _, attempt: attempt < 31)
    assert trace.counters["BMS"] == ErrorCounters(247, 0)
    assert trace.events[-1].outcome is Outcome.SENT
    assert not trace.bus_off_s


def test_hits_of_40_percent_suffice_and_of_one_in_ten_do_not():
    # Rogers and Rasmussen, arXiv 2201.06362: 40 % is enough; the drift +8 p - (1 - p) is
    # positive above p = 1/9.
    wishes = every("BMS", Frame(0x220, bytes(8)), 1e-3, 400)
    often = simulate(wishes, duration_s=1.0, hits=lambda _, attempt: attempt % 5 in (0, 2))
    assert "BMS" in often.bus_off_s
    seldom = simulate(wishes, duration_s=1.0, hits=lambda _, attempt: attempt % 10 == 0)
    assert not seldom.bus_off_s
    assert len([e for e in seldom.events if e.outcome is Outcome.SENT]) == 400


def test_other_traffic_goes_on_and_a_passive_sender_waits():
    wishes = [
        *every("BMS", Frame(0x100, bytes(8)), 0.0, 2),
        *every("GATEWAY", Frame(0x700, bytes(8)), 0.0, 40),
    ]
    trace = simulate(wishes, duration_s=1.0, hits=lambda t, _: t.node == "BMS")
    senders = [event.transmission.node for event in trace.events]
    assert senders[:16] == ["BMS"] * 16  # active: it repeats at once and wins
    assert senders[16] == "GATEWAY"  # passive: it suspends and others go first
    assert senders.count("GATEWAY") == 40


def test_recovery_takes_128_times_11_bits():
    victim = Transmission("BMS", Frame(0x220, bytes(8)), 0.0)
    trace = simulate([victim], duration_s=1.0, hits=lambda _, attempt: attempt < 32, recovers=True)
    last = trace.events[-1]
    assert last.outcome is Outcome.SENT
    assert last.start_s - trace.bus_off_s["BMS"] == pytest.approx(1408 / 500e3)
    assert trace.unsent == ()
