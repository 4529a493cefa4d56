"""Slow ageing: capacity loss and resistance growth from accumulators that every tick adds to."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

SOURCE_CAPACITY_AH = 2.15
SECONDS_PER_DAY = 86_400.0
SECONDS_PER_YEAR = 365.0 * SECONDS_PER_DAY
DUTIES_PER_YEAR = 365.0
EXTRAPOLATION = (
    "the recorded duty once a day without change, from new: its calendar stress lasts all day, "
    "its charge throughput counts once, its mean voltage and depth of discharge are kept"
)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class AgeingState:
    """Accumulators of each cell.

    `calendar_loss_days` is the integral of a_c^(4/3) over days and `calendar_growth_days` that
    of a_r^(4/3); `throughput_Ah` counts charge both ways; `square_voltage_V2Ah` is the integral
    of V^2 over throughput; `lowest_soc` and `highest_soc` are the window seen so far.
    """

    calendar_loss_days: Float[Array, "run cell"]
    calendar_growth_days: Float[Array, "run cell"]
    throughput_Ah: Float[Array, "run cell"]
    square_voltage_V2Ah: Float[Array, "run cell"]
    lowest_soc: Float[Array, "run cell"]
    highest_soc: Float[Array, "run cell"]


def initial_ageing_state(shape: tuple[int, ...]) -> AgeingState:
    """Return the state of new cells.

    Args:
        shape: Shape of the arrays, (run, cell).

    Returns:
        Empty accumulators.
    """
    zero = jnp.zeros(shape)
    return AgeingState(
        calendar_loss_days=zero,
        calendar_growth_days=zero,
        throughput_Ah=zero,
        square_voltage_V2Ah=zero,
        lowest_soc=jnp.full(shape, jnp.inf),
        highest_soc=jnp.full(shape, -jnp.inf),
    )


def ageing_step(
    state: AgeingState,
    voltage_V: Float[Array, "run cell"],
    temperature_degC: Float[Array, "run cell"],
    current_A: Float[Array, "run cell"],
    soc: Float[Array, "run cell"],
    tick_s: float,
) -> AgeingState:
    """Add one tick to the accumulators.

    Calendar loss under constant stress is a_c t^0.75. Its 4/3 power grows at the rate a_c^(4/3)
    whatever came before, so the integral of that rate is the equivalent-time form and exact for
    a stress that is constant within each tick.

    Args:
        state: Accumulators.
        voltage_V: Cell voltage.
        temperature_degC: Cell temperature.
        current_A: Cell current; its sign does not matter.
        soc: State of charge.
        tick_s: Length of the tick in s.

    Returns:
        The accumulators after the tick.

    Source: Schmalstieg et al., J. Power Sources 257 (2014) 325, doi
        10.1016/j.jpowsour.2014.02.012, Sanyo UR18650E (NMC, 2.15 Ah).
    Limits: fitted near 35 degC, 1C, up to 4.2 V; beyond is extrapolated. Cycling has no
        temperature in this model: cold charging is the plating model's business.
    """
    kelvin = temperature_degC + 273.15
    days = tick_s / SECONDS_PER_DAY
    # (1e6 v exp(-6976/T))^(4/3) = 1e8 v^(4/3) exp(-9301/T), and likewise for the resistance.
    loss_per_day = (1e6 ** (4.0 / 3.0)) * _power_four_thirds(7.543 * voltage_V - 23.75)
    growth_per_day = (1e5 ** (4.0 / 3.0)) * _power_four_thirds(5.270 * voltage_V - 16.32)
    moved_Ah = jnp.abs(current_A) * (tick_s / 3600.0)
    return AgeingState(
        calendar_loss_days=state.calendar_loss_days
        + days * loss_per_day * jnp.exp((-6976.0 * 4.0 / 3.0) / kelvin),
        calendar_growth_days=state.calendar_growth_days
        + days * growth_per_day * jnp.exp((-5986.0 * 4.0 / 3.0) / kelvin),
        throughput_Ah=state.throughput_Ah + moved_Ah,
        square_voltage_V2Ah=state.square_voltage_V2Ah + voltage_V * voltage_V * moved_Ah,
        lowest_soc=jnp.minimum(state.lowest_soc, soc),
        highest_soc=jnp.maximum(state.highest_soc, soc),
    )


def capacity_loss(state: AgeingState, capacity_Ah: float) -> Float[Array, "run cell"]:
    """Return the lost share of the fresh capacity, a_c t^0.75 + b_c Q^0.5.

    Args:
        state: Accumulators.
        capacity_Ah: Capacity of the cell; its throughput is scaled to the 2.15 Ah of the source
            cell, that is, equal equivalent full cycles age equally.

    Returns:
        Loss as a share, 0.2 at the usual end of life.
    """
    once = jnp.asarray(1.0)
    return _loss(state, capacity_Ah, once, once)


def resistance_growth(state: AgeingState, capacity_Ah: float) -> Float[Array, "run cell"]:
    """Return the relative growth of resistance, a_r t^0.75 + b_r Q; 0.1 is 10 % more.

    Args:
        state: Accumulators.
        capacity_Ah: Capacity of the cell, for the same scaling as `capacity_loss`.

    Returns:
        Growth as a share. The cycle term may be slightly negative for shallow cycles, as in the
        source.
    """
    rms_V, depth = _cycle_stress(state)
    per_Ah = 2.153e-4 * (rms_V - 3.725) ** 2 - 1.521e-5 + 2.798e-4 * depth
    source_Ah = state.throughput_Ah * (SOURCE_CAPACITY_AH / capacity_Ah)
    return state.calendar_growth_days**0.75 + per_Ah * source_Ah


def loss_per_year(
    state: AgeingState, duration_s: Float[Array, ""] | float, capacity_Ah: float
) -> Float[Array, "run cell"]:
    """Return the capacity loss of the first year if the recorded duty went on (`EXTRAPOLATION`).

    Args:
        state: Accumulators of a duty.
        duration_s: Length of that duty.
        capacity_Ah: Capacity of the cell.

    Returns:
        Loss as a share of the fresh capacity in one year from new.
    """
    return _loss_after_years(state, duration_s, capacity_Ah, jnp.asarray(1.0))


def equivalent_life_years(
    state: AgeingState,
    duration_s: Float[Array, ""] | float,
    capacity_Ah: float,
    end_of_life_loss: float = 0.2,
    abrupt_loss: Float[Array, "run cell"] | float = 0.0,
) -> Float[Array, "run cell"]:
    """Return the years to the end of life if the recorded duty went on (`EXTRAPOLATION`).

    Args:
        state: Accumulators of a duty.
        duration_s: Length of that duty.
        capacity_Ah: Capacity of the cell.
        end_of_life_loss: Loss at which life ends; 0.2 is the automotive convention.
        abrupt_loss: Further loss in each repetition, by plating or overcharge.

    Returns:
        Years, between 0.001 and 1000.
    """
    low = jnp.full(state.throughput_Ah.shape, jnp.log(1e-3))
    high = jnp.full(state.throughput_Ah.shape, jnp.log(1e3))

    def halve(_: int, bounds: tuple[Array, Array]) -> tuple[Array, Array]:
        lower, upper = bounds
        middle = 0.5 * (lower + upper)
        years = jnp.exp(middle)
        loss = _loss_after_years(state, duration_s, capacity_Ah, years)
        alive = loss + abrupt_loss * years * DUTIES_PER_YEAR < end_of_life_loss
        return jnp.where(alive, middle, lower), jnp.where(alive, upper, middle)

    low, high = jax.lax.fori_loop(0, 50, halve, (low, high))
    return jnp.exp(0.5 * (low + high))


def _loss_after_years(
    state: AgeingState, duration_s: Array | float, capacity_Ah: float, years: Array
) -> Array:
    # A duty longer than a day follows itself without a pause.
    per_year = SECONDS_PER_YEAR / duration_s
    return _loss(
        state, capacity_Ah, years * per_year, years * jnp.minimum(per_year, DUTIES_PER_YEAR)
    )


def _loss(
    state: AgeingState, capacity_Ah: float, calendar_repeats: Array, cycle_repeats: Array
) -> Array:
    rms_V, depth = _cycle_stress(state)
    per_root_Ah = 7.348e-3 * (rms_V - 3.667) ** 2 + 7.6e-4 + 4.081e-3 * depth
    source_Ah = state.throughput_Ah * (SOURCE_CAPACITY_AH / capacity_Ah)
    calendar = (state.calendar_loss_days * calendar_repeats) ** 0.75
    return calendar + per_root_Ah * jnp.sqrt(source_Ah * cycle_repeats)


def _cycle_stress(state: AgeingState) -> tuple[Array, Array]:
    moved_Ah = jnp.maximum(state.throughput_Ah, 1e-12)
    rms_V = jnp.sqrt(state.square_voltage_V2Ah / moved_Ah)
    return rms_V, jnp.clip(state.highest_soc - state.lowest_soc, 0.0, 1.0)


def _power_four_thirds(value: Array) -> Array:
    # Two Halley steps towards the cube root: a few divisions instead of a slow power function.
    # The start is within 35 % for 0.1 to 10, which covers cell voltages from 3.16 to 4.4 V;
    # below that the stress itself vanishes.
    positive = jnp.maximum(value, 0.0)
    root = 0.6 + 0.17 * positive
    for _ in range(2):
        cube = root * root * root
        root = root * (cube + 2.0 * positive) / (2.0 * cube + positive)
    return positive * root
