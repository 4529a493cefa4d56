"""The pack's electrical and thermal step: cells, balancing, coolant."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from voltward.physical.cell import CellModel
from voltward.physical.pack_settings import PackSettings
from voltward.physical.parallel_group import split_current

# Coolant: 0.06 kg of water-glycol at 3.4 kJ/(kg K) for each large cell (assumption).
COOLANT_J_PER_K = 200.0
# From the coolant to ambient with the pump on, for each cell (assumption).
RADIATOR_W_PER_K = 1.0


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class CellSpread:
    """What makes one cell unlike the next, (run, cell) factors around 1."""

    capacity: Float[Array, "run cell"]
    resistance: Float[Array, "run cell"]


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class CellState:
    """Electrical and thermal state of every cell.

    Attributes:
        soc: State of charge, of the cell's own capacity.
        fast_V: Voltage over the fast RC pair.
        slow_V: Voltage over the slow RC pair.
        hysteresis: -1 (discharge branch) to 1 (charge branch).
        temperature_degC: Lumped cell temperature.
        coolant_degC: Coolant temperature (run,).
        diffusion_V: Voltage over the slowest branch.
    """

    soc: Float[Array, "run cell"]
    fast_V: Float[Array, "run cell"]
    slow_V: Float[Array, "run cell"]
    hysteresis: Float[Array, "run cell"]
    temperature_degC: Float[Array, "run cell"]
    coolant_degC: Float[Array, " run"]
    diffusion_V: Float[Array, "run cell"]


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class CellOutput:
    """What one tick made.

    Attributes:
        voltage_V: Terminal voltage at the end of the tick.
        current_A: Current into each cell from the pack terminals.
        joule_J: Heat made in the resistances and by hysteresis.
        stored_J: Energy put into the open-circuit source.
        bleed_J: Energy burnt in the balancing resistors and shorts.
    """

    voltage_V: Float[Array, "run cell"]
    current_A: Float[Array, "run cell"]
    joule_J: Float[Array, "run cell"]
    stored_J: Float[Array, "run cell"]
    bleed_J: Float[Array, "run cell"]


def electrical_step(
    cell: CellModel,
    pack: PackSettings,
    spread: CellSpread,
    state: CellState,
    current_A: Float[Array, " run"],
    drain_S: Float[Array, "run cell"],
    tick_s: float,
) -> tuple[CellState, CellOutput]:
    """Advance charge and polarisation by one tick of constant pack current.

    Args:
        cell: The cell model.
        pack: Layout.
        spread: Factors of the cells.
        state: State at the start of the tick.
        current_A: Pack current; positive charges.
        drain_S: Conductance across each cell: balancing resistors and internal shorts.
        tick_s: Length of the tick.

    Limits:
        A charge transfer is taken at the mean current of the group, so that the split among
        parallel cells stays linear.
    """
    keep_fast, keep_slow, keep_diffusion = cell.kept(tick_s, state.temperature_degC)
    mean_A = (current_A / pack.parallel)[:, None]
    series_ohm, fast_ohm, slow_ohm = cell.resistances(state.soc, state.temperature_degC, mean_A)
    series_ohm = series_ohm * spread.resistance
    fast_step = (1.0 - keep_fast) * fast_ohm * spread.resistance
    slow_step = (1.0 - keep_slow) * slow_ohm * spread.resistance
    ocv_V, slope_V = cell.ocv(state.soc)
    charge = tick_s / (3600.0 * cell.capacity_Ah * spread.capacity)
    entropic_V = cell.entropic_V(state.soc, state.temperature_degC)
    polarised_V = ocv_V + entropic_V + keep_fast * state.fast_V + keep_slow * state.slow_V
    resistance = series_ohm + fast_step + slow_step + slope_V * charge
    diffusion_step: Float[Array, "run cell"] | float = 0.0
    if cell.diffusion_ohm is not None:
        diffusion_ohm = cell.diffusion(state.soc, state.temperature_degC)
        diffusion_step = (1.0 - keep_diffusion) * diffusion_ohm * spread.resistance
        polarised_V = polarised_V + keep_diffusion * state.diffusion_V
        resistance = resistance + diffusion_step
    if cell.hysteretic:
        polarised_V = polarised_V + cell.hysteresis_V * state.hysteresis
    terminal_A = split_current(polarised_V, resistance, current_A, pack.parallel)
    loop_V = polarised_V + resistance * terminal_A
    cell_A = terminal_A - drain_S * loop_V
    soc = state.soc + cell_A * charge
    fast_V = keep_fast * state.fast_V + fast_step * cell_A
    slow_V = keep_slow * state.slow_V + slow_step * cell_A
    hysteresis, diffusion_V = state.hysteresis, state.diffusion_V
    lost_V = series_ohm * cell_A + fast_V + slow_V
    if cell.diffusion_ohm is not None:
        diffusion_V = keep_diffusion * diffusion_V + diffusion_step * cell_A
        lost_V = lost_V + diffusion_V
    # OCV moves linearly inside the tick: its mean is what stores energy.
    end_V = cell.ocv(soc)[0] + entropic_V
    voltage_V = end_V + lost_V
    joule_W = cell_A * lost_V
    if cell.hysteretic:
        turn = jnp.exp(-jnp.abs(cell_A * charge) * cell.hysteresis_rate)
        hysteresis = turn * hysteresis + (1.0 - turn) * jnp.sign(cell_A)
        voltage_V = voltage_V + cell.hysteresis_V * hysteresis
        joule_W = joule_W + cell.hysteresis_V * hysteresis * cell_A
    output = CellOutput(
        voltage_V=voltage_V,
        current_A=terminal_A,
        joule_J=joule_W * tick_s,
        stored_J=end_V * cell_A * tick_s,
        bleed_J=voltage_V * (terminal_A - cell_A) * tick_s,
    )
    moved = CellState(
        soc,
        fast_V,
        slow_V,
        hysteresis,
        state.temperature_degC,
        state.coolant_degC,
        diffusion_V,
    )
    return moved, output


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class HeatFlow:
    """Heat exchange of the cells, linear around the temperatures at the tick's start.

    Attributes:
        into_cell_W: Net flow into each cell at the start of the tick, own losses apart.
        loss_W_per_K: How it falls as the cell warms.
        coolant_degC: Coolant temperature at the end of the tick.
    """

    into_cell_W: Float[Array, "run cell"]
    loss_W_per_K: Float[Array, " run"]
    coolant_degC: Float[Array, " run"]


def heat_flow(
    pack: PackSettings,
    temperature_degC: Float[Array, "run cell"],
    coolant_degC: Float[Array, " run"],
    ambient_degC: Float[Array, " run"],
    cooling: Float[Array, " run"],
    heating: Float[Array, " run"],
    tick_s: float,
) -> HeatFlow:
    """Return the exchange between neighbours, cells, coolant and ambient.

    Args:
        pack: Couplings.
        temperature_degC: Of the cells.
        coolant_degC: Of the coolant.
        ambient_degC: Outside.
        cooling: Pump and chiller, 0 to 1.
        heating: Heater, 0 to 1.
        tick_s: Length of the tick.

    Limits:
        One coolant temperature for the pack; neighbours along the string only.
    """
    path = pack.passive_conductance_W_per_K + (
        pack.coolant_conductance_W_per_K - pack.passive_conductance_W_per_K
    ) * jnp.maximum(cooling, heating)
    to_coolant = path[:, None] * (temperature_degC - coolant_degC[:, None])
    between = pack.neighbour_conductance_W_per_K * jnp.diff(temperature_degC, axis=1)
    into = -to_coolant
    into = into.at[:, :-1].add(between).at[:, 1:].add(-between)
    # Chilling fades out two kelvin above the supply, so that the coolant is not driven below it.
    pumped_W = pack.chiller_W_per_cell * cooling
    chill = pumped_W * jnp.clip((coolant_degC - pack.coolant_degC) / 2.0, 0.0, 1.0)
    radiator = RADIATOR_W_PER_K * (0.1 + 0.9 * cooling) * (coolant_degC - ambient_degC)
    net_W = jnp.mean(to_coolant, axis=1) - radiator - chill + pack.heater_W_per_cell * heating
    return HeatFlow(
        into_cell_W=into,
        loss_W_per_K=path + 2.0 * pack.neighbour_conductance_W_per_K,
        # Implicit in the coolant's own temperature, so that a tick of minutes stays stable.
        coolant_degC=coolant_degC
        + net_W * tick_s / (COOLANT_J_PER_K + tick_s * (path + RADIATOR_W_PER_K)),
    )
