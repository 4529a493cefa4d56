"""Thermal abuse chemistry: four Arrhenius reactions that heat a cell until it runs away."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float, Int

GAS_CONSTANT_J_PER_MOL_K = 8.314462618


@dataclass(frozen=True)
class AbuseParameters:
    """Reaction constants of a cell; the defaults are the LCO/graphite 18650.

    Each reaction has a frequency factor in 1/s, an activation energy in J/mol, a heat in J per
    gram of reactant and a reactant content in g per m3 of cell.

    Source: Hatchard et al., J. Electrochem. Soc. 148 (2001) A755; Kim et al., J. Power Sources
        170 (2007) 476. The cell volume is that of an 18650 cylinder.
    Limits: one chemistry (LCO); no venting, no gas, no reactions between cathode and anode.
    """

    volume_m3: float = 1.65e-5
    sei_frequency: float = 1.667e15
    sei_activation_J_per_mol: float = 1.3508e5
    sei_heat_J_per_g: float = 257.0
    sei_content_g_per_m3: float = 6.104e5
    sei_initial: float = 0.15
    anode_frequency: float = 2.5e13
    anode_activation_J_per_mol: float = 1.3508e5
    anode_heat_J_per_g: float = 1714.0
    anode_content_g_per_m3: float = 6.104e5
    anode_initial: float = 0.75
    sei_thickness_initial: float = 0.033
    sei_thickness_reference: float = 0.033
    cathode_frequency: float = 6.667e13
    cathode_activation_J_per_mol: float = 1.396e5
    cathode_heat_J_per_g: float = 314.0
    cathode_content_g_per_m3: float = 1.221e6
    cathode_initial: float = 0.04
    electrolyte_frequency: float = 5.14e25
    electrolyte_activation_J_per_mol: float = 2.74e5
    electrolyte_heat_J_per_g: float = 155.0
    electrolyte_content_g_per_m3: float = 4.07e5
    electrolyte_initial: float = 1.0

    def stored_heat_J(self) -> float:
        """Return the heat in joules that a fresh cell sets free when every reaction completes."""
        return self.volume_m3 * (
            self.sei_heat_J_per_g * self.sei_content_g_per_m3 * self.sei_initial
            + self.anode_heat_J_per_g * self.anode_content_g_per_m3 * self.anode_initial
            + self.cathode_heat_J_per_g
            * self.cathode_content_g_per_m3
            * (1.0 - self.cathode_initial)
            + self.electrolyte_heat_J_per_g
            * self.electrolyte_content_g_per_m3
            * self.electrolyte_initial
        )


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class AbuseState:
    """Dimensionless reactants of each cell.

    `sei`, `anode` and `electrolyte` are what is left; `cathode` is the converted share;
    `sei_thickness` grows with the anode reaction and slows it.
    """

    sei: Float[Array, "run cell"]
    anode: Float[Array, "run cell"]
    sei_thickness: Float[Array, "run cell"]
    cathode: Float[Array, "run cell"]
    electrolyte: Float[Array, "run cell"]


def initial_abuse_state(
    shape: tuple[int, ...], parameters: AbuseParameters | None = None
) -> AbuseState:
    """Return the state of cells that were never hot.

    Args:
        shape: Shape of the arrays, (run, cell).
        parameters: Reaction constants; the 18650 set when None.

    Returns:
        A fresh state.
    """
    constants = AbuseParameters() if parameters is None else parameters
    return AbuseState(
        sei=jnp.full(shape, constants.sei_initial),
        anode=jnp.full(shape, constants.anode_initial),
        sei_thickness=jnp.full(shape, constants.sei_thickness_initial),
        cathode=jnp.full(shape, constants.cathode_initial),
        electrolyte=jnp.full(shape, constants.electrolyte_initial),
    )


def react(
    parameters: AbuseParameters,
    state: AbuseState,
    temperature_K: Float[Array, "run cell"],
    duration_s: float,
) -> tuple[AbuseState, Float[Array, "run cell"]]:
    """Let the four reactions run at constant temperature.

    First-order reactions decay exactly, and the autocatalytic cathode follows its logistic
    solution, so no reactant leaves [0, 1] whatever the duration. The heat is what was consumed,
    hence never more than what was left.

    Args:
        parameters: Reaction constants.
        state: Reactants before.
        temperature_K: Cell temperature, held for the duration.
        duration_s: Length of the step in s.

    Returns:
        The reactants after, and the heat set free in J per cell.
    """
    per_RT = 1.0 / (GAS_CONSTANT_J_PER_MOL_K * temperature_K)

    def decay(frequency: float, activation_J_per_mol: float) -> Array:
        return frequency * duration_s * jnp.exp(-activation_J_per_mol * per_RT)

    sei_decay = decay(parameters.sei_frequency, parameters.sei_activation_J_per_mol)
    anode_decay = decay(parameters.anode_frequency, parameters.anode_activation_J_per_mol)
    anode_decay *= jnp.exp(-state.sei_thickness / parameters.sei_thickness_reference)
    cathode_growth = decay(parameters.cathode_frequency, parameters.cathode_activation_J_per_mol)
    electrolyte_decay = decay(
        parameters.electrolyte_frequency, parameters.electrolyte_activation_J_per_mol
    )

    sei = state.sei * jnp.exp(-sei_decay)
    anode = state.anode * jnp.exp(-anode_decay)
    cathode = state.cathode / (state.cathode + (1.0 - state.cathode) * jnp.exp(-cathode_growth))
    electrolyte = state.electrolyte * jnp.exp(-electrolyte_decay)

    heat_J = parameters.volume_m3 * (
        parameters.sei_heat_J_per_g * parameters.sei_content_g_per_m3 * (state.sei - sei)
        + parameters.anode_heat_J_per_g * parameters.anode_content_g_per_m3 * (state.anode - anode)
        + parameters.cathode_heat_J_per_g
        * parameters.cathode_content_g_per_m3
        * (cathode - state.cathode)
        + parameters.electrolyte_heat_J_per_g
        * parameters.electrolyte_content_g_per_m3
        * (state.electrolyte - electrolyte)
    )
    after = AbuseState(
        sei=sei,
        anode=anode,
        sei_thickness=state.sei_thickness + (state.anode - anode),
        cathode=cathode,
        electrolyte=electrolyte,
    )
    return after, heat_J


def integrate_tick(
    parameters: AbuseParameters,
    state: AbuseState,
    temperature_K: Float[Array, "run cell"],
    heat_W: Float[Array, "run cell"],
    loss_W_per_K: Float[Array, "run cell"],
    heat_capacity_J_per_K: Float[Array, "run cell"],
    tick_s: float,
    substeps: int,
) -> tuple[AbuseState, Float[Array, "run cell"], Float[Array, "run cell"]]:
    """Advance chemistry and cell temperature by one tick.

    The passive net heat flow into the cell is `heat_W - loss_W_per_K * (T - T_at_tick_start)`:
    the caller puts Joule heat, neighbours, coolant and radiation into `heat_W` and their slope
    over the cell's temperature into `loss_W_per_K`. The loss is taken implicitly, so a stiff loss
    cannot oscillate. In a runaway the chemistry is limited by the reactants that are left, so the
    rise in one sub-step is bounded by the stored heat.

    Args:
        parameters: Reaction constants.
        state: Reactants at the start of the tick.
        temperature_K: Cell temperature at the start of the tick.
        heat_W: Passive net heat flow into the cell at that temperature.
        loss_W_per_K: Decrease of that flow per kelvin of rise within the tick.
        heat_capacity_J_per_K: Heat capacity of the cell.
        tick_s: Length of the tick in s (static).
        substeps: Number of sub-steps (static); 10 for a tick of 1 s.

    Returns:
        The reactants, the temperature in K at the end of the tick, and the chemical heat of the
        tick in J per cell.
    """
    step_s = tick_s / substeps

    def substep(_: int, carry: tuple[AbuseState, Array, Array]) -> tuple[AbuseState, Array, Array]:
        reactants, now_K, chemical_J = carry
        reactants, released_J = react(parameters, reactants, now_K, step_s)
        passive_J = step_s * (heat_W - loss_W_per_K * (now_K - temperature_K))
        rise_K = (passive_J + released_J) / (heat_capacity_J_per_K + step_s * loss_W_per_K)
        return reactants, now_K + rise_K, chemical_J + released_J

    return jax.lax.fori_loop(
        0, substeps, substep, (state, temperature_K, jnp.zeros_like(temperature_K))
    )


STAGE_SELF_HEATING_DEGC = 80.0
STAGE_SELF_HEATING_K_PER_S = 0.02 / 60.0
STAGE_RUNAWAY_DEGC = 150.0
STAGE_RUNAWAY_K_PER_S = 1.0
STAGE_SPENT_DEGC = 230.0


def stage(
    temperature_degC: Float[Array, "run cell"], rate_K_per_s: Float[Array, "run cell"]
) -> Int[Array, "run cell"]:
    """Return the stage of thermal abuse of each cell at this moment.

    0 none; 1 self-heating (T1): at least 80 degC and at least 0.02 K/min; 2 runaway (T2): at
    least 150 degC and at least 1 K/s; 3 past the peak (T3): above 230 degC and slower than 1 K/s.
    A caller that wants the worst stage so far keeps the maximum.

    Args:
        temperature_degC: Cell temperature.
        rate_K_per_s: Self-heating rate: chemical heat of the tick over heat capacity and tick.

    Returns:
        The stage, 0 to 3.

    Source: T1 at 80-120 degC and T2 at 150-230 degC are the ranges reported for lithium-ion
        cells in accelerating-rate calorimetry; 0.02 K/min is the usual detection threshold of
        that instrument and 1 K/s the usual criterion of runaway (Feng et al., Energy Storage
        Materials 10 (2018) 246). The lower end of each range is used.
    Limits: markers for reports, no protection thresholds.
    """
    self_heating = (temperature_degC >= STAGE_SELF_HEATING_DEGC) & (
        rate_K_per_s >= STAGE_SELF_HEATING_K_PER_S
    )
    runaway = (temperature_degC >= STAGE_RUNAWAY_DEGC) & (rate_K_per_s >= STAGE_RUNAWAY_K_PER_S)
    spent = (temperature_degC >= STAGE_SPENT_DEGC) & ~runaway
    return jnp.where(spent, 3, jnp.where(runaway, 2, jnp.where(self_heating, 1, 0)))
