"""The current that every contestant gets: a seeded, drive-like profile in units of C-rate."""

import numpy as np

DURATION_S = 3600
INITIAL_SOC = 0.85
SEED = 20
MEAN_C = -0.3
LOWEST_C = -1.5
HIGHEST_C = 0.8


def current_C(ticks: int = DURATION_S, seed: int = SEED) -> np.ndarray:
    """Return one C-rate per second, positive when charging (tick,).

    Two first-order processes of 8 s and 60 s around a mean discharge, as a drive has them, cut at
    the ends. Synthetic: it is there to keep every model moving, not to be any real drive.
    """
    draws = np.random.default_rng(seed).normal(size=(2, ticks))
    quick, slow = np.zeros(ticks), np.zeros(ticks)
    for tick in range(1, ticks):
        quick[tick] = quick[tick - 1] * np.exp(-1 / 8) + 0.25 * draws[0, tick]
        slow[tick] = slow[tick - 1] * np.exp(-1 / 60) + 0.04 * draws[1, tick]
    return np.clip(MEAN_C + quick + slow, LOWEST_C, HIGHEST_C)
