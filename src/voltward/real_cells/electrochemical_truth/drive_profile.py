"""A drive-like current from a seed: stops, cruising, acceleration and braking."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

# Shares and lengths of the phases are assumptions; mean and peaks are stated by the style.
_PHASES = ("stop", "cruise", "accelerate", "brake")
_SHARES = (0.12, 0.42, 0.25, 0.21)
_SECONDS = {"stop": (5, 30), "cruise": (10, 60), "accelerate": (3, 12), "brake": (3, 10)}
_LEAD_IN_S = 10
# A battery management system takes no braking current into a full cell (assumption).
_NO_CHARGE_ABOVE = 0.95
_FULL_CHARGE_BELOW = 0.60


@dataclass(frozen=True)
class DriveStyle:
    """How hard a drive is, in multiples of the capacity per hour.

    Attributes:
        mean_C: Mean discharge while driving.
        charge_peak_C: Strongest braking.
        discharge_peak_C: Strongest acceleration.
    """

    mean_C: float
    charge_peak_C: float
    discharge_peak_C: float


HARD = DriveStyle(mean_C=0.5, charge_peak_C=1.2, discharge_peak_C=2.5)
MILD = DriveStyle(mean_C=0.35, charge_peak_C=0.6, discharge_peak_C=1.5)


def drive_current_A(
    style: DriveStyle,
    *,
    seed: int,
    seconds: int,
    capacity_Ah: float,
    initial_soc: float,
    rest_s: int = 600,
) -> Float[np.ndarray, " time"]:
    """Return the current of a drive, every second; positive charges.

    Args:
        style: Mean and peaks.
        seed: Of the phases.
        seconds: Driving.
        capacity_Ah: Of the cell.
        initial_soc: Where it begins: braking is curtailed near full.
        rest_s: At the end, so that the relaxation is seen.

    Returns:
        10 s of rest, the drive, and the rest, `10 + seconds + rest_s` samples.

    Limits:
        No road and no vehicle: a seeded sequence of phases with the stated mean and peaks.
    """
    discharge_C = _phases(style, np.random.default_rng(seed), seconds)
    current_C = _limited_braking(-discharge_C, style, initial_soc)
    padded = np.concatenate((np.zeros(_LEAD_IN_S), current_C, np.zeros(rest_s)))
    return padded * capacity_Ah


def _phases(style: DriveStyle, random: np.random.Generator, seconds: int) -> np.ndarray:
    levels = np.zeros(seconds)
    moving = np.zeros(seconds, dtype=bool)
    at = 0
    while at < seconds:
        phase = str(random.choice(_PHASES, p=_SHARES))
        shortest, longest = _SECONDS[phase]
        upto = min(seconds, at + int(random.integers(shortest, longest + 1)))
        if phase == "cruise":
            wander = np.cumsum(random.normal(0.0, 0.04, upto - at))
            levels[at:upto] = style.mean_C * random.uniform(0.5, 1.5) + wander * style.mean_C
        elif phase == "accelerate":
            levels[at:upto] = style.discharge_peak_C * random.uniform(0.4, 1.1)
        elif phase == "brake":
            levels[at:upto] = -style.charge_peak_C * random.uniform(0.3, 1.1)
        moving[at:upto] = phase != "stop"
        at = upto
    smooth = np.convolve(levels, np.full(3, 1.0 / 3.0), mode="same")
    return _with_mean(smooth, moving, style)


def _with_mean(levels: np.ndarray, moving: np.ndarray, style: DriveStyle) -> np.ndarray:
    """Return the levels moved, while driving, until the clipped profile has the stated mean."""
    low, high = -style.discharge_peak_C, style.discharge_peak_C
    for _ in range(50):
        middle = 0.5 * (low + high)
        if _clipped_current(levels, moving, style, middle).mean() < style.mean_C:
            low = middle
        else:
            high = middle
    return _clipped_current(levels, moving, style, high)


def _clipped_current(
    levels: np.ndarray, moving: np.ndarray, style: DriveStyle, offset: float
) -> np.ndarray:
    return np.clip(levels + offset * moving, -style.charge_peak_C, style.discharge_peak_C)


def _limited_braking(current_C: np.ndarray, style: DriveStyle, initial_soc: float) -> np.ndarray:
    """Return the current with braking limited where the counted state of charge is high."""
    allowed = current_C.copy()
    soc = initial_soc
    for second, rate in enumerate(current_C):
        room = (_NO_CHARGE_ABOVE - soc) / (_NO_CHARGE_ABOVE - _FULL_CHARGE_BELOW)
        allowed[second] = min(rate, style.charge_peak_C * min(1.0, max(0.0, room)))
        soc += allowed[second] / 3600.0
    return allowed
