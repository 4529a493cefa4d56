"""The single particle model with electrolyte: one particle an electrode, one line of electrolyte.

A reduced electrochemical model that follows concentrations where the equivalent circuit follows
voltages, and so errs elsewhere. Cells in series carry the same flux, so one lane of particle modes
and electrolyte serves all of them; a cell then costs two curves and two square roots.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from voltward.core.errors import ConfigurationError
from voltward.core.input_file import read_toml
from voltward.core.suggestion import nearest
from voltward.physical.electrode import Electrode, OpenCircuit
from voltward.physical.electrolyte import (
    Electrolyte,
    Nyman,
    concentration_V,
    mean_roots,
    start_electrolyte,
    step_electrolyte,
)
from voltward.physical.particle_diffusion import (
    ParticleState,
    start_particle,
    step_particle,
    surface,
)

ZERO_DEGC_K = 273.15
# Surfaces are held this far inside empty and full; a cell beyond is spent, its voltage a bound.
EDGE = 1e-4


@dataclass(frozen=True)
class SingleParticleParameters:
    """Parameters of one cell.

    Attributes:
        name: Short name.
        nominal_capacity_Ah: As sold.
        electrode_area_m2: Of the coated pair.
        contact_ohm: In series with everything.
        reference_temperature_K: At which the kinetics hold.
        lowest_voltage_V: Open-circuit voltage at 0 % SoC.
        highest_voltage_V: At 100 %.
        negative: Electrode.
        positive: Electrode.
        electrolyte: Across both and the separator.
        source: Where the numbers come from.
    """

    name: str
    nominal_capacity_Ah: float
    electrode_area_m2: float
    contact_ohm: float
    reference_temperature_K: float
    lowest_voltage_V: float
    highest_voltage_V: float
    negative: Electrode
    positive: Electrode
    electrolyte: Electrolyte
    source: str

    @property
    def capacity_Ah(self) -> float:
        """Charge between 0 and 100 % SoC."""
        window = self.negative.stoichiometry_full - self.negative.stoichiometry_empty
        return self.negative.storage_C_per_m2 * window * self.electrode_area_m2 / 3600.0


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class SingleParticleState:
    """Concentrations of a cell.

    Attributes:
        negative: Its particle.
        positive: Its particle.
        electrolyte_mol_per_m3: Concentration of the salt.
    """

    negative: ParticleState
    positive: ParticleState
    electrolyte_mol_per_m3: Float[Array, "run lane node"]


def start(
    parameters: SingleParticleParameters, soc: Float[Array, "run cell"]
) -> SingleParticleState:
    """Return rested cells at a state of charge."""
    return SingleParticleState(
        negative=start_particle(
            parameters.negative.particle, parameters.negative.stoichiometry(soc)
        ),
        positive=start_particle(
            parameters.positive.particle, parameters.positive.stoichiometry(soc)
        ),
        electrolyte_mol_per_m3=start_electrolyte(parameters.electrolyte, soc.shape[0]),
    )


def _filling_per_s(
    parameters: SingleParticleParameters, current_A: Float[Array, "run lane"]
) -> tuple[Float[Array, "run lane"], Float[Array, "run lane"]]:
    """Return how fast the mean stoichiometries rise; a charging current fills the negative one."""
    density = current_A / parameters.electrode_area_m2
    return (
        density / parameters.negative.storage_C_per_m2,
        -density / parameters.positive.storage_C_per_m2,
    )


def advance(
    parameters: SingleParticleParameters,
    state: SingleParticleState,
    current_A: Float[Array, "run lane"],
    elapsed_s: Float[Array, "run 1"],
) -> SingleParticleState:
    """Advance the concentrations under a constant current; arguments as those of `step`."""
    filling, emptying = _filling_per_s(parameters, current_A)
    return SingleParticleState(
        negative=step_particle(parameters.negative.particle, state.negative, filling, elapsed_s),
        positive=step_particle(parameters.positive.particle, state.positive, emptying, elapsed_s),
        electrolyte_mol_per_m3=step_electrolyte(
            parameters.electrolyte,
            state.electrolyte_mol_per_m3,
            current_A / parameters.electrode_area_m2,
            elapsed_s,
        ),
    )


def _inside(stoichiometry: Float[Array, "run cell"]) -> Float[Array, "run cell"]:
    return jnp.clip(stoichiometry, EDGE, 1.0 - EDGE)


def voltage_V(
    parameters: SingleParticleParameters,
    state: SingleParticleState,
    current_A: Float[Array, "run lane"],
    temperature_degC: Float[Array, "run lane"],
) -> Float[Array, "run cell"]:
    """Return the terminal voltage; arguments and source as those of `step`."""
    kelvin = temperature_degC + ZERO_DEGC_K
    density = current_A / parameters.electrode_area_m2
    filling, emptying = _filling_per_s(parameters, current_A)
    negative, positive = parameters.negative, parameters.positive
    at_negative = _inside(surface(negative.particle, state.negative, filling))
    at_positive = _inside(surface(positive.particle, state.positive, emptying))
    salt = state.electrolyte_mol_per_m3
    roots = mean_roots(parameters.electrolyte, salt)
    reference_K = parameters.reference_temperature_K
    # Where one electrode gives lithium the other takes it.
    reaction_V = positive.overpotential_V(
        density, at_positive, roots[1], kelvin, reference_K
    ) - negative.overpotential_V(-density, at_negative, roots[0], kelvin, reference_K)
    open_circuit_V = positive.open_circuit.potential_V(
        at_positive
    ) - negative.open_circuit.potential_V(at_negative)
    solid = negative.solid_ohm_m2 + positive.solid_ohm_m2
    ohmic_V = density * (solid + parameters.electrolyte.ohm_m2)
    return (
        open_circuit_V
        + reaction_V
        + concentration_V(parameters.electrolyte, salt, kelvin)
        + ohmic_V
        + current_A * parameters.contact_ohm
    )


def step(
    parameters: SingleParticleParameters,
    state: SingleParticleState,
    current_A: Float[Array, "run lane"],
    temperature_degC: Float[Array, "run lane"],
    elapsed_s: Float[Array, "run 1"],
) -> tuple[SingleParticleState, Float[Array, "run cell"]]:
    """Advance under a constant current and read the voltage at its end.

    Args:
        parameters: Of the cell.
        state: Before.
        current_A: Through one cell; positive charges.
        temperature_degC: Of the cell; held over the step.
        elapsed_s: Length of the step.

    Returns:
        The state at the end, and the voltage there while the current still flows.

    Source:
        S. G. Marquis et al., J. Electrochem. Soc. 166 (2019) A3693.
    Limits:
        One particle stands for an electrode: the reaction's spread over the thickness, which grows
        with the current, is left out. As in the paper the conductivity is that of the electrolyte
        at rest. Diffusion does not depend on temperature in the shipped set.
    """
    moved = advance(parameters, state, current_A, elapsed_s)
    return moved, voltage_V(parameters, moved, current_A, temperature_degC)


def soc(
    parameters: SingleParticleParameters, state: SingleParticleState
) -> Float[Array, "run cell"]:
    """Return the state of charge by the negative electrode's lithium."""
    negative = parameters.negative
    window = negative.stoichiometry_full - negative.stoichiometry_empty
    return (state.negative.mean - negative.stoichiometry_empty) / window


def single_particle_parameters(document: dict[str, Any]) -> SingleParticleParameters:
    """Return the parameters that a parsed `data/electrochemistry/*.toml` document holds.

    Raises:
        KeyError: A key is missing.
        TypeError: A key is not known, or has no number.
    """
    negative, positive = (_electrode(document[name]) for name in ("negative", "positive"))
    separator, salt = document["separator"], document["electrolyte"]
    electrolyte = Electrolyte(
        thickness_m=(negative.thickness_m, separator["thickness_m"], positive.thickness_m),
        porosity=(negative.porosity, separator["porosity"], positive.porosity),
        bruggeman_exponent=salt["bruggeman_exponent"],
        concentration_mol_per_m3=salt["concentration_mol_per_m3"],
        cation_transference=salt["cation_transference"],
        thermodynamic_factor=salt["thermodynamic_factor"],
        nyman=Nyman(tuple(salt["diffusivity_m2_per_s"]), **salt["conductivity_S_per_m"]),
    )
    plain = ("name", "nominal_capacity_Ah", "electrode_area_m2", "contact_ohm", "source")
    cell = ("reference_temperature_K", "lowest_voltage_V", "highest_voltage_V")
    return SingleParticleParameters(
        **{key: document[key] for key in (*plain, *cell)},
        negative=negative,
        positive=positive,
        electrolyte=electrolyte,
    )


def _electrode(table: dict[str, Any]) -> Electrode:
    curve: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in table["open_circuit"].items()
    }
    return Electrode(**{**table, "open_circuit": OpenCircuit(**curve)})


@cache
def load_single_particle(name: str = "lg-m50") -> SingleParticleParameters:
    """Read a shipped set.

    Args:
        name: File in `data/electrochemistry` without its ending.

    Raises:
        ConfigurationError: No such set is shipped.
    """
    folder = files("voltward") / "data" / "electrochemistry"
    file = folder / f"{name}.toml"
    if not file.is_file():
        names = (entry.name for entry in folder.iterdir())
        known = sorted(entry.removesuffix(".toml") for entry in names if entry.endswith(".toml"))
        raise ConfigurationError(
            f"electrochemical parameter set {name!r} is not shipped",
            why=f"shipped are: {', '.join(known)}",
            hint=nearest(name, known),
        )
    return single_particle_parameters(read_toml(Path(str(file))))
