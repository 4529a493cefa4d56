"""What a control is: up to four hooks, a strength, a cost and a source."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from jax import Array
from jaxtyping import Bool, Float

from voltward.core.capabilities import Capability
from voltward.core.parameter import Parameter
from voltward.core.request import Requests
from voltward.core.taps import Layer


class Hook(StrEnum):
    """The four ways in which a control takes part."""

    VERIFY = "verify"
    SHAPE = "shape"
    WATCH = "watch"
    ACT = "act"


class Place(StrEnum):
    """Where a watch looks from, and so whose view it gets."""

    BMS = "bms"
    GATEWAY = "gateway"
    CLOUD = "cloud"


class Accusation(StrEnum):
    """What an alarm blames; responses listen to these.

    SAFETY is for strong evidence only: independent channels prove that the readings which the
    limits lean on are wrong. The responses that cost most listen to nothing else.
    """

    MEASUREMENT = "measurement"
    COMMAND = "command"
    LINK = "link"
    BUS = "bus"
    MODEL = "model"
    SAFETY = "safety"


@dataclass(frozen=True)
class Verify:
    """Accept or reject a record by the proof it carries, or by its freshness.

    Attributes:
        taps: Where the receiver checks.
        secret: The proof asked for; Capability.NONE when only freshness is.
        freshness: Whether the record must be newer than the last one accepted at that tap.

    The strength of a proof is its length in bits: a forger without the key passes with probability
    2^-bits. The strength of freshness is 1 or 0.
    """

    taps: tuple[str, ...]
    secret: Capability = Capability.NONE
    freshness: bool = False


ShapeRule = Callable[[Any, Any, Float[Array, "run parameter"]], Any]
WatchStart = Callable[[int, int], Any]
WatchStep = Callable[[Any, Any, Float[Array, "run parameter"]], tuple[Any, Float[Array, " run"]]]
ActRule = Callable[[Bool[Array, " run"], Float[Array, "run parameter"]], Requests]


@dataclass(frozen=True)
class Shape:
    """Change a value where it is used.

    Attributes:
        point: Name of the place in the loop, see `SHAPE_POINTS`.
        rule: (values, view, parameters) -> values; column 0 of parameters is the strength.
    """

    point: str
    rule: ShapeRule


# Where a shape takes hold, and what its values and view are.
SHAPE_POINTS = {
    "bms.voltage": "cell voltages as read (run, cell); the view is the previous tick's BmsView",
    "bms.command": "scalars of an accepted command (run, field); BmsView of the previous tick",
    "bms.charge_request": "current asked of the charger (run,); BmsView of the previous tick",
    "gateway.queue": "records that the gateway may keep (run,); view is None",
    "gateway.proofs": "share of records sent encrypted (run,); view is None",
    "cloud.gate": "share of the twin's update that is applied (run, cell); CloudView",
    "cloud.adaptation": "multiple of its usual rates at which the twin adapts (run,); CloudView",
    "cloud.model": "proposed model modifiers (run, parameter); modifiers in force",
}


@dataclass(frozen=True)
class Watch:
    """Score what is seen; a score above 1 is an alarm.

    Attributes:
        place: Where it looks from.
        accuses: What its alarm blames.
        start: (runs, cells) -> state.
        step: (state, view, parameters) -> (state, score); column 0 is the strength, which
            multiplies the sensitivity, so that strength 0 never alarms.
    """

    place: Place
    accuses: Accusation
    start: WatchStart
    step: WatchStep


@dataclass(frozen=True)
class Act:
    """Ask for something when alarms sound.

    Attributes:
        listens: The accusations that trigger it.
        hold_s: How long the request stands after the last alarm.
        rule: (active, parameters) -> requests; column 0 of parameters is the strength.
    """

    listens: tuple[Accusation, ...]
    hold_s: float
    rule: ActRule


@dataclass(frozen=True)
class Cost:
    """What a control costs when nothing is wrong; harm is measured, this is by construction.

    Attributes:
        bytes_per_record: Added on the wire.
        latency_ms: Added per record.
        energy_mJ_per_record: Added per record, or 0 where unknown.
        note: Source or assumption, and costs that the campaign measures.
    """

    bytes_per_record: float = 0.0
    latency_ms: float = 0.0
    energy_mJ_per_record: float = 0.0
    note: str = ""


@dataclass(frozen=True)
class Control:
    """An entry of the control catalogue.

    Attributes:
        id: Short name with hyphens.
        title: One line.
        layer: The layer it protects.
        strength: Parameter 0; zero equals absence.
        parameters: Further parameters, columns 1 on.
        cost: By construction.
        source: Paper, standard clause, or an assumption with its reason.
        verify: Present when it verifies.
        shape: Present when it shapes.
        watch: Present when it watches.
        act: Present when it acts.
        cells: Names of the cells that its watch is made for; empty for any.
    """

    id: str
    title: str
    layer: Layer
    strength: Parameter
    cost: Cost
    source: str
    parameters: tuple[Parameter, ...] = ()
    verify: Verify | None = None
    shape: tuple[Shape, ...] = ()
    watch: Watch | None = None
    act: Act | None = None
    cells: tuple[str, ...] = ()

    def knows(self, cell: str) -> bool:
        """Return whether its watch is made for packs of a cell."""
        return not self.cells or cell in self.cells

    @property
    def hooks(self) -> tuple[Hook, ...]:
        """The hooks that this control offers."""
        present = (
            (Hook.VERIFY, self.verify),
            (Hook.SHAPE, self.shape or None),
            (Hook.WATCH, self.watch),
            (Hook.ACT, self.act),
        )
        return tuple(hook for hook, rule in present if rule is not None)

    @property
    def all_parameters(self) -> tuple[Parameter, ...]:
        """Strength first, then the others: the columns that the hooks read."""
        return (self.strength, *self.parameters)
