"""The on-board protection forbids what data sheets forbid, and trips after its delay."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from voltward.core.taps import FIRMWARE_SCALARS
from voltward.physical.protection import FAULTS, protect, start_protection
from voltward.ranges.configuration.system import load_system

jax.config.update("jax_enable_x64", True)
SYSTEM = load_system()
LIMITS, PACK = SYSTEM.limits, SYSTEM.pack
WARNING, LAST = LIMITS.recommended, LIMITS.maximum
MODERATE = {"voltage_V": 3.7, "temperature_degC": 25.0, "current_A": 0.0, "isolation_kohm": 5e3}


def verdicts(seconds=1, firmware=(), pack=PACK, *, enabled=True, **reading):
    """Return the verdict after a time at readings that differ from moderate ones as given."""
    given = MODERATE | reading
    column = {name: index for index, name in enumerate(FIRMWARE_SCALARS)}
    calibration = jnp.zeros((1, len(FIRMWARE_SCALARS)))
    for name, value in dict(firmware).items():
        calibration = calibration.at[:, column[name]].set(value)
    state, verdict = start_protection(1), None
    for _ in range(seconds):
        state, verdict = protect(
            LIMITS,
            pack,
            state,
            jnp.full((1, 2), given["voltage_V"]).at[:, 0].set(3.7),
            jnp.full((1, 2), given["temperature_degC"]).at[:, 0].set(25.0),
            jnp.full(1, given["current_A"]),
            jnp.full(1, given["isolation_kohm"]),
            calibration=calibration,
            enabled=jnp.full(1, enabled),
            tick_s=1.0,
        )
    return verdict


@pytest.mark.parametrize(
    ("reading", "may_charge", "may_discharge"),
    [
        # Data sheets of lithium-ion cells: charging ends warmer than discharging when it is cold,
        # and at an upper temperature both end.
        ({"temperature_degC": WARNING.temperature_low_degC - 1.0}, False, True),
        ({"temperature_degC": WARNING.temperature_high_degC + 1.0}, False, False),
        # A full cell may be emptied, an empty one filled.
        ({"voltage_V": WARNING.voltage_high_V + 0.01}, False, True),
        ({"voltage_V": WARNING.voltage_low_V - 0.01}, True, False),
        # A current beyond the tier ends in its own direction.
        ({"current_A": WARNING.charge_current_A + 1.0}, False, True),
        ({"current_A": -WARNING.discharge_current_A - 1.0}, True, False),
        ({"current_A": -WARNING.charge_current_A - 1.0}, True, True),
        ({}, True, True),
    ],
)
def test_what_a_cell_may_do(reading, may_charge, may_discharge):
    verdict = verdicts(**reading)
    assert bool(verdict.charge_forbidden[0]) is not may_charge
    assert bool(verdict.discharge_forbidden[0]) is not may_discharge
    without = verdicts(enabled=False, **reading)
    assert not bool(without.charge_forbidden[0] | without.discharge_forbidden[0])


BEYOND = {
    "over_voltage": {"voltage_V": LAST.voltage_high_V + 0.01},
    "under_voltage": {"voltage_V": LAST.voltage_low_V - 0.01},
    "over_temperature": {"temperature_degC": LAST.temperature_high_degC + 1.0},
    "under_temperature": {"temperature_degC": LAST.temperature_low_degC - 1.0},
    "over_current_charge": {"current_A": LAST.charge_current_A * 1.02},
    "over_current_discharge": {"current_A": -LAST.discharge_current_A * 1.02},
    "isolation": {"isolation_kohm": LIMITS.isolation_kohm - 1.0},
}


@pytest.mark.parametrize("fault", BEYOND)
def test_each_fault_trips_alone_after_its_delay(fault):
    last_calm_s = int(np.floor(LIMITS.delay_s[fault]))
    assert not bool(verdicts(last_calm_s, **BEYOND[fault]).tripped[0])
    verdict = verdicts(last_calm_s + 1, **BEYOND[fault])
    assert bool(verdict.tripped[0])
    assert [name for name, new in zip(FAULTS, verdict.new_fault[0], strict=True) if new] == [fault]


def test_every_fault_but_the_fuse_was_tried():
    assert set(BEYOND) == set(FAULTS) - {"fuse"}


@pytest.mark.parametrize("times_rated", [1.5, 2.0])
def test_the_fuse_melts_when_the_excess_reaches_its_integral(times_rated):
    current_A = times_rated * PACK.fuse_current_A
    # (I^2 - I_rated^2) t = melting integral; without it the rated current would melt the fuse.
    melting_s = PACK.fuse_melting_A2s / (current_A**2 - PACK.fuse_current_A**2)
    one = replace(PACK, fuse_melting_A2s=10.5 * PACK.fuse_melting_A2s / melting_s)
    fuse = FAULTS.index("fuse")

    def melted(seconds):
        return bool(
            verdicts(seconds, (), one, enabled=False, current_A=current_A).new_fault[0, fuse]
        )

    assert not melted(10)
    assert melted(11)


def test_a_forged_calibration_moves_the_limits_by_what_it_says():
    high_V = LAST.voltage_high_V + 0.05
    assert bool(verdicts(10, voltage_V=high_V).tripped[0])
    shifted = {"over_voltage_shift_V": 0.1}
    assert not bool(verdicts(10, shifted, voltage_V=high_V).tripped[0])
    assert bool(verdicts(10, shifted, voltage_V=high_V + 0.1).tripped[0])
    off = {"protection_disabled": 1.0}
    assert not bool(verdicts(10, off, voltage_V=high_V + 1.0).tripped[0])
