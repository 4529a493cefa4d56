"""What a control is: up to four hooks, a strength, a cost and a source.

The rules are pure functions of arrays, compiled for all runs at once: no branch on a value, and
what a rule returns keeps its shape. Axes are run, then cell. `parameters` has a row for each run:
column 0 is the control's strength, the others stand in the order of `Control.parameters`.

A complete detector, which alarms when the coldest cell has stayed below a limit for ten seconds:

>>> import jax.numpy as jnp
>>> def start(runs, cells):
...     return jnp.zeros(runs)
>>> def step(below_s, view, parameters):
...     strength, limit_degC = parameters[:, 0], parameters[:, 1]
...     below = jnp.min(view.temperature_degC, axis=1) < limit_degC
...     below_s = jnp.where(below, below_s + view.tick_s, 0.0)
...     return below_s, strength * below_s / 10.0
>>> deep_cold = Control(
...     id="deep-cold",
...     title="A cell is too cold to be true",
...     layer=Layer.PHYSICAL,
...     strength=Parameter("sensitivity", "1", 1.0, 0.0, 10.0, "multiplies the score"),
...     parameters=(Parameter("limit_degC", "degC", -40.0, -60.0, 0.0, "coldest possible"),),
...     cost=Cost(note="one comparison a cell and tick"),
...     source="assumption: no vehicle is parked where it is colder",
...     watch=Watch(Place.BMS, Accusation.MEASUREMENT, start, step),
... )

It can be tried on its own; a rule reads nothing but what its view shows:

>>> from types import SimpleNamespace
>>> row = jnp.array([[parameter.default for parameter in deep_cold.all_parameters]])
>>> state = deep_cold.watch.start(1, 3)
>>> for coldest_degC in (-20.0, -55.0, -55.0, -55.0):
...     temperature_degC = jnp.array([[25.0, 25.0, coldest_degC]])
...     view = SimpleNamespace(temperature_degC=temperature_degC, tick_s=5.0)
...     state, score = deep_cold.watch.step(state, view, row)
...     print(f"{coldest_degC} degC: score {score[0]}", "alarm" if score[0] > 1.0 else "")
-20.0 degC: score 0.0
-55.0 degC: score 0.5
-55.0 degC: score 1.0
-55.0 degC: score 1.5 alarm
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, Protocol, TypeVar

from jax import Array
from jaxtyping import Bool, Float

from voltward.core.capabilities import Capability
from voltward.core.parameter import Parameter
from voltward.core.request import Requests
from voltward.core.taps import Layer
from voltward.core.view import BmsView, CloudView, GatewayView


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


Seen_contra = TypeVar("Seen_contra", contravariant=True)
View_contra = TypeVar("View_contra", bound=BmsView | GatewayView | CloudView, contravariant=True)
State = TypeVar("State")
Started_co = TypeVar("Started_co", covariant=True)


class ShapeRule(Protocol[Seen_contra]):
    """Changes a value where it is used; at strength 0 it must give the value back."""

    def __call__(
        self, values: Array, view: Seen_contra, parameters: Float[Array, "run parameter"], /
    ) -> Array:
        """Return the values as they are used.

        Args:
            values: What `SHAPE_POINTS` says of the point, with its shape and unit.
            view: What can be seen there, as `SHAPE_POINTS` says.
            parameters: Of the control, a row for each run; column 0 is the strength.

        Returns:
            Values of the same shape and unit. Runs without the control keep theirs in any case.

        >>> import jax.numpy as jnp
        >>> def at_most(current_A, view, parameters):
        ...     return jnp.minimum(current_A, parameters[:, 1])
        >>> at_most(jnp.array([40.0, 90.0]), None, jnp.array([[1.0, 60.0], [1.0, 60.0]])).tolist()
        [40.0, 60.0]
        """


class WatchStart(Protocol[Started_co]):
    """Gives a watch its state before the first tick."""

    def __call__(self, runs: int, cells: int, /) -> Started_co:
        """Return the state.

        Args:
            runs: How many stand side by side.
            cells: Of the pack.

        Returns:
            An array, or a tuple or registered dataclass of arrays, with the axis run first.
        """


class WatchStep(Protocol[State, View_contra]):
    """Scores what is seen in a tick."""

    def __call__(
        self, state: State, view: View_contra, parameters: Float[Array, "run parameter"], /
    ) -> tuple[State, Float[Array, " run"]]:
        """Return the state after the tick, and a score.

        Args:
            state: As `start` or the last tick left it.
            view: What the watch's place shows in this tick (`voltward.core.view`); never the truth.
            parameters: Of the control, a row for each run; column 0 is the strength, by which the
                score is multiplied, so that strength 0 never alarms.

        Returns:
            The state in the same shape, and for each run a score without unit: 0 for nothing
            unusual, above 1 for an alarm.
        """


class ActRule(Protocol):
    """Turns alarms into requests."""

    def __call__(
        self, active: Bool[Array, " run"], parameters: Float[Array, "run parameter"], /
    ) -> Requests:
        """Return what is asked for.

        Args:
            active: Whether an alarm that the control listens to sounds, or did so less than
                `Act.hold_s` ago.
            parameters: Of the control, a row for each run; column 0 is the strength.

        Returns:
            For each thing that can be asked a number a run, from 0 for nothing to 1 for all of it.

        >>> import jax.numpy as jnp
        >>> from dataclasses import replace
        >>> from voltward.core.request import no_requests
        >>> def halve_on_alarm(active, parameters):
        ...     return replace(no_requests(2), derate=jnp.where(active, parameters[:, 0], 0.0))
        >>> halve_on_alarm(jnp.array([True, False]), jnp.array([[0.5], [0.5]])).derate.tolist()
        [0.5, 0.0]
        """


@dataclass(frozen=True)
class Shape(Generic[Seen_contra]):
    """Change a value where it is used.

    Attributes:
        point: Name of the place in the loop, see `SHAPE_POINTS`.
        rule: What it does there.
    """

    point: str
    rule: ShapeRule[Seen_contra]


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
class Watch(Generic[State, View_contra]):
    """Score what is seen; a score above 1 is an alarm.

    Attributes:
        place: Where it looks from.
        accuses: What its alarm blames.
        start: Its state before the first tick.
        step: From state, view and parameters to the next state and a score for each run.
    """

    place: Place
    accuses: Accusation
    start: WatchStart[State]
    step: WatchStep[State, View_contra]


@dataclass(frozen=True)
class Act:
    """Ask for something when alarms sound.

    Attributes:
        listens: The accusations that trigger it.
        hold_s: How long the request stands after the last alarm.
        rule: What it asks for.
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
    shape: tuple[Shape[Any], ...] = ()
    watch: Watch[Any, Any] | None = None
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
