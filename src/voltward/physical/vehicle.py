"""Road load: what a vehicle draws from its battery, and how it slows when the power is gone."""

from typing import Annotated

import jax
import jax.numpy as jnp
from annotated_types import Interval
from jax import Array
from jaxtyping import Float

from voltward.documents.settings_table import NotNegative, settings_table

GRAVITY_MPS2 = 9.80665
# Largest force at the wheels: about half the weight of a mid-size car (assumption).
TRACTION_LIMIT_N = 8000.0
# Share of the braking force that the motor takes (assumption).
REGENERATIVE_SHARE = 0.7


@settings_table
class VehicleSettings:
    """The vehicle around the pack.

    Attributes:
        mass_kg: With driver.
        rotating_mass_factor: Equivalent mass of rotating parts.
        drag_area_m2: Drag coefficient times frontal area.
        rolling_resistance: Coefficient.
        drivetrain_efficiency: Battery to wheel, and back.
        regeneration_power_W: Largest power taken back while braking.
        auxiliary_power_W: Always on while driving.
        air_density_kg_per_m3: Of the ambient air.
    """

    mass_kg: Annotated[float, Interval(ge=50.0, le=60000.0)]
    rotating_mass_factor: Annotated[float, Interval(ge=1.0, le=2.0)]
    drag_area_m2: Annotated[float, Interval(gt=0.0, le=20.0)]
    rolling_resistance: Annotated[float, Interval(gt=0.0, le=0.1)]
    drivetrain_efficiency: Annotated[float, Interval(gt=0.0, le=1.0)]
    regeneration_power_W: NotNegative
    auxiliary_power_W: NotNegative
    air_density_kg_per_m3: Annotated[float, Interval(gt=0.5, le=1.6)]

    @property
    def inertia_kg(self) -> float:
        """Mass with the rotating parts."""
        return self.mass_kg * self.rotating_mass_factor


def resistance_N(
    speed_mps: Float[Array, " run"], grade: Float[Array, " run"], parameters: VehicleSettings
) -> Float[Array, " run"]:
    """Return air drag, rolling resistance and slope force; `grade` is rise over run."""
    weight_N = parameters.mass_kg * GRAVITY_MPS2
    along = weight_N / jnp.sqrt(1.0 + grade * grade)
    drag_N = (
        0.5 * parameters.air_density_kg_per_m3 * parameters.drag_area_m2 * speed_mps * speed_mps
    )
    return drag_N + along * (parameters.rolling_resistance + grade)


def power_demand_W(
    speed_mps: Float[Array, " run"],
    acceleration_mps2: Float[Array, " run"],
    parameters: VehicleSettings,
    grade: Float[Array, " run"] | float = 0.0,
) -> Float[Array, " run"]:
    """Return the power drawn from the battery to hold a speed and an acceleration.

    Args:
        speed_mps: Speed.
        acceleration_mps2: Acceleration; negative is braking.
        parameters: Vehicle.
        grade: Rise over run.

    Returns:
        Power in W, positive when drawn from the battery, negative when braking charges it.
    """
    force_N = parameters.inertia_kg * acceleration_mps2 + resistance_N(
        speed_mps, jnp.asarray(grade), parameters
    )
    force_N = jnp.where(speed_mps > 0.0, force_N, jnp.maximum(force_N, 0.0))
    return _battery_power_W(force_N, speed_mps, parameters, jnp.asarray(jnp.inf))


def coast_step(
    speed_mps: Float[Array, " run"],
    grade: Float[Array, " run"],
    parameters: VehicleSettings,
    tick_s: float,
    substeps: int = 10,
) -> tuple[Float[Array, " run"], Float[Array, " run"]]:
    """Roll for one tick without propulsion or braking.

    Args:
        speed_mps: Speed at the start of the tick.
        grade: Rise over run.
        parameters: Vehicle.
        tick_s: Length of the tick in s (static).
        substeps: Number of sub-steps (static).

    Returns:
        Speed at the end and distance covered. A vehicle that stops stays: its brakes hold it.
    """
    step_s = tick_s / substeps

    def substep(_: int, carry: tuple[Array, Array]) -> tuple[Array, Array]:
        speed, distance = carry
        return _move(speed, distance, -resistance_N(speed, grade, parameters), parameters, step_s)

    return jax.lax.fori_loop(0, substeps, substep, (speed_mps, jnp.zeros_like(speed_mps)))


def drive_step(
    speed_mps: Float[Array, " run"],
    demanded_speed_mps: Float[Array, " run"],
    available_power_W: Float[Array, " run"],
    grade: Float[Array, " run"],
    parameters: VehicleSettings,
    tick_s: float,
    available_regeneration_W: Float[Array, " run"] | float = jnp.inf,
    substeps: int = 10,
) -> tuple[Float[Array, " run"], Float[Array, " run"], Float[Array, " run"]]:
    """Follow the demanded speed for one tick as far as the battery's power allows.

    Args:
        speed_mps: Speed at the start of the tick.
        demanded_speed_mps: Speed that the driver wants at the end of the tick.
        available_power_W: Most power that the battery gives; 0 with the contactors open.
        grade: Rise over run.
        parameters: Vehicle.
        tick_s: Length of the tick in s (static).
        available_regeneration_W: Most power that the battery takes; 0 with the contactors open.
            Friction brakes do the rest, so braking always follows the demand.
        substeps: Number of sub-steps (static).

    Returns:
        Speed at the end, distance covered in m, and mean battery power in W: positive when drawn,
        negative when braking charges the battery. With too little power for the auxiliaries
        they get what there is.
    """
    step_s = tick_s / substeps
    momentum_per_mps = 2.0 * parameters.inertia_kg / step_s
    for_traction_W = jnp.maximum(available_power_W - parameters.auxiliary_power_W, 0.0)
    wheel_limit_W = for_traction_W * parameters.drivetrain_efficiency
    auxiliary_W = jnp.minimum(parameters.auxiliary_power_W, available_power_W)
    regeneration_W = jnp.asarray(available_regeneration_W) + auxiliary_W

    def substep(index: int, carry: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        speed, distance, energy_J = carry
        acceleration = (demanded_speed_mps - speed) / (tick_s - index * step_s)
        load_N = resistance_N(speed, grade, parameters)
        wanted_N = parameters.inertia_kg * acceleration + load_N
        # Power is force times the mean speed u of the sub-step, and that speed depends on the
        # force: 2 m (u - v) / h = P / u - load is quadratic in u and has no pole at rest.
        momentum_rate_N = momentum_per_mps * speed - load_N
        root = jnp.sqrt(momentum_rate_N**2 + 4.0 * momentum_per_mps * wheel_limit_W)
        mean_mps = 0.5 * (momentum_rate_N + root) / momentum_per_mps
        power_limit_N = wheel_limit_W / jnp.maximum(mean_mps, 1e-9)
        force_N = jnp.minimum(wanted_N, jnp.minimum(power_limit_N, TRACTION_LIMIT_N))
        parked = (speed <= 0.0) & (demanded_speed_mps <= 0.0)
        force_N = jnp.where(parked, load_N, force_N)  # the brakes hold it on any slope
        new_speed, new_distance = _move(speed, distance, force_N - load_N, parameters, step_s)
        driven_mps = 0.5 * (speed + new_speed)
        drawn_W = _battery_power_W(force_N, driven_mps, parameters, regeneration_W)
        drawn_W += auxiliary_W - parameters.auxiliary_power_W
        return new_speed, new_distance, energy_J + drawn_W * step_s

    zero = jnp.zeros_like(speed_mps)
    speed, distance_m, energy_J = jax.lax.fori_loop(0, substeps, substep, (speed_mps, zero, zero))
    return speed, distance_m, energy_J / tick_s


def _battery_power_W(
    force_N: Array, speed_mps: Array, parameters: VehicleSettings, regeneration_W: Array
) -> Array:
    wheel_W = force_N * speed_mps
    drawn_W = jnp.maximum(wheel_W, 0.0) / parameters.drivetrain_efficiency
    braked_W = jnp.maximum(-wheel_W, 0.0) * REGENERATIVE_SHARE
    returned_W = parameters.drivetrain_efficiency * jnp.minimum(
        braked_W, parameters.regeneration_power_W
    )
    return drawn_W - jnp.minimum(returned_W, regeneration_W) + parameters.auxiliary_power_W


def _move(
    speed_mps: Array,
    distance_m: Array,
    net_force_N: Array,
    parameters: VehicleSettings,
    step_s: float,
) -> tuple[Array, Array]:
    new_speed = jnp.maximum(speed_mps + step_s * net_force_N / parameters.inertia_kg, 0.0)
    return new_speed, distance_m + 0.5 * step_s * (speed_mps + new_speed)
