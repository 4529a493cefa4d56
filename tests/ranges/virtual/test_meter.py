"""The meter counts what its columns say, held to hand computation and figures from outside."""

from dataclasses import replace
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from voltward.physical.ageing import initial_ageing_state
from voltward.ranges.configuration.system import load_system
from voltward.ranges.virtual.assembly import assemble
from voltward.ranges.virtual.case_arrays import DutyTick
from voltward.ranges.virtual.meter import REFUSING_TAPS, metered, settled, start_meter
from voltward.results.consequences import CONSEQUENCE_INDEX, CONSEQUENCES

jax.config.update("jax_enable_x64", True)

ASSEMBLY = assemble(load_system(), (), 1.0)
CELL, LAST_TIER = ASSEMBLY.plant.cell, ASSEMBLY.limits.maximum
RUNS, CELLS = 1, 2
STANDBY, DRIVE, CHARGE, GRID = 0, 1, 2, 3
DESCRIPTION = {entry.name: entry.description for entry in CONSEQUENCES}
# What one tick of a pack at rest looks like; a test names what differs.
REST = {
    "mode": STANDBY,
    "wanted_mps": 0.0,
    "voltage_V": 3.7,
    "temperature_degC": 25.0,
    "hottest_degC": 25.0,
    "soc": 0.5,
    "bms_soc": 0.5,
    "twin_soc": 0.5,
    "twin_silence_s": 1.0,
    "current_A": 0.0,
    "charge_wanted": False,
    "lost": False,
    "speed_mps": 0.0,
    "distance_m": 0.0,
    "unserved_W": 0.0,
    "plated_Ah": 0.0,
}


def _happened(given):
    """Return what the parts report, reduced to what the meter reads."""

    def flat(name):
        return jnp.full(RUNS, given[name])

    def wide(name):
        return jnp.full((RUNS, CELLS), given[name])

    def silent(**more):
        return SimpleNamespace(
            alarms=jnp.zeros((RUNS, 0), bool),
            acting=jnp.zeros((RUNS, 0), bool),
            refused=jnp.zeros((RUNS, 0), jnp.int64),
            taken_in=jnp.zeros(RUNS, bool),
            **more,
        )

    demand = SimpleNamespace(
        lost=flat("lost"),
        speed_mps=flat("speed_mps"),
        distance_m=flat("distance_m"),
        unserved_W=flat("unserved_W"),
    )
    vehicle_report = silent(
        output=SimpleNamespace(voltage_V=wide("voltage_V")),
        current_A=flat("current_A"),
        charge_wanted=flat("charge_wanted"),
        faults=jnp.zeros((RUNS, 0), bool),
        demand=demand,
    )
    vehicle_report.refused = jnp.zeros((RUNS, len(REFUSING_TAPS)), jnp.int64)
    return SimpleNamespace(
        vehicle=SimpleNamespace(
            plant=SimpleNamespace(
                cells=SimpleNamespace(soc=wide("soc"), temperature_degC=wide("temperature_degC")),
                hottest_degC=wide("hottest_degC"),
                plated_Ah=wide("plated_Ah"),
            ),
            estimate=SimpleNamespace(soc=jnp.full((RUNS, 1), given["bms_soc"])),
            contactors=SimpleNamespace(wear=jnp.zeros(RUNS), closed=jnp.ones(RUNS, bool)),
        ),
        gateway=SimpleNamespace(queue=SimpleNamespace(lost=jnp.zeros(RUNS, jnp.int64))),
        cloud=SimpleNamespace(
            twin=SimpleNamespace(
                estimate=SimpleNamespace(soc=wide("twin_soc")), silence_s=flat("twin_silence_s")
            )
        ),
        vehicle_report=vehicle_report,
        gateway_report=silent(exposed=jnp.zeros(RUNS)),
        cloud_report=silent(),
        held=jnp.zeros(RUNS, jnp.uint32),
        revoked=jnp.zeros(RUNS, bool),
    )


def _stepper(assembly):
    @jax.jit
    def step(meter, given, tick, attack_tick):
        zero = jnp.zeros(RUNS)
        case = SimpleNamespace(
            attack_tick=jnp.full(RUNS, attack_tick),
            errors_from_tick=jnp.full(RUNS, jnp.where(attack_tick > 1e8, 0, attack_tick)),
            target_soc=jnp.full(RUNS, 0.9),
            cloud=jnp.ones(RUNS, bool),
        )
        duty = DutyTick(
            valid=jnp.ones(RUNS, bool),
            mode=jnp.full(RUNS, given["mode"]),
            speed_mps=jnp.full(RUNS, given["wanted_mps"]),
            grade=zero,
            current_A=zero,
            power_W=zero,
            ambient_degC=zero,
            auxiliary_W=zero,
        )
        goal, never = jnp.zeros(RUNS, jnp.int64), jnp.full(RUNS, jnp.inf)
        return metered(assembly, case, goal, never, meter, _happened(given), duty, tick)

    return step


STEP = _stepper(ASSEMBLY)


def meters_after(ticks, step=STEP, attack_tick=0):
    """Give the meter after each of the ticks, which differ from a rest as given."""
    meter = start_meter(RUNS, 0, 0, 0)
    for number, changes in enumerate(ticks):
        assert set(changes) <= set(REST)
        given = {name: jnp.asarray(value) for name, value in (REST | changes).items()}
        meter = step(meter, given, jnp.asarray(number), jnp.asarray(float(attack_tick)))
        yield meter


def measured(name, *ticks, **how):
    *_, last = meters_after(ticks, **how)
    return float(last.values[0, CONSEQUENCE_INDEX[name]])


# Cell


@pytest.mark.parametrize(
    ("name", "what", "limit", "inward"),
    [
        ("over_voltage_s", "voltage_V", LAST_TIER.voltage_high_V, -1.0),
        ("under_voltage_s", "voltage_V", LAST_TIER.voltage_low_V, 1.0),
        ("over_temperature_s", "temperature_degC", LAST_TIER.temperature_high_degC, -1.0),
    ],
)
def test_time_counts_beyond_the_last_tier_and_not_before(name, what, limit, inward):
    inside, outside = {what: limit + 1e-3 * inward}, {what: limit - 1e-3 * inward}
    assert measured(name, inside, outside, outside) == 2.0


@pytest.mark.parametrize("parallel", [1, 3])
def test_current_is_held_to_the_limit_of_all_cells_of_a_group(parallel):
    plant = replace(ASSEMBLY.plant, pack=replace(ASSEMBLY.plant.pack, parallel=parallel))
    step = _stepper(replace(ASSEMBLY, plant=plant))
    limits_A = (LAST_TIER.charge_current_A, -LAST_TIER.discharge_current_A)
    for limit_A in limits_A:
        ticks = [{"current_A": share * limit_A} for share in (0.99, 1.01)]
        assert measured("over_current_s", *ticks, step=step) == 1.0


def test_a_cell_is_in_runaway_beyond_the_temperature_that_its_column_names():
    assert "230 degC" in DESCRIPTION["runaway_cells"]
    assert measured("runaway_cells", {"hottest_degC": 229.0}) == 0.0
    assert measured("runaway_cells", {"hottest_degC": 231.0}) == CELLS


def test_overcharge_is_counted_in_percent_above_full():
    assert measured("overcharged_pct", {"soc": 1.03}, {"soc": 0.9}) == pytest.approx(3.0)


# Estimates


def test_an_error_of_the_bms_is_a_range_error_of_a_car_on_the_road():
    """Certified consumption of electric cars lies between 130 and 220 Wh/km (WLTP)."""
    pack_Wh = CELL.capacity_Ah * CELLS * 3.7
    km = measured("range_error_km", {"bms_soc": 0.6})
    assert 0.1 * pack_Wh / 220.0 < km < 0.1 * pack_Wh / 130.0


def test_errors_count_from_the_attack_on():
    before, after = {"bms_soc": 0.7, "twin_soc": 0.7}, {"bms_soc": 0.55, "twin_soc": 0.54}
    assert measured("soc_error_pct", before, after, attack_tick=1) == pytest.approx(5.0)
    assert measured("twin_soc_error_pct", before, after, attack_tick=1) == pytest.approx(4.0)


@pytest.mark.parametrize(("tick_s", "allowed_s"), [(1.0, 10.0), (60.0, 120.0)])
def test_a_cloud_is_blind_after_ten_seconds_and_two_ticks(tick_s, allowed_s):
    """A blind twin misleads nobody: its error does not count, its blindness does."""
    assert "10 s and two ticks" in DESCRIPTION["cloud_blind_s"]
    step = _stepper(replace(ASSEMBLY, tick_s=tick_s))
    seeing = {"twin_silence_s": 0.9 * allowed_s, "twin_soc": 0.6}
    blind = {"twin_silence_s": 1.1 * allowed_s, "twin_soc": 0.9}
    assert measured("cloud_blind_s", seeing, blind, step=step) == tick_s
    error_pct = measured("twin_soc_error_pct", seeing, blind, step=step)
    assert error_pct == pytest.approx(10.0)


# Vehicle


def test_a_slow_charge_is_a_charge_and_a_trickle_is_a_denial():
    """An AC charger of 11 kW takes ten hours: 0.1 C; float currents lie near C/100."""
    full_A = CELL.capacity_Ah * ASSEMBLY.plant.pack.parallel
    session = {"mode": CHARGE, "charge_wanted": True}
    assert measured("charging_denied_s", session | {"current_A": 0.1 * full_A}) == 0.0
    assert measured("charging_denied_s", session | {"current_A": 0.01 * full_A}) == 1.0
    done = {"mode": CHARGE, "charge_wanted": False}
    assert measured("charging_denied_s", done) == 0.0


def test_lost_propulsion_is_measured_in_time_distance_and_speed():
    fine = {"mode": DRIVE, "wanted_mps": 20.0, "distance_m": 20.0, "speed_mps": 20.0}
    slow = fine | {"lost": True, "distance_m": 15.0, "speed_mps": 10.0}
    slower = slow | {"distance_m": 5.0, "speed_mps": 5.0}
    ticks = (fine, slow, slower)
    assert measured("propulsion_lost_s", *ticks) == 2.0
    assert measured("propulsion_lost_m", *ticks) == pytest.approx(5.0 + 15.0)
    assert measured("propulsion_lost_kmh", *ticks) == pytest.approx(36.0)


def test_energy_is_power_times_time():
    pack_V = 3.7 * CELLS / ASSEMBLY.plant.pack.parallel
    ticks = [{"mode": CHARGE, "current_A": 100.0, "unserved_W": 720.0}] * 5
    assert measured("energy_charged_Wh", *ticks) == pytest.approx(100.0 * pack_V * 5.0 / 3600.0)
    assert measured("energy_unserved_Wh", *ticks) == pytest.approx(1.0)


# Grid


def test_reserve_is_counted_over_the_fleet_in_kilowatt_hours():
    step = _stepper(replace(ASSEMBLY, fleet=replace(ASSEMBLY.fleet, packs_moved=500.0)))
    ticks = [{"mode": GRID, "unserved_W": 7200.0}] * 10
    # 500 packs times 20 Wh.
    assert measured("reserve_unserved_kWh", *ticks, step=step) == pytest.approx(10.0)
    standby = [tick | {"mode": STANDBY} for tick in ticks]
    assert measured("reserve_unserved_kWh", *standby, step=step) == 0.0


def schedules(powers, mode=GRID):
    """Return what the operator expects after each tick of a pack power, in the same unit."""
    pack_V = 3.7 * CELLS / ASSEMBLY.plant.pack.parallel
    ticks = [
        {"mode": STANDBY} if power is None else {"mode": mode, "current_A": power}
        for power in powers
    ]
    return np.array([float(m.schedule_W[0]) / pack_V for m in meters_after(ticks, attack_tick=1)])


def test_the_operator_follows_a_change_in_five_minutes():
    """Dispatch intervals of markets are five minutes: then most of a step is scheduled."""
    schedule = schedules([0.0] + [1.0] * 600)
    assert schedule[60] < 0.25
    assert schedule[300] == pytest.approx(1.0 - np.exp(-1.0), abs=1e-3)
    assert schedule[600] > 0.85


def test_the_operator_knows_of_a_session_for_a_minute():
    """The start of a session by itself is no surprise; what comes later is."""
    schedule = schedules([None] + [1.0] * 30, mode=CHARGE)
    assert schedule[30] == pytest.approx(1.0)
    changed = schedules([None] + [1.0] * 90 + [2.0], mode=CHARGE)
    assert changed[-1] == pytest.approx(1.0, abs=0.01)


# Known at the end


def _end(**changes):
    zero = jnp.zeros((RUNS, CELLS))
    ageing = initial_ageing_state((RUNS, CELLS))
    state = {"overcharge_loss": zero, "plated_Ah": zero}
    state |= {name: jnp.full((RUNS, CELLS), value) for name, value in changes.items()}
    soc = jnp.asarray([[0.4, 0.7]])
    # A cell that was at half charge all the time and turned nothing over.
    still = replace(ageing, lowest_soc=zero + 0.5, highest_soc=zero + 0.5)
    return SimpleNamespace(ageing=still, cells=SimpleNamespace(soc=soc), **state)


def settled_values(duration_s=3600.0, **changes):
    values = jnp.zeros((RUNS, len(CONSEQUENCES)))
    table = settled(ASSEMBLY, values, _end(**changes), jnp.asarray(duration_s))
    return {name: float(table[0, index]) for name, index in CONSEQUENCE_INDEX.items()}


def test_half_of_the_plated_lithium_is_lost_as_its_column_says():
    assert "half of the plated charge" in DESCRIPTION["capacity_loss_pct"]
    lost_pct = settled_values(plated_Ah=0.01 * CELL.capacity_Ah)["capacity_loss_pct"]
    assert lost_pct == pytest.approx(1.0 / 2.0)


def test_overcharge_is_lost_whole():
    assert settled_values(overcharge_loss=0.02)["capacity_loss_pct"] == pytest.approx(2.0)


def test_an_abrupt_loss_once_a_day_ends_the_life_at_a_fifth():
    """0.1 % a day: 36.5 % in the first year, and 200 days to a loss of 20 %."""
    found = settled_values(overcharge_loss=1e-3)
    assert found["capacity_loss_pct_per_year"] == pytest.approx(36.5)
    assert found["equivalent_life_years"] == pytest.approx(200.0 / 365.0, rel=1e-3)


def test_a_duty_longer_than_a_day_repeats_less_often():
    found = settled_values(duration_s=10.0 * 86_400.0, overcharge_loss=1e-3)
    assert found["capacity_loss_pct_per_year"] == pytest.approx(3.65)


def test_the_spread_is_the_fullest_less_the_emptiest():
    assert settled_values()["soc_spread_pct"] == pytest.approx(30.0)
