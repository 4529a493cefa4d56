"""Three tiers of limits with a delay per fault; the innermost protection of every pack."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import jax
import jax.numpy as jnp
from annotated_types import Interval
from jax import Array
from jaxtyping import Bool, Float

from voltward.core.taps import FIRMWARE_FIELD
from voltward.documents.settings_table import (
    CellVoltage,
    Current,
    NotNegative,
    Temperature,
    settings_table,
)
from voltward.physical.faults import DELAYED_FAULTS, FAULTS
from voltward.physical.pack_settings import PackSettings


@settings_table
class LimitTier:
    """One tier of limits.

    Attributes:
        voltage_high_V: Of a cell.
        voltage_low_V: Of a cell.
        temperature_high_degC: Of a cell.
        temperature_low_degC: Of a cell.
        charge_current_A: Of the pack, given as a magnitude.
        discharge_current_A: Of the pack, given as a magnitude.
    """

    voltage_high_V: CellVoltage
    voltage_low_V: CellVoltage
    temperature_high_degC: Temperature
    temperature_low_degC: Temperature
    charge_current_A: Current
    discharge_current_A: Current


# Tiers as in foxBMS 2: operating, recommended safety, maximum safety.
@settings_table
class LimitSettings:
    """Three tiers; only the violation of the last opens the contactors.

    Attributes:
        operating: Where the pack is meant to stay; the BMS limits the current to keep inside.
        recommended: Beyond it, current in the offending direction is forbidden.
        maximum: Beyond it for longer than the delay, the contactors open for good.
        delay_s: Name of a fault, such as over_voltage, to the time that it must last.
        isolation_kohm: Isolation fault below this.
    """

    operating: LimitTier
    recommended: LimitTier
    maximum: LimitTier
    delay_s: Mapping[str, NotNegative]
    isolation_kohm: Annotated[float, Interval(gt=0.0, le=60000.0)]


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class ProtectionState:
    """Seconds in violation and latched faults, (run, fault)."""

    violation_s: Float[Array, "run fault"]
    latched: Bool[Array, "run fault"]


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Verdict:
    """What the tiers say.

    Attributes:
        charge_forbidden: Beyond the recommended tier in the charging direction.
        discharge_forbidden: The same in the discharging direction.
        tripped: A fault is latched.
        new_fault: A fault latched in this tick, (run, fault).
    """

    charge_forbidden: Bool[Array, " run"]
    discharge_forbidden: Bool[Array, " run"]
    tripped: Bool[Array, " run"]
    new_fault: Bool[Array, "run fault"]


def start_protection(runs: int) -> ProtectionState:
    """Return a state without violations."""
    shape = (runs, len(FAULTS))
    return ProtectionState(jnp.zeros(shape), jnp.zeros(shape, bool))


def protect(
    limits: LimitSettings,
    pack: PackSettings,
    state: ProtectionState,
    voltage_V: Float[Array, "run cell"],
    temperature_degC: Float[Array, "run cell"],
    current_A: Float[Array, " run"],
    isolation_kohm: Float[Array, " run"],
    *,
    calibration: Float[Array, "run field"],
    enabled: Bool[Array, " run"],
    tick_s: float,
) -> tuple[ProtectionState, Verdict]:
    """Judge readings against the tiers, with the calibration in force.

    Args:
        limits: The tiers.
        pack: For its fuse.
        state: Counters and latches.
        voltage_V: Cell voltages as read.
        temperature_degC: Cell temperatures as read.
        current_A: Pack current as read.
        isolation_kohm: Isolation as read.
        calibration: Firmware record's scalars, as FIRMWARE_FIELD places them.
        enabled: Whether the factory protection exists in this run.
        tick_s: Length of the tick.
    """
    column = {name: calibration[:, index] for name, index in FIRMWARE_FIELD.items()}
    armed = enabled & (column["protection_disabled"] < 0.5)
    highest, lowest = jnp.max(voltage_V, axis=1), jnp.min(voltage_V, axis=1)
    hottest, coldest = jnp.max(temperature_degC, axis=1), jnp.min(temperature_degC, axis=1)
    scale = 1.0 + column["current_limit_scale"]

    def beyond(tier: LimitTier) -> tuple[Bool[Array, " run"], ...]:
        return (
            highest > tier.voltage_high_V + column["over_voltage_shift_V"],
            lowest < tier.voltage_low_V - column["under_voltage_shift_V"],
            hottest > tier.temperature_high_degC + column["over_temperature_shift_degC"],
            coldest < tier.temperature_low_degC,
            current_A > tier.charge_current_A * scale,
            current_A < -tier.discharge_current_A * scale,
        )

    recommended = beyond(limits.recommended)
    maximum = (*beyond(limits.maximum), isolation_kohm < limits.isolation_kohm)
    violated = jnp.stack(maximum, axis=1) & armed[:, None]
    delays = jnp.asarray([limits.delay_s[name] for name in DELAYED_FAULTS])
    seconds = jnp.where(violated, state.violation_s[:, :-1] + tick_s, 0.0)
    fuse = state.violation_s[:, -1] + jnp.where(
        jnp.abs(current_A) > pack.fuse_current_A,
        (current_A**2 - pack.fuse_current_A**2) * tick_s,
        0.0,
    )
    latched = jnp.concatenate(
        [state.latched[:, :-1] | (seconds > delays), (fuse > pack.fuse_melting_A2s)[:, None]],
        axis=1,
    )
    verdict = Verdict(
        charge_forbidden=armed
        & (recommended[0] | recommended[2] | recommended[3] | recommended[4]),
        discharge_forbidden=armed & (recommended[1] | recommended[2] | recommended[5]),
        tripped=jnp.any(latched, axis=1),
        new_fault=latched & ~state.latched,
    )
    counters = jnp.concatenate([seconds, fuse[:, None]], axis=1)
    return ProtectionState(counters, latched), verdict
