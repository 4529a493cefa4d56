"""A porous electrode: geometry, open-circuit potential and charge transfer."""

from dataclasses import dataclass
from functools import cached_property

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from voltward.physical.particle_diffusion import Particle

FARADAY_C_PER_MOL = 96485.33212
GAS_J_PER_MOL_K = 8.314462618


@dataclass(frozen=True)
class OpenCircuit:
    """U(x) = level + slope x + exponent exp(rate x) + sum of tanh steps, in V.

    Attributes:
        level_V: Constant part.
        slope_V: Per unit of stoichiometry.
        exponent_V: Height of the exponential.
        exponent_rate: Its rate.
        amplitude_V: Height of each step.
        rate: Steepness of each step.
        centre: Stoichiometry of each step.
    """

    level_V: float
    slope_V: float
    exponent_V: float
    exponent_rate: float
    amplitude_V: tuple[float, ...]
    rate: tuple[float, ...]
    centre: tuple[float, ...]

    def potential_V(self, stoichiometry: Float[Array, "..."]) -> Float[Array, "..."]:
        """Return the potential against lithium."""
        total = self.level_V + self.slope_V * stoichiometry
        if self.exponent_V:
            total = total + self.exponent_V * jnp.exp(self.exponent_rate * stoichiometry)
        for height, rate, centre in zip(self.amplitude_V, self.rate, self.centre, strict=True):
            total = total + height * jnp.tanh(rate * (stoichiometry - centre))
        return total


@dataclass(frozen=True)
class Electrode:
    """Parameters of one electrode.

    Attributes:
        thickness_m: Of the coating.
        porosity: Share of the electrolyte in it.
        active_fraction: Share of the active material.
        particle_radius_m: One size stands for all.
        conductivity_S_per_m: Of the solid, effective.
        maximum_concentration_mol_per_m3: Of lithium in the active material.
        diffusivity_m2_per_s: Of lithium in it.
        exchange_rate: In A/m2 (m3/mol)^1.5 at the reference temperature.
        activation_J_per_mol: Of the exchange current.
        stoichiometry_empty: At 0 % SoC of the cell.
        stoichiometry_full: At 100 %.
        open_circuit: Potential over stoichiometry.
    """

    thickness_m: float
    porosity: float
    active_fraction: float
    particle_radius_m: float
    conductivity_S_per_m: float
    maximum_concentration_mol_per_m3: float
    diffusivity_m2_per_s: float
    exchange_rate: float
    activation_J_per_mol: float
    stoichiometry_empty: float
    stoichiometry_full: float
    open_circuit: OpenCircuit

    @cached_property
    def particle(self) -> Particle:
        """The particle that stands for all of them."""
        return Particle(self.particle_radius_m, self.diffusivity_m2_per_s)

    @property
    def storage_C_per_m2(self) -> float:
        """Charge per area between stoichiometry 0 and 1."""
        volume = self.active_fraction * self.thickness_m
        return FARADAY_C_PER_MOL * self.maximum_concentration_mol_per_m3 * volume

    @property
    def surface_per_area(self) -> float:
        """Particle surface over electrode area."""
        return 3.0 * self.active_fraction * self.thickness_m / self.particle_radius_m

    @property
    def solid_ohm_m2(self) -> float:
        """Mean resistance of the solid per area, for a reaction spread evenly."""
        return self.thickness_m / (3.0 * self.conductivity_S_per_m)

    def stoichiometry(self, soc: Float[Array, "..."]) -> Float[Array, "..."]:
        """Return the mean stoichiometry at a state of charge."""
        return self.stoichiometry_empty + soc * (self.stoichiometry_full - self.stoichiometry_empty)

    def overpotential_V(
        self,
        current_A_per_m2: Float[Array, "..."],
        surface_stoichiometry: Float[Array, "..."],
        root_concentration: Float[Array, "..."],
        temperature_K: Float[Array, "..."],
        reference_K: float,
    ) -> Float[Array, "..."]:
        """Return the reaction overpotential, positive where lithium leaves the particle.

        Args:
            current_A_per_m2: Out of the particles, per electrode area.
            surface_stoichiometry: At the particle's surface, above 0 and below 1.
            root_concentration: Mean square root of the electrolyte's concentration over the
                electrode, in (mol/m3)^0.5.
            temperature_K: Of the cell.
            reference_K: At which the exchange rate holds.

        Source:
            Butler-Volmer with both transfer coefficients 0.5, which asinh inverts.
        """
        activation_K = self.activation_J_per_mol / GAS_J_PER_MOL_K
        faster = jnp.exp(activation_K * (1.0 / reference_K - 1.0 / temperature_K))
        share = jnp.sqrt(surface_stoichiometry * (1.0 - surface_stoichiometry))
        filled = self.maximum_concentration_mol_per_m3 * share
        exchange = self.exchange_rate * self.surface_per_area * faster * filled * root_concentration
        thermal_V = GAS_J_PER_MOL_K * temperature_K / FARADAY_C_PER_MOL
        return 2.0 * thermal_V * jnp.arcsinh(current_A_per_m2 / (2.0 * exchange))
