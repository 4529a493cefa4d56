"""What the duty asks and what the limits leave of it, by hand."""

import jax
import jax.numpy as jnp
import pytest

from voltward.ranges.configuration.system import load_system
from voltward.ranges.virtual.assembly import assemble
from voltward.ranges.virtual.case_arrays import DutyTick
from voltward.ranges.virtual.demand import demanded

jax.config.update("jax_enable_x64", True)
ASSEMBLY = assemble(load_system(), (), 1.0)
PACK_V = 350.0
STANDBY, DRIVE, CHARGE, GRID, PROFILE = range(5)


def asked(
    mode, now_mps=0.0, charge_A=180.0, discharge_A=300.0, charger_A=0.0, wanted_mps=0.0, **duty
):
    """Return what a tick of a duty demands of a pack with closed contactors."""
    calm = {
        "valid": True,
        "speed_mps": wanted_mps,
        "grade": 0.0,
        "current_A": 0.0,
        "power_W": 0.0,
        "ambient_degC": 25.0,
        "auxiliary_W": 0.0,
    }
    given = {name: jnp.asarray([value]) for name, value in (calm | duty).items()}
    return demanded(
        ASSEMBLY,
        DutyTick(mode=jnp.asarray([mode]), **given),
        jnp.asarray([now_mps]),
        jnp.asarray([PACK_V]),
        jnp.ones(1, bool),
        charge_limit_A=jnp.asarray([charge_A]),
        discharge_limit_A=jnp.asarray([discharge_A]),
        charger_power_W=jnp.asarray([ASSEMBLY.charging.power_W]),
        charger_A=jnp.asarray([charger_A]),
        auxiliary_W=jnp.zeros(1),
    )


def test_grid_power_beyond_the_limits_is_unserved():
    demand = asked(GRID, discharge_A=100.0, power_W=-50_000.0)
    assert float(demand.current_A[0]) == pytest.approx(-100.0)
    assert float(demand.unserved_W[0]) == pytest.approx(50_000.0 - 100.0 * PACK_V)
    full = asked(GRID, power_W=-50_000.0)
    assert float(full.current_A[0]) == pytest.approx(-50_000.0 / PACK_V)
    assert float(full.unserved_W[0]) == pytest.approx(0.0, abs=1e-6)


def test_a_charger_gives_what_it_can():
    system = load_system().charging
    most_A = min(system.current_A, system.power_W / PACK_V)
    free = 1e9
    assert float(asked(CHARGE, charger_A=60.0, power_W=free).current_A[0]) == pytest.approx(60.0)
    assert float(asked(CHARGE, charger_A=500.0, power_W=free).current_A[0]) == pytest.approx(most_A)
    shared = asked(CHARGE, charger_A=500.0, power_W=7_000.0)
    assert float(shared.current_A[0]) == pytest.approx(7_000.0 / PACK_V)


def test_a_recorded_current_is_drawn_within_the_limits():
    demand = asked(PROFILE, current_A=-350.0)
    assert float(demand.current_A[0]) == pytest.approx(-300.0)
    assert float(demand.unserved_W[0]) == pytest.approx(50.0 * PACK_V)


@pytest.mark.parametrize("power_W", [-70_000.0, 20_000.0, -140_000.0])
def test_a_recorded_power_is_the_current_at_the_packs_voltage(power_W):
    as_power, as_current = (
        asked(PROFILE, power_W=power_W),
        asked(PROFILE, current_A=power_W / PACK_V),
    )
    for name in ("current_A", "unserved_W", "power_W"):
        assert float(getattr(as_power, name)[0]) == pytest.approx(
            float(getattr(as_current, name)[0]), abs=1e-6
        )
    assert float(as_power.power_W[0]) == power_W


@pytest.mark.parametrize(("share", "lost"), [(1.0, False), (0.95, False), (0.7, True), (0.0, True)])
def test_propulsion_is_lost_when_the_traffic_pulls_away(share, lost):
    """A car that is a few percent slow follows; one at two thirds of the speed does not."""
    # Without power the car keeps about the speed that it has.
    demand = asked(DRIVE, 20.0 * share, charge_A=0.0, discharge_A=0.0, wanted_mps=20.0)
    assert bool(demand.lost[0]) is lost


def test_standing_still_at_a_light_is_no_loss():
    assert not bool(asked(DRIVE, 0.0, discharge_A=0.0, wanted_mps=0.4).lost[0])
    assert not bool(asked(STANDBY, 0.0, discharge_A=0.0, wanted_mps=20.0).lost[0])
