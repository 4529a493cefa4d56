"""The plant: what the pack really does in one tick, whatever anybody measures or believes."""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax
from jaxtyping import Bool, Float

from voltward.physical.abuse import (
    AbuseParameters,
    AbuseState,
    initial_abuse_state,
    integrate_tick,
)
from voltward.physical.ageing import AgeingState, ageing_step, initial_ageing_state
from voltward.physical.cell import ZERO_DEGC_K, CellModel
from voltward.physical.foreign_cell import (
    ForeignCell,
    foreign_electrical_step,
    start_foreign,
)
from voltward.physical.internal_short import InternalShortParameters, short_conductance_S
from voltward.physical.overcharge import (
    OverchargeParameters,
    overcharge_heat_W,
    overcharge_loss_per_s,
)
from voltward.physical.pack import (
    CellOutput,
    CellSpread,
    CellState,
    electrical_step,
    heat_flow,
)
from voltward.physical.pack_settings import PackSettings
from voltward.physical.plating import PlatingCoefficients, plating_current_C

# Below this temperature no cell reacts: the fastest of the four reactions sets free less than
# a milliwatt per 18650 there, so the batch may skip the chemistry.
CHEMISTRY_ABOVE_DEGC = 70.0
CHEMISTRY_SUBSTEPS = 10


@dataclass(frozen=True)
class PlantParameters:
    """Everything static about the pack.

    `foreign` leads the mean cell on tracks on which the plant is not the twin's model.
    """

    cell: CellModel
    pack: PackSettings
    abuse: AbuseParameters
    overcharge: OverchargeParameters
    short: InternalShortParameters
    plating: PlatingCoefficients
    tick_s: float
    foreign: ForeignCell | None = None


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class PlantState:
    """State of every cell.

    Attributes:
        cells: Charge, polarisation, temperature.
        abuse: Reactants.
        ageing: Accumulators.
        plated_Ah: Charge plated as lithium.
        overcharge_loss: Capacity lost by overcharge, as a share.
        hottest_degC: Highest temperature so far.
        lowest_soc: Lowest SoC so far.
        foreign: Of a foreign model, when one leads.
    """

    cells: CellState
    abuse: AbuseState
    ageing: AgeingState
    plated_Ah: Float[Array, "run cell"]
    overcharge_loss: Float[Array, "run cell"]
    hottest_degC: Float[Array, "run cell"]
    lowest_soc: Float[Array, "run cell"]
    foreign: Any = None


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class PlantInput:
    """What acts on the pack during a tick.

    Attributes:
        current_A: Pack current; positive charges.
        bleed: 1 for cells whose balancing resistor is on.
        cooling: Pump and chiller, 0 to 1.
        heating: Heater, 0 to 1.
        ambient_degC: Outside temperature.
    """

    current_A: Float[Array, " run"]
    bleed: Float[Array, "run cell"]
    cooling: Float[Array, " run"]
    heating: Float[Array, " run"]
    ambient_degC: Float[Array, " run"]


def start_plant(
    parameters: PlantParameters,
    soc: Float[Array, "run cell"],
    temperature_degC: Float[Array, "run cell"],
) -> PlantState:
    """Return a rested, fresh pack."""
    zero = jnp.zeros_like(soc)
    cells = CellState(
        soc=soc,
        fast_V=zero,
        slow_V=zero,
        hysteresis=zero,
        temperature_degC=temperature_degC,
        coolant_degC=jnp.mean(temperature_degC, axis=1),
        diffusion_V=zero,
    )
    leader = parameters.foreign
    return PlantState(
        cells=cells,
        abuse=initial_abuse_state(soc.shape, parameters.abuse),
        ageing=initial_ageing_state(soc.shape),
        plated_Ah=zero,
        overcharge_loss=zero,
        hottest_degC=temperature_degC,
        lowest_soc=soc,
        foreign=None if leader is None else start_foreign(leader, parameters.cell, cells),
    )


def plant_step(
    parameters: PlantParameters, spread: CellSpread, state: PlantState, given: PlantInput
) -> tuple[PlantState, CellOutput]:
    """Advance the pack by one tick.

    Limits:
        The abuse chemistry is that of an 18650 with an LCO cathode, scaled to the cell's capacity.
        Gas, venting and flame are not modelled.
    """
    cell, pack, tick_s = parameters.cell, parameters.pack, parameters.tick_s
    short_S = short_conductance_S(state.hottest_degC, state.lowest_soc, parameters.short)
    drain_S = given.bleed / pack.bleed_resistance_ohm + short_S * cell.equivalent_18650
    foreign = None
    if parameters.foreign is None:
        cells, output = electrical_step(
            cell, pack, spread, state.cells, given.current_A, drain_S, tick_s
        )
    else:
        cells, output, foreign = foreign_electrical_step(
            parameters.foreign,
            cell,
            pack,
            spread,
            state.cells,
            state.foreign,
            given.current_A,
            drain_S=drain_S,
            tick_s=tick_s,
        )
    exchange = heat_flow(
        pack,
        cells.temperature_degC,
        cells.coolant_degC,
        given.ambient_degC,
        given.cooling,
        given.heating,
        tick_s,
    )
    charge_C = output.current_A / (cell.capacity_Ah * spread.capacity)
    overcharge_W = overcharge_heat_W(cells.soc, output.current_A, parameters.overcharge)
    short_W = output.voltage_V**2 * short_S * cell.equivalent_18650
    into_W = exchange.into_cell_W + output.joule_J / tick_s + overcharge_W + short_W
    temperature, abuse = _warm(parameters, state, cells, into_W, exchange.loss_W_per_K)
    plated_C = plating_current_C(charge_C, cells.soc, cells.temperature_degC, parameters.plating)
    moved = PlantState(
        cells=CellState(
            soc=cells.soc,
            fast_V=cells.fast_V,
            slow_V=cells.slow_V,
            hysteresis=cells.hysteresis,
            temperature_degC=temperature,
            coolant_degC=exchange.coolant_degC,
            diffusion_V=cells.diffusion_V,
        ),
        abuse=abuse,
        ageing=ageing_step(
            state.ageing, output.voltage_V, temperature, output.current_A, cells.soc, tick_s
        ),
        plated_Ah=state.plated_Ah + plated_C * cell.capacity_Ah * (tick_s / 3600.0),
        overcharge_loss=state.overcharge_loss
        + overcharge_loss_per_s(cells.soc, parameters.overcharge) * tick_s,
        hottest_degC=jnp.maximum(state.hottest_degC, temperature),
        lowest_soc=jnp.minimum(state.lowest_soc, cells.soc),
        foreign=foreign,
    )
    return moved, output


def _warm(
    parameters: PlantParameters,
    state: PlantState,
    cells: CellState,
    into_W: Float[Array, "run cell"],
    loss_W_per_K: Float[Array, " run"],
) -> tuple[Float[Array, "run cell"], AbuseState]:
    """Return temperature and reactants after the tick, with the chemistry when a cell is hot."""
    tick_s = parameters.tick_s
    capacity = parameters.cell.heat_capacity_J_per_K
    loss = jnp.broadcast_to(loss_W_per_K[:, None], into_W.shape)

    def cold() -> tuple[Float[Array, "run cell"], AbuseState]:
        rise = into_W * tick_s / (capacity + tick_s * loss)
        return cells.temperature_degC + rise, state.abuse

    def hot() -> tuple[Float[Array, "run cell"], AbuseState]:
        kelvin = cells.temperature_degC + ZERO_DEGC_K
        abuse, after_K, _ = integrate_tick(
            parameters.abuse,
            state.abuse,
            kelvin,
            into_W,
            loss,
            jnp.full_like(into_W, capacity),
            tick_s,
            CHEMISTRY_SUBSTEPS,
        )
        # A cold cell beside a hot one takes the same path as when all are cold.
        is_hot = cells.temperature_degC > CHEMISTRY_ABOVE_DEGC
        plain, _ = cold()
        reactants = jax.tree.map(lambda new, old: jnp.where(is_hot, new, old), abuse, state.abuse)
        return jnp.where(is_hot, after_K - ZERO_DEGC_K, plain), reactants

    return lax.cond(jnp.any(cells.temperature_degC > CHEMISTRY_ABOVE_DEGC), hot, cold)


def running_away(state: PlantState) -> Bool[Array, "run cell"]:
    """Return which cells have passed into thermal runaway (above 230 degC, marker T2)."""
    return state.hottest_degC > 230.0
