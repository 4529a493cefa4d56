"""What a model outside the compiled loop must be able to do: start, and step one cell."""

from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Reading:
    """One cell at the end of a tick.

    Attributes:
        voltage_V: At the terminals.
        open_circuit_V: At rest with the same charge.
        soc: In the model's own window.
    """

    voltage_V: float
    open_circuit_V: float
    soc: float


class OutOfRangeError(Exception):
    """The cell was driven to where the model has no solution."""


class CellStepper(Protocol):
    """A model of one cell; states are never changed in place, so that histories may branch."""

    def start(self, soc: float) -> tuple[Any, Reading]:
        """Return state and reading of a rested cell."""

    def step(self, state: Any, current_A: float) -> tuple[Any, Reading]:
        """Advance by one tick of constant current; positive charges.

        Raises:
            OutOfRangeError: The model cannot follow.
        """
