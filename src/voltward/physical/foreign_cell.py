"""A cell that the twin does not know: its model leads the mean cell, the circuit spreads the rest.

The foreign model gives one cell. How the cells of a pack differ from it (capacity, resistance,
start, temperature, balancing, shorts) is the difference between two circuit models of `CellModel`:
the cell's own, and a nominal one that is carried beside the foreign model.
"""

from dataclasses import dataclass, replace
from typing import Any, Protocol

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float

from voltward.physical.cell import CellModel
from voltward.physical.pack import (
    CellOutput,
    CellSpread,
    CellState,
    electrical_step,
)
from voltward.physical.pack_settings import PackSettings


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class CellTruth:
    """What a foreign model says of one cell at the end of a tick.

    Attributes:
        voltage_V: Terminal voltage.
        open_circuit_V: Open-circuit voltage; the rest of the voltage turns into heat.
        soc: State of charge in the model's own window.
        sound: False once the cell was driven out of what the model can follow.
    """

    voltage_V: Float[Array, " run"]
    open_circuit_V: Float[Array, " run"]
    soc: Float[Array, " run"]
    sound: Bool[Array, " run"]


class ForeignCell(Protocol):
    """A model of one cell, seen as start and step; its state is its own affair."""

    def start(self, soc: Float[Array, " run"]) -> tuple[Any, CellTruth]:
        """Return the state and the truth of a rested cell at that SoC."""

    def step(self, state: Any, current_A: Float[Array, " run"]) -> tuple[Any, CellTruth]:
        """Advance by one tick of constant cell current; positive charges."""


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class ForeignState:
    """State of a foreign model, of the nominal circuit beside it, and the gap between the two.

    Attributes:
        own: Of the foreign model.
        nominal: Of the circuit without spread, at the temperature of the start (run, 1).
        voltage_gap_V: Foreign less nominal (run, 1).
        open_circuit_gap_V: The same, of the open-circuit voltage.
        soc_gap: The same, of the SoC.
        sound: Whether the foreign model still follows.
    """

    own: Any
    nominal: CellState
    voltage_gap_V: Float[Array, "run 1"]
    open_circuit_gap_V: Float[Array, "run 1"]
    soc_gap: Float[Array, "run 1"]
    sound: Bool[Array, " run"]


def start_foreign(foreign: ForeignCell, cell: CellModel, cells: CellState) -> ForeignState:
    """Return the foreign model at rest at the mean SoC of the cells."""
    soc = jnp.mean(cells.soc, axis=1)
    own, truth = foreign.start(soc)
    # Rows of the mean cell; what is polarisation is 0 in every cell of a rested pack.
    nominal = jax.tree.map(
        lambda leaf: jnp.mean(leaf, axis=1, keepdims=True) if leaf.ndim == 2 else leaf, cells
    )
    gap_V = truth.open_circuit_V[:, None] - _rest_V(cell, nominal)
    zero = jnp.zeros_like(gap_V)
    return ForeignState(own, nominal, gap_V, gap_V, zero, truth.sound)


def foreign_electrical_step(
    foreign: ForeignCell,
    cell: CellModel,
    pack: PackSettings,
    spread: CellSpread,
    state: CellState,
    beside: ForeignState,
    current_A: Float[Array, " run"],
    *,
    drain_S: Float[Array, "run cell"],
    tick_s: float,
) -> tuple[CellState, CellOutput, ForeignState]:
    """Advance the pack by one tick, led by the foreign model.

    Args:
        foreign: The model of the mean cell.
        cell: The circuit that says how cells differ.
        pack: Layout.
        spread: Factors of the cells.
        state: At the start of the tick.
        beside: The foreign state at the start of the tick.
        current_A: Pack current; positive charges.
        drain_S: Conductance across each cell.
        tick_s: Length of the tick.

    Limits:
        Differences between cells, also those of temperature, are those of the circuit: right to
        first order around the mean cell. Parallel cells share their current by the circuit. Where
        the foreign model has given up, the gap of its last sound tick stays.
    """
    inner = replace(state, soc=state.soc - beside.soc_gap)
    cells, output = electrical_step(cell, pack, spread, inner, current_A, drain_S, tick_s)
    cell_A = current_A / pack.parallel
    one = jnp.ones_like(beside.soc_gap)
    nominal, reference = electrical_step(
        cell,
        replace(pack, series=1, parallel=1),
        CellSpread(one, one),
        beside.nominal,
        cell_A,
        jnp.zeros_like(one),
        tick_s,
    )
    own, truth = foreign.step(beside.own, cell_A)
    sound = truth.sound & beside.sound

    def gap(true: Float[Array, " run"], known: Array, before: Array) -> Float[Array, "run 1"]:
        return jnp.where(sound[:, None], true[:, None] - known, before)

    voltage_gap = gap(truth.voltage_V, reference.voltage_V, beside.voltage_gap_V)
    rest_gap = gap(truth.open_circuit_V, _rest_V(cell, nominal), beside.open_circuit_gap_V)
    soc_gap = gap(truth.soc, nominal.soc, beside.soc_gap)
    moved = ForeignState(own, nominal, voltage_gap, rest_gap, soc_gap, sound)
    cells = replace(cells, soc=cells.soc + soc_gap)
    return cells, _corrected(output, voltage_gap, rest_gap, tick_s), moved


def _rest_V(cell: CellModel, nominal: CellState) -> Float[Array, "run 1"]:
    """Return the open-circuit voltage of the nominal circuit."""
    entropic_V = cell.entropic_V(nominal.soc, nominal.temperature_degC)
    return cell.ocv(nominal.soc)[0] + entropic_V


def _corrected(
    output: CellOutput,
    voltage_gap_V: Float[Array, "run 1"],
    open_circuit_gap_V: Float[Array, "run 1"],
    tick_s: float,
) -> CellOutput:
    """Return the circuit's output with the gap in it; energy stays balanced.

    What flows into the cell itself is what the terminals give less what drains beside it.
    """
    drained_A = output.bleed_J / (output.voltage_V * tick_s)
    into_A = output.current_A - drained_A
    voltage_V = output.voltage_V + voltage_gap_V
    return CellOutput(
        voltage_V=voltage_V,
        current_A=output.current_A,
        joule_J=output.joule_J + (voltage_gap_V - open_circuit_gap_V) * into_A * tick_s,
        stored_J=output.stored_J + open_circuit_gap_V * into_A * tick_s,
        bleed_J=voltage_V * drained_A * tick_s,
    )
