import jax
import jax.numpy as jnp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voltward.physical.internal_short import (
    InternalShortParameters,
    short_conductance_S,
    short_current_A,
    short_heat_W,
)
from voltward.physical.overcharge import (
    OverchargeParameters,
    overcharge_heat_W,
    overcharge_loss_per_s,
)
from voltward.physical.published_checks import overcharge_runaway

PARAMETERS = OverchargeParameters()
SHORT = InternalShortParameters()


@pytest.fixture(autouse=True)
def _double_precision():
    with jax.enable_x64(True):
        yield


def _cell(value):
    return jnp.full((1, 1), value)


def test_adiabatic_overcharge_reaches_runaway_between_140_and_160_percent():
    soc, temperature_degC = overcharge_runaway()
    assert 1.40 <= soc <= 1.60
    assert 150.0 <= temperature_degC <= 230.0


@given(soc=st.floats(-0.5, 1.10), current_A=st.floats(-50.0, 50.0))
def test_no_heat_below_the_onset(soc, current_A):
    assert float(overcharge_heat_W(_cell(soc), _cell(current_A), PARAMETERS)[0, 0]) == 0.0


@given(soc=st.floats(1.0, 5.0), current_A=st.floats(0.0, 50.0))
def test_heat_never_exceeds_the_ceiling(soc, current_A):
    heat_W = float(overcharge_heat_W(_cell(soc), _cell(current_A), PARAMETERS)[0, 0])
    assert 0.0 <= heat_W <= PARAMETERS.heat_ceiling_V * current_A * (1.0 + 1e-6)


def test_discharge_of_an_overcharged_cell_gives_no_overcharge_heat():
    assert float(overcharge_heat_W(_cell(1.4), _cell(-5.0), PARAMETERS)[0, 0]) == 0.0


def test_loss_is_small_at_120_percent_and_sharp_beyond():
    def lost(to_soc):
        soc = jnp.linspace(1.0, to_soc, 2001)
        seconds = (to_soc - 1.0) * 3600.0
        return float(overcharge_loss_per_s(soc, PARAMETERS).mean()) * seconds

    assert lost(1.05) == 0.0
    assert lost(1.20) == pytest.approx(0.0081, rel=0.02)
    assert lost(1.50) == pytest.approx(0.0729, rel=0.02)


def test_a_sound_cell_has_no_short():
    conductance_S = short_conductance_S(_cell(129.9), _cell(-0.11), SHORT)
    assert float(conductance_S[0, 0]) == 0.0


@given(hot=st.floats(20.0, 900.0), hotter=st.floats(0.0, 300.0), soc=st.floats(-0.5, 1.0))
def test_hotter_never_shorts_less(hot, hotter, soc):
    before = short_conductance_S(_cell(hot), _cell(soc), SHORT)
    after = short_conductance_S(_cell(hot + hotter), _cell(soc), SHORT)
    assert float((after - before)[0, 0]) >= 0.0


def test_collapse_and_copper_reach_their_resistances():
    collapsed_S = float(short_conductance_S(_cell(150.0), _cell(0.5), SHORT)[0, 0])
    copper_S = float(short_conductance_S(_cell(25.0), _cell(-0.2), SHORT)[0, 0])
    assert 1.0 / collapsed_S == pytest.approx(SHORT.collapsed_resistance_ohm)
    assert 1.0 / copper_S == pytest.approx(SHORT.copper_resistance_ohm)


def test_short_heat_is_voltage_times_short_current():
    voltage_V, conductance_S = _cell(4.0), _cell(0.25)
    current_A = short_current_A(voltage_V, conductance_S)
    assert float(current_A[0, 0]) == pytest.approx(1.0)
    assert float(short_heat_W(voltage_V, conductance_S)[0, 0]) == pytest.approx(4.0)
