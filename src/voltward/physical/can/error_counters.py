"""Fault confinement of a CAN node: two counters, three states.

Source: ISO 11898-1:2015 (fault confinement): +8 for each transmit error, -1 for each success,
passive above 127, bus-off above 255; Cho and Shin, "Error handling of in-vehicle networks makes
them vulnerable", CCS 2016, who force a node off the bus with 32 transmit errors.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

TRANSMIT_ERROR_STEP = 8
RECEIVE_ERROR_STEP = 1
PASSIVE_ABOVE = 127
BUS_OFF_ABOVE = 255
RECEIVE_AFTER_PASSIVE = 127
HITS_TO_BUS_OFF = (BUS_OFF_ABOVE + 1) // TRANSMIT_ERROR_STEP
RECOVERY_BITS = 128 * 11  # 128 sequences of 11 recessive bits
SUSPEND_BITS = 8  # an error-passive transmitter waits so long after its own frame


class NodeState(StrEnum):
    """What a node may do."""

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
        """State that the counters mean."""
        if self.transmit > BUS_OFF_ABOVE:
            return NodeState.BUS_OFF
        if self.transmit > PASSIVE_ABOVE or self.receive > PASSIVE_ABOVE:
            return NodeState.ERROR_PASSIVE
        return NodeState.ERROR_ACTIVE


def after_transmit_error(counters: ErrorCounters) -> ErrorCounters:
    """Return the counters after a transmission that was destroyed."""
    return replace(counters, transmit=counters.transmit + TRANSMIT_ERROR_STEP)


def after_transmit_success(counters: ErrorCounters) -> ErrorCounters:
    """Return the counters after a frame was sent and acknowledged."""
    return replace(counters, transmit=max(0, counters.transmit - 1))


def after_receive_error(counters: ErrorCounters) -> ErrorCounters:
    """Return the counters of a receiver that saw a destroyed frame."""
    return replace(counters, receive=counters.receive + RECEIVE_ERROR_STEP)


def after_receive_success(counters: ErrorCounters) -> ErrorCounters:
    """Return the counters of a receiver that took a frame."""
    if counters.receive > PASSIVE_ABOVE:
        return replace(counters, receive=RECEIVE_AFTER_PASSIVE)
    return replace(counters, receive=max(0, counters.receive - 1))
