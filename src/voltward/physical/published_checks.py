"""Checks of the shipped physics: each published or computed figure, and what the code gives."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

from voltward.documents.toml_document import check_document, find_document, read_document
from voltward.physical import abuse, ageing, grid, overcharge, plating, vehicle

STEFAN_BOLTZMANN_W_PER_M2_K4 = 5.670374419e-8
ZERO_CELSIUS_K = 273.15


@dataclass(frozen=True)
class Check:
    """One figure: what is expected, what the shipped functions give, and whether they agree.

    Attributes:
        name: What was computed.
        expected: The figure of the source.
        got: The figure of this code.
        tolerance: Largest accepted difference, in the same unit.
        unit: Unit of the three.
        source: Where the expected figure comes from.
        passed: Whether the difference is within the tolerance.
    """

    name: str
    expected: float
    got: float
    tolerance: float
    unit: str
    source: str
    passed: bool


def check(
    name: str, expected: float, got: float, tolerance: float, unit: str, source: str
) -> Check:
    """Compare one figure; NaN never passes."""
    passed = bool(abs(got - expected) <= tolerance)
    return Check(name, expected, float(got), tolerance, unit, source, passed)


def oven_trace_degC(
    oven_degC: tuple[float, ...], duration_s: int, substeps: int = 10
) -> Float[np.ndarray, "time oven"]:
    """Return the temperature of an 18650 put at 25 degC into ovens, at the end of each second.

    Args:
        oven_degC: Oven temperatures, one run each.
        duration_s: How long to heat.
        substeps: Sub-steps of the abuse chemistry per second.

    Source: 45 g, 830 J/(kg K), 42 cm2, 10 W/(m2 K), emissivity 0.8.
    """
    parameters = abuse.AbuseParameters()
    oven_K = jnp.asarray(oven_degC)[:, None] + ZERO_CELSIUS_K
    heat_capacity_J_per_K = jnp.full_like(oven_K, 0.045 * 830.0)
    convection_W_per_K = 10.0 * 4.2e-3
    radiation_W_per_K4 = 0.8 * 4.2e-3 * STEFAN_BOLTZMANN_W_PER_M2_K4

    def tick(carry: tuple[abuse.AbuseState, Array], _: None) -> tuple[Any, Array]:
        state, cell_K = carry
        heat_W = convection_W_per_K * (oven_K - cell_K)
        heat_W += radiation_W_per_K4 * (oven_K**4 - cell_K**4)
        loss_W_per_K = convection_W_per_K + 4.0 * radiation_W_per_K4 * cell_K**3
        state, cell_K, _heat_J = abuse.integrate_tick(
            parameters, state, cell_K, heat_W, loss_W_per_K, heat_capacity_J_per_K, 1.0, substeps
        )
        return (state, cell_K), cell_K[:, 0] - ZERO_CELSIUS_K

    start = abuse.initial_abuse_state(oven_K.shape), jnp.full_like(oven_K, 298.15)
    _, trace_degC = jax.lax.scan(tick, start, None, length=duration_s)
    return np.asarray(trace_degC)


def overcharge_runaway(
    capacity_Ah: float = 2.2, resistance_ohm: float = 0.05
) -> tuple[float, float]:
    """Return SoC and temperature (degC) at which a 1C adiabatic overcharge reaches stage T2.

    An 18650 of 37.35 J/K starts full at 25 degC. Its capacity and resistance are assumptions,
    typical of an LCO cell of that size.
    """
    heat_capacity_J_per_K = jnp.full((1, 1), 0.045 * 830.0)
    current_A = jnp.full((1, 1), capacity_Ah)
    no_loss = jnp.zeros((1, 1))

    def tick(carry: tuple[abuse.AbuseState, Array, Array], _: None) -> tuple[Any, Any]:
        state, cell_K, soc = carry
        heat_W = overcharge.overcharge_heat_W(soc, current_A, overcharge.OverchargeParameters())
        heat_W += current_A**2 * resistance_ohm
        state, cell_K, chemical_J = abuse.integrate_tick(
            abuse.AbuseParameters(), state, cell_K, heat_W, no_loss, heat_capacity_J_per_K, 1.0, 10
        )
        soc += current_A / (3600.0 * capacity_Ah)
        temperature_degC = cell_K - ZERO_CELSIUS_K
        stage = abuse.stage(temperature_degC, chemical_J / heat_capacity_J_per_K)
        return (state, cell_K, soc), (soc[0, 0], temperature_degC[0, 0], stage[0, 0])

    start = abuse.initial_abuse_state((1, 1)), jnp.full((1, 1), 298.15), jnp.ones((1, 1))
    _, (soc, temperature_degC, stage) = jax.lax.scan(tick, start, None, length=3600)
    first = int(np.argmax(np.asarray(stage) >= 2))
    return float(soc[first]), float(temperature_degC[first])


def frequency_trace_Hz(
    parameters: grid.GridSettings,
    load_pu: float,
    duration_s: int,
    half_period_s: int | None = None,
) -> dict[str, Float[np.ndarray, " time"]]:
    """Return end, lowest, highest and RoCoF of each second after a load step or square wave.

    Args:
        parameters: The area.
        load_pu: Height of the step or wave.
        duration_s: Number of ticks of 1 s.
        half_period_s: On and off time of a square wave that starts on; None for a step.
    """
    matrices = grid.grid_matrices(parameters, tick_s=1.0, substeps=20)
    seconds = jnp.arange(duration_s)
    on = jnp.ones(duration_s) if half_period_s is None else (seconds // half_period_s) % 2 == 0

    def tick(state: grid.GridState, load: Array) -> tuple[grid.GridState, Any]:
        state, *rest = grid.grid_step(matrices, state, load[None])
        return state, tuple(value[0] for value in rest)

    _, columns = jax.lax.scan(tick, grid.initial_grid_state(1), load_pu * on)
    names = ("end", "lowest", "highest", "rocof")
    return {name: np.asarray(column) for name, column in zip(names, columns, strict=True)}


def reference_vehicle() -> vehicle.VehicleSettings:
    """Return the vehicle of the shipped reference system."""
    path = find_document("systems", "reference", "system")
    return check_document(vehicle.VehicleSettings, read_document(path)["vehicle"], str(path))


def coast_down(start_kmh: float, grade: float) -> tuple[Array, Array]:
    """Return speed (km/h) and distance (km) at the end of each of 300 s without propulsion."""
    parameters = reference_vehicle()
    slope = jnp.array([grade])

    def tick(carry: tuple[Array, Array], _: None) -> tuple[Any, tuple[Array, Array]]:
        speed, distance = carry
        speed, moved = vehicle.coast_step(speed, slope, parameters, 1.0)
        return (speed, distance + moved), (3.6 * speed[0], (distance[0] + moved[0]) / 1000.0)

    start = jnp.array([start_kmh / 3.6]), jnp.zeros(1)
    _, trace = jax.lax.scan(tick, start, None, length=300)
    return trace


def oven_checks() -> list[Check]:
    """Oven test: no runaway at 145 degC, runaway at 150 degC, and when."""
    source = "computed with the same reaction set and a stiff integrator; threshold about 150 degC"
    temperatures = (130.0, 140.0, 145.0, 150.0, 155.0, 160.0, 170.0)
    trace = oven_trace_degC(temperatures, duration_s=10_800)
    found = []
    for column, peak in enumerate((134.0, 147.0, 156.0)):
        name = f"oven {temperatures[column]:.0f} degC, peak without runaway"
        found.append(check(name, peak, trace[:, column].max(), 1.0, "degC", source))
    for column, minutes in enumerate((46.0, 26.0, 21.0, 16.0), start=3):
        hot = trace[:, column] > temperatures[column] + 50.0
        got = (np.argmax(hot) + 1) / 60.0 if hot.any() else np.nan
        name = f"oven {temperatures[column]:.0f} degC, time to runaway"
        found.append(check(name, minutes, got, 1.0, "min", source))
    return found


def overcharge_checks() -> list[Check]:
    """Overcharge: the calibrated heat brings T2 to 140-160 % SoC."""
    soc, temperature_degC = overcharge_runaway()
    source = "calibration target: T2 at 140-160 % SoC in a 1C adiabatic overcharge"
    stage_source = "T2 of lithium-ion cells lies at 150-230 degC"
    return [
        check("overcharge 1C adiabatic, SoC at T2", 1.50, soc, 0.10, "1", source),
        check(
            "overcharge 1C adiabatic, temperature at T2",
            190.0,
            temperature_degC,
            40.0,
            "degC",
            stage_source,
        ),
    ]


def ageing_checks() -> list[Check]:
    """Ageing: one year of storage, and 500 equivalent full cycles."""
    source = "Schmalstieg et al., J. Power Sources 257 (2014) 325, evaluated in closed form"
    found = []
    storage = ((25.0, 3.67, 2.3), (25.0, 4.16, 4.4), (35.0, 4.16, 9.4), (45.0, 4.16, 19.1))
    for temperature_degC, voltage_V, percent in (*storage, (45.0, 4.30, 21.8)):
        state = _aged(voltage_V, temperature_degC, 0.0, (0.5, 0.5), ageing.SECONDS_PER_YEAR)
        got = 100.0 * float(ageing.capacity_loss(state, ageing.SOURCE_CAPACITY_AH)[0, 0])
        name = f"calendar loss, one year at {temperature_degC:.0f} degC and {voltage_V:.2f} V"
        found.append(check(name, percent, got, 0.1, "%", source))
    for depth, percent in ((0.5, 13.0), (0.8, 18.7), (1.0, 22.7)):
        # 1 s of the whole throughput: the cycle term knows no time, and calendar loss vanishes.
        current_A = 500.0 * 2.0 * 3600.0 * ageing.SOURCE_CAPACITY_AH
        window = (0.5 - depth / 2.0, 0.5 + depth / 2.0)
        state = _aged(3.667, 25.0, current_A, window, 1.0)
        got = 100.0 * float(ageing.capacity_loss(state, ageing.SOURCE_CAPACITY_AH)[0, 0])
        name = f"cycle loss, 500 equivalent full cycles at {100 * depth:.0f} % depth"
        found.append(check(name, percent, got, 0.4, "%", source))
    return found


def grid_checks() -> list[Check]:
    """Grid: nadir, RoCoF and steady deviation of load steps, and the 4 s square wave."""
    # The exact solution used here agrees with a fine integration (tests); the expected
    # figures were computed more coarsely, which the tolerances (1 %, wave 3 %) allow for.
    source = "textbook area, Saadat, Power System Analysis, ch. 12; figures computed separately"
    primary, secondary = grid.TEXTBOOK_60HZ_PRIMARY_ONLY, grid.TEXTBOOK_60HZ
    expected = (
        (0.05, -0.222, -0.30, -0.144, -0.211),
        (0.10, -0.444, -0.60, -0.288, -0.422),
        (0.20, -0.888, -1.20, -0.577, -0.844),
    )
    found = []
    for load_pu, nadir, rocof, steady, controlled_nadir in expected:
        trace = frequency_trace_Hz(primary, load_pu, 120)
        controlled = frequency_trace_Hz(secondary, load_pu, 120)["lowest"].min()
        step, band = f"grid, load step {load_pu:.2f} pu", 0.01 * abs(nadir)
        lowest = trace["lowest"].min()
        found += [
            check(f"{step}, nadir", nadir, lowest, band, "Hz", source),
            check(f"{step}, RoCoF", rocof, trace["rocof"][0], 0.005, "Hz/s", source),
            check(f"{step}, steady", steady, trace["end"][-1], 0.001, "Hz", source),
            check(f"{step}, nadir with Ki 7", controlled_nadir, controlled, band, "Hz", source),
        ]
    for inertia_s, nadir in ((3.0, -0.546), (2.0, -0.674)):
        area = replace(secondary, inertia_s=inertia_s)
        got = frequency_trace_Hz(area, 0.10, 60)["lowest"].min()
        name = f"grid, load step 0.10 pu, H {inertia_s:.0f} s, nadir with Ki 7"
        found.append(check(name, nadir, got, 0.007, "Hz", source))
    wave = frequency_trace_Hz(secondary, 0.05, 120, half_period_s=2)
    largest = max(-wave["lowest"].min(), wave["highest"].max())
    name = "grid, square wave 0.05 pu of 4 s period, largest deviation"
    found.append(check(name, 0.275, largest, 0.008, "Hz", source))
    return found


def coast_down_checks() -> list[Check]:
    """Vehicle: time and distance after the contactors open, no braking."""
    source = "closed-form road load: 1,700 kg, factor 1.05, 0.65 m2, 0.010, air 1.2 kg/m3"
    cases = (
        (120.0, 0.00, 80.0, 43.0, 1.17),
        (120.0, 0.00, 50.0, 94.0, 2.08),
        (120.0, 0.00, 0.0, 225.0, 2.93),
        (120.0, 0.06, 80.0, 14.0, None),
        (120.0, 0.06, 0.0, 46.0, 0.72),
        (50.0, 0.00, 0.0, 131.0, 0.85),
    )
    found = []
    for start_kmh, grade, speed_kmh, seconds, kilometres in cases:
        speed, distance = coast_down(start_kmh, grade)
        index = int(np.argmax(np.asarray(speed) <= speed_kmh))
        name = f"coast-down {start_kmh:.0f} to {speed_kmh:.0f} km/h, grade {100 * grade:.0f} %"
        found.append(check(f"{name}, time", seconds, index + 1.0, 1.0, "s", source))
        if kilometres is not None:
            got = float(distance[index])
            found.append(check(f"{name}, distance", kilometres, got, 0.015, "km", source))
    return found


def plating_checks() -> list[Check]:
    """Plating: the shipped form against the grid that PyBaMM gave."""
    document = plating.load_plating_map("lg-m50")
    coefficients = plating.plating_coefficients(document)
    limit_C = np.asarray(document["grid"]["limit_C"])
    soc, temperature_degC = jnp.meshgrid(
        jnp.asarray(document["grid"]["soc"]),
        jnp.asarray(document["grid"]["temperature_degC"]),
        indexing="ij",
    )
    fitted_C = np.asarray(plating.plating_limit_C(soc, temperature_degC, coefficients))
    error = 100.0 * (fitted_C / limit_C - 1.0)
    stated = document["fit_relative_error"]
    source = f"fit error stated in plating/lg-m50.json; {document['source']}"
    rms, largest = float(np.sqrt(np.mean(error**2))), float(np.abs(error).max())
    return [
        check("plating limit, rms fit error", 100 * stated["rms"], rms, 0.1, "%", source),
        check(
            "plating limit, largest fit error", 100 * stated["largest"], largest, 0.1, "%", source
        ),
    ]


CHECKS: tuple[Callable[[], list[Check]], ...] = (
    oven_checks,
    overcharge_checks,
    ageing_checks,
    grid_checks,
    coast_down_checks,
    plating_checks,
)


def checks() -> tuple[Check, ...]:
    """Run every check of the shipped physics in double precision.

    Returns:
        All checks, passed or not, in a fixed order.
    """
    with jax.enable_x64(True):
        return tuple(found for group in CHECKS for found in group())


def _aged(
    voltage_V: float,
    temperature_degC: float,
    current_A: float,
    window: tuple[float, float],
    duration_s: float,
) -> ageing.AgeingState:
    state = ageing.initial_ageing_state((1, 1))
    voltage, temperature, current = (
        jnp.full((1, 1), value) for value in (voltage_V, temperature_degC, current_A)
    )
    for soc in window:
        state = ageing.ageing_step(
            state, voltage, temperature, current, jnp.full((1, 1), soc), duration_s / len(window)
        )
    return state
