"""What a process steps: a part with a mailbox."""

import importlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol, Self

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

    The inbox holds what arrived in the last tick, under the names above; silence stands there with
    `present` false. The gateway's inbox holds besides the state of its link in this tick.
    """

    def step(self, tick: int, inbox: Mapping[str, Message]) -> Mail:
        """Advance by one tick and return what goes out; a name left out is silence."""
        ...

    def observe(self) -> Observation:
        """Return what happened in the tick, by name with unit; nobody acts on it."""
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

    def as_request(self) -> dict[str, Any]:
        """Return the settings as JSON values."""
        return asdict(self)


class PartFactory(Protocol):
    """Makes a part at its start."""

    def __call__(self, settings: PartSettings) -> LivePart:
        """Return the part for a case."""
        ...


@dataclass(frozen=True)
class PartNames:
    """Where the three parts come from, each as `module:function`."""

    vehicle: str = "voltward.ranges.live.processes.parts:vehicle"
    gateway: str = "voltward.ranges.live.processes.parts:gateway"
    cloud: str = "voltward.ranges.live.processes.parts:cloud"


def load_factory(name: str) -> PartFactory:
    """Return the factory called `module:function`."""
    module, _, function = name.partition(":")
    factory: PartFactory = getattr(importlib.import_module(module), function)
    return factory


@dataclass(frozen=True)
class LinkFacts:
    """What the gateway's process found out about its link in a tick.

    Attributes:
        can_send: A session is up and what was sent before has arrived.
        answered: Somebody answered in the broker's place.
        verified: He proved to be the broker.
    """

    can_send: bool
    answered: bool
    verified: bool

    def as_message(self) -> Message:
        """Return the facts as they stand in the gateway's inbox."""
        values = np.array([float(self.can_send), float(self.answered), float(self.verified)])
        return Message((), values, present=True, sequence=0, sent_tick=0)

    @classmethod
    def of_message(cls, message: Message) -> Self:
        """Return the facts in the gateway's inbox."""
        return cls(*(bool(value) for value in message.scalars))


def mail_of(mail: Mapping[str, Message], name: str, kind: Kind, cells: int = 0) -> Message:
    """Return the message under a name, or silence."""
    return mail.get(name) or silence(kind, cells)
