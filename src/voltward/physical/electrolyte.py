"""Diffusion of salt in the electrolyte across negative electrode, separator and positive electrode.

Finite volumes, advanced by an exponential Euler step in the modes of a reference diffusivity: it
would be exact were the diffusivity constant, and is stable at any step. Fluxes only move salt
between volumes, so the salt is conserved. A lane is a cell, or one for all cells of a run that
carry the same current.
"""

from dataclasses import dataclass
from functools import cached_property

import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

from voltward.physical.electrode import FARADAY_C_PER_MOL, GAS_J_PER_MOL_K

LITRES_PER_M3 = 1000.0
# Keeps logarithm and root defined where a current empties an electrode of salt.
LOWEST_MOL_PER_M3 = 10.0
# Beyond this the fitted diffusivity says nothing; it is held there.
HIGHEST_MOL_PER_M3 = 4000.0


@dataclass(frozen=True)
class Nyman:
    """Diffusivity and conductivity of LiPF6 in EC:EMC over concentration in mol/l.

    Attributes:
        diffusivity_m2_per_s: Coefficients of c^0, c^1 and c^2.
        linear: Conductivity's coefficient of c.
        three_halves: Of c^1.5.
        cubic: Of c^3.

    Source:
        A. Nyman, M. Behm, G. Lindbergh, Electrochim. Acta 53 (2008) 6356.
    Limits:
        No temperature dependence, as in the set of Chen 2020.
    """

    diffusivity_m2_per_s: tuple[float, float, float]
    linear: float
    three_halves: float
    cubic: float

    def diffusivity(
        self, concentration: Float[Array, "..."] | float
    ) -> Float[Array, "..."] | float:
        """Return the diffusivity in m2/s at a concentration in mol/m3."""
        c = concentration / LITRES_PER_M3
        d0, d1, d2 = self.diffusivity_m2_per_s
        return d0 + c * (d1 + c * d2)

    def conductivity(
        self, concentration: Float[Array, "..."] | float
    ) -> Float[Array, "..."] | float:
        """Return the conductivity in S/m at a concentration in mol/m3."""
        c = concentration / LITRES_PER_M3
        return c * (self.linear + self.three_halves * c**0.5 + self.cubic * c * c)


@dataclass(frozen=True)
class Electrolyte:
    """Geometry and properties; regions run negative, separator, positive.

    Attributes:
        thickness_m: Of each region.
        porosity: Of each region.
        bruggeman_exponent: Transport efficiency is porosity to this power.
        concentration_mol_per_m3: At rest.
        cation_transference: Share of the current that lithium carries.
        thermodynamic_factor: Of the salt.
        nyman: Properties over concentration.
        volumes: In each region.
    """

    thickness_m: tuple[float, float, float]
    porosity: tuple[float, float, float]
    bruggeman_exponent: float
    concentration_mol_per_m3: float
    cation_transference: float
    thermodynamic_factor: float
    nyman: Nyman
    volumes: tuple[int, int, int] = (10, 4, 10)

    def _spread(self, values: tuple[float, ...]) -> np.ndarray:
        return np.repeat(np.array(values), self.volumes)

    @cached_property
    def widths_m(self) -> np.ndarray:
        """Width of each volume (node,)."""
        return self._spread(self.thickness_m) / self._spread(tuple(map(float, self.volumes)))

    @cached_property
    def pores_m(self) -> np.ndarray:
        """Electrolyte in each volume per electrode area (node,)."""
        return self.widths_m * self._spread(self.porosity)

    @cached_property
    def efficiency(self) -> np.ndarray:
        """Transport efficiency of each volume (node,)."""
        return self._spread(self.porosity) ** self.bruggeman_exponent

    @cached_property
    def source_mol_per_C(self) -> np.ndarray:
        """Salt that a charging current of 1 A/m2 sets free in each volume, per area and second."""
        share = (1.0 - self.cation_transference) / FARADAY_C_PER_MOL
        negative, separator, positive = self.volumes
        return share * np.concatenate(
            [
                np.full(negative, -1.0 / negative),
                np.zeros(separator),
                np.full(positive, 1.0 / positive),
            ]
        )

    @cached_property
    def path_m(self) -> np.ndarray:
        """Half width over transport efficiency: resistance of half a volume (node,)."""
        return 0.5 * self.widths_m / self.efficiency

    @cached_property
    def ohm_m2(self) -> float:
        """Mean ionic resistance per area at the rest concentration, for a reaction spread evenly.

        An electrode counts for a third of its thickness.
        """
        negative, separator, positive = np.array(self.thickness_m) / (
            np.array(self.porosity) ** self.bruggeman_exponent
        )
        rest = self.nyman.conductivity(self.concentration_mol_per_m3)
        return float((negative / 3.0 + separator + positive / 3.0) / rest)

    @cached_property
    def reference_diffusivity(self) -> float:
        """Diffusivity whose modes carry the step.

        That at 0.4 of the rest concentration: above half of all that occur, so a step of any
        length contracts towards the steady state.
        """
        return float(self.nyman.diffusivity(0.4 * self.concentration_mol_per_m3))

    @cached_property
    def modes(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Decay rates in 1/s, and matrices from amounts to modes and from modes to concentrations.

        With W the pores and K the symmetric exchange matrix, W dc/dt = -K c; the eigenvectors Q of
        W^-1/2 K W^-1/2 give c = W^-1/2 Q z and z = Q^T W^-1/2 (W c).
        """
        between = self.reference_diffusivity / (self.path_m[:-1] + self.path_m[1:])
        difference = np.diff(np.eye(self.pores_m.size), axis=0)
        root = 1.0 / np.sqrt(self.pores_m)
        matrix = root[:, None] * (difference.T @ (between[:, None] * difference)) * root
        rates, vectors = np.linalg.eigh(matrix)
        # The mode that holds all the salt does not decay, to the last digit.
        rates[0] = 0.0
        return rates, vectors.T * root, root[:, None] * vectors


def start_electrolyte(electrolyte: Electrolyte, runs: int) -> Float[Array, "run 1 node"]:
    """Return the concentrations of a rested cell in mol/m3, with a cell axis of one."""
    return jnp.full((runs, 1, electrolyte.pores_m.size), electrolyte.concentration_mol_per_m3)


def step_electrolyte(
    electrolyte: Electrolyte,
    concentration: Float[Array, "run lane node"],
    charging_A_per_m2: Float[Array, "run lane"],
    elapsed_s: Float[Array, "run 1"],
) -> Float[Array, "run lane node"]:
    """Advance under a constant current.

    Args:
        electrolyte: Parameters.
        concentration: Before, in mol/m3.
        charging_A_per_m2: Current per electrode area; positive charges.
        elapsed_s: Length of the step; salt is conserved at any, accuracy wants below 10 s.
    """
    rates, to_modes, to_nodes = electrolyte.modes
    known = jnp.clip(concentration, 0.0, HIGHEST_MOL_PER_M3)
    half = jnp.asarray(electrolyte.path_m) / electrolyte.nyman.diffusivity(known)
    flux = jnp.diff(concentration, axis=-1) / (half[..., :-1] + half[..., 1:])
    nothing = jnp.zeros_like(flux[..., :1])
    inflow = jnp.diff(jnp.concatenate([nothing, flux, nothing], axis=-1), axis=-1)
    source = charging_A_per_m2[..., None] * jnp.asarray(electrolyte.source_mol_per_C)
    # A mode that now changes at some speed goes on for (1 - exp(-rate t)) / rate, not for t.
    decay = jnp.asarray(rates) * elapsed_s[..., None]
    slowed = -jnp.expm1(-decay) / jnp.asarray(np.where(rates > 0.0, rates, 1.0))
    reach_s = jnp.where(jnp.asarray(rates) > 0.0, slowed, elapsed_s[..., None])
    return concentration + ((inflow + source) @ jnp.asarray(to_modes.T) * reach_s) @ jnp.asarray(
        to_nodes.T
    )


def _electrode_means(
    electrolyte: Electrolyte, values: Float[Array, "run lane node"]
) -> tuple[Float[Array, "run lane"], Float[Array, "run lane"]]:
    """Return the means over the negative and over the positive electrode."""
    negative, separator, _ = electrolyte.volumes
    return (
        jnp.mean(values[..., :negative], axis=-1),
        jnp.mean(values[..., negative + separator :], axis=-1),
    )


def mean_roots(
    electrolyte: Electrolyte, concentration: Float[Array, "run lane node"]
) -> tuple[Float[Array, "run lane"], Float[Array, "run lane"]]:
    """Return the mean square root of the concentration in either electrode, in (mol/m3)^0.5."""
    return _electrode_means(electrolyte, jnp.sqrt(jnp.maximum(concentration, LOWEST_MOL_PER_M3)))


def concentration_V(
    electrolyte: Electrolyte,
    concentration: Float[Array, "run lane node"],
    temperature_K: Float[Array, "run lane"],
) -> Float[Array, "run lane"]:
    """Return what the salt's gradient adds to the cell's voltage."""
    logarithm = jnp.log(jnp.maximum(concentration, LOWEST_MOL_PER_M3))
    negative, positive = _electrode_means(electrolyte, logarithm)
    factor = 2.0 * (1.0 - electrolyte.cation_transference) * electrolyte.thermodynamic_factor
    thermal_V = GAS_J_PER_MOL_K * temperature_K / FARADAY_C_PER_MOL
    return factor * thermal_V * (positive - negative)


def salt_mol_per_m2(
    electrolyte: Electrolyte, concentration: Float[Array, "run cell node"]
) -> Float[Array, "run cell"]:
    """Return the salt per electrode area."""
    return concentration @ jnp.asarray(electrolyte.pores_m)
