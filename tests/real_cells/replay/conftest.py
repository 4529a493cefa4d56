"""A recording that the cell model itself makes: with it, the twin has no model error at all."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from voltward.documents.toml_document import find_document
from voltward.physical.cell_file import load_cell
from voltward.physical.estimator import EstimatorTuning, innovate, predict, start_estimator
from voltward.real_cells.recordings.recording import Recording
from voltward.real_cells.replay.detectors import load_detectors
from voltward.real_cells.replay.session import ReplaySession

INITIAL_SOC = 0.8


@pytest.fixture(scope="session")
def cell():
    return load_cell(find_document("cells", "reference-nmc", "cell"))


def drive_of(cell, seconds, level_C=1.0, noise_V=0.0005):
    """Return a drive-like recording of a cell from the model's own equations."""
    draw = np.random.default_rng(5)
    level_C = level_C * np.repeat(draw.uniform(-1.2, 0.4, seconds // 20 + 1), 20)[:seconds]
    level_C[:5] = 0.0
    current_A = level_C * cell.capacity_Ah
    temperature_degC = np.full(seconds, 25.0) + np.linspace(0.0, 4.0, seconds)
    tuning = EstimatorTuning()

    def second(state, given):
        now_A, now_degC = (value.reshape(1, 1) for value in given)
        moved = predict(cell, tuning, state, now_A, now_degC, 1.0)
        apart = innovate(cell, tuning, moved, jnp.zeros((1, 1)), now_A, now_degC)
        return moved, (-apart.value_V[0, 0], moved.soc[0, 0])

    begin = start_estimator(jnp.full((1, 1), INITIAL_SOC), tuning)
    given = (jnp.asarray(current_A), jnp.asarray(temperature_degC))
    voltage_V, soc = (np.asarray(values) for values in lax.scan(second, begin, given)[1])
    noise = noise_V * draw.standard_normal((seconds, 1))
    return Recording(
        name="made",
        time_s=np.arange(float(seconds)),
        voltage_V=voltage_V[:, None] + noise,
        current_A=current_A,
        temperature_degC=temperature_degC,
        soc=soc,
    )


@pytest.fixture(scope="session")
def recording(cell):
    return drive_of(cell, 700)


@pytest.fixture(scope="session")
def made_by():
    return drive_of


@pytest.fixture(scope="session")
def string(cell, recording):
    """Three cells in series with noise of their own."""
    noise_V = 0.0005 * np.random.default_rng(6).standard_normal((700, 2))
    return replace(
        recording, voltage_V=np.hstack([recording.voltage_V, recording.voltage_V + noise_V])
    )


@pytest.fixture(scope="session")
def session(cell):
    return ReplaySession(cell, load_detectors())
