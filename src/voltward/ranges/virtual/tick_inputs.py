"""What every part of the loop is given in a tick: parameters, cases, and the rules that it meets.

A part that sends or receives a record asks its `TickInputs`:

1. `at_tap` for the record as attacks leave it;
2. `verify` for the record as the controls accept it;
3. `shape` for a value as the controls change it;
4. `react` for what watches and responses make of the part's view;
5. `forgeries` for what forged records brought the attacker.
"""

from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float, Int, UInt32

from voltward.attacks.kernel import Context, Past, earned, manipulate
from voltward.controls import in_force
from voltward.controls.in_force import Reaction
from voltward.core.control import Place
from voltward.core.record import Record
from voltward.core.view import BmsView, CloudView, GatewayView
from voltward.ranges.virtual.case_arrays import Assembly, CaseArrays


@dataclass(frozen=True)
class TickInputs:
    """One tick of a batch of runs, as every part of the loop sees it.

    Attributes:
        assembly: Static parameters.
        case: What differs between runs.
        context: Tick and capabilities of the attacker.
    """

    assembly: Assembly
    case: CaseArrays
    context: Context

    @property
    def tick(self) -> Int[Array, ""]:
        """Number of the tick."""
        return self.context.tick

    @property
    def tick_s(self) -> float:
        """Length of the tick."""
        return self.assembly.tick_s

    @property
    def runs(self) -> int:
        """How many runs stand side by side."""
        return self.case.seed.shape[0]

    def at_tap(self, tap: str, sent: Record, past: Past | None = None) -> Record:
        """Return a record as the receiver at a tap gets it.

        Args:
            tap: Its name.
            sent: The record as its sender made it.
            past: The record that lies as far back as a replay asks, at taps that remember.
        """
        return manipulate(tap, sent, self.case.rows, self.context, past)

    def verify(
        self, tap: str, received: Record, last: Int[Array, " run"] | None = None
    ) -> tuple[Record, Bool[Array, " run"]]:
        """Return the record as accepted (absent where rejected), and where one was rejected.

        Args:
            tap: Where the receiver checks.
            received: The record as it arrived.
            last: Highest number accepted so far; None where the receiver keeps no count.
        """
        rules, deployed, seed = self.assembly.rules, self.case.in_force, self.case.seed
        known = jnp.full(self.runs, -1, jnp.int64) if last is None else last
        return in_force.verify(rules, deployed, tap, received, known, seed, self.tick)

    def shape(self, point: str, values: Any, view: Any) -> Any:
        """Return values as the controls at a point change them."""
        return in_force.shape(self.assembly.rules, self.case.in_force, point, values, view)

    def react(
        self,
        place: Place,
        watches: tuple[Any, ...],
        timers_s: Float[Array, "run act"],
        view: BmsView | GatewayView | CloudView,
    ) -> Reaction:
        """Return what the watches and responses of a place make of its view."""
        rules, deployed = self.assembly.rules, self.case.in_force
        return in_force.react(rules, deployed, place, watches, timers_s, view)

    def earned(self, tap: str, accepted: Bool[Array, " run"]) -> UInt32[Array, " run"]:
        """Return the capabilities that steps at a tap grant where their record was accepted."""
        return earned(self.case.rows, tap, self.context, accepted)

    def forgeries(
        self, *accepted: tuple[str, Record]
    ) -> tuple[UInt32[Array, " run"], Bool[Array, " run"]]:
        """Return the capabilities granted by forged records, and where one was accepted.

        Args:
            accepted: Taps, each with the record that its receiver accepted.
        """
        gained = jnp.zeros(self.runs, jnp.uint32)
        taken_in = jnp.zeros(self.runs, bool)
        for tap, record in accepted:
            gained |= self.earned(tap, record.forged)
            taken_in |= record.forged
        return gained, taken_in
