import tomllib
from dataclasses import replace
from importlib.resources import files

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voltward.physical.published_checks import reference_vehicle
from voltward.physical.vehicle import (
    GRAVITY_MPS2,
    REGENERATIVE_SHARE,
    coast_step,
    drive_step,
    power_demand_W,
    resistance_N,
)

CAR = reference_vehicle()
CYCLES = files("voltward") / "data" / "cycles"
TABLES = tomllib.loads((CYCLES / "cycles.toml").read_text(encoding="utf-8"))


@pytest.fixture(autouse=True)
def _double_precision():
    with jax.enable_x64(True):
        yield


def _read(name):
    text = (CYCLES / TABLES[name]["file"]).read_text(encoding="utf-8").splitlines()
    assert text[0] == f"time_s,{TABLES[name]['column']}"
    return np.array([line.split(",") for line in text[1:]], dtype=float)


@jax.jit
def _one_tick(speed_mps, demand_mps, available_W, grade, regeneration_W):
    return drive_step(speed_mps, demand_mps, available_W, grade, CAR, 1.0, regeneration_W)


def _drive(demanded_mps, available_W, start_mps=0.0, grade=0.0, regeneration_W=jnp.inf):
    slope = jnp.array([grade])

    def tick(speed, demand):
        speed, moved, power_W = drive_step(
            speed, demand[None], jnp.array([available_W]), slope, CAR, 1.0, regeneration_W
        )
        return speed, (speed[0], moved[0], power_W[0])

    start = jnp.array([start_mps])
    _, columns = jax.lax.scan(tick, start, jnp.asarray(demanded_mps, dtype=float))
    return tuple(np.asarray(column) for column in columns)


@pytest.mark.parametrize("name", list(TABLES))
def test_a_cycle_file_is_what_its_table_says(name):
    rows, table = _read(name), TABLES[name]
    assert (rows[:, 0] == np.arange(len(rows))).all()
    assert rows[-1, 0] == table["duration_s"]
    assert table["source"]
    assert table["licence"]
    if table["kind"] == "speed":
        speed_mps = rows[:, 1]
        assert np.trapezoid(speed_mps) == pytest.approx(table["distance_m"], abs=0.1)
        assert speed_mps[0] == speed_mps[-1] == 0.0
        assert speed_mps.min() == 0.0
    else:
        assert rows[:, 1].mean() < 0.0, "a drive discharges: charge is positive"


def test_wltc_matches_the_checksum_of_the_regulation():
    assert 3.6 * _read("wltc-3b")[:, 1].sum() == pytest.approx(83758.6, abs=0.5)


@pytest.mark.parametrize(
    ("name", "top_mph", "miles"),
    [("udds", 56.7, 7.45), ("us06", 80.3, 8.01), ("hwfet", 59.9, 10.26)],
)
def test_epa_cycles_have_the_published_speed_and_distance(name, top_mph, miles):
    speed_mps = _read(name)[:, 1]
    assert speed_mps.max() / 0.44704 == pytest.approx(top_mph, abs=0.05)
    assert np.trapezoid(speed_mps) / 1609.344 == pytest.approx(miles, abs=0.02)


@pytest.mark.parametrize("name", ["udds", "us06", "hwfet", "wltc-3b"])
def test_a_strong_battery_follows_every_cycle(name):
    demanded = _read(name)[1:, 1]
    speed, moved, power_W = _drive(demanded, 200_000.0)
    assert np.allclose(speed, demanded, atol=1e-9)
    assert moved.sum() == pytest.approx(TABLES[name]["distance_m"], rel=1e-4)
    watt_hours_per_km = power_W.sum() / 3600.0 / (moved.sum() / 1000.0)
    assert 90.0 < watt_hours_per_km < 220.0, "a mid-size electric car"


def test_an_open_contactor_coasts():
    demanded = np.full(100, 120 / 3.6)
    speed, moved, power_W = _drive(demanded, 0.0, start_mps=120 / 3.6, regeneration_W=0.0)
    roll = jax.jit(lambda mps: coast_step(mps, jnp.zeros(1), CAR, 1.0))
    rolled, metres = jnp.array([120 / 3.6]), 0.0
    for _ in range(100):
        rolled, step_m = roll(rolled)
        metres += float(step_m[0])
    assert speed[-1] == pytest.approx(float(rolled[0]), rel=2e-3)
    assert moved.sum() == pytest.approx(metres, rel=2e-3)
    assert np.abs(power_W).max() == pytest.approx(0.0, abs=1e-9)


def test_limited_power_settles_at_the_speed_that_it_can_hold():
    speed, _, power_W = _drive(np.full(600, 40.0), 10_000.0, start_mps=10.0)
    assert np.diff(speed)[-1] == pytest.approx(0.0, abs=1e-3)
    held = power_demand_W(jnp.array([speed[-1]]), jnp.zeros(1), CAR)
    assert float(held[0]) == pytest.approx(10_000.0, rel=1e-3)
    assert (power_W <= 10_000.0 * (1.0 + 1e-9)).all()


@given(
    start_mps=st.floats(0.0, 45.0),
    demand_mps=st.floats(0.0, 45.0),
    available_W=st.floats(0.0, 150_000.0),
    grade=st.floats(-0.06, 0.10),
)
@settings(max_examples=60, deadline=None)
def test_speed_never_overshoots_and_power_stays_within_limits(
    start_mps, demand_mps, available_W, grade
):
    with jax.enable_x64(True):
        values = (start_mps, demand_mps, available_W, grade, 20_000.0)
        after = _one_tick(*(jnp.array([value]) for value in values))
        speed, moved, power_W = (float(value[0]) for value in after)
    assert 0.0 <= speed <= max(start_mps, demand_mps) + 1e-9
    assert 0.0 <= moved <= max(start_mps, demand_mps) + 1e-9
    assert power_W <= available_W + 1e-6
    assert power_W >= -20_000.0 - 1e-6


def test_energy_balance_of_a_launch_without_losses():
    lossless = replace(
        CAR,
        drag_area_m2=0.0,
        rolling_resistance=0.0,
        drivetrain_efficiency=1.0,
        auxiliary_power_W=0.0,
    )
    speed, power_J = jnp.array([5.0]), 0.0
    for _ in range(8):
        speed, _, mean_W = drive_step(
            speed, jnp.array([30.0]), jnp.array([50_000.0]), jnp.zeros(1), lossless, 1.0
        )
        power_J += float(mean_W[0])
    gained_J = 0.5 * lossless.inertia_kg * (float(speed[0]) ** 2 - 25.0)
    assert power_J == pytest.approx(gained_J, rel=1e-9)


def test_braking_returns_the_stated_share():
    demand = jnp.array([19.0])
    _, _, power_W = drive_step(jnp.array([20.0]), demand, jnp.array([1e5]), jnp.zeros(1), CAR, 1.0)
    speed = 19.5
    braking_W = (
        CAR.inertia_kg * speed - float(resistance_N(jnp.array([speed]), 0.0, CAR)[0]) * speed
    )
    returned_W = CAR.drivetrain_efficiency * REGENERATIVE_SHARE * braking_W
    assert float(power_W[0]) == pytest.approx(CAR.auxiliary_power_W - returned_W, rel=1e-3)


def test_a_stopped_vehicle_draws_its_auxiliaries_only():
    assert float(power_demand_W(jnp.zeros(1), jnp.zeros(1), CAR)[0]) == CAR.auxiliary_power_W
    _, moved, power_W = _drive(np.zeros(5), 1e5)
    assert moved.sum() == 0.0
    assert np.allclose(power_W, CAR.auxiliary_power_W)


def test_slope_force_is_the_weight_along_the_road():
    flat = resistance_N(jnp.zeros(1), jnp.zeros(1), CAR)
    assert float(flat[0]) == pytest.approx(0.010 * 1700.0 * GRAVITY_MPS2)
    climb = resistance_N(jnp.zeros(1), jnp.array([0.06]), CAR)
    assert float(climb[0] / flat[0]) == pytest.approx(7.0, rel=2e-3)
