"""The cell's circuit in open loop: charge, polarisation and hysteresis under a known current."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from voltward.physical.cell import CellModel


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class CircuitState:
    """State of the circuit, each (run, cell).

    Attributes:
        soc: State of charge.
        fast_V: Voltage over the fast branch.
        slow_V: Voltage over the slow branch.
        diffusion_V: Voltage over the slowest branch.
        hysteresis: -1 (discharge branch) to 1 (charge branch).
    """

    soc: Float[Array, "run cell"]
    fast_V: Float[Array, "run cell"]
    slow_V: Float[Array, "run cell"]
    diffusion_V: Float[Array, "run cell"]
    hysteresis: Float[Array, "run cell"]


def rested(soc: Float[Array, "run cell"]) -> CircuitState:
    """Return a cell at rest, between the branches of its hysteresis."""
    zero = jnp.zeros_like(soc)
    return CircuitState(soc, zero, zero, zero, zero)


def advance(
    cell: CellModel,
    state: CircuitState,
    current_A: Float[Array, "run 1"],
    temperature_degC: Float[Array, "run cell"],
    elapsed_s: Float[Array, "run 1"] | float,
    resistance_scale: Float[Array, "run cell"] | float = 1.0,
    capacity_scale: Float[Array, "run cell"] | float = 1.0,
) -> CircuitState:
    """Advance by the elapsed time under a constant current.

    Args:
        cell: The cell model.
        state: At the start.
        current_A: Through the cell; positive charges.
        temperature_degC: Of the cell.
        elapsed_s: How long.
        resistance_scale: Factor on the resistances, for ageing and spread.
        capacity_scale: Factor on the capacity.
    """
    fast, slow, diffusion = cell.kept(elapsed_s, temperature_degC)
    _, fast_ohm, slow_ohm = cell.resistances(state.soc, temperature_degC, current_A)
    driving_A = resistance_scale * current_A
    charge = elapsed_s / (3600.0 * cell.capacity_Ah * capacity_scale)
    moved = current_A * charge
    diffusion_V = state.diffusion_V
    if cell.diffusion_ohm is not None:
        diffusion_ohm = cell.diffusion(state.soc, temperature_degC)
        diffusion_V = diffusion * diffusion_V + (1.0 - diffusion) * diffusion_ohm * driving_A
    hysteresis = state.hysteresis
    if cell.hysteretic:
        turn = jnp.exp(-jnp.abs(moved) * cell.hysteresis_rate)
        hysteresis = turn * hysteresis + (1.0 - turn) * jnp.sign(current_A)
    return CircuitState(
        soc=state.soc + moved,
        fast_V=fast * state.fast_V + (1.0 - fast) * fast_ohm * driving_A,
        slow_V=slow * state.slow_V + (1.0 - slow) * slow_ohm * driving_A,
        diffusion_V=diffusion_V,
        hysteresis=hysteresis,
    )


def source_V(
    cell: CellModel, state: CircuitState, temperature_degC: Float[Array, "run cell"]
) -> tuple[Float[Array, "run cell"], Float[Array, "run cell"]]:
    """Return the voltage behind the series resistance, and its slope over SoC."""
    ocv_V, slope_V = cell.ocv(state.soc)
    value_V = ocv_V + cell.entropic_V(state.soc, temperature_degC)
    if cell.hysteretic:
        value_V = value_V + cell.hysteresis_V * state.hysteresis
    if cell.diffusion_ohm is not None:
        value_V = value_V + state.diffusion_V
    return value_V + state.fast_V + state.slow_V, slope_V


def terminal_V(
    cell: CellModel,
    state: CircuitState,
    current_A: Float[Array, "run 1"],
    temperature_degC: Float[Array, "run cell"],
    resistance_scale: Float[Array, "run cell"] | float = 1.0,
) -> Float[Array, "run cell"]:
    """Return the terminal voltage."""
    series_ohm, _, _ = cell.resistances(state.soc, temperature_degC, current_A)
    behind_V, _ = source_V(cell, state, temperature_degC)
    return behind_V + resistance_scale * series_ohm * current_A
