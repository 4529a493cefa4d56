"""Diffusion of lithium in a spherical particle, as a sum of its own modes.

Every mode decays by itself, so a step of any length under a constant flux is exact, and the modes
hold no lithium: the mean moves by the flux alone. A lane is a cell, or one for all cells of a run
that carry the same flux.
"""

from dataclasses import dataclass
from functools import cached_property

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float
from scipy.optimize import brentq

# The steady parabola of a unit flux stands this far above its mean at the surface.
SURFACE_SHARE = 0.2


@dataclass(frozen=True)
class Particle:
    """A sphere with a constant diffusivity.

    Attributes:
        radius_m: Of the particle.
        diffusivity_m2_per_s: Of lithium in it.
        modes: How many are followed; what the others add to the surface comes at once.

    Source:
        J. Crank, The Mathematics of Diffusion, 2nd ed., 1975, eq. 6.45 (sphere, constant flux).
    Limits:
        Constant diffusivity; below radius^2 / (diffusivity (pi modes)^2) a change of flux reaches
        the surface early: 0.8 s at the positive electrode of an LG M50 with 30 modes.
    """

    radius_m: float
    diffusivity_m2_per_s: float
    modes: int = 30

    @cached_property
    def roots(self) -> np.ndarray:
        """Positive roots of tan(x) = x (mode,)."""
        found = [
            brentq(
                lambda x: np.sin(x) - x * np.cos(x),
                k * np.pi,
                (k + 0.5) * np.pi,
                xtol=1e-14,
                rtol=1e-15,
            )
            for k in range(1, self.modes + 1)
        ]
        return np.array(found)

    @cached_property
    def shares(self) -> np.ndarray:
        """What each mode adds to the surface in the steady state of a unit flux (mode,)."""
        return 2.0 / self.roots**2

    @cached_property
    def rates_per_s(self) -> np.ndarray:
        """Decay rates (mode,)."""
        return self.roots**2 * self.diffusivity_m2_per_s / self.radius_m**2

    @property
    def diffusion_s(self) -> float:
        """The time radius^2 / diffusivity."""
        return self.radius_m**2 / self.diffusivity_m2_per_s


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class ParticleState:
    """Stoichiometry in a particle.

    Attributes:
        mean: Over the volume (run, cell).
        modes: Height of each mode at the surface.
    """

    mean: Float[Array, "run cell"]
    modes: Float[Array, "run lane mode"]


def start_particle(particle: Particle, stoichiometry: Float[Array, "run cell"]) -> ParticleState:
    """Return a particle without gradients; its modes get one lane."""
    runs = stoichiometry.shape[0]
    return ParticleState(stoichiometry, jnp.zeros((runs, 1, particle.modes)))


def step_particle(
    particle: Particle,
    state: ParticleState,
    filling_per_s: Float[Array, "run lane"],
    elapsed_s: Float[Array, "run 1"],
) -> ParticleState:
    """Advance under a constant flux, exactly.

    Args:
        particle: Parameters.
        state: Before.
        filling_per_s: Rate at which the mean stoichiometry rises; the flux is radius / 3 times it.
        elapsed_s: Length of the step.
    """
    keep = jnp.exp(-jnp.asarray(particle.rates_per_s) * elapsed_s[..., None])
    steady = surface_gradient(particle, filling_per_s)[..., None] * jnp.asarray(particle.shares)
    return ParticleState(
        mean=state.mean + filling_per_s * elapsed_s,
        modes=steady + keep * (state.modes - steady),
    )


def surface_gradient(
    particle: Particle, filling_per_s: Float[Array, "run lane"]
) -> Float[Array, "run lane"]:
    """Return the gradient of stoichiometry at the surface, per radius."""
    return filling_per_s * (particle.diffusion_s / 3.0)


def surface(
    particle: Particle, state: ParticleState, filling_per_s: Float[Array, "run lane"]
) -> Float[Array, "run cell"]:
    """Return the stoichiometry at the surface while that flux flows."""
    rest = SURFACE_SHARE - float(np.sum(particle.shares))
    at_once = rest * surface_gradient(particle, filling_per_s)
    return state.mean + jnp.sum(state.modes, axis=-1) + at_once


def profile(
    particle: Particle, state: ParticleState, radii: Float[np.ndarray, " radius"]
) -> Float[Array, "run cell radius"]:
    """Return the stoichiometry over the radius, as far as the modes carry it.

    Args:
        particle: Parameters.
        state: Of the particle.
        radii: Relative to the particle's, above 0 and up to 1.
    """
    waves = np.sin(np.outer(particle.roots, radii)) / radii
    shapes = waves / np.sin(particle.roots)[:, None]
    return state.mean[..., None] + state.modes @ jnp.asarray(shapes)
