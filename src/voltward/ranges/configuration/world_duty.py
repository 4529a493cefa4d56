"""The duty of one world: its own speed cycle from its own stop on, in its own weather.

1. Where the duty follows a shipped cycle, the world's cycle takes its place for the same time; a
   drive that the user recorded or wrote himself stays.
2. It begins at the first standstill after the phase that was drawn, since a car starts at rest.
3. The ambient temperature is the world's.
4. The onset of an attack falls into the part of the duty that was drawn for it.
"""

from dataclasses import replace

import numpy as np

from voltward.ranges.configuration.case_grid import DrawnStarts
from voltward.ranges.configuration.duty import Duty, DutyMode
from voltward.ranges.configuration.duty_segments import shipped_speed
from voltward.ranges.worlds.world import Worlds

# An attack at any time begins after the first minute, and while something is left to be attacked.
FIRST_S, LAST_SHARE = 60.0, 0.9


def world_duty(duty: Duty, worlds: Worlds, number: int) -> Duty:
    """Return a duty as one world has it.

    Args:
        duty: As written.
        worlds: All that were drawn.
        number: Which one.
    """
    speed_mps = duty.speed_mps
    if duty.shipped_cycle.any():
        drive = np.flatnonzero(duty.shipped_cycle)
        cycle, phase = str(worlds.cycle[number]), float(worlds.cycle_phase[number])
        speed_mps = speed_mps.copy()
        speed_mps[drive] = _driven_mps(cycle, phase, drive.size, duty.tick_s)
    ambient_degC = np.full(duty.ticks, float(worlds.ambient_degC[number]))
    return replace(duty, speed_mps=speed_mps, ambient_degC=ambient_degC)


def drawn_starts(duty: Duty, worlds: Worlds) -> DrawnStarts:
    """Return seeds and onsets of all worlds, for the grid of cases."""
    onsets = [onset_s(duty, worlds, number) for number in range(len(worlds))]
    return DrawnStarts([int(seed) for seed in worlds.noise_seed], onsets)


def onset_s(duty: Duty, worlds: Worlds, number: int) -> float:
    """Return when an attack begins in a world, on a tick of the duty."""
    rank = float(worlds.onset_rank[number])
    charging_s = np.flatnonzero(duty.mode == DutyMode.CHARGE) * duty.tick_s
    part = str(worlds.onset[number])
    if part == "power-up":
        return 0.0
    if part == "while charging" and charging_s.size:
        first_s, last_s = charging_s[0], charging_s[0] + LAST_SHARE * charging_s.size * duty.tick_s
    else:
        last_s = LAST_SHARE * duty.duration_s
        first_s = min(FIRST_S, last_s)
    begin_s = first_s + rank * (last_s - first_s)
    return float(np.floor(begin_s / duty.tick_s) * duty.tick_s)


def _driven_mps(cycle: str, phase: float, ticks: int, tick_s: float) -> np.ndarray:
    time_s, speed_mps = shipped_speed(cycle)
    length_s = time_s[-1]
    stops_s = time_s[:-1][speed_mps[:-1] <= 0.0]
    after = stops_s[stops_s >= phase * length_s]
    begin_s = after[0] if after.size else stops_s[0]
    at_s = (begin_s + np.arange(ticks) * tick_s) % length_s
    return np.interp(at_s, time_s, speed_mps)
