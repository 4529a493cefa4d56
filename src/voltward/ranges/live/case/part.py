"""What a process steps: a part of the system, with a mailbox.

In each tick a part gets an inbox with what arrived in the tick before, and returns what it sends.
The names of the mailboxes are those of the taps where the messages cross.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np

from voltward.comms.payload import Kind, Message, silence

BUS_UP = "can.up"
BUS_DOWN = "can.down"
UPLINK_SLOTS = ("mqtt.up/0", "mqtt.up/1")
DOWNLINK = "mqtt.down"
LINK = "link"

Mail = dict[str, Message]
Observation = dict[str, float]


class LivePart(Protocol):
    """A part of the range, stepped once a tick.

    The inbox holds what arrived in the last tick, under the names above; silence is a message with
    `present` false. The gateway's inbox also holds the state of its link in this tick.
    """

    def step(self, tick: int, inbox: Mapping[str, Message]) -> Mail:
        """Advance by one tick and return what goes out; a name left out is silence."""
        ...

    def observe(self) -> Observation:
        """Return what happened in the tick, by name with unit; no part reads it."""
        ...


@dataclass(frozen=True)
class PartSettings:
    """What a part is made from.

    Attributes:
        case: Name of the case.
        system: Shipped name or system file.
        duty: Shipped name or duty file.
        controls: Ids of the controls in force.
        client_certificates: Whether the broker demands them.
        cells: Of the system's pack.
        ticks: Length of the case.
        tick_s: Length of a tick.
        seed: Of noise and spread.
    """

    case: str
    system: str
    duty: str
    controls: list[str]
    client_certificates: bool
    cells: int
    ticks: int
    tick_s: float
    seed: int


class PartFactory(Protocol):
    """Makes a part at the start of a case; a class with this constructor is one."""

    def __call__(self, settings: PartSettings) -> LivePart:
        """Return the part for a case."""
        ...


@dataclass(frozen=True)
class PartNames:
    """Where the three parts come from, each as `module:function`."""

    vehicle: str = "voltward.ranges.live.processes.parts:Vehicle"
    gateway: str = "voltward.ranges.live.processes.parts:Gateway"
    cloud: str = "voltward.ranges.live.processes.parts:Cloud"


@dataclass(frozen=True)
class LinkFacts:
    """What the gateway's process found out about its link in a tick.

    Attributes:
        can_send: A session is up and what was sent before has arrived.
        answered: A peer answered, the broker or one that impersonates it.
        verified: The peer's certificate was valid.
    """

    can_send: bool
    answered: bool
    verified: bool

    def as_message(self) -> Message:
        """Return the facts as a message of the gateway's inbox."""
        values = np.array([float(self.can_send), float(self.answered), float(self.verified)])
        return Message((), values, present=True, sequence=0, sent_tick=0)

    @classmethod
    def of_message(cls, message: Message) -> Self:
        """Return the facts in the gateway's inbox."""
        return cls(*(bool(value) for value in message.scalars))


def mail_of(mail: Mapping[str, Message], name: str, kind: Kind, cells: int = 0) -> Message:
    """Return the message under a name, or silence."""
    return mail.get(name) or silence(kind, cells)
