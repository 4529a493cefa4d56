"""What a process steps: a part with a mailbox."""

import importlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np

from voltward.comms.payload import Kind, Message, silence

BUS_UP = "can.up"
BUS_DOWN = "can.down"
UPLINK_SLOTS = ("mqtt.up/0", "mqtt.up/1")
DOWNLINK = "mqtt.down"
LINK = "link"

Mail = dict[str, Message]


class LivePart(Protocol):
    """A part of the range, stepped once a tick.

    The inbox holds what arrived in the last tick, under the names above; silence stands there with
    `present` false. The gateway's inbox holds besides the state of its link in this tick.
    """

    def step(self, tick: int, inbox: Mapping[str, Message]) -> Mail:
        """Advance by one tick and return what goes out; a name left out is silence."""
        ...

    def summary(self) -> dict[str, float]:
        """Return the outcome at the end of a case, by name with unit."""
        ...


@dataclass(frozen=True)
class PartSettings:
    """What a part is made from.

    Attributes:
        case: Name of the case.
        scenario: Path of the scenario file, or empty for the default one.
        cells: Number of cells in series.
        ticks: Length of the case.
        tick_s: Length of a tick.
        seed: Seed of the noise.
    """

    case: str
    scenario: str
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

    vehicle: str = "voltward.experiments.live.parts:vehicle"
    gateway: str = "voltward.experiments.live.parts:gateway"
    cloud: str = "voltward.experiments.live.parts:cloud"


def load_factory(name: str) -> PartFactory:
    """Return the factory called `module:function`."""
    module, _, function = name.partition(":")
    factory: PartFactory = getattr(importlib.import_module(module), function)
    return factory


def link_message(*, can_send: bool, session_refused: bool) -> Message:
    """Return the state of the gateway's link as its part sees it.

    Args:
        can_send: A session is up and what was sent before has arrived.
        session_refused: The gateway refused the peer that answered.
    """
    return Message(
        (),
        np.array([float(can_send), float(session_refused)]),
        present=True,
        sequence=0,
        sent_tick=0,
    )


def mail_of(mail: Mapping[str, Message], name: str, kind: Kind, cells: int = 0) -> Message:
    """Return the message under a name, or silence."""
    return mail.get(name) or silence(kind, cells)
