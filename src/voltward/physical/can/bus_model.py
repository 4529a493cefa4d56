"""A deterministic CAN bus: arbitration, frame times, retransmission and bus-off, in simulated time.

Flooding is a list of transmissions with a low identifier; a bus-off attack is a `hits` rule that
says which transmissions an attacker destroys.

1. Transmissions that are ready enter the queue of their node.
2. Of the nodes that may send, the one with the lowest identifier wins arbitration.
3. Its frame takes its time on the bus, or is destroyed; every node's error counters change.
4. The counters say when the sender may start again, or that it is off the bus.

Source: ISO 11898-1:2015. Times are in `frame_time`. Fault confinement: +8 for each transmit error,
    -1 for each success, passive above 127, bus-off above 255; Cho and Shin, "Error handling of
    in-vehicle networks makes them vulnerable", CCS 2016, who force a node off the bus with 32
    transmit errors.
Limits: one bit error per destroyed frame, at a stated bit; all nodes see the same bus (no
propagation delay, no sampling); the attacker's own counters are not modelled, because the attacker
drives the bus below the controller, as in Rogers and Rasmussen, arXiv 2201.06362. Equal identifiers
of two nodes do not collide, the earlier goes first. A recovering node is away for the shortest time
allowed.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from heapq import heapify, heappop, heappush

from voltward.physical.can.frame import Frame
from voltward.physical.can.frame_time import INTERMISSION_BITS, BitRate, frame_time_s

TRANSMIT_ERROR_STEP = 8
RECEIVE_ERROR_STEP = 1
PASSIVE_ABOVE = 127
BUS_OFF_ABOVE = 255
RECEIVE_AFTER_PASSIVE = 127
RECOVERY_BITS = 128 * 11  # 128 sequences of 11 recessive bits
SUSPEND_BITS = 8  # an error-passive transmitter waits so long after its own frame
ERROR_FRAME_BITS = 12 + 8 + INTERMISSION_BITS  # longest superposed flags, delimiter, intermission
HIT_AT_BIT = 20  # start, 11-bit identifier, control field: the first payload bit (assumption)


class NodeState(StrEnum):
    """What a node may do on the bus."""

    ERROR_ACTIVE = "error_active"
    ERROR_PASSIVE = "error_passive"
    BUS_OFF = "bus_off"


@dataclass(frozen=True)
class ErrorCounters:
    """Transmit and receive error counter of one node."""

    transmit: int = 0
    receive: int = 0

    @property
    def state(self) -> NodeState:
        """State that follows from the counters."""
        if self.transmit > BUS_OFF_ABOVE:
            return NodeState.BUS_OFF
        if self.transmit > PASSIVE_ABOVE or self.receive > PASSIVE_ABOVE:
            return NodeState.ERROR_PASSIVE
        return NodeState.ERROR_ACTIVE

    def after(self, *, sent: bool, destroyed: bool) -> "ErrorCounters":
        """Return the counters after one occupation of the bus.

        Args:
            sent: Whether this node was the sender; else it was a receiver.
            destroyed: Whether the frame was destroyed.
        """
        if sent:
            step = TRANSMIT_ERROR_STEP if destroyed else -1
            return replace(self, transmit=max(0, self.transmit + step))
        if destroyed:
            return replace(self, receive=self.receive + RECEIVE_ERROR_STEP)
        if self.receive > PASSIVE_ABOVE:
            return replace(self, receive=RECEIVE_AFTER_PASSIVE)
        return replace(self, receive=max(0, self.receive - 1))


@dataclass(frozen=True)
class Transmission:
    """A frame that a node wants to send.

    Args:
        node: Name of the sender.
        frame: What to send.
        ready_s: From when on, in s.
    """

    node: str
    frame: Frame
    ready_s: float


class Outcome(StrEnum):
    """Result of one attempt."""

    SENT = "sent"
    DESTROYED = "destroyed"


@dataclass(frozen=True)
class BusEvent:
    """One occupation of the bus.

    Args:
        start_s: Start of frame, in s.
        end_s: End of intermission, in s.
        transmission: Who sent what.
        outcome: Sent or destroyed.
        transmit_errors: The sender's counter afterwards.
        waited_s: Time since the transmission was ready, in s.
    """

    start_s: float
    end_s: float
    transmission: Transmission
    outcome: Outcome
    transmit_errors: int
    waited_s: float


@dataclass(frozen=True)
class BusTrace:
    """What happened on the bus.

    Args:
        events: In order of time.
        counters: Of each node at the end.
        bus_off_s: When each node that went bus-off first did so, in s.
        unsent: Transmissions that were not sent before the end.
    """

    events: tuple[BusEvent, ...]
    counters: Mapping[str, ErrorCounters]
    bus_off_s: Mapping[str, float]
    unsent: tuple[Transmission, ...]


DEFAULT_RATE = BitRate()

HitRule = Callable[[Transmission, int], bool]


def no_hits(_transmission: Transmission, _attempt: int) -> bool:
    """Destroy nothing."""
    return False


def arbitration_key(frame: Frame) -> tuple[int, int, int]:
    """Return the order on the wire: the smallest wins; standard beats extended at equal base."""
    if frame.extended:
        return frame.identifier >> 18, 1, frame.identifier & 0x3_FFFF
    return frame.identifier, 0, 0


@dataclass
class _Node:
    """One controller: its queue, its counters, and when it may send again."""

    name: str
    counters: ErrorCounters = field(default_factory=ErrorCounters)
    free_after_s: float = 0.0
    attempts: int = 0
    queue: list[tuple[tuple[int, int, int], float, int, Transmission]] = field(default_factory=list)


def simulate(
    transmissions: Iterable[Transmission],
    *,
    duration_s: float,
    rate: BitRate = DEFAULT_RATE,
    hits: HitRule = no_hits,
    listeners: Iterable[str] = (),
    recovers: bool = False,
) -> BusTrace:
    """Run the bus.

    Args:
        transmissions: All frames to send, in any order; a node offers its lowest identifier first,
            equal ones in the order of their time.
        duration_s: No frame starts at or after it, in s.
        rate: Bit rates.
        hits: Called with a transmission and the count of its node's attempts from 0; True destroys
            the attempt. It must be a pure function for the run to be reproducible.
        listeners: Names of nodes that only receive.
        recovers: Whether a bus-off node returns with cleared counters after 128 times 11 recessive
            bits, at the earliest that the standard allows.
    """
    coming = [(item.ready_s, order, item) for order, item in enumerate(transmissions)]
    heapify(coming)
    names = {item.node for *_, item in coming} | set(listeners)
    nodes = {name: _Node(name) for name in sorted(names)}
    bus_off_s: dict[str, float] = {}
    events: list[BusEvent] = []
    now_s = _next_start_s(coming, nodes, 0.0)
    while now_s < duration_s:
        # 1.
        while coming and coming[0][0] <= now_s:
            ready_s, order, item = heappop(coming)
            heappush(nodes[item.node].queue, (arbitration_key(item.frame), ready_s, order, item))
        # 2.
        able = [node for node in nodes.values() if node.queue and node.free_after_s <= now_s]
        if able:
            winner = min(able, key=lambda node: node.queue[0])
            # 3.
            event = _attempt(winner, nodes, now_s, rate, hits)
            events.append(event)
            now_s = event.end_s
            # 4.
            _confine(winner, now_s, rate, recovers=recovers)
            if event.transmit_errors > BUS_OFF_ABOVE:
                bus_off_s.setdefault(winner.name, now_s)
        now_s = _next_start_s(coming, nodes, now_s)
    held = [(order, item) for node in nodes.values() for *_, order, item in node.queue]
    held += [(order, item) for _, order, item in coming]
    return BusTrace(
        events=tuple(events),
        counters={name: node.counters for name, node in nodes.items()},
        bus_off_s=bus_off_s,
        unsent=tuple(item for _, item in sorted(held, key=lambda pair: pair[0])),
    )


def _next_start_s(
    coming: list[tuple[float, int, Transmission]], nodes: Mapping[str, _Node], now_s: float
) -> float:
    """Return the next time at which a frame can start, infinity when there is none."""
    times_s = [node.free_after_s for node in nodes.values() if node.queue]
    times_s += [coming[0][0]] if coming else []
    return max(now_s, min(times_s, default=math.inf))


def _attempt(
    winner: _Node, nodes: Mapping[str, _Node], now_s: float, rate: BitRate, hits: HitRule
) -> BusEvent:
    *_, transmission = winner.queue[0]
    destroyed = hits(transmission, winner.attempts)
    winner.attempts += 1
    if destroyed:
        end_s = now_s + (HIT_AT_BIT + ERROR_FRAME_BITS) / rate.nominal_bps
    else:
        end_s = now_s + frame_time_s(transmission.frame, rate)
        heappop(winner.queue)
    for node in nodes.values():
        if node is winner or node.counters.state is not NodeState.BUS_OFF:
            node.counters = node.counters.after(sent=node is winner, destroyed=destroyed)
    return BusEvent(
        start_s=now_s,
        end_s=end_s,
        transmission=transmission,
        outcome=Outcome.DESTROYED if destroyed else Outcome.SENT,
        transmit_errors=winner.counters.transmit,
        waited_s=now_s - transmission.ready_s,
    )


def _confine(sender: _Node, now_s: float, rate: BitRate, *, recovers: bool) -> None:
    """Set when a sender may start its next frame."""
    match sender.counters.state:
        case NodeState.BUS_OFF if recovers:
            sender.counters = ErrorCounters()
            sender.free_after_s = now_s + RECOVERY_BITS / rate.nominal_bps
        case NodeState.BUS_OFF:
            sender.free_after_s = math.inf
        case NodeState.ERROR_PASSIVE:
            sender.free_after_s = now_s + SUSPEND_BITS / rate.nominal_bps
        case NodeState.ERROR_ACTIVE:
            sender.free_after_s = now_s
