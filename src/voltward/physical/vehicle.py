"""Road load: what a vehicle draws from its battery, and how it slows when the power is gone."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

GRAVITY_MPS2 = 9.80665


@dataclass(frozen=True)
class VehicleParameters:
    """A mid-size electric car.

    Attributes:
        mass_kg: Mass with driver.
        rotating_mass_factor: Inertia of wheels and motor, as a factor on the mass.
        drag_area_m2: Drag coefficient times frontal area.
        rolling_coefficient: Rolling resistance coefficient.
        air_density_kg_per_m3: Density of air.
        drive_efficiency: Battery to wheel, and wheel to battery.
        auxiliary_W: Constant draw of the low-voltage system and the cabin.
        traction_limit_N: Largest force at the wheels.
        regenerative_share: Share of the braking force that the motor takes.
        regeneration_limit_W: Largest power at the wheels that the motor takes.

    Source: typical values of a mid-size battery-electric car. Assumptions: the traction limit
        (about 0.5 of the weight), the regenerative share and limit, and air at 20 degC.
    """

    mass_kg: float = 1700.0
    rotating_mass_factor: float = 1.05
    drag_area_m2: float = 0.65
    rolling_coefficient: float = 0.010
    air_density_kg_per_m3: float = 1.2
    drive_efficiency: float = 0.88
    auxiliary_W: float = 500.0
    traction_limit_N: float = 8000.0
    regenerative_share: float = 0.7
    regeneration_limit_W: float = 60_000.0

    @property
    def inertia_kg(self) -> float:
        """Mass with the rotating parts."""
        return self.mass_kg * self.rotating_mass_factor


def resistance_N(
    speed_mps: Float[Array, " run"], grade: Float[Array, " run"], parameters: VehicleParameters
) -> Float[Array, " run"]:
    """Return air drag, rolling resistance and slope force; `grade` is rise over run."""
    weight_N = parameters.mass_kg * GRAVITY_MPS2
    along = weight_N / jnp.sqrt(1.0 + grade * grade)
    drag_N = (
        0.5 * parameters.air_density_kg_per_m3 * parameters.drag_area_m2 * speed_mps * speed_mps
    )
    return drag_N + along * (parameters.rolling_coefficient + grade)


def power_demand_W(
    speed_mps: Float[Array, " run"],
    acceleration_mps2: Float[Array, " run"],
    parameters: VehicleParameters,
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
    parameters: VehicleParameters,
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
    parameters: VehicleParameters,
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
    for_traction_W = jnp.maximum(available_power_W - parameters.auxiliary_W, 0.0)
    wheel_limit_W = for_traction_W * parameters.drive_efficiency
    auxiliary_W = jnp.minimum(parameters.auxiliary_W, available_power_W)
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
        force_N = jnp.minimum(wanted_N, jnp.minimum(power_limit_N, parameters.traction_limit_N))
        parked = (speed <= 0.0) & (demanded_speed_mps <= 0.0)
        force_N = jnp.where(parked, load_N, force_N)  # the brakes hold it on any slope
        new_speed, new_distance = _move(speed, distance, force_N - load_N, parameters, step_s)
        driven_mps = 0.5 * (speed + new_speed)
        drawn_W = _battery_power_W(force_N, driven_mps, parameters, regeneration_W)
        drawn_W += auxiliary_W - parameters.auxiliary_W
        return new_speed, new_distance, energy_J + drawn_W * step_s

    zero = jnp.zeros_like(speed_mps)
    speed, distance_m, energy_J = jax.lax.fori_loop(0, substeps, substep, (speed_mps, zero, zero))
    return speed, distance_m, energy_J / tick_s


def _battery_power_W(
    force_N: Array, speed_mps: Array, parameters: VehicleParameters, regeneration_W: Array
) -> Array:
    wheel_W = force_N * speed_mps
    drawn_W = jnp.maximum(wheel_W, 0.0) / parameters.drive_efficiency
    braked_W = jnp.maximum(-wheel_W, 0.0) * parameters.regenerative_share
    returned_W = parameters.drive_efficiency * jnp.minimum(
        braked_W, parameters.regeneration_limit_W
    )
    return drawn_W - jnp.minimum(returned_W, regeneration_W) + parameters.auxiliary_W


def _move(
    speed_mps: Array,
    distance_m: Array,
    net_force_N: Array,
    parameters: VehicleParameters,
    step_s: float,
) -> tuple[Array, Array]:
    new_speed = jnp.maximum(speed_mps + step_s * net_force_N / parameters.inertia_kg, 0.0)
    return new_speed, distance_m + 0.5 * step_s * (speed_mps + new_speed)
