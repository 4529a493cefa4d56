"""A cell whose numbers are known, on a made-up cycler: slow discharge, pulses and drives."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest
from jax import jit, lax

from voltward.physical.cell import CellModel, TemperatureLaw
from voltward.physical.circuit import advance, rested, terminal_V
from voltward.real_cells.identification.cell_facts import cell_facts
from voltward.real_cells.identification.identify import identify
from voltward.real_cells.identification.open_circuit import slow_curve
from voltward.real_cells.recordings.recording import Recording

LAG_S, NOISE_V = 0.2, 0.0005
_KNOTS = np.linspace(0.0, 1.0, 21)
KNOWN = CellModel(
    name="known",
    chemistry="made up",
    capacity_Ah=2.9,
    ocv_V=3.35 + 0.75 * _KNOTS + 0.03 * np.sin(9.0 * _KNOTS) - 0.5 * np.exp(-25.0 * _KNOTS),
    series_ohm=0.022 + 0.008 * (_KNOTS - 0.6) ** 2,
    fast_ohm=0.010 + 0.010 * (_KNOTS - 0.5) ** 2,
    slow_ohm=np.full(21, 0.015),
    fast_s=2.5,
    slow_s=35.0,
    series_law=TemperatureLaw(1500.0),
    fast_law=TemperatureLaw(3500.0),
    slow_law=TemperatureLaw(1800.0),
    hysteresis_V=0.004,
    hysteresis_rate=25.0,
    heat_capacity_J_per_K=45.0,
    surface_m2=0.0042,
    volume_m3=1.65e-5,
    equivalent_18650=1.04,
    source="made up for a test",
    charge_transfer=True,
    diffusion_ohm=np.full(21, 0.012),
    diffusion_s=450.0,
    diffusion_law=TemperatureLaw(1200.0),
    entropy_V_per_K=np.full(2, 1e-4),
)


@jit
def _voltage(elapsed_s, current_A, temperature_degC):
    def step(state, now):
        elapsed, current, warm = (value.reshape(1, 1) for value in now)
        state = advance(KNOWN, state, current, warm, elapsed)
        voltage = terminal_V(KNOWN, state, current, warm)
        return state, (voltage[0, 0], state.soc[0, 0])

    start = rested(jnp.ones((1, 1)))
    return lax.scan(step, start, (elapsed_s, current_A, temperature_degC))[1]


def recorded(name, step_s, current_A, temperature_degC, *, keep=1, lag=0, seed=0):
    """Return what the cycler writes: every `keep`-th step, the voltage `lag` steps late."""
    warm = np.broadcast_to(temperature_degC, current_A.shape)
    elapsed = np.full(current_A.size, step_s)
    voltage, soc = map(np.asarray, _voltage(*map(jnp.asarray, (elapsed, current_A, warm))))
    late = np.concatenate([np.full(lag, voltage[0]), voltage[: voltage.size - lag]])
    some = slice(keep - 1, None, keep)
    noise = NOISE_V * np.random.default_rng(seed).standard_normal(late[some].size)
    time_s = step_s * np.arange(current_A.size)[some]
    return Recording(
        name=name,
        time_s=time_s - time_s[0],
        voltage_V=(late[some] + noise)[:, None],
        current_A=current_A[some],
        temperature_degC=warm[some],
        soc=soc[some],
    )


def drive(name, temperature_degC, seed, seconds=2500):
    """Return a drive from full: a new current every few seconds, 1.2C on the mean."""
    draw = np.random.default_rng(seed)
    lengths = draw.integers(3, 15, seconds)
    level_C = np.clip(-1.2 + 0.9 * draw.standard_normal(seconds), -3.0, 1.0)
    level_C[0] = 0.0
    current_A = np.repeat(KNOWN.capacity_Ah * np.repeat(level_C, lengths)[:seconds], 20)
    warm = temperature_degC + np.linspace(0.0, 2.0, current_A.size)
    return recorded(name, 0.05, current_A, warm, keep=2, lag=round(LAG_S / 0.05), seed=seed)


def random_loads(name, temperature_degC, seed, step_s=100):
    """Return a discharge whose current changes at random every so many seconds."""
    loads_C = np.random.default_rng(seed).uniform(0.2, 1.6, 3300 // step_s)
    current_A = np.repeat(-KNOWN.capacity_Ah * np.array([0.0, *loads_C]), step_s)
    return recorded(name, 1.0, current_A, temperature_degC, seed=seed)


def pulses(name, temperature_degC, seed):
    """Return pulses at every tenth of charge, with rests."""
    one_C = KNOWN.capacity_Ah
    pulse = [(0.0, 60), (-one_C, 10), (0.0, 60), (0.7 * one_C, 10), (0.0, 60)]
    parts = [*pulse, (-one_C, 345), (0.0, 600)] * 9
    current_A = np.concatenate([np.full(length, level) for level, length in parts])
    return recorded(name, 1.0, current_A, temperature_degC, seed=seed)


def slow_discharge(name, temperature_degC=25.0):
    """Return a rest and a C/20 discharge from full to empty, one sample a minute."""
    current_A = np.concatenate([np.zeros(10), np.full(1200, -KNOWN.capacity_Ah / 20.0)])
    return recorded(name, 60.0, current_A, temperature_degC)


@pytest.fixture(scope="session")
def known():
    """Return the cell behind the recordings."""
    return KNOWN


@pytest.fixture(scope="session")
def recordings():
    """Return what is fitted."""
    return [
        slow_discharge("slow-25"),
        pulses("pulses-25", 25.0, 1),
        drive("drive-25", 25.0, 2),
        drive("drive-25-again", 25.0, 3),
        drive("drive-0", 0.0, 4),
        drive("drive-0-again", 0.0, 5),
    ]


@pytest.fixture(scope="session")
def checks():
    """Return what is held out; the voltage meter of the last one is 60 mV off."""
    unseen = [drive("unseen-25", 25.0, 12), drive("unseen-0", 0.0, 14)]
    wrong = drive("wrong-25", 25.0, 15, seconds=900)
    return [*unseen, replace(wrong, voltage_V=wrong.voltage_V + 0.06)]


@pytest.fixture(scope="session")
def rounds():
    """Return the rounds that the fit reported."""
    return []


@pytest.fixture(scope="session")
def found(recordings, checks, rounds):
    """Return the identification."""
    curve = slow_curve(recordings)
    facts = cell_facts("found", "made up", "a test", curve.capacity_Ah)
    return identify(
        recordings, checks, curve, facts, lambda *round_and_error: rounds.append(round_and_error)
    )
